# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The preflight summary that a play shows: a table of the hosts, then each finding once with the hosts it concerns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight import verdict
from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight.account import RULES
from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight.rule import ORDER, Finding
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _encode, _table

HOSTS_IN_A_LINE: Final = 5
"""How many hosts one line names; the reports name all of them."""

LINES_OF_A_FINDING: Final = 10
"""How many lines a risk or a note gets. A blocker gets one for every host that it blocks."""

_ACCOUNT: Final = frozenset(rule.id for rule in RULES)
"""Findings about the account. They hold for all hosts."""


def lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the summary of a wave: its rows are those of report.wave. Every row is read once."""
    counts = Counter(str(row["verdict"]) for row in rows)
    count = ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))
    out = [f"Servers: {len(rows)} ({count})" if rows else "Servers: 0", "", *_table_of(rows)]
    for severity in ORDER:
        section = _section(severity, rows)
        if section:
            out += ["", f"{severity.capitalize()}s", *section]
    return out


def _table_of(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    body = []
    shared: dict[str, list[str]] = {
        severity: sorted({name for row in rows for name in row[f"{severity}s"]} & _ACCOUNT) for severity in ORDER
    }
    for row in rows:
        own: dict[str, list[str]] = {
            severity: [name for name in row[f"{severity}s"] if name not in _ACCOUNT] for severity in ORDER
        }
        body.append((str(row["host"]), str(row["verdict"]), *_cells(own)))
    if any(shared.values()):
        body.append(("(account)", "blocked" if shared["blocker"] else "clear", *_cells(shared)))
    return _table.lines(("host", "verdict", "blockers", "risks", "notes"), body)


def _cells(names: Mapping[str, Sequence[str]]) -> tuple[str, str, str]:
    return ", ".join(names["blocker"]) or "-", str(len(names["risk"]) or "-"), str(len(names["note"]) or "-")


def _section(severity: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the findings of one severity, each once, with what was seen on which hosts."""
    findings: dict[str, Finding] = {}
    seen: dict[str, dict[str, list[str]]] = {}
    other: dict[str, list[str]] = {}
    for row in rows:
        for item in row["findings"]:
            if item["severity"] == severity:
                findings.setdefault(item["id"], item)
                seen.setdefault(item["id"], {}).setdefault(_evidence(item), []).append(_encode.one_line(row["host"]))
        if severity == "blocker":
            for reason in set(row["reasons"]).difference(verdict.reasons(row["findings"])):
                other.setdefault(_encode.one_line(reason), []).append(_encode.one_line(row["host"]))
    out = []
    for name, item in findings.items():
        groups = [f"{_where(name, hosts, len(rows))}: {evidence}" for evidence, hosts in seen[name].items()]
        most = len(groups) if severity == "blocker" or len(groups) <= LINES_OF_A_FINDING else LINES_OF_A_FINDING - 1
        out += [f"- {name}: {item['why']}", *(f"    {text}" for text in groups[:most])]
        if groups[most:]:
            out.append(f"    {len(groups) - most} more lines: set preflight_report_dir to write all of them to a file")
        out.append(f"    Fix: {item['fix']}")
        if item["remediation"]:
            out.append(f"    The role remediate can fix it: {item['remediation']}: true")
    return out + [f"- {_where('', hosts, len(rows))}: {reason}" for reason, hosts in other.items()]


def _evidence(item: Finding) -> str:
    waived = item.get("waived")
    text = f"{item['evidence']} (waived until {waived['expires']}: {waived['reason']})" if waived else item["evidence"]
    return _encode.one_line(text)


def _where(name: str, hosts: Sequence[str], wave: int) -> str:
    if name in _ACCOUNT:
        return "account"
    if len(hosts) == wave > 1:
        return f"all {wave} hosts"
    more = len(hosts) - HOSTS_IN_A_LINE
    named = ", ".join(hosts[:HOSTS_IN_A_LINE])
    return f"{named} and {more} more hosts" if more > 0 else named
