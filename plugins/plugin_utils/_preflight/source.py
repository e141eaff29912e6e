# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The judgement of a source: what its probe says against a migration, as a table of pure rules."""

from __future__ import annotations

from typing import Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight.rule import Facts, Finding, Rule, apply

from . import boot, disks, network, system

NOT_LINUX: Final = system.NOT_LINUX

RULES: Final = (*system.BLOCKERS, *disks.RULES, *boot.RULES, *network.RULES, *system.REST)
"""Every rule for a Linux host. A host that is something else gets NOT_LINUX alone: its other facts mean nothing."""

NO_SHELL: Final = Rule(
    "no-shell",
    0,
    "blocker",
    "The host is looked at, and the SMC client is installed, through a POSIX shell.",
    "Check on the host that /bin/sh runs for the login user and that become works; a Windows host cannot be migrated.",
    "SMC, edge node migration, limits (2025-12)",
    lambda _probe: None,
    fact=True,
)
IS_CONTROLLER: Final = Rule(
    "is-controller",
    0,
    "blocker",
    "A host of the inventory with a local connection is the controller itself, which would be copied and get a client.",
    "Take localhost out of the wave's group; to migrate the controller, do it from another machine over SSH.",
    "edgelift.ens_migration",
    lambda _probe: None,
    fact=True,
)
PROBE_INCOMPLETE: Final = Rule(
    "probe-incomplete",
    0,
    "blocker",
    "A host that was seen in part only cannot be judged.",
    "Run the play again; if it stays so, look at the host's own log for what ends the shell.",
    "edgelift.ens_migration",
    lambda _probe: None,
    fact=True,
)

UNREACHABLE: Final = Rule(
    "unreachable",
    0,
    "blocker",
    "A host that cannot be reached cannot be judged, and no client can be put on it.",
    "Look at the address, the user and the key of the host in the inventory, and at its firewall.",
    "edgelift.ens_migration",
    lambda _probe: None,
    fact=True,
)


def judge(probe: Facts) -> list[Finding]:
    """Return the findings of a probe, blockers first and otherwise in the order of the table."""
    evidence = NOT_LINUX.evidence(probe)
    return [NOT_LINUX.finding(evidence)] if evidence else apply(RULES, probe)
