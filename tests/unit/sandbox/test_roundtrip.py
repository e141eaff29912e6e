# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from roundtrip import Validated, problems, unvalidated

from sandbox.contracts import CONTRACTS


@pytest.mark.parametrize(
    ("product", "action", "body", "expected"),
    [
        ("smc", "DescribeReplicationJobs", {"PageNumber": "1"}, ["page_number is str, not int"]),
        (
            "smc",
            "DescribeReplicationJobs",
            {"ReplicationJobs": {"ReplicationJob": [{"JobId": "j"}, {"JobId": 3}]}},
            ["replication_jobs.replication_job.job_id is int, not str"],
        ),
        ("ens", "DescribeSelfImages", {"TotalCount": 1}, ["total_count is int, not str"]),
        ("ecs", "DescribeImages", {"Images": {"Image": [{"Sise": 1}]}}, ["unknown key Images.Image.Sise"]),
        ("ecs", "DescribeRegions", {"RequestId": "r"}, []),
    ],
)
def test_what_a_model_would_swallow(product: str, action: str, body: dict[str, Any], expected: list[str]) -> None:
    assert problems(product, action, body) == [f"{product}:{action}: {text}" for text in expected]


def test_a_kind_that_nobody_validated_is_named(tmp_path: Path) -> None:
    everything = {f"{product}:{action}" for product, actions in CONTRACTS.items() for action in actions}
    seen = Validated()
    seen.kinds = everything - {"smc:StartReplicationJob"}
    seen.save(tmp_path)
    assert unvalidated(tmp_path) == ["smc:StartReplicationJob"]
