# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action of edgelift.ens_migration.source_probe: runs one script on the source and judges its facts."""

from __future__ import annotations

import time
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight import verdict
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import disks
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._preflight import source, waivers
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import (
    facts,
    look,
    paths,
)
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import (
    remote as _remote,
)

ARGUMENT_SPEC: dict[str, Any] = {
    "install_dir": {"type": "str", "default": "/smc"},
    "egress": {"type": "list", "elements": "str", "default": []},
    "egress_timeout": {"type": "int", "default": look.EGRESS_SECONDS},
    "waivers": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {name: {"type": "str", "required": True} for name in ("id", "reason", "expires")},
    },
}


class ActionModule(ActionBase):
    """Probes a source server."""

    TRANSFERS_FILES = False
    _VALID_ARGS = frozenset(ARGUMENT_SPEC)
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the probe, its findings and the verdict; a host that cannot be probed is a finding, not a failure."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, args = self.validate_argument_spec(ARGUMENT_SPEC)
        host = str((task_vars or {}).get("inventory_hostname", "this host"))
        problem = (
            paths.install_dir_problem(args["install_dir"])
            or look.egress_problem(args["egress"], args["egress_timeout"])
            or waivers.problem(host, args["waivers"], waivers.today())
        )
        if problem:
            return {**result, "failed": True, "msg": problem}
        values = look.values(args["install_dir"], args["egress"], args["egress_timeout"])
        probe, findings = self._look(_remote.Remote(self), values)
        findings = waivers.apply(findings, args["waivers"])
        result.update(
            changed=False,
            probe=probe,
            **verdict.judgement(findings),
            disks=disks.as_options(disks.transferred(probe)),
        )
        return result

    def _look(self, remote: _remote.Remote, values: dict[str, str]) -> tuple[dict[str, Any], list[dict[str, str]]]:
        if self._connection.transport == "local":
            return {}, [source.IS_CONTROLLER.finding("the connection of the host is local")]
        if remote.windows:
            shell = f"the inventory configures a Windows shell for this host ({self._connection.transport})"
            return {}, [source.NOT_LINUX.finding(shell)]
        begin = time.time()
        try:
            seen = remote.run(look.PIECES, values, look.COMMAND)
        except _remote.SourceError as error:
            return {}, [source.NO_SHELL.finding(str(error))]
        if seen.answer is None:
            return {}, [source.NO_SHELL.finding(seen.evidence())]
        if not seen.answer.complete:
            return {}, [source.PROBE_INCOMPLETE.finding(seen.evidence())]
        probe = facts.build_probe(seen.answer.records, (begin, time.time()))
        return probe, source.judge(probe)
