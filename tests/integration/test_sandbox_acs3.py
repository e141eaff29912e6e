# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox spoken to by the vendor's second generation of clients (alibabacloud_*, signature ACS3)."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from alibabacloud_tea_openapi.models import Config

pytestmark = pytest.mark.any_core

PACKAGES = {
    "smc": "alibabacloud_smc20190601", "ecs": "alibabacloud_ecs20140526", "vpc": "alibabacloud_vpc20160428",
    "ens": "alibabacloud_ens20171110", "sts": "alibabacloud_sts20150401",
}


def client(sandbox: Any, product: str, **changes: str) -> Any:
    """The vendor's client of a product, with the sandbox's key unless told otherwise."""
    config = {"access_key_id": sandbox.access_key, "access_key_secret": sandbox.secret_key, **changes}
    module = importlib.import_module(f"{PACKAGES[product]}.client")
    return module.Client(Config(
        protocol="http", endpoint=sandbox.endpoint.removeprefix("http://"), region_id=sandbox.region, **config
    ))


def models(product: str) -> Any:
    """The request and response models of a product."""
    return importlib.import_module(f"{PACKAGES[product]}.models")


def refusal(call: Any, *args: Any) -> tuple[int, str]:
    """(HTTP status, code) of a refused call."""
    with pytest.raises(AlibabaCloudException) as caught:
        call(*args)
    return caught.value.status_code, caught.value.code


def test_who_calls(sandbox):
    body = client(sandbox, "sts").get_caller_identity().body
    assert (body.account_id, body.identity_type) == ("1234567890123456", "Account")


def test_lists_structures_and_strange_values_are_under_the_signature(sandbox):
    smc, kinds = client(sandbox, "smc"), models("smc")
    made = smc.create_replication_job(kinds.CreateReplicationJobRequest(
        region_id=sandbox.region, source_id="s-sandboxdb01", name="db-01", image_name="db-01-image", run_once=True,
        system_disk_size=20, target_type="Image", description="Grün:blau_1",
        data_disk=[kinds.CreateReplicationJobRequestDataDisk(index=index, size=40) for index in (1, 2)],
        tag=[kinds.CreateReplicationJobRequestTag(key="edgelift:wave", value="Grün & blau~ *+/=%")],
    )).body.job_id
    found = smc.describe_replication_jobs(kinds.DescribeReplicationJobsRequest(job_id=[made])).body
    job = found.replication_jobs.replication_job[0]
    assert job.description == "Grün:blau_1"
    assert [disk.index for disk in job.data_disks.data_disk] == [1, 2]
    assert job.tags.tag[0].value == "Grün & blau~ *+/=%"


def test_one_call_of_every_product(sandbox):
    assert client(sandbox, "ecs").describe_images(models("ecs").DescribeImagesRequest(region_id=sandbox.region)).body
    assert client(sandbox, "vpc").describe_vpcs(models("vpc").DescribeVpcsRequest(region_id=sandbox.region)).body
    assert client(sandbox, "ens").describe_self_images(models("ens").DescribeSelfImagesRequest()).body.code == 0


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"access_key_id": "LTAInobody"}, (404, "InvalidAccessKeyId.NotFound")),
        ({"access_key_secret": "wrong"}, (400, "SignatureDoesNotMatch")),
        ({"security_token": "made up"}, (400, "InvalidSecurityToken.MismatchWithAccessKey")),
    ],
)
def test_who_is_refused(sandbox, changes, expected):
    assert refusal(client(sandbox, "sts", **changes).get_caller_identity) == expected


def test_a_temporary_credential_works_until_it_expires(sandbox):
    kinds = models("sts")
    given = client(sandbox, "sts").assume_role(kinds.AssumeRoleRequest(
        role_arn="acs:ram::1234567890123456:role/AliyunECSImageExportDefaultRole",
        role_session_name="test", duration_seconds=900,
    )).body.credentials
    temporary = client(
        sandbox, "sts", access_key_id=given.access_key_id, access_key_secret=given.access_key_secret,
        security_token=given.security_token,
    )
    assert temporary.get_caller_identity().body.identity_type == "AssumedRoleUser"
    sandbox.advance(901)
    assert refusal(temporary.get_caller_identity) == (400, "InvalidSecurityToken.Expired")
