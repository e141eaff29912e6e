# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contracts against the request models of the vendor's alibabacloud_* packages and what their comments say."""

from __future__ import annotations

import importlib
import inspect
import re
from typing import Any

import pytest
from support.roundtrip import PACKAGES

from sandbox.contracts import CONTRACTS

_EVERYWHERE = {"RegionId", "OwnerId", "OwnerAccount", "ResourceOwnerId", "ResourceOwnerAccount"}

# Needed here, and not marked so in the models: the pages of the documentation say it (facts 4.3), or there
# is nothing to be done without.
STRICTER = {
    ("ens", "RunInstances"): {"Amount", "EnsRegionId", "ImageId", "InstanceChargeType", "InstanceType",
                              "ScheduleAreaLevel"},
    # The models have it as "SystemDisk.Size".
    ("ens", "DescribePrice"): {"SystemDisk"},
    ("vpc", "CreateVSwitch"): {"CidrBlock"},
    ("ram", "GetPolicy"): {"PolicyName", "PolicyType"},
    ("ram", "GetRole"): {"RoleName"},
    ("ram", "ListPoliciesForRole"): {"RoleName"},
    ("location", "DescribeEndpoints"): {"Id", "ServiceCode"},
}


# One test for each product: the models are read when it runs, not by every worker that collects tests.
@pytest.mark.parametrize("product", PACKAGES)
def test_parameters_are_those_of_the_vendors_model(product: str) -> None:
    models = importlib.import_module(f"{PACKAGES[product]}.models")
    modelled = [name for name in CONTRACTS[product] if hasattr(models, f"{name}Request")]
    assert modelled or product == "bss"
    for name in modelled:
        _compare(product, name, getattr(models, f"{name}Request"))


def _compare(product: str, name: str, model: Any) -> None:
    # Each field of a model is written by to_map under its name on the wire.
    written = inspect.getsource(model.to_map)
    known = set(re.findall(r"result\['(\w+)'\]", written))
    contract = CONTRACTS[product][name]
    assert {param.name for param in contract.params} - _EVERYWHERE <= known, name

    marked = re.findall(r"# This parameter is required\.\s+self\.(\w+) =", inspect.getsource(model.__init__))
    required = {next(name for name in known if _plain(name) == _plain(field)) for field in marked}
    if product in ("ecs", "vpc"):
        assert contract.regional is ("RegionId" in required), name
    needed = {param.name for param in contract.params if param.needed}
    assert needed == required | STRICTER.get((product, name), set()), name


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
