# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program of the recipe "add a stage": run a wave and a cleanup in the tree that it finds, and print the results as
JSON. ``test_stage_recipe`` runs it in a copy of the tree that has one stage more."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import ens_migration
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import progress
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stages import STAGES
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _receipt

from .kit import MIGRATION, server
from .sweep import left, remove
from .waves import cloud_with, fleet, run


def wave(folder: Path, name: str) -> dict[str, Any]:
    """Return what each reader of the stages shows of a wave of two servers, with the stage of this name."""
    wave_servers = server(1), server(2)
    cloud = cloud_with(*wave_servers)
    made = fleet(cloud, *wave_servers, stages=STAGES)
    made.on_tick = progress.ProgressFile(str(folder / "progress")).write
    rows = [ens_migration.describe(row) for row in run(made)]
    known = [dict(row) for row in made.resources.rows()]
    hosts = [item.host for item in wave_servers]
    calls = {step: count for step, count in cloud.calls.items() if step in set(cloud.mutations())}
    lines = [json.loads(text) for body in cloud.oss("images").ledgers.values() for text in body.splitlines()]
    calls_of_all = [call for line in lines for call in line.get("calls", [])]
    announced = [call for server_id, call, _about in calls_of_all if server_id == wave_servers[0].id]
    swept = remove(cloud, known=known)
    hostvars: dict[str, Any] = {
        host: {"preflight_verdict": "clear", "migration_run": {}, f"{name}_run": {}} for host in hosts
    }
    receipt = _receipt.receipt(hosts, hostvars, MIGRATION, {"servers": rows, "resources": known})
    alone = {"web-01": {f"{name}_run": {"resources": [{"kind": "oss_object", "id": "of the role alone"}]}}}
    return {
        "calls": calls,
        "acts": made.acts,
        "servers": rows,
        "progress": (folder / "progress").read_text(encoding="utf-8").splitlines(),
        "receipt": receipt,
        "table": _receipt.table(receipt["servers"]),
        "announced": announced,
        "residual": swept.residual,
        "left": left(cloud, "objects", "jobs", "images"),
        "alone": _receipt.resources(alone, alone),
    }


if __name__ == "__main__":
    json.dump(wave(Path(sys.argv[1]), sys.argv[2]), sys.stdout)
