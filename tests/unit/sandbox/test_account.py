# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be read about an account before a migration buys anything."""

from __future__ import annotations

import json

import pytest
from support.local_cloud import LocalCloud

EXPORT_ROLE = "AliyunECSImageExportDefaultRole"


def attributes(local: LocalCloud, **params: str) -> dict[str, str]:
    body = local.ok("ecs", "DescribeAccountAttributes", **params)
    return {item["AttributeName"]: item["AttributeValues"]["ValueItem"][0]["Value"]
            for item in body["AccountAttributeItems"]["AccountAttributeItem"]}


@pytest.mark.parametrize(
    ("role", "service", "linked"),
    [("AliyunServiceRoleForSMC", "smc.aliyuncs.com", True), (EXPORT_ROLE, "ecs.aliyuncs.com", False)],
)
def test_a_role_names_the_service_that_may_take_it(local: LocalCloud, role: str, service: str, linked: bool) -> None:
    shown = local.ok("ram", "GetRole", RoleName=role)["Role"]
    (statement,) = json.loads(shown["AssumeRolePolicyDocument"])["Statement"]
    assert statement == {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": [service]}}
    assert shown["IsServiceLinkedRole"] is linked


def test_a_role_that_is_missing(local: LocalCloud) -> None:
    assert local.code("ram", "GetRole", RoleName="Nobody") == (404, "EntityNotExist.Role")
    assert local.code("ram", "GetRole") == (400, "MissingParameter")
    assert local.code("ram", "GetRole", RoleName="no such!") == (400, "InvalidParameter.RoleName.InvalidChars")


@pytest.mark.sandbox_world({
    "account": {"role_trust": {EXPORT_ROLE: "fc.aliyuncs.com"}},
    "ecs_images": [{"name": "web", "id": "m-unitimage00001", "region": "ap-southeast-1", "disks": [{"gib": 1}]}],
})
def test_a_role_that_another_service_has_is_of_no_use_for_an_export(local: LocalCloud) -> None:
    assert "fc.aliyuncs.com" in local.ok("ram", "GetRole", RoleName=EXPORT_ROLE)["Role"]["AssumeRolePolicyDocument"]
    refused = local.code("ecs", "ExportImage", ImageId="m-unitimage00001", OSSBucket="images-sg")
    assert refused == (403, "NoSetRoletoECSServiceAcount")


@pytest.mark.sandbox_world({"account": {"balance": -1234.5, "real_name": False, "quotas": {"vcpu": 8}}})
def test_balance_and_limits_are_strings(local: LocalCloud) -> None:
    assert local.ok("bss", "QueryAccountBalance")["Data"]["AvailableAmount"] == "-1234.50"
    assert attributes(local)["max-postpaid-instance-vcpu-count"] == "8"
    assert attributes(local, AttributeName__1="real-name-authentication") == {"real-name-authentication": "no"}


def test_what_runs_counts_as_used_in_its_region(local: LocalCloud) -> None:
    name = "used-postpaid-instance-vcpu-count"
    local.started(1)
    local.advance(1)
    assert attributes(local, AttributeName__1=name) == {name: "1"}
    assert attributes(local, AttributeName__1=name, RegionId="cn-beijing") == {name: "0"}


def test_attributes_that_exist_elsewhere_or_nowhere(local: LocalCloud) -> None:
    elsewhere = local.code("ecs", "DescribeAccountAttributes", AttributeName__1="max-dedicated-hosts")
    assert elsewhere == (501, "Sandbox.NotEmulated")
    nowhere = local.code("ecs", "DescribeAccountAttributes", AttributeName__1="max-wishes")
    assert nowhere == (400, "InvalidParameter.AttributeName")
