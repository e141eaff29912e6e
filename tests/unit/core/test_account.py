# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ens_account_info makes of the services' answers, and of their refusals."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.ecs import EcsApi
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.ens import EnsApi
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.pool import Pool
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.ram_bss import BssApi, RamApi
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.smc import SmcApi
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.sts import StsApi
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.transport import build_request
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.vpc import VpcApi
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import ens_account_info, options, rivals
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from .bucket import Oss as Bucket
from .cloud import Cloud as Services

EXPORT_ROLE = "AliyunECSImageExportDefaultRole"
BUCKET = {
    "location": "ap-southeast-1",
    "storage_class": "Standard",
    "versioning": "",
    "encryption": "",
    "encryption_key": "",
}
AVAILABLE = {"Status": "Available"}
IMAGE = {"ImageId": "m-1", **AVAILABLE, "DiskDeviceMappings": {"DiskDeviceMapping": [{"SnapshotId": "s-1"}]}}


def proved(**changes: Any) -> dict[str, Any]:
    """Return a contract that was written just now."""
    return {
        "version": 1,
        "written": datetime.now(timezone.utc),
        "account": "1234567890123456",
        "region": "ap-southeast-1",
        "bucket": "images",
        "questions": {"image_formats": {"answer": ["qcow2", "raw"]}},
        **changes,
    }


def trust(*services: str) -> dict[str, Any]:
    statement = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": list(services)}}
    return {"Role": {"AssumeRolePolicyDocument": json.dumps({"Statement": [statement], "Version": "1"})}}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"DefaultPolicyVersion": {"PolicyDocument": json.dumps({"Statement": statements, "Version": "1"})}}


class Cloud:
    """Services that answer as told; what they were not told they refuse. ``asked`` is every call."""

    def __init__(self, **answers: Any) -> None:
        self.asked: list[str] = []
        self.region = "ap-southeast-1"
        self.request_seconds = 80.0
        self.pool = Pool()
        self.ledger = Bucket(Services())
        self.bucket: Any = BUCKET
        self._answers = {
            "GetCallerIdentity": {"AccountId": "1234567890123456"},
            "QueryAccountBalance": {"Data": {"AvailableAmount": "12.50"}},
            "DescribeAccountAttributes": self.attributes({"real-name-authentication": "yes"}),
            "DescribeVpcs": {"TotalCount": 2},
            "DescribeReplicationJobs": {"TotalCount": 3},
            "DescribeSourceServers": {"TotalCount": 4},
            "DescribeImages": {"TotalCount": 1, "Images": {"Image": [IMAGE]}},
            "DescribeSelfImages": {"TotalCount": "0", "Images": {"Image": []}},
            "GetRole": lambda params: trust("smc.aliyuncs.com" if "SMC" in params["RoleName"] else "ecs.aliyuncs.com"),
            "ListPoliciesForRole": {"Policies": {"Policy": [{"PolicyName": "Export", "PolicyType": "System"}]}},
            "GetPolicy": document({"Effect": "Allow", "Action": "oss:*", "Resource": "*"}),
            **answers,
        }
        bound = {
            "smc": SmcApi,
            "ecs": EcsApi,
            "ens": EnsApi,
            "vpc": VpcApi,
            "sts": StsApi,
            "ram": RamApi,
            "bss": BssApi,
        }
        for name, api in bound.items():
            setattr(self, name, api(self._call))

    def _call(self, action: str, params: Any = None, repeatable: bool = False) -> dict[str, Any]:
        assert repeatable, f"{action} is a read"
        self.asked.append(action)
        answer = self._answers[action]
        answer = answer(params or {}) if callable(answer) else answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    def oss(self, name: str) -> Any:
        def bucket_info() -> Any:
            if isinstance(self.bucket, Exception):
                raise self.bucket
            return self.bucket

        return SimpleNamespace(
            bucket_info=bucket_info,
            each_key=self.ledger.each_key,
            read_from=self.ledger.read_from,
            crc_of=self.ledger.crc_of,
            clock=self.ledger,
            name=name,
            retention=dict,
            overwrite_rules=list,
            append=lambda _key, _position, text: len(text),
            delete_key=lambda _key: None,
            head=lambda _key: None,
        )

    @staticmethod
    def attributes(values: dict[str, str]) -> dict[str, Any]:
        rows = [
            {"AttributeName": name, "AttributeValues": {"ValueItem": [{"Value": value}]}}
            for name, value in values.items()
        ]
        return {"AccountAttributeItems": {"AccountAttributeItem": rows}}


def refusal(code: str) -> CloudError:
    return CloudError("x.Y", code, "no", http_status=403)


def look(cloud: Cloud, **params: Any) -> dict[str, Any]:
    server = {"host": "web-01", "fingerprint": "f" * 64, "disks": [{"index": 0, "bytes": 20 * 1024**3}]}
    given = {
        "name": "wave_01",
        "region": "ap-southeast-1",
        "bucket": "images",
        "image_format": None,
        "servers": [server],
        "source_images": None,
        "strict": False,
        "prove_bucket": True,
        "contract": proved(),
        **params,
    }
    found: dict[str, Any] = ens_account_info.look(SimpleNamespace(params=given, check_mode=False), cloud)  # type: ignore[arg-type]  # test classes
    return found


def ids(result: dict[str, Any]) -> list[str]:
    return [item["id"] for item in result["findings"]]


def test_an_account_that_can_migrate() -> None:
    cloud = Cloud()
    result = look(cloud)
    assert (result["verdict"], result["changed"], result["account"]["id"]) == ("clear", False, "1234567890123456")
    assert ids(result) == ["quota-unknown", "image-quota-unknown", "ens-image-quota-unknown"]
    assert [(row["host"], row["verdict"], row["findings"]) for row in result["servers"]] == [("web-01", "clear", [])]
    assert all(action.startswith(("Get", "Describe", "List", "Query")) for action in cloud.asked)
    assert result["account"]["images"]["value"] == [{"image_id": "m-1", "snapshots": ["s-1"]}]


def test_refusals_are_notes_with_the_code() -> None:
    names = ("QueryAccountBalance", "DescribeAccountAttributes", "DescribeVpcs", "DescribeReplicationJobs", "GetRole")
    cloud = Cloud(**dict.fromkeys(names, refusal("Forbidden.RAM")), DescribeSelfImages=refusal("NoPermission"))
    cloud.bucket = refusal("ServiceUnavailable")
    result = look(cloud)
    assert {item["severity"] for item in result["findings"]} == {"note"}
    assert {"balance-unknown", "real-name-unknown", "quota-unknown", "export-role-unknown", "bucket-unknown"} <= set(
        ids(result)
    )
    assert all("Forbidden.RAM" in item["evidence"] for item in result["findings"] if item["number"] in (17, 18, 22))


def test_credentials_that_do_not_work_are_an_error() -> None:
    with pytest.raises(CloudError, match="InvalidAccessKeyId"):
        look(Cloud(GetCallerIdentity=refusal("InvalidAccessKeyId.NotFound")))


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (refusal("EntityNotExist.Role"), "export-role-missing"),
        (trust("fc.aliyuncs.com"), "export-role-untrusted"),
        ({"Role": {"AssumeRolePolicyDocument": "not json"}}, "export-role-untrusted"),
        (trust("ecs.aliyuncs.com", "fc.aliyuncs.com"), None),
    ],
)
def test_roles(answer: Any, found: str | None) -> None:
    def role(params: dict[str, Any]) -> Any:
        return answer if params["RoleName"] == EXPORT_ROLE else trust("smc.aliyuncs.com")

    assert [name for name in ids(look(Cloud(GetRole=role))) if name.startswith("export-role")] == (
        [found] if found else []
    )


@pytest.mark.parametrize(
    ("bucket", "found"),
    [
        (refusal("NoSuchBucket"), "bucket-missing"),
        (refusal("AccessDenied"), "bucket-unreadable"),
        ({**BUCKET, "location": "cn-beijing"}, "bucket-region"),
    ],
)
def test_buckets(bucket: Any, found: str) -> None:
    cloud = Cloud()
    cloud.bucket = bucket
    result = look(cloud)
    assert (ids(result)[0], result["verdict"]) == (found, "blocked")


@pytest.mark.parametrize(
    ("image", "found"),
    [
        ({"ImageId": "m-2", **AVAILABLE, "ImageOwnerAlias": "marketplace"}, ["source-image-not-exportable"]),
        (
            {"ImageId": "m-2", **AVAILABLE, "ImageOwnerAlias": "self", "ProductCode": "cmjj1"},
            ["source-image-not-exportable"],
        ),
        ({"ImageId": "m-2", **AVAILABLE, "ImageOwnerAlias": "system"}, []),
        ({"ImageId": "m-22", **AVAILABLE, "ImageOwnerAlias": "marketplace"}, ["source-image-unknown"]),
    ],
)
def test_the_image_of_an_ecs_instance(image: dict[str, Any], found: list[str]) -> None:
    result = look(Cloud(DescribeImages={"Images": {"Image": [image]}}), source_images={"web-01": "m-2"})
    assert [item["id"] for item in result["servers"][0]["findings"]] == found


def test_an_ecs_instance_without_a_named_image_is_not_guessed_at() -> None:
    [row] = look(Cloud(), source_images={"web-01": ""})["servers"]
    assert [item["id"] for item in row["findings"]] == ["source-image-unknown"]


@pytest.mark.parametrize(
    ("cloud", "params", "code"),
    [
        ({"bucket": refusal("NoSuchBucket")}, {}, "NoSuchBucket"),
        ({"bucket": {**BUCKET, "location": "cn-beijing"}}, {}, "Bucket.OtherRegion"),
        ({}, {"region": "xx-nowhere-1"}, "Input.Invalid"),
        ({}, {"region": "cn-beijing", "image_format": "qcow2"}, "Input.Invalid"),
    ],
)
def test_what_cannot_carry_the_wave_is_an_error_where_that_was_asked_for(
    cloud: dict[str, Any], params: dict[str, Any], code: str
) -> None:
    account_of = Cloud()
    vars(account_of).update(cloud)
    assert look(account_of, **params)["verdict"] == "blocked"
    with pytest.raises(CloudError) as caught:
        look(account_of, strict=True, **params)
    assert caught.value.code == code


def test_two_hosts_that_are_one_machine_have_a_finding_each() -> None:
    servers = [{"host": name, "fingerprint": "f" * 64, "disks": []} for name in ("web-01", "web-02")]
    rows = look(Cloud(), servers=servers)["servers"]
    assert [(row["verdict"], [item["id"] for item in row["findings"]]) for row in rows] == [
        ("blocked", ["same-machine"]),
        ("blocked", ["same-machine"]),
    ]
    assert "web-02" in rows[0]["findings"][0]["evidence"]


def test_names_are_not_known_when_ens_does_not_answer() -> None:
    cloud = Cloud(DescribeSelfImages=refusal("NoPermission"))
    [row] = look(cloud)["servers"]
    assert (row["verdict"], row["findings"]) == ("", [])
    with pytest.raises(CloudError, match="NoPermission"):
        look(cloud, strict=True)


def test_a_product_without_a_package_is_called_by_its_names() -> None:
    request = build_request("ram", "GetRole", {"RoleName": EXPORT_ROLE})
    assert (request.get_action_name(), request.get_version(), request.get_method()) == ("GetRole", "2015-05-01", "POST")
    assert request.get_query_params()["RoleName"] == EXPORT_ROLE


def test_a_migration_that_a_cleanup_has_ended_is_a_blocker_unless_it_is_to_begin_again() -> None:
    cloud = Cloud()
    cloud.ledger.put_empty(
        naming.ledger_key("wave_01", 1), {"edgelift-mark": "end", "edgelift-host": "laptop", "edgelift-at": "0"}
    )
    (found,) = look(cloud)["servers"][0]["findings"]
    assert (found["id"], found["severity"]) == ("migration-ended", "blocker")
    assert "it was ended by a cleanup of laptop at 1970-01-01T00:00:00Z" in found["evidence"]
    assert look(cloud, restart=True)["servers"][0]["findings"] == []


def test_the_ledger_of_a_wave_is_only_looked_at() -> None:
    cloud = Cloud()
    look(cloud)
    assert cloud.ledger.ledgers == {}


def test_an_object_that_is_no_ledger_is_a_blocker() -> None:
    cloud = Cloud()
    cloud.ledger.put_empty(naming.ledger_key("wave_01", 1), {})
    (found,) = look(cloud)["servers"][0]["findings"]
    assert (found["id"], found["severity"]) == ("ledger-unusable", "blocker")
    assert "the object was not written by this collection (type Normal, 0 bytes)" in found["evidence"]
    assert "migration_restart" not in found["fix"]


# ---- hosts with one fingerprint ----
def source(identity: str, hostname: str, **tags: str) -> dict[str, Any]:
    """A source as SMC shows it."""
    shown = {"Tag": [{"Key": key, "Value": value} for key, value in tags.items()]}
    return {
        "SourceId": identity, "State": "Available", "SystemInfo": json.dumps({"hostname": hostname}), "Tags": shown,
    }


def twins(cloud: Cloud, **told: Any) -> dict[str, list[str]]:
    """Return the findings of two hosts with one fingerprint, whose probes name one source each."""
    disks = [{"index": 0, "bytes": 20 * 1024**3}]
    servers = [
        {"host": host, "fingerprint": "fp", "source_id": "", "disks": disks,
         "claim": {"hostname": host, "source_ids": [identity], **told}}
        for host, identity in (("web-01", "s-1"), ("liar", "s-2"))
    ]
    rows = look(cloud, servers=servers)["servers"]
    return {row["host"]: [item["evidence"] for item in row["findings"] if item["id"] == "same-machine"] for row in rows}


def listed(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"TotalCount": len(rows), "SourceServers": {"SourceServer": [*rows]}}


def test_hosts_with_one_fingerprint_are_refused_when_smc_tells_nothing() -> None:
    for answer in (listed(), refusal("Forbidden.RAM"), listed(source("s-1", ""), source("s-2", ""))):
        found = twins(Cloud(DescribeSourceServers=answer))
        assert "the same machine as liar" in found["web-01"][0]
        assert "the same machine as web-01" in found["liar"][0]


def test_the_host_that_the_migration_has_registered_continues_and_the_liar_does_not() -> None:
    identity = naming.migration_id("wave_01", "web-01", "fp")
    tags = {"edgelift:wave": "wave_01", "edgelift:host": "web-01", "edgelift:migration": identity}
    cloud = Cloud(DescribeSourceServers=listed(source("s-1", "web-01", **tags), source("s-2", "web-01")))
    found = twins(cloud, hostname="web-01", addresses=["10.0.0.5"])
    assert found["web-01"] == []
    assert "the same machine as web-01 (fingerprint fp)" in found["liar"][0]


def test_a_host_that_names_what_smc_refuses_to_show_does_not_hide_the_source_of_another_one() -> None:
    identity = naming.migration_id("wave_01", "web-01", "fp")
    tags = {"edgelift:wave": "wave_01", "edgelift:host": "web-01", "edgelift:migration": identity}

    def answer(params: dict[str, Any]) -> Any:
        return listed(source("s-1", "web-01", **tags)) if "s-1" in repr(params) else refusal("InvalidSourceId")

    found = twins(Cloud(DescribeSourceServers=answer))
    assert (found["web-01"], len(found["liar"])) == ([], 1)


def test_hosts_that_smc_shows_to_be_two_machines_do_not_block_each_other() -> None:
    cloud = Cloud(DescribeSourceServers=listed(source("s-1", "web-01"), source("s-2", "liar")))
    assert twins(cloud) == {"web-01": [], "liar": []}


def test_the_migration_itself_asks_the_same_rule_about_the_sources_that_it_is_given() -> None:
    entries = [
        {"host": host, "fingerprint": "fp", "source_id": identity, "claim": {"hostname": host}}
        for host, identity in (("web-01", "s-1"), ("web-02", "s-2"))
    ]
    entries.append({"host": "alias", "fingerprint": "other", "source_id": "s-2", "claim": {"hostname": "alias"}})
    params = {"name": "wave_01", "servers": entries}
    servers = options.servers(params)
    cloud: Any = Cloud(DescribeSourceServers=listed(source("s-1", "web-01"), source("s-2", "web-02")))
    found = rivals.refused(cloud, params, servers)
    assert {host: (row.kind, row.value, row.others) for host, row in found.items()} == {
        "alias": ("source", "s-2", ("web-02",)),
    }
    nobody: Any = Cloud(DescribeSourceServers=refusal("Forbidden.RAM"))
    assert set(rivals.refused(nobody, params, servers)) == {"web-01", "web-02", "alias"}
    assert rivals.refused(nobody, {**params, "servers": entries[:1]}, servers[:1]) == {}
    assert nobody.asked == ["DescribeSourceServers"] * 3


def test_without_a_canary_the_risk_is_told_once_and_its_contract_is_judged() -> None:
    assert "import-unproved" in ids(look(Cloud(), contract=None))
    assert "import-unproved" not in ids(look(Cloud()))
    refused = look(Cloud(), contract=proved(questions={"bucket_access": {"answer": "no"}}))
    assert (refused["verdict"], refused["findings"][0]["id"]) == ("blocked", "import-refused")
    other = look(Cloud(), contract=proved(account="9" * 16, written="2020-01-01T00:00:00Z"))
    (doubt,) = [item for item in other["findings"] if item["id"] == "contract-doubtful"]
    assert "is of account '9999999999999999'" in doubt["evidence"]
    assert "days old" in doubt["evidence"]
