# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action of edgelift.ens_migration.source_probe: runs one script on the source and judges its facts."""

from __future__ import annotations

import json
import time
from typing import Any, Final

from ansible.plugins.action import ActionBase
from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight import verdict
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import disks
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._preflight import disks as disk_rules
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._preflight import source, waivers
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import (
    answers,
    deadline,
    facts,
    look,
    paths,
    silence,
)
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import (
    remote as _remote,
)

ARGUMENT_SPEC: dict[str, Any] = {
    "install_dir": {"type": "str", "default": "/smc"},
    "egress": {"type": "list", "elements": "str", "default": []},
    "egress_timeout": {"type": "int", "default": look.EGRESS_SECONDS},
    "timeout": {"type": "int", "default": look.SECONDS},
    "exclude_disks": {"type": "list", "elements": "str", "default": []},
    "waivers": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {name: {"type": "str", "required": True} for name in ("id", "reason", "expires")},
    },
    **answers.LIMIT_SPEC,
}

ODD: Final = (ArithmeticError, LookupError, TypeError, ValueError)
"""What the evaluation of facts raises for values that no host has. Their text would be the host's."""


EVALUATION_SECONDS: Final = 60
MAX_FACTS_BYTES: Final = 4 * 1024**2


class ActionModule(ActionBase):
    """Probes a source server."""

    _VALID_ARGS = frozenset(ARGUMENT_SPEC)

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the probe, its findings and the verdict; a host that cannot be probed is a finding, not a failure."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, args = self.validate_argument_spec(ARGUMENT_SPEC)
        host = str((task_vars or {}).get("inventory_hostname", "this host"))
        problem = (
            answers.problem(args)
            or paths.named("install_dir", paths.install_dir_problem(args["install_dir"]))
            or paths.named("egress_timeout", look.seconds_problem(args["egress_timeout"]))
            or paths.named("timeout", look.timeout_problem(args["timeout"], args["egress_timeout"]))
            or paths.named("egress", look.egress_problem(args["egress"]))
            or waivers.problem(host, args["waivers"], waivers.today())
        )
        if problem:
            return {**result, "failed": True, "msg": problem}
        values = look.values(args["install_dir"], args["egress"], args["egress_timeout"], args["timeout"])
        probe, findings = self._look(_remote.Remote(self, answers.limits(args), silence.of(task_vars)), values, args)
        unknown = disk_rules.exclude(probe, args["exclude_disks"]) if probe else None
        if unknown:
            return {**result, "failed": True, "msg": unknown}
        if args["exclude_disks"] and probe:
            findings = source.judge(probe)
        findings = waivers.apply(findings, args["waivers"])
        result.update(
            changed=False,
            probe=probe,
            **verdict.judgement(findings),
            disks=disks.as_options(disks.transferred(probe)),
        )
        return result

    def _look(
        self, remote: _remote.Remote, values: dict[str, str], args: dict[str, Any]
    ) -> tuple[dict[str, Any], list[dict[str, str]]]:
        if self._connection.transport == "local":
            return {}, [source.IS_CONTROLLER.finding("the connection of the host is local")]
        if remote.windows:
            shell = f"the inventory configures a Windows shell for this host ({self._connection.transport})"
            return {}, [source.NOT_LINUX.finding(shell)]
        begin = time.time()
        waits = args["egress_timeout"] if args["egress"] else 0
        try:
            seen = remote.run(look.PIECES, values, look.COMMAND, waits, args["timeout"] - look.END_SECONDS)
        except _remote.NoAnswerError as error:
            return {}, [source.NO_ANSWER.finding(str(error))]
        except _remote.NotUnderstoodError as error:
            return {}, [source.NOT_UNDERSTOOD.finding(str(error))]
        except _remote.SourceError as error:
            return {}, [source.NO_SHELL.finding(str(error))]
        if seen.answer is None:
            return {}, [source.without_answer(seen.rc, seen.evidence())]
        if not seen.answer.complete:
            return {}, [source.PROBE_INCOMPLETE.finding(seen.evidence())]
        try:
            with deadline.guarded(EVALUATION_SECONDS):
                probe = facts.build_probe(seen.answer.records, (begin, time.time()))
                findings = source.judge(probe)
                size = len(json.dumps([probe, findings]))
        except (*ODD, deadline.ExceededError) as error:
            reason = str(error) if isinstance(error, deadline.ExceededError) else type(error).__name__
            return {}, [source.NOT_UNDERSTOOD.finding(f"answer not understood: {reason}")]
        if size > MAX_FACTS_BYTES:
            return {}, [source.NOT_UNDERSTOOD.finding(f"answer not understood: {size} bytes of facts")]
        return probe, findings
