# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One machine under two inventory names in one migration: two inventories that overlap."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import ResourcesSeen, Seen
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import ens_import, transfer

from .cloud import Cloud
from .kit import context, server

SERVER = server()


def job_of(host: str, migration: str = SERVER.migration) -> dict[str, Any]:
    """A job for the same source under this inventory name, as SMC returns it with its tags."""
    other = replace(SERVER, host=host, migration=migration)
    return {"JobId": "j-7", "Name": other.job_name, "Tags": {"Tag": naming.tags(migration, host, other.id)}}


@pytest.mark.parametrize("status", ["Running", "Finished"])
def test_the_same_machine_under_another_name_is_refused_with_both(status: str) -> None:
    cloud = Cloud()
    cloud.register(SERVER)
    cloud.add_job(SERVER, status, **job_of("alias-01"))
    seen = {SERVER.id: Seen()}
    looking = context(cloud, resources=ResourcesSeen())
    transfer.observe(looking, [SERVER], seen)
    decision = transfer.decide(looking, SERVER, seen[SERVER.id])
    assert decision.kind == "fail"
    assert f"{SERVER.host} is the same machine as alias-01 (source {SERVER.source_id})" in decision.text
    assert "job j-7 of this migration copies" in decision.text


@pytest.mark.parametrize(
    "job",
    [job_of(SERVER.host), job_of("alias-01", migration="another"), {"JobId": "j-9", "Name": "by hand"}],
    ids=["this host", "another migration", "no tags"],
)
def test_a_job_of_this_name_or_of_another_migration_names_no_other_host(job: dict[str, Any]) -> None:
    assert transfer.other_name(SERVER, job) == ""


def look(cloud: Cloud, asked: Any = SERVER) -> tuple[Seen, Any]:
    """Return what the import and the copy see, and what the copy decides."""
    cloud.register(asked)
    seen = {asked.id: Seen()}
    looking = context(cloud, resources=ResourcesSeen())
    ens_import.observe(looking, [asked], seen)
    transfer.observe(looking, [asked], seen)
    return seen[asked.id], transfer.decide(looking, asked, seen[asked.id])


@pytest.mark.parametrize("status", ["Available", "Uploading"])
def test_a_machine_that_was_migrated_under_another_name_is_refused_with_both(status: str) -> None:
    """Nothing but the image is left of the first name."""
    cloud = Cloud()
    first = replace(SERVER, host="first-01")
    image = cloud.add_ens_image(first.image_name, status)["ImageId"]
    seen, decision = look(cloud)
    assert decision.kind == "fail"
    shown = f"this migration has its ENS image {image} ({first.image_name}, {status})"
    assert f"it is the same machine as first-01: {shown}" in decision.text
    assert f"and {SERVER.host} has the same fingerprint" in seen.namesake


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"host": "first-01"}, "Upload_failed"),
        ({"host": "first-01", "fingerprint": "another"}, "Available"),
        ({"host": "first-01", "migration": "another"}, "Available"),
    ],
    ids=["a failed image", "another machine", "another migration"],
)
def test_other_images_do_not_refuse_a_machine(changes: dict[str, str], status: str) -> None:
    cloud = Cloud()
    other = replace(SERVER, **changes)
    cloud.add_ens_image(other.image_name, status)
    seen, decision = look(cloud)
    assert (seen.namesake, decision.kind) == ("", "act")


def test_a_machine_with_images_under_both_names_is_migrated() -> None:
    cloud = Cloud()
    for named in (SERVER, replace(SERVER, host="first-01")):
        cloud.add_ens_image(named.image_name)
    assert look(cloud)[0].namesake == ""
