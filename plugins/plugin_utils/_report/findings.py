# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.
"""The findings of the preflight in a report: each one once, with cause, fix, and what was seen on which hosts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight.rule import ORDER
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._preflight import classes

from . import words

HOSTS: Final = 20
"""So many hosts of a finding are named; the details of each server have its findings."""
_MARKS: Final = {"blocker": "blocked", "risk": "risk", "note": "note"}


def grouped(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the findings of all hosts, blockers first. Each row has ``host`` and ``findings``."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        for item in row.get("findings") or []:
            severity = item.get("severity") if item.get("severity") in ORDER else ORDER[-1]
            key = (str(item.get("id")), str(severity))
            group = found.setdefault(key, {**described(item), "seen": [], "more": 0})
            if len(group["seen"]) < HOSTS:
                group["seen"].append({"host": words.text(row["host"], 200), **evidence(item)})
            else:
                group["more"] += 1
    return sorted(found.values(), key=lambda group: ORDER.index(group["severity"]))


def described(item: Mapping[str, Any]) -> dict[str, str]:
    """Return the name of a finding with its severity, cause and fix."""
    name = str(item.get("id"))
    rule = classes.ALL.get(name)
    severity = str(item.get("severity")) if item.get("severity") in ORDER else ORDER[-1]
    why, fix = (rule.why, rule.fix) if rule else (item.get("why", ""), item.get("fix", ""))
    remediation = rule.remediation if rule else ""
    return {
        "id": words.text(name, 100),
        "severity": severity,
        "mark": _MARKS[severity],
        "why": words.text(why) if why else words.UNKNOWN,
        "fix": words.text(fix) if fix else words.UNKNOWN,
        "remediation": remediation,
    }


def evidence(item: Mapping[str, Any]) -> dict[str, str]:
    """Return what was seen, and the waiver of the finding, '' for none."""
    waived = item.get("waived") or {}
    text = f"waived until {waived.get('expires')}: {waived.get('reason')}" if waived else ""
    return {"evidence": words.text(item.get("evidence", "")), "waived": words.text(text)}
