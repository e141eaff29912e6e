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
"""A blocker stops the migration of this server; a risk may break it later; a note is for the reader."""

Facts = dict[str, Any]
"""What a rule looks at: the probe of a source, or the answers of an account."""

Finding = dict[str, Any]


@dataclass(frozen=True)
class Rule:
    """One class of finding. ``evidence`` returns what is seen, or None when the rule does not apply."""

    id: str
    number: int
    """Which of the classes it belongs to (classes.py), 0 for what is beyond them."""
    severity: Severity
    why: str
    fix: str
    source: str
    evidence: Callable[[Facts], str | None]
    remediation: str = ""
    """The variable that lets the role remediate do it; empty for what only people can do."""
    fact: bool = False
    """Whether it is a fact that no waiver changes: the services would refuse the server all the same."""

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
