# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A wave in a cloud that answers otherwise than the sandbox does by default: other error words, late lists, other
sizes."""

from __future__ import annotations

from typing import Any

import pytest
from support.wave import DB, WEB, done, run, standing_still

pytestmark = pytest.mark.any_core


def _world(form: str) -> dict[str, Any]:
    failing = {"lifecycle": "smc.job", "at": "Running/Syncing", "times": 1}
    return {
        "job_error_form": form,
        "failures": [
            {**failing, "name": "web-01", "code": "Connect to Server Failed"},
            {**failing, "name": "db-01", "code": "S4_105"},
        ],
        "faults": [
            {
                "match": {"product": "smc", "action": "StartReplicationJob"},
                "kind": "error",
                "code": "ReplicationJob.ConcurrencyLimit",
                "times": 2,
            }
        ],
        "ens_imports": {"listing_delay": 6, "sizes": "rounded"},
        "export_listing_delay": 6,
    }


@pytest.mark.parametrize(
    "form", [pytest.param(form, marks=pytest.mark.sandbox_world(_world(form)), id=form) for form in ("word", "number")]
)
def test_a_wave_is_migrated_once_and_leaves_nothing(sandbox: Any, form: str) -> None:
    result = run(sandbox, "ens_migration", name="wave", servers=[WEB, DB])
    rows = {row["host"]: row for row in result["migration"]["servers"]}
    assert {host: row["verdict"] for host, row in rows.items()} == {"web-01": "migrated", "db-01": "migrated"}, rows
    assert (result["acts"]["transfer.enlarge"], result["acts"]["transfer.create"]) == (1, 3)
    assert [done(sandbox.requests(name), call) for name, call in (("ecs", "ExportImage"), ("ens", "ImportImage"))] == [
        2,
        2,
    ]
    assert rows["web-01"]["warnings"] == []
    assert "ENS reports disks of" in rows["db-01"]["warnings"][0]

    left = run(sandbox, "smc_cleanup", name="wave", servers=[WEB, DB], resources=result["migration"]["resources"])
    assert left["cleanup"]["residual"] == []
    assert standing_still(sandbox)
    again = run(sandbox, "ens_migration", name="wave", servers=[WEB, DB])
    assert (again["changed"], [row["verdict"] for row in again["migration"]["servers"]]) == (False, ["migrated"] * 2)
