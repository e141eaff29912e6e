# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The judgement of a source: the findings of its probe, as a table of pure rules."""

from __future__ import annotations

from typing import Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight.rule import Facts, Finding, Rule, apply

from . import boot, disks, network, nic, probing, system

NOT_LINUX: Final = system.NOT_LINUX

RULES: Final = (*system.BLOCKERS, *disks.RULES, *boot.RULES, *network.RULES, *system.REST, *nic.RULES, *probing.RULES)
"""Every rule for a Linux host. Any other host gets only NOT_LINUX: its other facts are meaningless."""

DECISIVE: Final = frozenset({"system", "blocks", "script"})
"""Steps of the probe without whose facts no server is clear: the system, its disks, and the end of the script."""

NO_SHELL: Final = Rule(
    "no-shell",
    0,
    "blocker",
    "The probe and the installation of the SMC client need a POSIX shell.",
    "Check on the host that /bin/sh runs for the login user and that become works. A restricted login shell (rbash, "
    "rksh) cannot run it: use another login user. A Windows host cannot be migrated.",
    "SMC, edge node migration, limits (2025-12)",
    lambda _probe: None,
    fact=True,
)
IS_CONTROLLER: Final = Rule(
    "is-controller",
    0,
    "blocker",
    "A host with a local connection is the controller itself. The wave would migrate the controller.",
    "Remove localhost from the group of the wave. To migrate the controller, run the playbook on another machine.",
    "edgelift.ens_migration",
    lambda _probe: None,
    fact=True,
)
PROBE_INCOMPLETE: Final = Rule(
    "probe-incomplete",
    0,
    "blocker",
    "The probe ended before it had read all facts.",
    "Run the play again, on a slow host with more seconds in preflight_timeout. If the probe ends early again, check "
    "the log of the host for the cause.",
    "edgelift.ens_migration",
    lambda _probe: None,
    fact=True,
)
NO_ANSWER: Final = Rule(
    "no-answer",
    0,
    "blocker",
    "The host does not answer the probe in time, or does not stop sending. The SMC client could not be controlled.",
    "Check the load and the disks of the host. A slow host needs a longer answer_timeout of source_probe.",
    "edgelift.ens_migration",
    lambda _probe: None,
    fact=True,
)
NOT_UNDERSTOOD: Final = Rule(
    "answer-not-understood",
    0,
    "blocker",
    "The host answers with data that the probe does not send. Its facts cannot be used.",
    "Check what changes the output of /bin/sh and of the tools on the host. The limits are options of source_probe.",
    "edgelift.ens_migration",
    lambda _probe: None,
    fact=True,
)

UNREACHABLE: Final = Rule(
    "unreachable",
    0,
    "blocker",
    "An unreachable host cannot be probed, and the SMC client cannot be installed on it.",
    "Check the address, the user and the key of the host in the inventory, and its firewall.",
    "edgelift.ens_migration",
    lambda _probe: None,
    fact=True,
)


def without_answer(status: int, evidence: str) -> Finding:
    """Return the finding about a host whose output has no answer of the probe. A shell that ended without an error has
    run the script, so that something between the host and the controller changes the output."""
    return NOT_UNDERSTOOD.finding(f"no answer in the output, {evidence}") if status == 0 else NO_SHELL.finding(evidence)


def judge(probe: Facts) -> list[Finding]:
    """Return the findings of a probe, blockers first and otherwise in the order of the table."""
    expired = {row["step"] for row in probe["expired"]} & DECISIVE
    ended = [PROBE_INCOMPLETE.finding(f"not read in time: {', '.join(sorted(expired))}")] if expired else []
    evidence = NOT_LINUX.evidence(probe)
    if evidence:
        # Without the first step nothing is known of the system.
        return ended or [NOT_LINUX.finding(evidence)]
    return [*ended, *apply(RULES, probe)]
