# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The plan of a wave as lines of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.limits import GIB
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _encode, _table

_HEAD: Final = ("wave", "host", "status", "to copy", "begins", "ends", "bound by")
_WORDS: Final = {
    "slots": "the number of copies at once",
    "group": "the number of copies of a group at once",
    "uplink": "the uplink of the site",
    "exports": "the number of exports at once",
    "window": "the maintenance windows",
    "size": "the size of the largest servers",
}


def lines(plan: Mapping[str, Any]) -> list[str]:
    """Return the plan as text: one line per server, one per wave, calls, resources and what is assumed."""
    rows = [
        (
            row["wave"] or "-",
            row["host"],
            row["status"],
            f"{row['bytes'] / GIB:.1f} GiB" if row["ends"] else "-",
            row["begins"] or "-",
            row["ends"] or "-",
            row["bound"] or "-",
        )
        for row in plan["servers"]
    ]
    shown: list[str] = []
    for line, row in zip(_table.lines(_HEAD, rows), [None, None, *plan["servers"]], strict=True):
        shown.append(line)
        shown += [f"    {_encode.one_line(text)}" for text in (row or {}).get("reasons", [])]
    waves = plan["waves"] if len(plan["waves"]) > 1 else []
    shown += [_wave(row["wave"] or "without a wave", row) for row in waves]
    shown.append(_wave(f"migration {plan['migration']}", plan["summary"]))
    shown += [f"call: {count} x {action}" for action, count in plan["calls"].items()]
    if plan["summary"]["to_migrate"]:
        shown.append(f"about {plan['queries_about']} queries while the run waits")
    for row in plan["resources"]:
        stays = "kept, it is the result" if row["kept"] else f"{row['hours']:g} hours in total until it is deleted"
        stays = "kept until the cutover" if row["until_cutover"] else stays
        shown.append(f"resource: {row['count']} x {row['kind']}, at most {row['most_at_once']} at once, {stays}")
    if plan["syncs"]:
        shown.append(
            "migration_mode is incremental: the run ends when each server is synced. The playbook cutover exports and "
            "imports; it shows its own forecast, and its plan with --check"
        )
    if plan["shortest_window_minutes"] and not plan["waits"]:
        shown.append(
            f"the shortest maintenance window is open for {plan['shortest_window_minutes']} minutes, and "
            "migration_wait is false: start a run more often than that, otherwise no run may start its copies"
        )
    shown.append(_assumed(plan["assumptions"]))
    return shown


def _wave(name: str, row: Mapping[str, Any]) -> str:
    if not row["to_migrate"]:
        return f"{name}: nothing to migrate"
    return (
        f"{name}: {row['to_migrate']} servers, {row['bytes'] / GIB:.1f} GiB to copy, "
        f"{row['begins']} to {row['ends']}, bound by {_WORDS[row['bound']]}"
    )


def _assumed(given: Mapping[str, Any]) -> str:
    exports = f"{given['exports_at_once']} exports at once" if given["exports_at_once"] else "no limit of exports"
    return (
        f"assumed: {given['copy_megabytes_per_second']:g} MB/s per copy, {given['export_megabytes_per_second']:g} MB/s "
        f"per export, {given['import_megabytes_per_second']:g} MB/s per import, "
        f"{given['copies_at_once']} copies at once, {exports}; set migration_plan_copy_rate, "
        "migration_plan_export_rate and migration_plan_import_rate to rates that you have measured"
    )
