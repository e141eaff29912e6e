# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of an account against which nothing stands, and refusals, for tests of the rules about accounts."""

from __future__ import annotations

from typing import Any

SMC_ROLE = "AliyunServiceRoleForSMC"
EXPORT_ROLE = "AliyunECSImageExportDefaultRole"


def told(value: Any) -> dict[str, Any]:
    """An answer."""
    return {"value": value, "problem": None, "code": None}


def refused(code: str) -> dict[str, Any]:
    """An answer that was refused."""
    return {"value": None, "problem": f"{code}: because", "code": code}


def clean(**changes: Any) -> dict[str, Any]:
    """The answers of an account that can migrate one server to Singapore."""
    attributes = {
        "max-postpaid-instance-vcpu-count": "300",
        "used-postpaid-instance-vcpu-count": "0",
        "real-name-authentication": "yes",
    }
    return {
        "region": "ap-southeast-1",
        "import_regions": ["cn-beijing", "ap-southeast-1"],
        "image_format": "qcow2",
        "image_formats": {},
        "bucket_name": "images",
        "servers": 1,
        "contract": {"proved": True, "refusals": [], "doubts": []},
        "balance": told("100.00"),
        "attributes": told({**attributes, **changes.pop("attributes", {})}),
        "vpcs": told(1),
        "network": told({}),
        "jobs": told(0),
        "sources": told(0),
        "images": told([{"image_id": "m-1", "snapshots": ["s-1"]}]),
        "bucket": told(bucket()),
        "retention": told({}),
        "overwrite": told([]),
        "clock": told(0.3),
        "ens_images": refused("NoPermission"),
        "export_policies": told({"policies": ["AliyunECSImageExportRolePolicy"], "lacks": []}),
        "proof": told(""),
        SMC_ROLE: told({"exists": True, "services": ["smc.aliyuncs.com"]}),
        EXPORT_ROLE: told({"exists": True, "services": ["ecs.aliyuncs.com"]}),
        **changes,
    }


def bucket(**changes: Any) -> dict[str, Any]:
    """What OSS says of a bucket that can carry the images."""
    answer = {"location": "ap-southeast-1", "storage_class": "Standard", "versioning": ""}
    return {**answer, "encryption": "", "encryption_key": "", **changes}


def overwrite_rule(**changes: Any) -> dict[str, Any]:
    """An answer with one rule that forbids everyone to overwrite every object."""
    return told([{"prefix": "", "suffix": "", "principals": [], **changes}])


def server(**changes: Any) -> dict[str, Any]:
    """What the account says about one server that is no ECS instance."""
    return {"twin": "", "conflict": "", "source_image": None, "ecs": False, "ended": "", "ledger": "", **changes}


def image(**changes: Any) -> dict[str, Any]:
    """An ECS image that an instance was made from."""
    return {"image_id": "m-2", "found": True, "owner": "system", "product_code": "", "problem": None, **changes}
