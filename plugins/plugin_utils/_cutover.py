# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Pure functions for the cutover: what is expected of it, and how long the services of a server were stopped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import moment
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.incremental import ago
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _encode, _table

_UNFINISHED: Final = (
    "Services that the hook before the cutover has stopped stay stopped. Run the playbook cutover again: it continues"
)
_HEAD: Final = ("host", "cutover", "expected", "at most", "last sync", "export", "import")


def lines(servers: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return what is shown of the servers before their cutover: who is ready, and the forecast."""
    rows, notes = [], []
    for row in servers:
        found = row.get("forecast") or {}
        parts = found.get("parts") or {}
        times = [found.get("seconds"), found.get("most"), *(parts.get(name) for name in ("sync", "export", "import"))]
        words = {"clear": "ready", "blocked": "refused"}.get(row["verdict"], row["verdict"])
        rows.append((str(row["host"]), words, *("-" if item is None else ago(item) for item in times)))
        notes += [f"{row['host']}: {_encode.one_line(text)}" for text in row.get("reasons") or []]
    rate = limits.EXPORT_RATE / limits.MEGABYTE
    made = (
        "The last sync is expected to take as long as the newest one with its image, at most as long as the longest. "
        f"Export and import are the used bytes of the server at {rate:.0f} MB/s. Hooks and a verification are not in it"
    )
    return [*(_table.lines(_HEAD, rows) if rows else []), *notes, *([made] if rows else [])]


def result(facts: Mapping[str, Any], done: Mapping[str, Any] | None, migration: Mapping[str, Any]) -> dict[str, Any]:
    """Return the cutover of a server in this run, {} where there was none: the forecast, the measured downtime in
    seconds (None where it has not ended), and its end: ``imported`` or ``verified``. A cutover that an earlier run has
    begun, and that is not finished, is one of every run."""
    quiesced, called = _number(facts.get("hooks_quiesced")), moment((done or {}).get("cut_over"))
    if not quiesced and not (called and done and done.get("verdict") == "pending"):
        return {}
    # A run that continues a cutover counts from the first call, which an earlier run has made.
    begin = min(filter(None, [quiesced, called.timestamp() if called else 0.0]))
    end, until = _imported(done, migration), "imported"
    if (facts.get("verify_result") or {}).get("verdict") == "verified" and _number(facts.get("cutover_verified")):
        end, until = _number(facts["cutover_verified"]), "verified"
    measured = round(end - begin) if end > begin else None
    return {
        "began": datetime.fromtimestamp(begin, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "downtime": measured,
        "until": until if measured is not None else "",
        "forecast": dict(facts.get("migration_forecast") or {}),
    }


def _imported(done: Mapping[str, Any] | None, migration: Mapping[str, Any]) -> float:
    """Return when the ENS image of a server was seen to be Available, 0 where this run has not seen it."""
    began = moment(migration.get("began"))
    if not done or done.get("verdict") != "migrated" or not began or not _number(done.get("seconds")):
        return 0.0
    return began.timestamp() + _number(done["seconds"])


def _number(value: Any) -> float:
    try:
        return float(value or 0)
    except (TypeError, ValueError):
        return 0.0


def text(row: Mapping[str, Any]) -> str:
    """Return the line about the cutover of a server of a receipt, '' where there was none."""
    found = row.get("cutover") or {}
    if not found:
        return ""
    times = found.get("forecast") or {}
    forecast = f"forecast {ago(times['seconds'])}, at most {ago(times['most'])}" if times else "no forecast"
    if found["downtime"] is None:
        advice = f". {_UNFINISHED}" if row.get("status") in ("pending", "unreachable") else ""
        return f"cutover since {found['began']}, not finished ({forecast}){advice}"
    return f"downtime {ago(found['downtime'])} from the hook before the cutover until {found['until']} ({forecast})"
