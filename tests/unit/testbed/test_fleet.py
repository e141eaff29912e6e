# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from testbed.fleet import GIB, KNOWN, fleet


def test_the_four_hosts_have_the_disks_that_the_services_demand() -> None:
    sizes = {name: [disk.bytes // GIB for disk in host.disks] for name, host in KNOWN.items()}
    assert sizes == {
        "web-01": [20],
        "db-01": [20, 20, 40],
        "legacy-01": [20],
        "huge-01": [20, 20, 20, 20, 20, 600],
    }


def test_every_host_has_a_different_address_and_identity() -> None:
    hosts = fleet([*KNOWN, "one", "two"])
    for unique in ("address", "machine_id", "product_uuid", "mac"):
        assert len({getattr(host, unique) for host in hosts}) == len(hosts), unique


def test_an_address_does_not_depend_on_the_other_known_hosts() -> None:
    assert fleet(["huge-01", "extra"])[0].address == KNOWN["huge-01"].address == "127.0.11.4"


def test_a_twin_is_the_same_machine_on_another_address() -> None:
    first, twin = fleet(["web-01", "twin-01"], {"twin-01": ["same-as:web-01"]})
    assert first.address != twin.address
    assert (first.machine_id, first.product_uuid, first.mac, first.who) == (
        twin.machine_id,
        twin.product_uuid,
        twin.mac,
        twin.who,
    )


@pytest.mark.parametrize(
    ("names", "broken", "words"),
    [
        (["a"], {"a": ["haunted"]}, "host a: unknown kind 'haunted', allowed: windows, arm64"),
        (["a"], {"b": ["down"]}, "not in the fleet: b"),
        (["a", "a"], {}, "a host is named twice: a, a"),
    ],
)
def test_nonsense_is_refused(names: list[str], broken: dict[str, list[str]], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        fleet(names, broken)


def test_kinds_change_the_disks_and_combine() -> None:
    (host,) = fleet(["a"], {"a": ["arm64", "big-disk"]})
    assert host.kinds == {"arm64", "big-disk"}
    assert [disk.gib for disk in host.disks] == [20, 600]
    assert len(fleet(["a"], {"a": ["many-disks"]})[0].disks) == 6
