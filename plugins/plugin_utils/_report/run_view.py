# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.
"""The view of a receipt: everything that the page of a migration shows, as texts and numbers (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _cutover

from . import findings, history, resources, timeline, verification, words

STATUSES: Final = ("failed", "unreachable", "blocked", "pending", "synced", "migrated")
"""In the order of the page: what needs attention first."""
_RETRY: Final = {
    "continue": "Run the same command again. It continues with the cloud work that was kept; nothing is copied again.",
    "again": "Remove the cause and run the same command again. It begins again, because the cleanup has deleted what "
    "the server had left.",
    "fix": "Fix the reasons first. Until then, the next run refuses this server again.",
}
_TEXTS: Final = 20
"""So many reasons or warnings of a server are shown."""


def view(receipt: Mapping[str, Any], made: str = "", version: str = "") -> dict[str, Any]:
    """Return the view of a receipt. ``made`` is the time of the report, ``version`` that of the collection."""
    servers = list(receipt.get("servers") or [])
    run = receipt.get("run") or {}
    seconds = words.number(run.get("seconds"))
    past = history.of(receipt)
    whole = past.offset + seconds
    counts = Counter(_status(row) for row in servers)
    rows = [_server(row, past.parts(row, seconds), whole) for row in servers]
    rows.sort(key=lambda row: STATUSES.index(row["status"]))
    for place, row in enumerate(rows, 1):
        row["anchor"] = f"server-{place}"
    known = list(receipt.get("resources") or [])
    return {
        "kind": "run",
        "title": words.text(receipt.get("wave") or "migration without a name", 200),
        "sentence": _sentence(receipt, counts, known),
        "meta": _meta(run, past, seconds, made, version),
        "continued": bool(past.offset),
        "figures": _figures(rows, counts, whole),
        "statuses": [{"name": name, "count": counts[name]} for name in STATUSES if counts[name]],
        "servers": rows,
        "axis": timeline.ticks(whole),
        "stages": _stages(rows),
        "recorded": any(row["bars"] for row in rows),
        "findings": findings.grouped(servers),
        "verified": any(row["verification"] for row in rows),
        "kinds": resources.by_kind(known, receipt.get("prices")),
        "priced": bool((receipt.get("prices") or {}).get("per_hour")),
        "proofs": resources.proofs(known),
        "residual": resources.left(receipt.get("residual") or []),
        "kept": resources.left(receipt.get("kept") or []),
    }


def _status(row: Mapping[str, Any]) -> str:
    return str(row["status"]) if row.get("status") in STATUSES else "failed"


def _server(row: Mapping[str, Any], parts: Sequence[timeline.Part], whole: float) -> dict[str, Any]:
    stages = timeline.by_stage(parts)
    disks = [words.number(disk.get("bytes")) for disk in row.get("disks") or []]
    # The times of earlier runs contain the waits between the runs: they give no rate.
    timed = {} if any(part.state == history.STATE for part in parts) else stages
    bars = timeline.bars(parts, whole)
    end = parts[-1].end if parts else 0.0
    return {
        "host": words.text(row.get("host", ""), 200),
        "status": _status(row),
        "reasons": _texts(row.get("reasons")),
        "warnings": _texts(row.get("warnings")),
        "retry": _RETRY.get(str(row.get("retry")), ""),
        "image": words.text(row.get("ens_image_id") or "", 100),
        "image_name": words.text(row.get("image_name") or "", 300),
        "migration_id": words.text(row.get("migration_id") or "", 100),
        "time": words.duration(words.number(row.get("seconds"))) if words.number(row.get("seconds")) else "",
        "bars": bars,
        "mark": f"{timeline.place(end, whole):.2f}" if bars else "",
        "spoken": ", ".join(f"{timeline.title(name)} {words.duration(seconds)}" for name, seconds in stages.items()),
        "phases": list(stages),
        "parts": [
            {
                "stage": timeline.title(part.phase),
                "style": str(timeline.style(part.phase)),
                "begin": f"+{words.duration(part.begin)}",
                "time": words.duration(part.seconds),
                "state": part.state or words.UNKNOWN,
                "limited": part.limited,
            }
            for part in parts
        ],
        "disks": [words.size(amount) for amount in disks],
        "disk_bytes": sum(disks),
        "bytes": _bytes(row, timed, timeline.copy_seconds(parts) if len(timed) > 1 else 0.0),
        "findings": [{**findings.described(item), **findings.evidence(item)} for item in row.get("findings") or []],
        "verification": verification.shown(row.get("verification")),
        "digests": [
            {"disk": words.text(item.get("index"), 10), "sha256": words.text(item.get("sha256") or "", 64)}
            for item in row.get("digests") or []
        ],
        "billed": _texts(billed(row)),
        "cutover": words.text(_cutover.text(row)),
        "sync": _synced(row.get("sync") or {}),
    }


def _synced(found: Mapping[str, Any]) -> str:
    """Return what is known of the last complete sync of a server, '' for none."""
    if not found.get("began"):
        return ""
    lag = f", {_cutover.ago(words.number(found.get('lag')))} before this report was made" if found.get("lag") else ""
    count = words.count(int(words.number(found.get("runs"))), "sync")
    return words.text(f"{count}, the last one began {found['began']}{lag}")


def billed(row: Mapping[str, Any]) -> list[str]:
    """Return what is billed of a server whose cloud work stays."""
    return [f"{item.get('kind')} {item.get('id')} ({item.get('billed_by')})" for item in row.get("billed") or []]


def _texts(found: Any) -> list[str]:
    listed = [words.text(item) for item in found or []]
    rest = len(listed) - _TEXTS
    return [*listed[:_TEXTS], f"{rest} more texts are in the receipt"] if rest > 0 else listed


def _bytes(row: Mapping[str, Any], stages: Mapping[str, float], copying: float) -> list[dict[str, str]]:
    """Return the sizes of a server with what is known of their rates. ``copying`` are the seconds of a copy that is
    finished, 0 for any other: SMC reports percent and no bytes."""
    used, exported = words.number(row.get("used_bytes")), words.number(row.get("exported_bytes"))
    return [
        {
            "what": "used space to copy",
            "size": words.size(used) if used else words.UNKNOWN,
            "rate": words.rate(used, copying),
        },
        {
            "what": "objects of the export",
            "size": words.size(exported) if exported else words.UNKNOWN,
            "rate": words.rate(exported, stages.get("export", 0.0)),
        },
        {
            "what": "import of these objects",
            "size": words.size(exported) if exported else words.UNKNOWN,
            "rate": words.rate(exported, stages.get("import", 0.0)),
        },
    ]


def _stages(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the legend: the stages of the bars, and the wait for a place where a server had one."""
    names = dict.fromkeys(name for row in rows for name in row["phases"])
    found = [{"title": timeline.title(name), "style": str(timeline.style(name))} for name in names]
    if any(drawn["style"] == "wait" for row in rows for drawn in row["bars"]):
        found.append({"title": "waits because the service handles no more servers at once", "style": "wait"})
    return found


def _sentence(receipt: Mapping[str, Any], counts: Counter[str], known: Sequence[Mapping[str, Any]]) -> str:
    total = sum(counts.values())
    done = (
        f"{counts['migrated']} of {words.count(total, 'server')} {'is' if counts['migrated'] == 1 else 'are'} migrated"
    )
    others = [f"{counts[name]} {name}" for name in STATUSES if counts[name] and name != "migrated"]
    first = f"{done} to ENS images{'; ' if others else ''}{', '.join(others)}." if total else "The run had no server."
    residual = len(receipt.get("residual") or [])
    open_ = sum(1 for row in known if not row.get("deleted"))
    if residual:
        return f"{first} {words.count(residual, 'resource')} {'is' if residual == 1 else 'are'} left and may be billed."
    if open_:
        return f"{first} {words.count(open_, 'resource')} of the migration {'is' if open_ == 1 else 'are'} not deleted."
    if known:
        return f"{first} Every temporary resource that the run has seen is deleted, with a proof."
    return first


def _meta(
    run: Mapping[str, Any], past: history.History, seconds: float, made: str, version: str
) -> list[dict[str, str]]:
    first = [{"name": "The first job was made", "text": f"{words.duration(past.offset)} before this run"}]
    return [
        *(first if past.offset else []),
        {"name": "Cloud stages began", "text": words.shown_time(run.get("began")) if past.began else "not in this run"},
        {"name": "They took", "text": words.duration(seconds) if seconds else words.UNKNOWN},
        {"name": "Report made", "text": words.shown_time(made)},
        {"name": "Collection", "text": words.text(f"edgelift.ens_migration {version}".strip(), 60)},
    ]


def _figures(rows: Sequence[Mapping[str, Any]], counts: Counter[str], whole: float) -> list[dict[str, str]]:
    total = sum(row["disk_bytes"] for row in rows)
    return [
        {"value": f"{counts['migrated']} / {len(rows)}", "name": "servers migrated"},
        {"value": words.duration(whole) if whole else "-", "name": "time of the cloud stages"},
        {"value": words.size(total) if total else "-", "name": "size of the disks"},
        {"value": str(sum(len(row["warnings"]) for row in rows)), "name": "warnings"},
    ]
