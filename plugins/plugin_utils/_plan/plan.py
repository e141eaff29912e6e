# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The plan of a wave: from the facts of its hosts and one look at the cloud to times, calls and resources (pure)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from math import ceil
from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import stamp
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import disks, limits, schedule, windows

from .facts import WAVE_GROUP, Facts, listed
from .simulate import Assumptions, Cause, Load, Stage, Times, bound, lower_bound, simulate

_PHASES: Final[dict[str, Stage]] = {"transfer": "transfer", "export": "export", "import": "import"}
_STATUSES: Final = ("new", "continues", "synced", "migrated", "blocked")


@dataclass(frozen=True)
class Host:
    """One host of the plan: its wave, its disks, the bytes to copy, and how far it is."""

    host: str
    wave: str
    status: str
    bytes: int = 0
    disks: int = 0
    stage: Stage | None = None
    percent: float | None = None
    has_job: bool = False
    registers: bool = False
    syncs: bool = False
    reasons: Sequence[str] = ()
    site: str = ""
    windows: tuple[windows.Span, ...] = field(default=())
    groups: tuple[str, ...] = ()

    def load(self) -> Load | None:
        """Return what is left to do for it, None for nothing."""
        if self.stage is None:
            return None
        left = int(self.bytes * (100 - self.percent) / 100) if self.percent else self.bytes
        running = self.percent is not None
        copy = schedule.Copy(self.host, left, self.has_job, site=self.site, groups=self.groups, windows=self.windows)
        return Load(copy, self.bytes, self.stage, running, self.syncs)


def hosts(
    names: Sequence[str],
    hostvars: Mapping[str, Facts],
    groups: Mapping[str, Sequence[str]],
    rows: Sequence[Facts],
    syncs: bool = False,
) -> list[Host]:
    """Return the hosts of the plan. ``rows`` are the servers of a run of ens_migration in check mode. With ``syncs``,
    the run ends when the first copy of an incremental job has its image."""
    by_host = {row["host"]: row for row in rows}
    waves = {host: group for group in sorted(groups) if group.startswith(WAVE_GROUP) for host in groups[group]}
    return [_host(name, hostvars[name], waves.get(name, ""), by_host.get(name), syncs) for name in names]


def _host(name: str, facts: Facts, wave: str, row: Facts | None, syncs: bool) -> Host:
    probe = facts.get("preflight_probe") or {}
    copied = disks.transferred(probe)
    plain = Host(
        name,
        wave,
        "migrated",
        disks.used_bytes(probe),
        len(copied),
        site=str(facts.get("migration_site") or ""),
        windows=windows.spans(listed(facts.get("migration_windows"))),
        groups=tuple(facts.get("group_names") or ()),
    )
    if facts.get("preflight_verdict") == "migrated" or (row and row["verdict"] == "migrated"):
        return plain
    if row is None or row["verdict"] in ("blocked", "failed"):
        reasons = (row or {}).get("reasons") or facts.get("preflight_reasons") or [facts.get("agent_error") or ""]
        return replace(plain, status="blocked", reasons=[text for text in reasons if text])
    if row["verdict"] == "synced":
        return replace(plain, status="synced", reasons=list(row["reasons"]))
    stage = _PHASES.get(row["phase"], "transfer")
    has_job = bool(row.get("job_id"))
    return replace(
        plain,
        status="continues" if has_job else "new",
        stage=stage,
        percent=row.get("progress"),
        has_job=has_job,
        registers=not row.get("source_id"),
        # A job that was cut over is exported.
        syncs=syncs and stage == "transfer",
    )


def assumptions(options: Facts, known: Sequence[Facts]) -> Assumptions:
    """Return what the plan assumes, from the options of the role migration and the variables of the hosts."""
    limit = int((options.get("replication_parameters") or {}).get("bandwidth_limit") or 0) * 1024
    rate = float(options["plan_copy_rate"]) * limits.MEGABYTE
    uplinks = ((str(row.get("migration_site") or ""), float(row.get("migration_uplink") or 0)) for row in known)
    sites = schedule.uplinks(uplinks)
    return Assumptions(
        copy_rate=min(rate, limit) if limit else rate,
        export_rate=float(options["plan_export_rate"]) * limits.MEGABYTE,
        import_rate=float(options["plan_import_rate"]) * limits.MEGABYTE,
        exports=int(options["plan_exports"]),
        uplinks={site: megabits * limits.MEGABIT for site, megabits in sites.items()},
        groups=schedule.group_limits(options.get("max_parallel")),
    )


def plan(name: str, found: Sequence[Host], given: Assumptions, options: Facts, now: datetime) -> dict[str, Any]:
    """Return the plan of a migration that begins at ``now``."""
    loads = [load for load in (item.load() for item in found) if load]
    times = simulate(loads, given, now)
    ends = max((row.ends for row in times.values()), default=now)
    return {
        "migration": name,
        "time": stamp(now),
        "assumptions": _assumed(given),
        "summary": {
            "servers": len(found),
            **{status: sum(1 for item in found if item.status == status) for status in _STATUSES},
            **_span(found, times, now),
            "seconds": round((ends - now).total_seconds()),
            "copies_at_least_seconds": round(lower_bound(loads, given)),
        },
        "waves": [
            {"wave": wave, **_span([item for item in found if item.wave == wave], times, now)}
            for wave in dict.fromkeys(item.wave for item in found)
        ],
        "servers": [_row(item, times.get(item.host)) for item in found],
        "calls": calls(found, options),
        "queries_about": queries(loads, times, options, now),
        "resources": resources(found, times, options, now, ends),
        "shortest_window_minutes": windows.shortest(load.copy.windows for load in loads if load.stage == "transfer"),
        "waits": bool(options["wait"]),
        "syncs": any(item.syncs for item in found),
    }


def wave_plan(
    names: Sequence[str],
    hostvars: Mapping[str, Facts],
    groups: Mapping[str, Sequence[str]],
    options: Facts,
    migration: Facts,
    now: datetime | None = None,
) -> dict[str, Any]:
    """Return the plan of the hosts of a play. ``options`` are those of the role migration, ``migration`` is the result
    of the module ens_migration in check mode."""
    facts = {name: hostvars[name] for name in names}
    syncs = options.get("mode") == "incremental" and not options.get("cutover")
    found = hosts(names, facts, groups, migration.get("servers") or [], syncs)
    given = assumptions(options, list(facts.values()))
    return plan(str(options["name"]), found, given, options, now or datetime.now(timezone.utc))


def _assumed(given: Assumptions) -> dict[str, Any]:
    return {
        "copy_megabytes_per_second": given.copy_rate / limits.MEGABYTE,
        "export_megabytes_per_second": given.export_rate / limits.MEGABYTE,
        "import_megabytes_per_second": given.import_rate / limits.MEGABYTE,
        "copies_at_once": given.slots,
        "exports_at_once": given.exports,
        "copies_at_once_by_group": dict(sorted(given.groups.items())),
        "uplink_megabits_per_second": {site: rate / limits.MEGABIT for site, rate in sorted(given.uplinks.items())},
        "image_seconds": given.image_seconds,
    }


def _span(found: Sequence[Host], times: Mapping[str, Times], now: datetime) -> dict[str, Any]:
    own = [times[item.host] for item in found if item.host in times]
    waits: defaultdict[Cause, float] = defaultdict(float)
    for times_of in own:
        for cause, seconds in times_of.waits.items():
            waits[cause] += seconds
    return {
        "to_migrate": len(own),
        "bytes": sum(load.copy.bytes for item in found if (load := item.load()) and load.stage == "transfer"),
        "begins": stamp(min((row.begins for row in own), default=now)),
        "ends": stamp(max((row.ends for row in own), default=now)),
        "bound": bound(waits) if own else "",
    }


def _row(item: Host, times: Times | None) -> dict[str, Any]:
    left = item.load()
    row: dict[str, Any] = {
        "host": item.host,
        "wave": item.wave,
        "status": item.status,
        "stage": item.stage or "",
        "bytes": left.copy.bytes if left and left.stage == "transfer" else 0,
        "disks": item.disks,
        "begins": "",
        "copied": "",
        "exported": "",
        "ends": "",
        "bound": "",
        "reasons": list(item.reasons),
    }
    if times:
        moments = {name: stamp(getattr(times, name)) for name in ("begins", "copied", "exported", "ends")}
        row.update(moments, bound=times.bound)
        row["exported"] = "" if item.syncs else row["exported"]
    return row


def calls(found: Sequence[Host], options: Facts) -> dict[str, int]:
    """Return the changing calls until everything is deleted, or until the servers are synced, by API action, without
    retries and renewals of claims."""
    todo = [item for item in found if item.stage]
    whole = [item for item in todo if not item.syncs]
    copies = [item for item in todo if item.stage == "transfer"]
    fresh = [item for item in copies if not item.has_job]
    starts = [item for item in copies if item.percent is None]
    # A cutover starts no job: the server has to be synced.
    last = starts if options.get("cutover") else []
    shared = bool(fresh) and options.get("network") == "shared" and not options.get("vpc_id")
    registers = [item for item in todo if item.registers]
    counts = {
        "smc.CreateAccessToken": min(1, len(registers)),
        "vpc.CreateVpc": int(shared),
        "vpc.CreateVSwitch": int(shared),
        "smc.CreateReplicationJob": len(fresh),
        "smc.StartReplicationJob": len(starts) - len(last),
        "smc.CutOverReplicationJob": len(last),
        "ecs.ExportImage": len([item for item in whole if item.stage in ("transfer", "export")]),
        "ens.ImportImage": len(whole),
        "smc.DeleteReplicationJob": len(whole),
        "ecs.DeleteImage": len(whole),
        "ecs.DeleteSnapshot": sum(item.disks for item in whole),
        "oss.DeleteMultipleObjects": len(whole),
        "smc.DeleteSourceServer": len(whole),
        # What the jobs that stay need stays too.
        "vpc.DeleteVSwitch": int(shared and whole == todo),
        "vpc.DeleteVpc": int(shared and whole == todo),
        "smc.DisableAccessToken": min(1, len(registers)) if whole == todo else 0,
        "smc.DeleteAccessToken": min(1, len(registers)) if whole == todo else 0,
    }
    return {action: count for action, count in counts.items() if count}


def queries(loads: Sequence[Load], times: Mapping[str, Times], options: Facts, now: datetime) -> int:
    """Return about how many describe calls the waiting makes: each query of a stage asks for 50 servers at once."""
    total = 0.0
    for begins, ends in (("begins", "copied"), ("copied", "exported"), ("exported", "ends")):
        rows = [times[load.copy.host] for load in loads]
        lasts = [(getattr(row, ends) - getattr(row, begins)).total_seconds() for row in rows]
        span = max((getattr(row, ends) - now).total_seconds() for row in rows) if rows else 0.0
        busy = sum(lasts) / span if span else 0.0
        total += span / float(options["poll_interval"]) * ceil(busy / 50 or 0) if any(lasts) else 0
    return round(total)


def resources(
    found: Sequence[Host], times: Mapping[str, Times], options: Facts, now: datetime, ends: datetime
) -> list[dict[str, Any]]:
    """Return the resources that the migration makes: how many, how many at once, for how many hours in total. The
    cleanup runs at the end of the run, so what it deletes exists until then. What an incremental job has made exists
    until the cutover."""
    whole, synced = ([item for item in found if item.syncs == syncs] for syncs in (False, True))
    # All servers share one network, which stays with the jobs that stay.
    shared = options.get("network") == "shared" and any(item.stage == "transfer" for item in synced)
    rows = _resources(whole, times, options, now, ends, not shared)
    kept = _resources(synced, times, options, now, ends)
    return [{**row, "until_cutover": False} for row in rows] + [{**row, "until_cutover": True} for row in kept]


def _resources(
    found: Sequence[Host],
    times: Mapping[str, Times],
    options: Facts,
    now: datetime,
    ends: datetime,
    has_network: bool = True,
) -> list[dict[str, Any]]:
    todo = [(item, times[item.host]) for item in found if item.host in times]
    syncs = any(item.syncs for item, _row in todo)
    copies = [(item, (row.begins, ends if syncs else row.copied)) for item, row in todo if item.stage == "transfer"]
    instances = [span for _item, span in copies]
    spans: dict[str, list[tuple[datetime, datetime]]] = {
        "ecs_instance": instances,
        "ecs_disk": [span for item, span in copies for _disk in range(item.disks)],
        "security_group": instances,
        "ecs_image": [(row.copied, ends) for _item, row in todo],
        "ecs_snapshot": [(row.copied, ends) for item, row in todo for _disk in range(item.disks)],
    }
    if not syncs:
        spans["oss_object"] = [(row.exported, ends) for item, row in todo for _disk in range(item.disks)]
        spans["ens_image"] = [(row.ends, row.ends) for _item, row in todo]
    own = bool(options.get("vpc_id"))
    if copies and has_network and not own:
        shared = options.get("network") == "shared"
        networks = [(now, ends)] if shared else instances
        spans |= {"vpc": networks, "vswitch": networks}
    return [
        {
            "kind": kind,
            "count": len(rows),
            "most_at_once": _most(rows),
            "hours": round(sum((last - first).total_seconds() for first, last in rows) / 3600, 2),
            "kept": kind == "ens_image",
        }
        for kind, rows in spans.items()
        if rows
    ]


def _most(rows: Sequence[tuple[datetime, datetime]]) -> int:
    changes = sorted([(first, 1) for first, _last in rows] + [(last, -1) for _first, last in rows])
    most = here = 0
    for _when, change in changes:
        here += change
        most = max(most, here)
    return most or 1
