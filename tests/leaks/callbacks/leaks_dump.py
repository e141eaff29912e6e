# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A callback that writes down what callbacks are given: arguments of tasks, and results.

Like the recorders that people use, it leaves out the arguments of a task with no_log. It writes arguments as the
playbook has them (``task.args``), and also as they were evaluated where LEAKS_EVALUATED is set.
"""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: leaks_dump
type: notification
short_description: Writes down what callbacks are given
description: One line of JSON for each event, in the file that LEAKS_DUMP names.
"""


class CallbackModule(CallbackBase):
    """Writes one line of JSON for each event."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "leaks_dump"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_task_start(self, task: Any, **_options: Any) -> None:
        """Write the arguments of a task as its playbook has them."""
        hidden = task.no_log not in (False, None)
        self._write("task", task.get_name(), "hidden" if hidden else task.args, None)

    def v2_runner_on_ok(self, result: Any) -> None:
        """Write a result, and the arguments that the task had."""
        self._result("ok", result)

    def v2_runner_on_failed(self, result: Any, **_options: Any) -> None:
        """As above."""
        self._result("failed", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """As above."""
        self._result("unreachable", result)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        """As above."""
        self._result("item", result)

    def v2_runner_item_on_failed(self, result: Any) -> None:
        """As above."""
        self._result("item failed", result)

    def v2_runner_retry(self, result: Any) -> None:
        """As above."""
        self._result("retry", result)

    def _result(self, event: str, result: Any) -> None:
        fields = getattr(result, "task_fields", None) or getattr(result, "_task_fields", {})
        data = getattr(result, "result", None) or getattr(result, "_result", {})
        shown = os.environ.get("LEAKS_EVALUATED") and not fields.get("no_log")
        args = fields.get("args") if shown else "hidden"
        self._write(event, fields.get("name"), args, data)

    def _write(self, event: str, name: Any, args: Any, result: Any) -> None:
        line = json.dumps({"event": event, "name": name, "args": args, "result": result}, default=str)
        with open(os.environ["LEAKS_DUMP"], "a", encoding="utf-8") as file:
            file.write(f"{line}\n")
