# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.
"""The resources of a receipt in a report: how many of which kind, for how long they existed, and what is left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stages import BILLED_BY

from . import words

Receipt = Mapping[str, Any]


def by_kind(rows: Iterable[Mapping[str, Any]], prices: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Return one row for each kind: made, deleted with proof, not deleted, the service that bills it, how long they
    existed together, where both times of each are known, and the cost of that by the ``prices`` of the receipt."""
    priced = prices or {}
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        kind = words.text(row.get("kind", ""), 60)
        sums = found.setdefault(
            kind,
            {"kind": kind, "made": 0, "deleted": 0, "open": 0, "seconds": 0.0, "unknown": 0},
        )
        sums["made"] += 1
        sums["deleted" if row.get("deleted") else "open"] += 1
        seconds = existed(row)
        sums["unknown" if seconds is None else "seconds"] += 1 if seconds is None else seconds
    return [
        {**row, "billed_by": BILLED_BY.get(row["kind"], ""), "time": _time(row), "cost": _cost(row, priced)}
        for row in found.values()
    ]


def _cost(row: Mapping[str, Any], prices: Mapping[str, Any]) -> str:
    """Return the cost of the time that is known, and whether it is all; '' for a kind without a price."""
    price = (prices.get("per_hour") or {}).get(row["kind"])
    if price is None:
        return ""
    found = f"{words.number(price) * row['seconds'] / 3600:.2f} {words.text(prices.get('currency') or '', 10)}".strip()
    return f"at least {found}" if row["unknown"] else found


def existed(row: Mapping[str, Any]) -> float | None:
    """Return for how many seconds a deleted resource existed, None where that is not known."""
    created, deleted = words.time(row.get("created")), words.time(row.get("deleted"))
    return max(0.0, (deleted - created).total_seconds()) if created and deleted else None


def _time(row: Mapping[str, Any]) -> str:
    known = row["made"] - row["unknown"]
    if not known:
        return words.UNKNOWN
    return words.duration(row["seconds"]) + (f", and {row['unknown']} {words.UNKNOWN}" if row["unknown"] else "")


def proofs(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return every resource with its times and the proof of its deletion."""
    return [
        {
            "id": words.text(row.get("id", ""), 300),
            "kind": words.text(row.get("kind", ""), 60),
            "host": words.text(row.get("host") or "-", 200),
            "created": words.shown_time(row.get("created")),
            "deleted": words.shown_time(row.get("deleted")) if row.get("deleted") else "not deleted",
            "proof": words.text(row.get("proof") or "-", 500),
        }
        for row in rows
    ]


def left(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the resources that are left or stay, with the reason and the service that bills them."""
    return [
        {
            "id": words.text(row.get("id", ""), 300),
            "kind": words.text(row.get("kind", ""), 60),
            "host": words.text(row.get("host") or "-", 200),
            "billed_by": words.text(row.get("billed_by") or BILLED_BY.get(row.get("kind", ""), "") or "-", 60),
            "reason": words.text(row.get("reason") or words.UNKNOWN),
        }
        for row in rows
    ]
