# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters of CreateReplicationJob and ImportImage that a user sets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api import transport
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Seen
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import options, overrides
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import ens_import, job_spec

from .kit import START, policy, server

SOURCE = {"SourceId": "s-01", "State": "Available", "SystemDiskSize": 20}
OBJECT: Any = {"index": 0, "bucket": "images", "key": "k0", "size": 64}
VENDOR = Path(__file__).parents[2] / "support" / "vendor_requests.json"
EVERY = [(option, name) for option, names in overrides.OURS.items() for name in names]


@pytest.mark.parametrize("option", overrides.ACTIONS)
def test_the_known_ones_are_setters_of_the_vendors_request(option: str) -> None:
    names = overrides.known(option)
    request = transport.build_request(*overrides.ACTIONS[option], {})
    assert names
    assert all(callable(getattr(request, f"set_{name}")) for name in names)
    assert not set(names) & set(overrides.OURS[option])
    expected = {"job_parameters": {"InstanceType", "InstanceRamRole", "LicenseType", "Description"},
                "import_parameters": {"OSVersion", "Platform", "ComputeType", "OSType"},
                "instance_parameters": {"Carrier", "IpType", "BillingCycle", "SpotStrategy"}}  # fmt: skip
    assert expected[option] <= set(names)


@pytest.mark.parametrize(("option", "name"), EVERY)
def test_what_the_collection_decides_is_refused_with_the_reason(option: str, name: str) -> None:
    request = transport.build_request(*overrides.ACTIONS[option], {})
    # RegionId is added by the SDK's core.
    assert name == "RegionId" or hasattr(request, f"set_{name}"), "the SDK has no such parameter any more"
    (problem,) = overrides.problems({option: {name: "x"}})
    assert problem.startswith(f"{option}: {name} is decided by the collection")
    assert overrides.OURS[option][name] in problem


@pytest.mark.parametrize("option", overrides.ACTIONS)
def test_an_unknown_name_lists_the_known_ones(option: str) -> None:
    (problem,) = overrides.problems({option: {"InstanceTyp": "ecs.g7.large"}})
    assert "has no parameter 'InstanceTyp'" in problem
    assert all(name in problem for name in overrides.known(option))


@pytest.mark.parametrize("value", [None, [], {}, ["a"], {"a": 1}])
def test_values_are_texts_numbers_or_booleans(value: Any) -> None:
    assert "must be a text" in overrides.problems({"job_parameters": {"InstanceType": value}})[0]
    assert overrides.problems({"job_parameters": {"InstanceType": "x"}, "import_parameters": None}) == []


def test_wrong_ones_are_refused_together_before_anything_is_made() -> None:
    given = {"job_parameters": {"Name": "mine", "Colour": "red"}, "import_parameters": {"OSSBucket": "other"}}
    with pytest.raises(CloudError) as refused:
        options.policy({"region": "ap-southeast-1", **given})
    for words in ("Name is decided", "has no parameter 'Colour'", "set bucket instead", "Nothing was created"):
        assert words in f"{refused.value} {refused.value.hint}"


def test_what_is_set_replaces_what_is_sent() -> None:
    given = {"job_parameters": {"InstanceType": "ecs.g7.large", "Description": "mine"},
             "import_parameters": {"OSVersion": "22.04", "Platform": "ubuntu"}}  # fmt: skip
    made = options.policy({"region": "ap-southeast-1", "bucket": "images", **given})
    job = job_spec.params(server(), Seen(source=SOURCE), made, START)
    assert (job["InstanceType"], job["Description"], job["Name"]) == ("ecs.g7.large", "mine", server().job_name)
    image = ens_import.import_params(server(), made, [OBJECT])
    assert (image["OSVersion"], image["Platform"], image["OSSObject"]) == ("22.04", "ubuntu", "k0")
    plain = ens_import.import_params(server(), policy(), [OBJECT])
    assert (plain["ComputeType"], plain.get("OSVersion")) == ("ens_vm", None)


@pytest.mark.parametrize(
    ("option", "name", "value", "told"),
    [
        ("import_parameters", "Architecture", "arm64", "documents x86_64 for these servers"),
        ("import_parameters", "Platform", "windows-2003", "documents centos and ubuntu"),
        ("import_parameters", "OSType", "windows", "documents linux"),
        ("import_parameters", "ComputeType", True, "documents ens_vm"),
        ("import_parameters", "OSVersion", "x" * 129, "1 to 128 printable characters, it has 129"),
        ("import_parameters", "OSVersion", "22\n04", "printable"),
        ("import_parameters", "OSVersion", "", "it has 0"),
        ("job_parameters", "LicenseType", "Aliyun", "documents BYOL"),
        ("job_parameters", "Description", "x", "2 to 128"),
        ("job_parameters", "Description", "https://example.com", "must not begin with http://"),
        ("job_parameters", "InstanceType", "x" * 3000, "1 to 2048"),
        ("instance_parameters", "IpType", "ipv5", "documents ipv4"),
    ],
)
def test_a_value_that_the_service_would_refuse_after_the_copy_is_refused_before(
    option: str, name: str, value: Any, told: str
) -> None:
    (problem,) = overrides.problems({option: {name: value}})
    assert problem.startswith(f"{option}: {name} ")
    assert told in problem
    with pytest.raises(CloudError, match=name):
        options.policy({"region": "ap-southeast-1", option: {name: value}})


def test_the_documented_values_are_those_of_the_vendors_models() -> None:
    actions = json.loads(VENDOR.read_text(encoding="utf-8"))["actions"]
    for option, names in overrides.DOCUMENTED.items():
        product, action = overrides.ACTIONS[option]
        for name, allowed in names.items():
            row = actions[product][action][name]
            assert set(allowed) <= set(row.get("enum") or row["text"]["enum"]), name
