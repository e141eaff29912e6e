# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The view of a preflight: everything that its page shows of a whole wave (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight import verdict
from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight.account import RULES

from . import findings, words

VERDICTS: Final = ("blocked", "clear", "migrated")
_ACCOUNT: Final = frozenset(rule.id for rule in RULES)


def view(rows: Iterable[Mapping[str, Any]], name: str = "", made: str = "", version: str = "") -> dict[str, Any]:
    """Return the view of the rows of preflight_wave. ``name`` is that of the migration, ``made`` the time."""
    found = list(rows)
    servers = sorted((_server(row) for row in found), key=lambda row: VERDICTS.index(row["verdict"]))
    for place, row in enumerate(servers, 1):
        row["anchor"] = f"server-{place}"
    counts = {verdict_: sum(1 for row in servers if row["verdict"] == verdict_) for verdict_ in VERDICTS}
    account = {item["id"]: item for row in found for item in row.get("findings") or [] if item.get("id") in _ACCOUNT}
    own = [
        {**row, "findings": [item for item in row.get("findings") or [] if item.get("id") not in _ACCOUNT]}
        for row in found
    ]
    groups = findings.grouped([{"host": "account", "findings": list(account.values())}, *own])
    return {
        "kind": "preflight",
        "title": words.text(name or "wave without a name", 200),
        "sentence": _sentence(counts, len(servers)),
        "meta": [
            {"name": "Report made", "text": words.shown_time(made)},
            {"name": "Collection", "text": words.text(f"edgelift.ens_migration {version}".strip(), 60)},
        ],
        "figures": [
            {"value": str(counts["blocked"]), "name": "blocked"},
            {"value": str(counts["clear"]), "name": "clear"},
            *(
                {"value": str(sum(1 for group in groups if group["severity"] == name_)), "name": f"kinds of {name_}s"}
                for name_ in ("blocker", "risk")
            ),
        ],
        "servers": servers,
        "findings": groups,
        "waived": sum(1 for row in found for item in row.get("findings") or [] if item.get("waived")),
    }


def _server(row: Mapping[str, Any]) -> dict[str, Any]:
    listed = list(row.get("findings") or [])
    known = set(verdict.reasons([item for item in listed if {"id", "evidence", "why", "fix"} <= set(item)]))
    return {
        "host": words.text(row.get("host", ""), 200),
        "verdict": str(row["verdict"]) if row.get("verdict") in VERDICTS else "blocked",
        "counts": [len(row.get(f"{severity}s") or []) for severity in ("blocker", "risk", "note")],
        "blockers": [words.text(item, 100) for item in row.get("blockers") or []],
        "reasons": [words.text(reason) for reason in row.get("reasons") or [] if reason not in known],
        "remediations": [words.text(item, 100) for item in row.get("remediations") or []],
        "findings": [{**findings.described(item), **findings.evidence(item)} for item in listed],
    }


def _sentence(counts: Mapping[str, int], total: int) -> str:
    if not total:
        return "The preflight has checked no server."
    blocked = counts["blocked"]
    parts = [f"{blocked} of {words.count(total, 'server')} {'is' if blocked == 1 else 'are'} blocked"]
    parts += [f"{counts[name]} {'is' if counts[name] == 1 else 'are'} {name}" for name in VERDICTS[1:] if counts[name]]
    return f"{', '.join(parts)}."
