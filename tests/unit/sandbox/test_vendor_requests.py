# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contracts against the vendor's request models: every rule is tried, and every difference has a reason."""

from __future__ import annotations

import importlib
import inspect
import re
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from support import request_rules
from support.local_cloud import LocalCloud
from support.roundtrip import PACKAGES

from sandbox.contracts import CONTRACTS
from sandbox.contracts.request_differences import DIFFERENCES, KINDS

_COMMON = {"RegionId", "OwnerId", "OwnerAccount", "ResourceOwnerId", "ResourceOwnerAccount"}


def test_the_differences_are_those_that_are_listed() -> None:
    listed = Counter(request_rules.listed())
    assert [entry for entry, number in listed.items() if number > 1] == []
    assert request_rules.look().differences == set(listed)


def test_every_difference_has_a_reason_and_a_heading() -> None:
    assert {entry.kind for entry in DIFFERENCES} == set(KINDS)
    assert all(entry.reason and entry.parameters for entry in DIFFERENCES)


def test_every_action_has_a_model_and_every_kind_of_rule_is_tried() -> None:
    found = request_rules.look()
    names = {(product, name) for product, actions in request_rules.vendor().items() for name in actions}
    # The vendor publishes no document of the location service.
    assert names == {(product, name) for product, actions in CONTRACTS.items() for name in actions
                     if product != "location"}
    assert all(found.rules[kind] for kind in ("required", "type", "values", "range", "length", "items"))
    assert found.negatives >= found.rules["required"] + found.rules["type"] + found.rules["values"]


def test_a_call_without_a_required_parameter_is_refused_on_the_wire(local: LocalCloud) -> None:
    calls = list(request_rules.without_required())
    assert len(calls) > 60
    for product, action, parameter, params in calls:
        region = "" if parameter == "RegionId" else "ap-southeast-1"
        refused = local.code(product, action, **{**params, "RegionId": region})
        assert refused == (400, "MissingParameter"), (product, action, parameter)


def test_limits_at_which_the_local_cloud_once_strayed(local: LocalCloud) -> None:
    ids = {f"InstanceId__{number}": f"i-{number}" for number in range(1, 23)}
    assert local.code("smc", "DescribeReplicationJobs", **ids) == (400, "InvalidParameter.InstanceId")
    del ids["InstanceId__22"]
    assert local.ok("smc", "DescribeReplicationJobs", **ids)["TotalCount"] == 0
    group = {"SecurityGroupId": "sg-none"}
    few = local.code("ecs", "DescribeSecurityGroupAttribute", **group, MaxResults=9)
    assert few == (400, "InvalidParameter.MaxResults")
    enough = local.code("ecs", "DescribeSecurityGroupAttribute", **group, MaxResults=10)
    assert enough == (404, "InvalidSecurityGroupId.NotFound")
    local.ok("ens", "RunInstances", Amount=1, InstanceType="ens.sn1.tiny", ScheduleAreaLevel="Region",
             EnsRegionId="cn-dalian-unicom", ImageId="centos_6_08_64_20G_alibase_20171208", BillingCycle="Hour",
             InstanceChargeType="PostPaid", PasswordInherit=True)


@pytest.mark.parametrize(
    ("action", "parameter", "changes", "kind"),
    [
        ("smc:StopReplicationJob", "JobId", {"needed": False}, "not needed"),
        ("smc:CreateReplicationJob", "Name", {"needed": True}, "needed"),
        ("smc:CreateReplicationJob", "Frequency", {"kind": "text"}, "another type"),
        ("smc:CreateReplicationJob", "Frequency", {"high": 169}, "another range"),
        ("smc:CreateReplicationJob", "Frequency", {"high": 167}, "another range"),
        ("smc:CreateReplicationJob", "Frequency", {"low": 0}, "another range"),
        ("smc:CreateReplicationJob", "Name", {"pattern": ".{2,129}"}, "another length"),
        ("smc:DescribeReplicationJobs", "InstanceId", {"high": 22}, "another items"),
        ("smc:DescribeReplicationJobs", "Status", {"choices": ("Ready",)}, "fewer values"),
        ("smc:DescribeReplicationJobs", "Status", {"choices": ()}, "more values"),
        ("smc:DescribeReplicationJobs", "Name", {"name": "Title"}, "more parameters"),
        ("smc:DescribeReplicationJobs", "Name", {"name": "Title"}, "not emulated"),
        ("ens:RunInstances", "BillingCycle", {"choices": ("Month",)}, "fewer values"),
        ("ecs:DescribeSecurityGroupAttribute", "MaxResults", {"low": 9}, "another range"),
    ],
)
def test_a_contract_that_strays_is_found(
    monkeypatch: pytest.MonkeyPatch, action: str, parameter: str, changes: dict[str, Any], kind: str
) -> None:
    product, name = action.split(":")
    known = CONTRACTS[product][name]
    params = tuple(replace(param, **changes) if param.name == parameter else param for param in known.params)
    monkeypatch.setitem(CONTRACTS[product], name, replace(known, params=params))
    strays = request_rules.look().differences ^ set(request_rules.listed())
    assert (kind, action, changes.get("name", parameter) if kind == "more parameters" else parameter) in strays


@pytest.mark.parametrize("product", sorted(request_rules.vendor()))
def test_the_models_know_the_parameters_of_the_installed_packages(product: str) -> None:
    models = importlib.import_module(f"{PACKAGES[product]}.models")
    for name, params in request_rules.vendor()[product].items():
        model = getattr(models, f"{name}Request", None)
        if model is None:
            assert params == {}, name
            continue
        written = re.findall(r"result\['([\w.]+)'\]", inspect.getsource(model.to_map))
        known = {field.split(".")[0] for field in written}
        assert set(params) - _COMMON == known - _COMMON, name
