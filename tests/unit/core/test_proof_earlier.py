# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of proof for what an earlier result lists: a run notes all resources of an instance, whoever added them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import ResourcesSeen, Seen
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import transfer

from .cloud import Cloud
from .kit import START, context, refused, stamp
from .sweep import SERVER, full, reasons, remove, similar

OLD = stamp(START - timedelta(days=500))
FOREIGN = ("d-FOREIGN", "sg-foreign", "s-backup")


def joined() -> Cloud:
    """Return a cloud in which an old disk was attached to the intermediate instance, which was put into an old
    security group. The disk has a backup."""
    cloud = full()
    cloud.releases = False
    cloud.disks["d-FOREIGN"] = {"DiskId": "d-FOREIGN", "InstanceId": "i-0001", "CreationTime": OLD}
    cloud.groups["sg-foreign"] = {"SecurityGroupId": "sg-foreign", "CreationTime": OLD}
    cloud.instances["i-0001"]["SecurityGroupIds"]["SecurityGroupId"].append("sg-foreign")
    cloud.snapshots["s-backup"] = {"SnapshotId": "s-backup", "SourceDiskId": "d-FOREIGN", "CreationTime": OLD}
    return cloud


def noted(cloud: Cloud) -> list[Any]:
    """Return what a run notes of this cloud, and in addition what it noted before it looked at ages."""
    resources = ResourcesSeen()
    transfer.observe(context(cloud, resources=resources), [SERVER], {SERVER.id: Seen()})
    resources.saw("ecs_disk", "d-FOREIGN", SERVER.host, OLD)
    resources.saw("security_group", "sg-foreign", SERVER.host, stamp(START))
    return resources.rows()


def stays(cloud: Cloud) -> bool:
    """Return whether what is foreign exists, and no call has tried to delete it."""
    touched = {str(args) for name, args in cloud.log if ".Delete" in name}
    return not touched & set(FOREIGN) and set(FOREIGN) <= {*cloud.disks, *cloud.groups, *cloud.snapshots}


def test_what_this_cleanup_finds_foreign_stays_although_an_earlier_result_lists_it() -> None:
    cloud = joined()
    outcome = remove(cloud, SERVER, known=noted(cloud))
    assert stays(cloud)
    assert {"ecs_disk d-FOREIGN", "security_group sg-foreign"} <= set(similar(outcome))
    assert outcome.residual == []
    assert (list(cloud.disks), list(cloud.groups), list(cloud.snapshots)) == (
        ["d-FOREIGN"], ["sg-foreign"], ["s-backup"]
    )  # fmt: skip


@pytest.mark.parametrize("job", [True, False], ids=["job", "no job"])
def test_what_is_older_than_the_job_stays_when_its_instance_is_gone(job: bool) -> None:
    cloud = joined()
    known = noted(cloud)
    for disk in cloud.disks.values():
        disk["InstanceId"] = ""
    del cloud.instances["i-0001"]
    if not job:
        cloud.jobs.clear()
    outcome = remove(cloud, SERVER, known=known)
    assert stays(cloud)
    assert set(reasons(outcome)) >= {"ecs_disk d-FOREIGN", "security_group sg-foreign"}
    assert "before the job" in reasons(outcome)["ecs_disk d-FOREIGN"]
    # What the run made goes all the same.
    assert (list(cloud.disks), list(cloud.groups)) == (["d-FOREIGN"], ["sg-foreign"])


def test_what_cannot_be_listed_is_not_deleted_by_an_earlier_result() -> None:
    cloud = joined()
    known = noted(cloud)
    cloud.fail("ecs.DescribeInstances", refused("Forbidden.RAM"), times=99)
    outcome = remove(cloud, SERVER, known=known)
    assert stays(cloud)
    assert "could not list" in reasons(outcome)["ecs_disk d-0001"]
    assert {"d-0001", "d-FOREIGN"} == set(cloud.disks)


def test_a_run_does_not_note_a_disk_that_is_older_than_the_instance() -> None:
    resources = ResourcesSeen()
    cloud = joined()
    transfer.observe(context(cloud, resources=resources), [SERVER], {SERVER.id: Seen()})
    assert [row["id"] for row in resources.rows() if row["kind"] == "ecs_disk"] == ["d-0001"]
    transfer.observe(context(cloud, resources=resources), [SERVER], {SERVER.id: Seen()})
    assert cloud.calls["ecs.DescribeDisks"] == 1
