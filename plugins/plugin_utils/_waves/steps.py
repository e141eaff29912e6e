# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The waves of a run (pure): which there are, what is wrong with them, and which hosts are migrated next.

No file and no object keeps the state: a wave is finished if the cloud shows the ENS images of its hosts, and an earlier
wave has passed its gate if the cloud shows a host of a later one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._plan.facts import WAVE_GROUP, Facts

from . import items, pack

_ONE: Final = ("alicloud_region", "migration_bucket", "migration_name")
"""Variables that are the same for all hosts of a run: its waves share them."""

_SHOWN: Final = 10

Plan = dict[str, Any]


def plan(hosts: Sequence[str], hostvars: Mapping[str, Facts], groups: Facts, options: Facts) -> Plan:
    """Return the waves of a run: ``waves`` with names, hosts of this run and gates, and ``after`` by host.

    ``hosts`` are those of the play, which ``--limit`` or a slice of AWX makes fewer. ``problems`` has everything that
    is wrong; then the rest means nothing.
    """
    known = {host for members in groups.values() for host in members} - {"localhost"}
    waves, problems = _listed(options.get("list") or [], groups)
    problems += homes(waves, None if options.get("partial") else known)
    home = {host: number for number, wave in enumerate(waves) for host in wave["hosts"]}
    members = [host for host in hosts if host in home]
    found = items.items(members, hostvars)
    problems += items.problems(found, known)
    for item in found:
        late = [host for host in item.after if home.get(host, -1) > home[item.host]]
        problems += [
            f"{item.host} is in wave {waves[home[item.host]]['name']!r}, and migration_after names {host!r}, which is "
            f"in the later wave {waves[home[host]]['name']!r}"
            for host in late
        ]
    problems += _settings(waves, members, hostvars)
    if waves and not members and not problems:
        problems.append("no host of this run is in a wave. Check --limit and migration_waves")
    mine = set(members)
    for wave in waves:
        wave["others"] = len(wave["hosts"])
        wave["hosts"] = [host for host in wave["hosts"] if host in mine]
        wave["others"] -= len(wave["hosts"])
    return {
        "problems": problems,
        "waves": [wave for wave in waves if wave["hosts"]],
        "after": {item.host: list(item.after) for item in found if item.after},
        "hosts": sorted(mine | {host for item in found for host in item.after}),
        "without": [host for host in hosts if host not in home],
    }


def _listed(given: Sequence[Any], groups: Facts) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the waves in order: those of the variable, or else the groups ``wave_*``."""
    problems: list[str] = []
    if not given:
        names = [name for name in groups if name.startswith(WAVE_GROUP) and groups[name]]
        given = sorted(names, key=_natural)
        if not given:
            problems.append(
                f"the inventory has no group whose name begins with {WAVE_GROUP}, and migration_waves is empty"
            )
    waves: list[dict[str, Any]] = []
    for entry in given:
        row = entry if isinstance(entry, Mapping) else {"name": entry}
        name = str(row.get("name") or "")
        hosts = row.get("hosts")
        if not name:
            problems.append(f"an entry of migration_waves has no name: {str(entry)[:80]!r}")
        elif hosts is None and name not in groups:
            shown = ", ".join(sorted(group for group in groups if group not in ("all", "ungrouped"))) or "none"
            problems.append(f"migration_waves names {name!r}, which is no group of the inventory. Its groups: {shown}")
        elif any(wave["name"] == name for wave in waves):
            problems.append(f"migration_waves has two waves named {name!r}")
        gate = row.get("gate")
        if gate not in (None, "auto", "manual"):
            problems.append(f"wave {name!r}: gate is {gate!r}, allowed: auto, manual")
        limit = row.get("max_failed")
        if limit is not None and not str(limit).isdigit():
            problems.append(f"wave {name!r}: max_failed is {limit!r}, it must be a whole number, at least 0")
        members = [str(host) for host in (groups.get(name, []) if hosts is None else hosts)]
        waves.append({"name": name, "hosts": members, "gate": gate, "max_failed": limit})
    return waves, problems


def _natural(name: str) -> list[tuple[int, str]]:
    """Return the sort key of a name: wave_2 comes before wave_10."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]


def homes(waves: Sequence[Facts], known: set[str] | None) -> list[str]:
    """Return what is wrong with the hosts of waves. ``known`` are those of the inventory, None if it is a part."""
    seen: dict[str, str] = {}
    problems = []
    for wave in waves:
        for host in wave["hosts"]:
            if host == "localhost":
                problems.append(f"wave {wave['name']!r} names localhost, which is the controller")
            elif known is not None and host not in known:
                problems.append(f"wave {wave['name']!r} names host {host!r}, which the inventory lacks")
            if host in seen:
                twice = "twice in the wave" if seen[host] == wave["name"] else f"in the waves {seen[host]!r} and"
                problems.append(f"host {host!r} is {twice} {wave['name']!r}")
            seen[host] = wave["name"]
    return problems


def _settings(waves: Sequence[Facts], members: Sequence[str], hostvars: Mapping[str, Facts]) -> list[str]:
    """Return what contradicts within the run: its hosts share one network, bucket and ledger."""
    home = {host: wave["name"] for wave in waves for host in wave["hosts"]}
    problems = []
    for name in _ONE:
        values = {host: str(hostvars[host].get(name) or "") for host in members}
        if len(set(values.values())) > 1:
            first = {value: host for host, value in reversed(values.items())}
            shown = ", ".join(
                f"{value!r} for {host} ({home[host]})" for value, host in sorted(first.items(), key=lambda row: row[1])
            )
            problems.append(
                f"{name} contradicts: {shown}. All waves of a run need one value; use --limit for the others"
            )
    return problems


# ---- the next step ----
def results(before: Facts, hosts: Sequence[str], hostvars: Mapping[str, Facts]) -> dict[str, str]:
    """Return the statuses that this run has so far: ``before``, and those of the hosts of the last step."""
    rows: dict[str, str] = {}
    for host in hosts:
        if host not in rows:
            report = hostvars[host].get("report_wave") or {}
            rows.update({row["host"]: row["status"] for row in report.get("servers") or []})
    return {**before, **{host: rows.get(host, "failed") for host in hosts}}


DONE: Final = ("migrated", "synced")
"""The statuses of a host for which a run of migrate has nothing left to do."""


def next_step(waves: Facts, seen: Facts, done: Facts, options: Facts, check_mode: bool = False) -> dict[str, Any]:
    """Return what is next: ``state`` (run, pending, gate, failed, done), ``text``, for run ``wave`` and ``members``.

    ``seen`` is the result of ens_migration_info at the begin of the run, ``done`` the statuses by host of this run. In
    check mode every host that was planned counts as migrated.
    """
    cloud = {row["host"]: row["status"] for row in seen.get("servers") or []}
    status = {host: _status(host, cloud, done, check_mode) for host in waves["hosts"]}
    rows = waves["waves"]
    passed = -1 if options.get("retry") else _passed(rows, cloud)
    skipped = [host for wave in rows[: passed + 1] for host in wave["hosts"] if status[host] not in DONE]
    for number, wave in enumerate(rows):
        if number <= passed:
            continue
        members = _runnable(wave, status, waves["after"])
        if members:
            return _run(wave, members, status, skipped)
        told = _told(wave, status)
        if any(status[host] == "pending" for host in wave["hosts"]):
            return {"state": "pending", "text": f"{told}. It is not settled: run the same command again to continue"}
        failed = [host for host in wave["hosts"] if status[host] not in DONE]
        allowed = int(options["max_failed"] if wave["max_failed"] is None else wave["max_failed"])
        if len(failed) > allowed:
            return {
                "state": "failed",
                "text": f"{told}. {len(failed)} hosts are not migrated ({_some(failed)}), migration_gate_max_failed is "
                f"{allowed}: no later wave begins. Remove the causes and run the same command again",
            }
        begun = any(done.get(host) in DONE and cloud.get(host) not in DONE for host in wave["hosts"])
        if number + 1 < len(rows) and begun and not check_mode and (wave["gate"] or options["gate"]) == "manual":
            return {
                "state": "gate",
                "text": f"{told}. migration_gate is manual: check the result, and run the same command again to "
                f"continue with {rows[number + 1]['name']}",
            }
    counts = Counter(status[host] for wave in rows for host in wave["hosts"])
    words = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    return {"state": "done", "text": f"all waves of this run are settled: {words}{_left(skipped)}"}


def _status(host: str, cloud: Facts, done: Facts, check_mode: bool) -> str:
    if host in done:
        return "migrated" if check_mode and done[host] == "pending" else str(done[host])
    return str(cloud[host]) if cloud.get(host) in DONE else "open"


def _passed(rows: Sequence[Facts], cloud: Facts) -> int:
    """Return the number of the last wave that a later one has followed, -1 for none."""
    known = {host for host, status in cloud.items() if status != "not_started"}
    begun = [number for number, wave in enumerate(rows) if known.intersection(wave["hosts"])]
    return max(begun, default=0) - 1


def _runnable(wave: Facts, status: dict[str, str], after: Facts) -> list[str]:
    """Return the hosts of a wave that can be migrated now: open, and nothing that they need is missing. Hosts for
    which that can no longer become true in this run are ``held``."""
    for step in pack.levels(wave["hosts"], after):
        if any(status[host] == "pending" for host in step):
            return []
        for host in step:
            missing = [other for other in after.get(host, ()) if status.get(other) not in DONE]
            if status[host] == "open" and missing:
                status[host] = f"held ({', '.join(missing)} not migrated)"
        ready = [host for host in step if status[host] == "open"]
        if ready:
            return ready
    return []


def _run(wave: Facts, members: Sequence[str], status: Facts, skipped: Sequence[str]) -> dict[str, Any]:
    finished = sum(1 for host in wave["hosts"] if status[host] in DONE)
    later = len(wave["hosts"]) - finished - len(members)
    words = [f"wave {wave['name']}: {len(members)} of {len(wave['hosts'])} hosts are migrated now"]
    words += [f"{finished} are finished"] if finished else []
    words += [f"{later} wait for others of the wave"] if later else []
    words += [f"{wave['others']} hosts of the wave are not in this run"] if wave["others"] else []
    return {
        "state": "run",
        "wave": wave["name"],
        "members": dict.fromkeys(members, True),
        "text": f"{'; '.join(words)}{_left(skipped)}",
    }


def _told(wave: Facts, status: Facts) -> str:
    counts = Counter(status[host] for host in wave["hosts"])
    return f"wave {wave['name']}: {', '.join(f'{count} {name}' for name, count in sorted(counts.items()))}"


def _left(skipped: Sequence[str]) -> str:
    if not skipped:
        return ""
    return (
        f". Not migrated in waves that have passed their gates: {_some(skipped)}. Migrate them with the playbook "
        "migrate and --limit, or set migration_waves_retry"
    )


def _some(hosts: Sequence[str]) -> str:
    rest = f" and {len(hosts) - _SHOWN} more" if len(hosts) > _SHOWN else ""
    return f"{', '.join(hosts[:_SHOWN])}{rest}"
