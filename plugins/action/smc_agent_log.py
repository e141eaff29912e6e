# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action of edgelift.ens_migration.smc_agent_log: reads the end of the logs of the SMC client on a source."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._diagnostics import redact
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import answers, paths, remote, silence

ARGUMENT_SPEC: dict[str, Any] = {"install_dir": {"type": "str", "default": "/smc"}, **answers.LIMIT_SPEC}


class ActionModule(ActionBase):
    """Reads the end of the client logs, without secrets."""

    _VALID_ARGS = frozenset(ARGUMENT_SPEC)

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the logs, or the failure with its cause."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, args = self.validate_argument_spec(ARGUMENT_SPEC)
        problem = answers.problem(args) or paths.named("install_dir", paths.install_dir_problem(args["install_dir"]))
        if problem:
            return {**result, "failed": True, "msg": problem}
        shell = remote.Remote(self, answers.limits(args), silence.of(task_vars))
        values = {"INSTALL_DIR": args["install_dir"].rstrip("/")}
        try:
            why = "the logs of the SMC client belong to root"
            records = shell.work(["agent_state", "agent_tail"], values, "agent_tail", why)
        except remote.SourceError as error:
            return {**result, "failed": True, "msg": str(error)}
        known = redact.forms(redact.values(task_vars or {}) | redact.values(os.environ))
        return {**result, "changed": False, "logs": _logs(records, known)}


def _logs(records: Iterable[answers.Record], secrets: set[str]) -> list[dict[str, Any]]:
    logs: list[dict[str, Any]] = []
    for key, fields in records:
        if key == "log-file" and fields:
            logs.append({"path": fields[0], "lines": []})
        elif key == "log-line" and logs:
            logs[-1]["lines"].append("\t".join(fields))
    for log in logs:
        # Together: a private key has many lines.
        log["lines"] = redact.scrub("\n".join(log["lines"]), secrets).split("\n") if log["lines"] else []
    return logs
