# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""A rule: one class of finding, as data and one pure function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["blocker", "risk", "note"]
"""A blocker prevents the migration of this server, a risk may make it fail later, a note is information."""

Facts = dict[str, Any]
"""The input of a rule: the probe of a source, or the answers of an account."""

Finding = dict[str, Any]


@dataclass(frozen=True)
class Rule:
    """One class of finding. ``evidence`` returns the evidence, or None when the rule does not apply."""

    id: str
    number: int
    """The class that it belongs to (classes.py), 0 for none."""
    severity: Severity
    why: str
    fix: str
    source: str
    evidence: Callable[[Facts], str | None]
    remediation: str = ""
    """The variable that enables the fix in the role remediate; empty where the role has no fix."""
    fact: bool = False
    """Whether a waiver is not possible, because the services always reject the server."""

    def finding(self, evidence: str) -> Finding:
        """Return the finding of this rule for one host."""
        return {
            "id": self.id,
            "number": self.number,
            "severity": self.severity,
            "evidence": evidence,
            "why": self.why,
            "fix": self.fix,
            "source": self.source,
            "remediation": self.remediation,
        }


ORDER: tuple[Severity, ...] = ("blocker", "risk", "note")


def apply(rules: tuple[Rule, ...], facts: Facts) -> list[Finding]:
    """Return the findings of the rules that apply, blockers first and otherwise in the order of the table."""
    found = [(rule, rule.evidence(facts)) for rule in rules]
    hits = sorted((pair for pair in found if pair[1]), key=lambda pair: ORDER.index(pair[0].severity))
    return [rule.finding(text) for rule, text in hits if text]
