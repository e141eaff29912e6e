# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What named identities may do: statements, resources, and the answers of each product to what is denied."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.local_cloud import KEY, SECRET, LocalCloud

from sandbox.ram.decide import allows, first_denied
from sandbox.ram.needs import oss_needs, rpc_needs
from sandbox.ram.statements import Identity, Statement
from sandbox.world.schema import WorldError, load_world, parse_world

ACCOUNT = "1234567890123456"
IMAGE = f"acs:ecs:ap-southeast-1:{ACCOUNT}:image/m-1"


def statement(effect: str, action: Any, resource: Any = "*") -> Statement:
    return Statement.model_validate({"effect": effect, "action": action, "resource": resource})


def limited(*statements: dict[str, Any]) -> Any:
    return pytest.mark.sandbox_world({
        "credentials": {KEY: {"secret": SECRET, "user": "deploy"}},
        "identities": {"deploy": {"statements": statements}},
    })


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([("allow", "*")], True),
        ([("allow", "ecs:*")], True),
        ([("allow", "ecs:Delete?mage")], True),
        ([("allow", ["smc:*", "ecs:DeleteImage"])], True),
        ([("allow", "ecs:Describe*")], False),
        ([("allow", "ecs:deleteimage")], False),
        ([("allow", "smc:*")], False),
        ([("allow", "ecs:*", "acs:ecs:*:*:image/*")], True),
        ([("allow", "ecs:*", IMAGE)], True),
        ([("allow", "ecs:*", "acs:ecs:*:*:image/m-2")], False),
        ([("allow", "ecs:*", "acs:ecs:cn-beijing:*:*")], False),
        ([("allow", "*"), ("deny", "ecs:DeleteImage")], False),
        ([("deny", "ecs:*"), ("allow", "ecs:DeleteImage", IMAGE)], False),
        ([("allow", "*"), ("deny", "ecs:DeleteImage", "acs:ecs:*:*:image/m-2")], True),
        ([("deny", "smc:*")], False),
    ],
)
def test_a_deny_wins_and_otherwise_an_allow_must_fit(statements: list[Any], expected: bool) -> None:
    assert allows([statement(*given) for given in statements], "ecs:DeleteImage", IMAGE) is expected


def test_who_has_no_statements_may_everything_and_a_session_has_those_of_its_role() -> None:
    identities = {"reader": Identity(statements=[statement("allow", "ecs:Describe*")]), "empty": Identity()}
    for user, denied in (("root", False), ("empty", False), ("reader", True), ("reader/session", True)):
        assert (first_denied(identities, user, [("ecs:DeleteImage", IMAGE)]) is not None) is denied


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (("ecs", "DeleteImage", {"ImageId": "m-1"}), [("ecs:DeleteImage", IMAGE)]),
        (("ecs", "DescribeImages", {}), [("ecs:DescribeImages", f"acs:ecs:ap-southeast-1:{ACCOUNT}:*")]),
        (("ecs", "DescribeDisks", {"DiskIds": ["d-1", "d-2"]}),
         [("ecs:DescribeDisks", f"acs:ecs:ap-southeast-1:{ACCOUNT}:disk/d-{number}") for number in (1, 2)]),
        (("vpc", "DescribeVpcs", {"VpcId": "vpc-1,vpc-2"}),
         [("vpc:DescribeVpcs", f"acs:vpc:ap-southeast-1:{ACCOUNT}:vpc/vpc-{number}") for number in (1, 2)]),
        (("smc", "TagResources", {"ResourceType": "replicationjob", "ResourceId": ["j-1"]}),
         [("smc:TagResources", f"acs:smc:ap-southeast-1:{ACCOUNT}:replicationjob/j-1")]),
        (("ecs", "TagResources", {"ResourceType": "disk", "ResourceId": ["d-1"]}),
         [("ecs:TagResources", f"acs:ecs:ap-southeast-1:{ACCOUNT}:disk/d-1")]),
        (("sts", "AssumeRole", {"RoleArn": "acs:ram::1:role/r"}), [("sts:AssumeRole", "acs:ram::1:role/r")]),
        (("bss", "QueryAccountBalance", {}), [("bss:DescribeAcccount", f"acs:bss:ap-southeast-1:{ACCOUNT}:*")]),
        (("sts", "GetCallerIdentity", {}), []),
        (("location", "DescribeEndpoints", {}), []),
    ],
)
def test_what_a_call_needs(call: tuple[str, str, dict[str, Any]], expected: list[tuple[str, str]]) -> None:
    assert rpc_needs(*call, "ap-southeast-1", ACCOUNT) == expected


def test_a_copy_needs_to_read_its_source() -> None:
    place = "acs:oss:oss-cn-beijing:1:"
    assert oss_needs("CopyObject", place, "b", "k", "/from/a%2Fb") == [
        ("oss:PutObject", f"{place}b/k"), ("oss:GetObject", f"{place}from/a/b"),
    ]
    assert oss_needs("CopyObject", place, "b", "k", "/b/a?versionId=1")[1] == ("oss:GetObjectVersion", f"{place}b/a")
    assert oss_needs("ListBuckets", place, "", "") == [("oss:ListBuckets", f"{place}*")]


@limited({"effect": "allow", "action": "ecs:DescribeRegions"})
@pytest.mark.parametrize(
    ("product", "action", "params", "expected"),
    [
        ("smc", "StartReplicationJob", {"JobId": "j-1"}, (403, "Forbidden.RAM")),
        ("smc", "DescribeSourceServers", {}, (403, "Forbidden.Unauthorized")),
        ("smc", "DescribeReplicationJobs", {}, (403, "Forbidden.Unauthorized")),
        ("ecs", "DescribeImages", {}, (403, "Forbidden.RAM")),
        ("vpc", "CreateVpc", {}, (403, "Forbidden.RAM")),
        ("ens", "DescribeSelfImages", {}, (400, "NoPermission")),
        ("sts", "AssumeRole", {"RoleArn": f"acs:ram::{ACCOUNT}:role/R", "RoleSessionName": "me"},
         (403, "NoPermission")),
        ("ram", "GetRole", {"RoleName": "R"}, (403, "NoPermission")),
        ("bss", "QueryAccountBalance", {}, (400, "NotAuthorized")),
    ],
)
def test_what_each_product_answers_to_what_is_denied(
    local: LocalCloud, product: str, action: str, params: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert local.code(product, action, **params) == expected
    assert local.ok("ecs", "DescribeRegions")
    assert local.ok("sts", "GetCallerIdentity")


@limited({"effect": "allow", "action": "*"},
         {"effect": "deny", "action": "smc:*", "resource": "acs:smc:*:*:sourceserver/s-unitweb00002"})
def test_access_to_a_resource_can_be_denied_to_one_user(local: LocalCloud) -> None:
    local.job(1)
    assert local.code("smc", "CreateReplicationJob", **local.job_params(2)) == (403, "Forbidden.RAM")
    assert local.code("smc", "CreateReplicationJob", Name="x") == (400, "MissingParameter"), "the contract comes first"


def export(local: LocalCloud) -> tuple[int, str]:
    reply = local.call("ecs", "ExportImage", ImageId="m-unitimage00001", OSSBucket="images-sg", DryRun=True)
    return reply.status, reply.body["Code"]


ALL = [f"oss:{name}" for name in ("GetObject", "PutObject", "DeleteObject", "GetBucketLocation", "GetBucketInfo",
                                  "AbortMultipartUpload", "ListMultipartUploads", "ListParts")]
ROLE = "AliyunECSImageExportDefaultRole"


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        (None, True),
        ([], False),
        ([{"effect": "allow", "action": ALL}], True),
        ([{"effect": "allow", "action": "oss:*"}], True),
        ([{"effect": "allow", "action": ALL, "resource": ["acs:oss:*:*:images-sg", "acs:oss:*:*:images-sg/*"]}], True),
        ([{"effect": "allow", "action": ALL, "resource": "acs:oss:*:*:another/*"}], False),
        ([{"effect": "allow", "action": "oss:*"}, {"effect": "deny", "action": "oss:PutObject"}], False),
        *[([{"effect": "allow", "action": [name for name in ALL if name != lacks]}], False) for lacks in ALL],
    ],
)
def test_an_export_needs_all_that_its_role_does_in_the_bucket(tmp_path: Path, statements: Any, allowed: bool) -> None:
    policies = {} if statements is None else {ROLE: statements}
    local = LocalCloud(tmp_path, {
        "ecs_images": [{"name": "web", "id": "m-unitimage00001", "region": "ap-southeast-1", "disks": [{"gib": 1}]}],
        "account": {"role_policies": policies},
    })
    assert export(local) == ((400, "DryRunOperation") if allowed else (403, "InvalidOSS.NotAuthorized"))
    attached = local.ok("ram", "ListPoliciesForRole", RoleName=ROLE)["Policies"]["Policy"]
    assert len(attached) == (0 if statements == [] else 1)
    for policy in attached:
        name = {"PolicyName": policy["PolicyName"], "PolicyType": policy["PolicyType"]}
        version = local.ok("ram", "GetPolicy", **name)["DefaultPolicyVersion"]
        document = Identity.model_validate_json(version["PolicyDocument"])
        assert document.statements == [
            Statement.model_validate(given) for given in statements or [{"effect": "allow", "action": ALL}]]


def test_roles_and_policies_that_do_not_exist(local: LocalCloud) -> None:
    assert local.code("ram", "ListPoliciesForRole", RoleName="Nobody") == (404, "EntityNotExist.Role")
    assert local.code("ram", "GetPolicy", PolicyName="none", PolicyType="Custom") == (404, "EntityNotExist.Policy")
    assert local.code("ram", "GetPolicy", PolicyName="none", PolicyType="Own") == (400, "InvalidParameter.PolicyType")


@pytest.mark.parametrize(
    ("identities", "problem"),
    [
        ({"a": {"statements": [{"effect": "maybe", "action": "*"}]}}, "identities.a.statements[0].effect"),
        ({"a": {"statements": [{"effect": "allow", "action": "delete everything"}]}},
         "identities.a.statements[0].action[0]"),
        ({"a": {"statements": [{"effect": "allow", "action": "*", "resource": "image/m-1"}]}},
         "identities.a.statements[0].resource[0]"),
        ({"a": {"Statement": [{"Effect": "Allow", "Action": "*", "Condition": {}}]}},
         "identities.a.Statement[0].Condition"),
        ({"a": {"statements": [{"effect": "allow"}]}}, "identities.a.statements[0].action"),
        ({"root": {}}, "root is the account itself"),
    ],
)
def test_a_malformed_identity_is_named(identities: dict[str, Any], problem: str) -> None:
    with pytest.raises(WorldError) as refused:
        parse_world({"identities": identities}, "w.yml")
    assert problem in str(refused.value)


def test_documents_of_ram_are_understood() -> None:
    document = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:*", "Resource": "acs:oss:*:*:b/*"}]}
    world = parse_world({"identities": {"deploy": document}}, "w.yml")
    again = parse_world(world.model_dump(), "state.db")
    assert again.identities["deploy"].statements == [statement("allow", "oss:*", "acs:oss:*:*:b/*")]


def test_a_wrong_statement_in_a_file_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "world.yml"
    path.write_text("identities:\n  deploy:\n    Statement:\n      - Effect: Allow\n        Action: everything\n")
    with pytest.raises(WorldError, match=r"world\.yml: line 5: identities\.deploy\.Statement\[0\]\.Action"):
        load_world(path)
