# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The verdict on a list of findings: blocked or clear, its reasons, and a summary as text."""

from __future__ import annotations

from typing import Any

from .rule import Finding


def judgement(findings: list[Finding]) -> dict[str, Any]:
    """Return findings with their verdict, its reasons and the summary."""
    return {
        "findings": findings,
        "verdict": verdict(findings),
        "reasons": reasons(findings),
        "summary": lines(findings),
    }


def verdict(findings: list[Finding]) -> str:
    """Return ``blocked`` when a finding is a blocker, else ``clear``."""
    return "blocked" if any(item["severity"] == "blocker" for item in findings) else "clear"


def reasons(findings: list[Finding]) -> list[str]:
    """Return one text for each blocker: its id, the evidence, the cause, and the fix."""
    return [
        f"{item['id']}: {item['evidence']}. {item['why']} Fix: {item['fix']}"
        for item in findings
        if item["severity"] == "blocker"
    ]


def lines(findings: list[Finding]) -> list[str]:
    """Return one text for each finding: severity, id, evidence, cause and fix."""
    found = []
    for item in findings:
        waived = item.get("waived")
        note = f" Waived until {waived['expires']}: {waived['reason']}." if waived else ""
        found.append(
            f"{item['severity']} {item['id']}: {item['evidence']}. {item['why']} Fix: {item['fix']}{note}"
        )
    return found
