# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A callback for benchmarks/playbook_fleet.py: the processor seconds of each task, as JSON in the file TASK_COST."""

from __future__ import annotations

import json
import os
import resource
from collections import Counter
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: task_cost
type: notification
short_description: Record the processor seconds of each task
description: For the benchmarks of this repository.
"""


def processor_seconds() -> float:
    """What this process has used, and those of its children that have ended, with all below them."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(row.ru_utime + row.ru_stime for row in used)


class CallbackModule(CallbackBase):
    """Notes the time of each task when the next one begins: what runs between two tasks belongs to the first."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "task_cost"

    def __init__(self) -> None:
        super().__init__()
        self._play = "start"
        self._rows: list[dict[str, Any]] = []
        self._counts: Counter[str] = Counter()
        self._begin("", "start", "")

    def _begin(self, role: str, name: str, action: str) -> None:
        now = processor_seconds()
        if self._rows:
            self._rows[-1].update(ended=now, hosts=dict(self._counts))
        self._counts.clear()
        self._rows.append({"play": self._play, "role": role, "task": name, "action": action, "began": now})

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Note the play of the next tasks."""
        self._play = play.get_name()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:  # noqa: ARG002  Ansible gives it
        """Begin a task."""
        self._begin(task._role.get_name() if task._role else "", task.get_name(), task.action)

    def v2_runner_on_ok(self, result: Any) -> None:  # noqa: ARG002  Ansible gives it
        """Count a host."""
        self._counts["ok"] += 1

    def v2_runner_on_skipped(self, result: Any) -> None:  # noqa: ARG002  Ansible gives it
        """Count a host."""
        self._counts["skipped"] += 1

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:  # noqa: ARG002  Ansible gives it
        """Count a host."""
        self._counts["failed"] += 1

    def v2_playbook_on_stats(self, stats: Any) -> None:  # noqa: ARG002  Ansible gives it
        """Write the rows."""
        self._begin("", "end", "")
        Path(os.environ["TASK_COST"]).write_text(json.dumps(self._rows[:-1]), encoding="utf-8")
