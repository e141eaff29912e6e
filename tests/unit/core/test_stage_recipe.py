# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recipe "add a stage" of docs/architecture.md: a new file with a stage object, and one line in STAGES."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Decision
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import ens_migration
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import progress
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stage import Leaves, Outcome, Stage
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stages import STAGES
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _receipt

from .cloud import Cloud
from .kit import lost, refused
from .waves import cloud_with, fleet, run, server, verdicts


class Approval:
    """The new file: a stage between export and import that asks another system once for each server."""

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
            announced={"ask": lambda item, _seen: {"ticket": item.host}},
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
    """The one line: the tuple with the new stage."""
    return (*STAGES[:-1], new.stage, STAGES[-1])


def test_a_new_stage_runs_in_its_place_and_shows_in_progress_receipt_and_table() -> None:
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
    facts = {"web-01": {"approval_run": {"resources": [{"kind": "smc_job", "id": "j-1", "host": "web-01"}]}}}
    assert [row["id"] for row in _receipt.resources(facts, facts)] == ["j-1"]


def test_a_new_stage_is_announced_like_the_others_and_kept_to_by_a_module_of_its_own() -> None:
    new, cloud = Approval(), cloud_with()
    made = fleet(cloud, only="approval", stages=with_approval(new))
    assert verdicts(run(made)) == ["migrated"]
    assert (made.rows[0].phase, new.looks) == ("approval", [["web-01"], ["web-01"]])
    assert [key for key in cloud.objects if key.endswith("/approval.json")]


def test_an_answer_that_was_lost_is_looked_for_and_a_refusal_fails_that_server_alone() -> None:
    new, cloud = Approval(), cloud_with()
    new.fail = [lost()]
    made = fleet(cloud, only="approval", stages=with_approval(new))
    made.tick()
    assert made.rows[0].seen.announced["approval"]
    made.tick()
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
    new.reports = ("ens_instance",)
    with pytest.raises(CloudError, match="reported ens_instance and does not declare that"):
        run(fleet(cloud_with(), stages=with_approval(new)))
    honest = Approval()
    honest.reports = ("ens_instance",)
    honest.stage = replace(honest.stage, leaves=(Leaves("ens_instance", billed=True),))
    assert verdicts(run(fleet(cloud_with(), stages=with_approval(honest)))) == ["migrated"]


def test_every_kind_that_a_stage_leaves_is_known_to_the_cleanup() -> None:
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup import order

    known = {kind.name for kind in order.ORDER}
    assert {row.kind for stage in STAGES for row in stage.leaves} <= known
