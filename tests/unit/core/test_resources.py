# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resources: one implementation of find, delete and remaining, and the failures that it survives."""

from __future__ import annotations

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup.order import ORDER
from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources import ecs, oss, smc
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from .cloud import Cloud
from .kit import lost, refused
from .sweep import NOTE, SERVER, TOKEN
from .sweep import full as leftovers

IMAGE_KEY = f"images/{SERVER.id}_m-1_system.qcow2"
IDS = {
    "ens_image": "m-ens0001", "smc_job": "j-0001", "ecs_instance": "i-0001", "ecs_disk": "d-0001",
    "security_group": "sg-0001", "ecs_image": "m-1", "ecs_snapshot": "s-snap0001",
    "oss_upload": f"{IMAGE_KEY}?uploadId=u-1", "smc_source": "s-01", "oss_object": IMAGE_KEY,
    "smc_access_token": "at-1", "vswitch": "vsw-1", "vpc": "vpc-1", "ens_instance": "i-ens0001",
}  # fmt: skip
DELETE = {
    "ens_image": "ens.DeleteImage", "smc_job": "smc.DeleteReplicationJob", "ecs_instance": "ecs.DeleteInstance",
    "ecs_disk": "ecs.DeleteDisk", "security_group": "ecs.DeleteSecurityGroup", "ecs_image": "ecs.DeleteImage",
    "ecs_snapshot": "ecs.DeleteSnapshot", "oss_upload": "oss.AbortUpload", "smc_source": "smc.DeleteSourceServer",
    "oss_object": "oss.DeleteKeys", "smc_access_token": "smc.DeleteAccessToken", "vswitch": "vpc.DeleteVSwitch",
    "vpc": "vpc.DeleteVpc", "ens_instance": "ens.ReleasePostPaidInstance",
}  # fmt: skip
RESOURCES = [kind.resource for kind in ORDER]


def full() -> Cloud:
    """Return a cloud full of leftovers, whose instance has been stopped."""
    cloud = leftovers()
    for row in cloud.instances.values():
        row["Status"] = "Stopped"
    return cloud


every = pytest.mark.parametrize("resource", RESOURCES, ids=[resource.name for resource in RESOURCES])


@every
def test_a_resource_is_found_deleted_and_then_not_listed(resource: smc.Resource) -> None:
    cloud, identity = full(), IDS[resource.name]
    assert resource.find(cloud, identity)
    assert resource.remaining(cloud, [identity, "images/none"]) == {identity}
    resource.delete(cloud, identity)
    cloud.sleep(60)
    assert resource.find(cloud, identity) is None
    assert resource.remaining(cloud, [identity]) == set()


@every
@pytest.mark.parametrize("error", [lost(), refused("Unknown.Code", http_status=400)], ids=["lost", "unknown"])
def test_a_deletion_whose_answer_was_lost_is_no_error(resource: smc.Resource, error: CloudError) -> None:
    cloud, identity = full(), IDS[resource.name]
    cloud.fail(DELETE[resource.name], error, after=True)
    resource.delete(cloud, identity)


@every
def test_a_deletion_that_is_refused_is_an_error(resource: smc.Resource) -> None:
    cloud, identity = full(), IDS[resource.name]
    cloud.fail(DELETE[resource.name], refused("Forbidden.RAM"))
    with pytest.raises(CloudError, match=r"Forbidden\.RAM"):
        resource.delete(cloud, identity)
    assert resource.find(cloud, identity)


@every
def test_nothing_is_deleted_when_the_step_before_it_fails(resource: smc.Resource) -> None:
    cloud, identity = full(), IDS[resource.name]

    def refuse() -> None:
        raise refused("AccessDenied")

    with pytest.raises(CloudError, match="AccessDenied"):
        resource.delete(cloud, identity, before=refuse)
    assert cloud.mutations() == []


def test_the_refusal_is_reported_when_the_list_cannot_be_read() -> None:
    cloud = full()
    cloud.fail("ecs.DeleteImage", refused("ImageUsingByInstance"))
    cloud.fail("ecs.DescribeImages", refused("Forbidden.RAM"))
    with pytest.raises(CloudError, match="ImageUsingByInstance"):
        ecs.IMAGE.delete(cloud, "m-1")


def test_a_source_that_is_being_deleted_is_no_error_and_still_listed() -> None:
    cloud = full()
    cloud.sources["s-01"]["State"] = "Deleting"
    cloud.fail("smc.DeleteSourceServer", refused("SourceServerState.Invalid"))
    smc.SOURCE.delete(cloud, "s-01")
    assert smc.SOURCE.remaining(cloud, ["s-01"]) == {"s-01"}


def test_an_activation_code_that_cannot_be_disabled_is_deleted() -> None:
    cloud = full()
    cloud.fail("smc.DisableAccessToken", refused("Forbidden.RAM"))
    smc.ACCESS_TOKEN.delete(cloud, "at-1")
    assert cloud.tokens == {}


def test_activation_codes_are_compared_by_their_exact_name() -> None:
    cloud = full()
    cloud.tokens["at-2"] = {"AccessTokenId": "at-2", "Name": f"{TOKEN}-2"}
    assert [row["AccessTokenId"] for row in smc.named_tokens(cloud, TOKEN)] == ["at-1"]


@pytest.mark.parametrize(
    ("key", "prefix"),
    [
        (f"{SERVER.id}_m-1_system.qcow2", SERVER.id[: naming.WAVE_LENGTH]),
        (NOTE, f"edgelift/{SERVER.id[: naming.WAVE_LENGTH]}"),
        ("photos/a_b.jpg", "photos/a_b.jpg"),
        ("edgelift/notes.txt", "edgelift/notes.txt"),
        ("plain", "plain"),
    ],
)
def test_a_listing_covers_one_migration_or_one_foreign_object(key: str, prefix: str) -> None:
    assert naming.listing_prefix(key) == prefix
    assert key.startswith(prefix)


def test_a_foreign_object_is_listed_by_its_own_key() -> None:
    cloud = full()
    cloud.objects["photos/a"] = b"x"
    assert oss.OBJECT.remaining(cloud, ["images/photos/a", "images/photos/b"]) == {"images/photos/a"}
    assert {args for name, args in cloud.log if name == "oss.ListKeys"} == {"photos/a", "photos/b"}


@pytest.mark.parametrize("status", ["Running", "Pending", "Starting", "Stopping"])
def test_an_instance_is_stopped_and_deleted_only_then(status: str) -> None:
    cloud = full()
    cloud.instances["i-0001"]["Status"] = status
    with pytest.raises(CloudError, match="being stopped" if status == "Running" else f"is {status}") as error:
        ecs.INSTANCE.delete(cloud, "i-0001")
    assert error.value.retryable
    assert cloud.mutations() == (["ecs.StopInstance"] if status == "Running" else [])


@pytest.mark.parametrize("status", ["Running", "Stopped"])
def test_a_protected_instance_is_neither_stopped_nor_deleted(status: str) -> None:
    cloud = full()
    cloud.instances["i-0001"].update(Status=status, DeletionProtection=True)
    with pytest.raises(CloudError, match="deletion protection of instance i-0001 is switched on"):
        ecs.INSTANCE.delete(cloud, "i-0001")
    assert cloud.mutations() == []


def test_what_an_export_left_is_deleted_with_its_uploads() -> None:
    cloud = full()
    oss.delete_under(cloud.oss("images"), f"{SERVER.id}_m-1")
    assert cloud.uploads == []
    assert list(cloud.objects) == [f"edgelift/{SERVER.id}/proof.json"]
