# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.roundtrip import Validated, problems, unvalidated

from sandbox.contracts import CONTRACTS

ID = "0B1F8A1D-8A8B-4A0E-9C1B-1A2B3C4D5E6F"
REFUSAL = {"RequestId": ID, "HostId": "ecs.aliyuncs.com", "Code": "Throttling", "Message": "m", "Recommend": "r"}


@pytest.mark.parametrize(
    ("product", "action", "body", "expected"),
    [
        ("smc", "DescribeReplicationJobs", {"PageNumber": "1"}, ["page_number is str, not int"]),
        ("smc", "DescribeReplicationJobs", {"ReplicationJobs": {"ReplicationJob": [{"JobId": "j"}, {"JobId": 3}]}},
         ["replication_jobs.replication_job.job_id is int, not str"]),
        ("ens", "DescribeSelfImages", {"TotalCount": 1}, ["total_count is int, not str"]),
        ("ecs", "DescribeImages", {"Images": {"Image": [{"Sise": 1}]}}, ["unknown key Images.Image.Sise"]),
        ("ecs", "DescribeRegions", {"RequestId": "r"}, ["RequestId is 'r', not a UUID"]),
        ("location", "DescribeEndpoints", {"Success": "true"}, ["success is str, not bool"]),
        ("ecs", "RunAway", {}, ["the vendor has no model RunAwayResponseBody"]),
    ],
)
def test_what_a_model_would_swallow(product: str, action: str, body: dict[str, Any], expected: list[str]) -> None:
    assert problems(product, action, 200, {"RequestId": ID, **body}) == [
        f"{product}:{action}: {text}" for text in expected]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"EC": "1"}, ["a refusal has no key EC"]),
        ({"Recommend": ""}, ["Recommend of a refusal is ''"]),
        ({"Code": 7}, ["Code of a refusal is 7"]),
    ],
)
def test_a_refusal_has_five_keys(changes: dict[str, Any], expected: list[str]) -> None:
    assert problems("ecs", "X", 400, {**REFUSAL, **changes}) == [f"ecs:X: {text}" for text in expected]


def test_answers_that_look_alike_are_looked_at_once_and_all_counted(tmp_path: Path) -> None:
    good = {"RequestId": ID, "Images": {"Image": [{"ImageId": "m"}]}}
    bad = {"RequestId": ID, "Images": {"Image": [{"ImageId": "m"}, {"ImageId": 1}]}}
    lines = [json.dumps({"product": "ecs", "action": "DescribeImages", "status": 200, "body": body})
             for body in (good, good, bad)]
    (tmp_path / "one.jsonl").write_text("\n".join([*lines, lines[0][:20]]), encoding="utf-8")
    seen = Validated()
    assert seen.read(tmp_path) == ["ecs:DescribeImages: images.image.image_id is int, not str"]
    assert (seen.answers, seen.kinds) == (3, {"ecs:DescribeImages"})


def test_a_kind_that_was_not_validated_is_named(tmp_path: Path) -> None:
    everything = {f"{product}:{action}" for product, actions in CONTRACTS.items() for action in actions}
    seen, whole = Validated(), Validated()
    seen.kinds = everything - {"smc:StartReplicationJob"}
    seen.save(tmp_path)
    assert whole.read(tmp_path) == []
    assert unvalidated(whole.kinds) == ["smc:StartReplicationJob"]
