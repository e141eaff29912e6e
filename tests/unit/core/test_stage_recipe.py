# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recipe "add a stage" of docs/architecture.md: a new file with a stage object, and its entry in STAGES."""

from __future__ import annotations

import difflib
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup import order
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Decision
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import ens_migration
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import progress
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stage import Leaves, Outcome, Stage
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stages import STAGES

from .cloud import Cloud
from .kit import lost, refused
from .waves import cloud_with, fleet, run, server, verdicts

ROOT = Path(__file__).resolve().parents[3]
TOY = "toy"
"""The name of the new stage. No stage of the tree has it, whatever is added there."""


def follow_the_recipe(tree: Path) -> list[str]:
    """Copy the plugins, add the new file before the last stage; return the lines of other files that differ."""
    plugins = tree / "ansible_collections/edgelift/ens_migration/plugins"
    shutil.copytree(ROOT / "plugins", plugins, ignore=shutil.ignore_patterns("__pycache__"))
    new = (ROOT / "tests/unit/core/toy_stage.py").read_text(encoding="utf-8")
    (plugins / f"module_utils/_stages/{TOY}.py").write_text(new.replace('"listing"', f'"{TOY}"'), encoding="utf-8")
    stages = plugins / "module_utils/_stages/stages.py"
    before = after = stages.read_text(encoding="utf-8")
    after = re.sub(r"^(from \. import \w+)", rf"\1, {TOY}", after, count=1, flags=re.MULTILINE)
    after = re.sub(r"(\w+\.STAGE,?\s*\))", rf"{TOY}.STAGE, \1", after, count=1)
    stages.write_text(after, encoding="utf-8")
    diff = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line[2:] for line in diff if line.startswith("+ ")]


def test_one_file_and_its_entry_make_a_stage_that_every_reader_of_the_stages_shows(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    assert len(follow_the_recipe(tree)) == 2, "an import and an entry in the tuple"
    found = subprocess.run(
        [sys.executable, "-m", "tests.unit.core.toy_wave", str(tmp_path), TOY],
        env={**os.environ, "PYTHONPATH": f"{tree}{os.pathsep}{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )
    assert found.returncode == 0, found.stderr
    told = json.loads(found.stdout)
    # The fleet: the stage runs once for each server, announced, before the last stage.
    stages = [stage.name for stage in STAGES[:-1]] + [TOY, STAGES[-1].name]
    assert [row["verdict"] for row in told["servers"]] == ["migrated", "migrated"]
    assert told["acts"][f"{TOY}.write"] == told["calls"]["ens.ImportImage"] == 2
    assert told["announced"] == stages[-len(told["announced"]) :]
    assert TOY in told["announced"]
    phases = [line.split(": ")[1].split(",")[0] for line in told["progress"] if line.startswith("web-01")]
    assert list(dict.fromkeys(phases)) == [*stages, "migrated"]
    assert f"web-01: {TOY}, web-01 has 1 exported objects" in told["progress"]
    # The result, the receipt and the report.
    keys = [f"{row['migration_id']}_{TOY}.json" for row in told["servers"]]
    assert [row[TOY] for row in told["servers"]] == keys
    assert {f"images/{key}" for key in keys} <= {row["id"] for row in told["receipt"]["resources"]}
    assert [line.split()[1] for line in told["table"][2:]] == ["migrated", "migrated"]
    assert [row["id"] for row in told["alone"]] == ["of the role alone"]
    # The cleanup deletes what the stage has left.
    assert (told["residual"], told["left"]) == ([], [])


class Approval:
    """A stage between export and import that asks another system once for each server."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.looks: list[list[str]] = []
        self.fail: list[CloudError] = []
        self.reports: tuple[str, ...] = ()
        self.stage = Stage(
            name="approval",
            observe=self.observe,
            decide=self.decide,
            act=self.act,
            needs=frozenset({"oss_object"}),
            announced={"ask": lambda item, _seen: item.host},
        )

    def observe(self, context: Any, servers: Any, _seen: Any) -> None:
        self.looks.append([item.host for item in servers])
        for kind in self.reports:
            context.resources.saw(kind, "x-1", servers[0].host)

    def decide(self, _context: Any, item: Any, _seen: Any) -> Decision:
        if item.host in self.asked:
            return Decision.done("approved")
        return Decision.act("ask", f"{item.host} is exported")

    def act(self, _context: Any, item: Any, _seen: Any, _action: str) -> Outcome:
        if self.fail:
            raise self.fail.pop()
        self.asked.append(item.host)
        return Outcome(ids={"ticket_id": "42"})


def with_approval(new: Approval) -> tuple[Stage, ...]:
    """Return the stages with the new one."""
    return (*STAGES[:-1], new.stage, STAGES[-1])


def test_a_new_stage_runs_in_its_place_and_shows_in_the_progress() -> None:
    new, cloud = Approval(), cloud_with(server(1), server(2))
    made, shown = fleet(cloud, server(1), server(2), stages=with_approval(new)), []
    made.on_tick = lambda rows: shown.extend(progress.line(row) for row in rows)
    rows = run(made)
    assert verdicts(rows) == ["migrated", "migrated"]
    assert new.asked == ["web-01", "web-02"]
    assert made.acts["approval.ask"] == 2
    steps = [name for name, _parameters in cloud.log if name in ("ecs.ExportImage", "ens.ImportImage")]
    assert steps == ["ecs.ExportImage"] * 2 + ["ens.ImportImage"] * 2
    assert any(line.startswith("web-01: approval, web-01 is exported") for line in shown)
    assert [ens_migration.describe(row)["phase"] for row in rows] == ["done", "done"]


def test_a_new_stage_is_announced_like_the_others_and_has_its_own_module() -> None:
    new, cloud = Approval(), cloud_with()
    made = fleet(cloud, only="approval", stages=with_approval(new))
    assert verdicts(run(made)) == ["migrated"]
    assert (made.rows[0].phase, new.looks) == ("approval", [["web-01"], ["web-01"]])
    ledger = b"".join(cloud.oss("images").ledgers.values()).decode()
    assert f'"calls":[["{server().id}","approval","web-01"]]' in ledger
    assert f'"results":[["{server().id}","approval","done","42"]]' in ledger


def test_an_answer_that_was_lost_is_looked_for_and_a_refusal_fails_that_server_alone() -> None:
    new, cloud = Approval(), cloud_with()
    new.fail = [lost()]
    made = fleet(cloud, only="approval", stages=with_approval(new))
    made.tick()
    made.tick()
    assert made.rows[0].seen.requested["approval"]
    assert new.asked == []
    assert made.rows[0].state == "the approval of web-01 was requested and is not listed yet"
    refusing = Approval()
    refusing.fail = [refused("NoPermission")]
    rows = run(fleet(cloud_with(), only="approval", stages=with_approval(refusing)))
    assert verdicts(rows) == ["failed"]


def test_a_stage_whose_declaration_is_not_true_is_refused() -> None:
    new = Approval()
    early = (new.stage, *STAGES)
    with pytest.raises(CloudError, match="needs oss_object, and no earlier stage leaves that"):
        fleet(Cloud(), stages=early)
    with pytest.raises(CloudError, match="another stage has this name"):
        fleet(Cloud(), stages=(*STAGES, replace(STAGES[0])))
    # An earlier stage has reported a job already: that does not make it this stage's.
    for kind in ("ens_instance", "smc_job"):
        new.reports = (kind,)
        with pytest.raises(CloudError, match=f"reported a resource of the kind {kind} and does not declare that kind"):
            run(fleet(cloud_with(), stages=with_approval(new)))
    honest = Approval()
    honest.reports = ("ens_instance",)
    honest.stage = replace(honest.stage, leaves=(Leaves("ens_instance", billed_by="ENS"),))
    assert verdicts(run(fleet(cloud_with(), stages=with_approval(honest)))) == ["migrated"]


def test_every_kind_that_a_stage_leaves_is_known_to_the_cleanup() -> None:
    known = {kind.name for kind in order.ORDER}
    assert {row.kind for stage in STAGES for row in stage.leaves} <= known
