# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One machine under two names, and hosts that claim the identity of another: which one continues or is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight.machines import (
    SAME_MACHINE,
    Claim,
    Shown,
    namesake,
    refused,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

GIB = 1024**3
ROW: dict[str, Any] = {
    "source_id": "s-1",
    "hostname": "web-01",
    "ipv4": "10.0.0.5",
    "system_disk_size": 20,
    "data_disks": [],
    "creation_time": "2026-11-29T08:01:00Z",
    "tags": {},
}
LIES: dict[str, dict[str, Any]] = {
    "hostname": {"hostname": "liar"},
    "addresses": {"addresses": ("10.0.0.66",)},
    "sizes": {"sizes": (80 * GIB,)},
}


def claim(host: str = "web-01", **told: Any) -> Claim:
    """A host that says of itself what web-01 is, where it is not told otherwise."""
    fingerprint = told.pop("fingerprint", "fp")
    given = Claim(host, naming.migration_id("wave", host, fingerprint), fingerprint, (), ("s-1",), "web-01")
    return replace(given, **{"addresses": ("10.0.0.5",), "sizes": (20 * GIB,), **told})


def tagged(host: str, fingerprint: str = "fp", wave: str = "wave", **row: Any) -> dict[str, Any]:
    tags = {tag["Key"]: tag["Value"] for tag in naming.tags(wave, host, naming.migration_id(wave, host, fingerprint))}
    return {**ROW, "tags": tags, **row}


def shown(*rows: dict[str, Any]) -> Shown:
    return Shown("wave", {row["source_id"]: row for row in rows})


def test_two_names_of_one_machine_are_refused_with_both() -> None:
    found = refused([claim("web-01"), claim("alias-01")], shown(ROW))
    assert str(found["web-01"]).startswith(f"{SAME_MACHINE} alias-01 (fingerprint fp)")
    assert str(found["alias-01"]).startswith(f"{SAME_MACHINE} web-01 (fingerprint fp)")


@pytest.mark.parametrize("lie", LIES)
def test_hosts_with_one_fingerprint_that_smc_tells_apart_continue(lie: str) -> None:
    """Two machines: which of them has the fingerprint of the other is unknown, and none of them is blocked."""
    honest, liar = claim("web-01"), claim("liar", seen=(), **LIES[lie])
    assert refused([honest, liar], shown(ROW)) == {}
    # Without the source, nothing tells them apart.
    assert set(refused([honest, liar])) == {"web-01", "liar"}


def test_a_liar_that_lies_in_every_field_is_an_error_with_both() -> None:
    liar = claim("liar")
    found = refused([claim("web-01"), liar], shown(ROW))
    assert {host: row.others for host, row in found.items()} == {"web-01": ("liar",), "liar": ("web-01",)}


@pytest.mark.parametrize("lies", [{}, *LIES.values(), {"seen": ()}], ids=["all", *LIES, "no source"])
def test_only_the_host_that_the_migration_has_registered_continues(lies: dict[str, Any]) -> None:
    found = refused([claim("liar", **lies), claim("web-01")], shown(tagged("web-01")))
    assert {host: row.others for host, row in found.items()} == {"liar": ("web-01",)}


@pytest.mark.parametrize(
    "row",
    [tagged("web-01", wave="another"), tagged("liar", fingerprint="own"), tagged("third")],
    ids=["of another migration", "of the liar with its own fingerprint", "of a third host"],
)
def test_a_tag_of_something_else_decides_nothing(row: dict[str, Any]) -> None:
    assert set(refused([claim("web-01"), claim("liar")], shown(row))) == {"web-01", "liar"}


def test_a_third_host_with_the_fingerprint_blocks_no_host_that_smc_tells_apart() -> None:
    claims = [claim("web-01"), claim("twin"), claim("liar", seen=("s-2",), hostname="liar", addresses=("10.0.0.66",))]
    found = refused(claims, shown(ROW, {**ROW, "source_id": "s-2", "hostname": "liar", "ipv4": "10.0.0.66"}))
    assert set(found) == {"web-01", "twin"}


def test_hosts_without_an_identity_share_nothing() -> None:
    assert refused([Claim("a"), Claim("b")]) == {}


def test_the_name_of_an_image_tells_the_other_name_of_a_machine_long_afterwards() -> None:
    mine = naming.migration_id("wave", "alias-01", "fp")
    theirs = naming.migration_id("wave", "web-01", "fp")
    assert namesake(mine, f"web-01-{theirs}") == "web-01"
    assert namesake(mine, f"web-01-{theirs}_j-1") == "web-01"


@pytest.mark.parametrize(
    "other",
    [("wave", "alias-01", "fp"), ("wave", "web-01", "another"), ("another", "web-01", "fp")],
    ids=["this host", "another machine", "another migration"],
)
def test_other_names_tell_nothing(other: tuple[str, str, str]) -> None:
    mine = naming.migration_id("wave", "alias-01", "fp")
    assert namesake(mine, f"web-01-{naming.migration_id(*other)}") == ""
    assert namesake(mine, "backup") == ""
