# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The view of a look at a migration: everything that the page of the role status shows (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._status.rows import STATUSES

from . import timeline, words

ORDER: Final = ("failed", "waiting", "running", "not_started", "synced", "migrated")
"""In the order of the page: what needs attention first."""
_MEANING: Final = {
    "migrated": "its ENS image is Available",
    "synced": "its incremental job has copied it; the playbook cutover finishes the migration",
    "running": "SMC copies, ECS exports or ENS imports",
    "waiting": "the next call is due; a run of migrate makes it",
    "failed": "a service shows a failure; the next run may repeat the stage",
    "not_started": "no service shows it: it has not begun, or it was blocked, or it failed and was cleaned up",
}


def view(migration: Mapping[str, Any], version: str = "") -> dict[str, Any]:
    """Return the view of a result of ens_migration_info. ``version`` is that of the collection."""
    now = words.time(migration.get("time"))
    servers = list(migration.get("servers") or [])
    begins = [begin for row in servers if row.get("status") == "running" and (begin := words.time(row.get("started")))]
    ends = [end for row in servers if (end := words.time(row.get("ends")))]
    first = min(begins, default=None)
    last = max([*ends, *([now] if now else [])], default=None)
    whole = (last - first).total_seconds() if first and last else 0.0
    rows = sorted((_server(row, first, now, whole) for row in servers), key=lambda row: ORDER.index(row["status"]))
    for place, row in enumerate(rows, 1):
        row["anchor"] = f"server-{place}"
    counts = {name: sum(1 for row in rows if row["status"] == name) for name in ORDER}
    return {
        "kind": "status",
        "title": words.text(migration.get("name") or "migration without a name", 200),
        "sentence": _sentence(counts, len(rows), migration),
        "ended": words.text(migration.get("ended") or ""),
        "meta": [
            {"name": "State at", "text": words.shown_time(migration.get("time"))},
            {"name": "Collection", "text": words.text(f"edgelift.ens_migration {version}".strip(), 60)},
        ],
        "figures": [
            {"value": f"{counts['migrated']} / {len(rows)}", "name": "servers migrated"},
            {"value": str(counts["running"]), "name": "servers running"},
            {"value": _copies_end(migration), "name": "end of the last running copy, estimated"},
        ],
        "statuses": [
            {"name": name, "count": counts[name], "meaning": _MEANING[name]} for name in ORDER if counts[name]
        ],
        "servers": rows,
        "axis": timeline.ticks(whole),
        "begin": words.shown_time(first.isoformat()) if first else "",
        "stages": _legend(rows),
        "estimated": any(drawn["style"] == "wait" for row in rows for drawn in row["bars"]),
    }


def _copies_end(migration: Mapping[str, Any]) -> str:
    found = words.time((migration.get("summary") or {}).get("copies_end"))
    return found.strftime("%H:%M UTC") if found else "-"


def _status(row: Mapping[str, Any]) -> str:
    return str(row["status"]) if row.get("status") in STATUSES else "failed"


def _server(row: Mapping[str, Any], first: datetime | None, now: datetime | None, whole: float) -> dict[str, Any]:
    progress = row.get("progress")
    return {
        "host": words.text(row.get("host", ""), 200),
        "status": _status(row),
        "stage": timeline.title(str(row.get("phase") or "")) or "-",
        "phase": str(row.get("phase") or ""),
        "state": words.text(row.get("state") or "-"),
        "progress": "" if progress is None else f"{min(words.number(progress), 100):.0f} %",
        "started": words.shown_time(row.get("started")) if row.get("started") else words.UNKNOWN,
        "ends": words.shown_time(row.get("ends")) if row.get("ends") else "",
        "driven_by": words.text(row.get("driven_by") or "", 300),
        "ids": [
            {"name": name, "text": words.text(row[key], 100)}
            for name, key in (
                ("migration", "migration_id"),
                ("source", "source_id"),
                ("job", "job_id"),
                ("ECS image", "image_id"),
                ("ENS image", "ens_image_id"),
            )
            if row.get(key)
        ],
        **_bars(row, first, now, whole),
    }


def _bars(row: Mapping[str, Any], first: datetime | None, now: datetime | None, whole: float) -> dict[str, Any]:
    """Return the bars of a server on which a service works: its stage until now, and the rest of its copy."""
    begin, end = words.time(row.get("started")), words.time(row.get("ends"))
    if row.get("status") != "running" or not (first and now and begin and now >= begin and whole > 0):
        return {"bars": [], "mark": "", "spoken": ""}
    low, high = (begin - first).total_seconds(), (now - first).total_seconds()
    left = max(0.0, (end - now).total_seconds()) if end else 0.0
    phase = str(row.get("phase") or "")
    known = timeline.Part(phase, "", low, high, limited=False, copies=False)
    rest = timeline.Part(phase, "", high, high + left, limited=True, copies=False)
    spoken = f"{timeline.title(phase)} for {words.duration(high - low)}"
    found = timeline.bars([known, rest] if left else [known], whole)
    if left:
        found[1]["title"] = f"estimated rest of the {timeline.title(phase)}, {words.duration(left)}"
        spoken += f", about {words.duration(left)} left"
    return {"bars": found, "mark": f"{timeline.place(high + left, whole):.2f}", "spoken": spoken}


def _legend(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    names = dict.fromkeys(row["phase"] for row in rows if row["bars"])
    return [{"title": timeline.title(name), "style": str(timeline.style(name))} for name in names]


def _sentence(counts: Mapping[str, int], total: int, migration: Mapping[str, Any]) -> str:
    if not total:
        return "No service shows a server of this migration."
    done = (
        f"{counts['migrated']} of {words.count(total, 'server')} {'is' if counts['migrated'] == 1 else 'are'} migrated"
    )
    others = [f"{counts[name]} {name.replace('_', ' ')}" for name in ORDER[:-1] if counts[name]]
    text = f"{done}{'; ' if others else ''}{', '.join(others)}."
    return f"{text} The migration cannot continue." if migration.get("ended") else text
