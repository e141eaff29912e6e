# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from support.local_cloud import LocalCloud

from sandbox.contracts import CONTRACTS
from sandbox.contracts.check import check
from sandbox.contracts.errors import CATALOGUE, ServiceError
from sandbox.contracts.spec import action, choice, csv, flag, integer, json_list, many, need, objects, text
from sandbox.services.registry import HANDLERS

SAMPLE = action(
    "Sample", need(text("Id")), text("Name", r"[a-z]{2,8}"), integer("Size", 20, 40), flag("Force"),
    choice("Kind", "Image", elsewhere=("Container",)), many("JobId", 2), json_list("Ids", 2), csv("TaskIds", 2),
    objects("Disk", 2, need(integer("Index", 1, 16)), integer("Size"), objects("Part", 2, text("Device"))),
)


def test_every_contract_has_a_handler_and_every_handler_a_contract() -> None:
    assert {product: set(actions) for product, actions in CONTRACTS.items()} == {
        product: set(handlers) for product, handlers in HANDLERS.items()
    }


def test_values_come_out_typed() -> None:
    flat = {
        "Id": "x", "Size": "30", "Force": "True", "Kind": "image", "JobId.2": "b", "JobId.1": "a", "Ids": '["i"]',
        "TaskIds": "t-1, t-2", "Disk.10.Index": "2", "Disk.9.Index": "1", "Disk.9.Part.1.Device": "0_0",
    }
    assert check(SAMPLE, flat) == {
        "Id": "x", "Size": 30, "Force": True, "Kind": "Image", "JobId": ["a", "b"], "Ids": ["i"],
        "TaskIds": ["t-1", "t-2"], "Disk": [{"Index": 1, "Part": [{"Device": "0_0"}]}, {"Index": 2}],
    }


@pytest.mark.parametrize(
    ("flat", "code"),
    [
        ({}, "MissingParameter"),
        ({"Id": ""}, "MissingParameter"),
        ({"Id": "x", "Name": "UPPER"}, "InvalidParameter.Name"),
        ({"Id": "x", "Size": "19"}, "InvalidParameter.Size"),
        ({"Id": "x", "Size": "41"}, "InvalidParameter.Size"),
        ({"Id": "x", "Size": "3.5"}, "InvalidParameter.Size"),
        ({"Id": "x", "Force": "yes"}, "InvalidParameter.Force"),
        ({"Id": "x", "Kind": "Picture"}, "InvalidParameter.Kind"),
        ({"Id": "x", "Kind": "container"}, "Sandbox.NotEmulated"),
        ({"Id": "x", "JobId": "a"}, "InvalidParameter.JobId"),
        ({"Id": "x", "JobId.1": "a", "JobId.2": "b", "JobId.3": "c"}, "InvalidParameter.JobId"),
        ({"Id": "x", "JobId.x": "a"}, "Sandbox.NotEmulated"),
        ({"Id": "x", "Ids": "i-1"}, "InvalidParameter.Ids"),
        ({"Id": "x", "Ids": '{"a": 1}'}, "InvalidParameter.Ids"),
        ({"Id": "x", "Ids": '["a","b","c"]'}, "InvalidParameter.Ids"),
        ({"Id": "x", "TaskIds": "a,b,c"}, "InvalidParameter.TaskIds"),
        ({"Id": "x", "Disk.1.Size": "1"}, "MissingParameter"),
        ({"Id": "x", "Disk.1.Index": "1", "Disk.1.Colour": "red"}, "Sandbox.NotEmulated"),
        ({"Id": "x", "Colour": "red"}, "Sandbox.NotEmulated"),
        ({"Id": "x", "Id.1": "y"}, "Sandbox.NotEmulated"),
    ],
)
def test_what_breaks_the_contract_is_refused(flat: dict[str, str], code: str) -> None:
    with pytest.raises(ServiceError) as refused:
        check(SAMPLE, flat)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("product", "action_name", "params"),
    [
        ("smc", "DescribeWorkgroups", {}),
        ("ecs", "RunInstances", {}),
        ("smc", "DescribeSourceServers", {"Colour": "red"}),
    ],
)
def test_what_is_not_emulated_has_a_separate_mark(
    local: LocalCloud, product: str, action_name: str, params: dict[str, Any]
) -> None:
    reply = local.call(product, action_name, **params)
    assert (reply.status, reply.body["Code"]) == (501, "Sandbox.NotEmulated")
    assert "x-sandbox-not-emulated" in reply.headers


def test_a_bug_of_the_sandbox_is_an_answer_that_names_it(local: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HANDLERS["sts"], "GetCallerIdentity", lambda *_: {}["nothing"])
    reply = local.call("sts", "GetCallerIdentity")
    assert (reply.status, reply.body["Code"], reply.headers["x-sandbox-bug"]) == (500, "InternalError", "KeyError")


def test_answers_say_how_sure_they_are(local: LocalCloud) -> None:
    assert local.call("ecs", "DescribeRegions").headers["x-sandbox-provenance"] == "documented"
    assert local.call("ecs", "DescribeNothing").headers["x-sandbox-provenance"] == "invented"
    unknown = local.call("smc", "StartReplicationJob", JobId="j-nothing")
    assert unknown.headers["x-sandbox-provenance"] == "invented"


def test_an_error_body_is_the_vendors(local: LocalCloud) -> None:
    body = local.call("ecs", "ExportImage", ImageId="m-none", OSSBucket="images-sg").body
    assert set(body) == {"RequestId", "HostId", "Code", "Message", "Recommend"}
    assert body["RequestId"] == body["RequestId"].upper()


def test_regional_products_need_a_region_that_exists(local: LocalCloud) -> None:
    assert local.code("ecs", "DescribeImages", RegionId="") == (400, "MissingParameter")
    assert local.code("ecs", "DescribeImages", RegionId="mars-1") == (404, "InvalidRegionId.NotFound")
    assert local.ok("smc", "DescribeSourceServers", RegionId="mars-1")["TotalCount"] == 3


def test_catalogue_marks_are_known_words() -> None:
    assert {known.provenance for known in CATALOGUE.values()} == {"documented", "approximate", "invented"}
