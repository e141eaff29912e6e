# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Receipts for the tests of the reports: a wave in which servers end in every way."""

from __future__ import annotations

from typing import Any

from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._preflight import classes, report

GIB = 1024**3
MADE = "2026-11-24T09:12:00Z"


def change(
    seconds: float, phase: str, state: str, progress: float | None = None, limited: bool = False
) -> dict[str, Any]:
    """One element of a timeline."""
    return {"seconds": seconds, "phase": phase, "state": state, "progress": progress, "limited": limited}


def timeline(late: float, job: str) -> list[dict[str, Any]]:
    """What a run records of a server whose copy waits ``late`` seconds for a free place."""
    full = (
        [change(1.2, "transfer", "SMC runs 50 jobs at once, it waits for a free place", limited=True)] if late else []
    )
    return [
        *full,
        change(late + 2.0, "transfer", f"source s-{job} is Available and has no job"),
        change(late + 4.2, "transfer", f"job j-{job} is Ready"),
        change(late + 34.0, "transfer", f"job j-{job} is Syncing", 0.0),
        change(late + 1240.0, "transfer", f"job j-{job} is Image", 100.0),
        change(late + 1510.0, "export", f"ECS image m-{job} is Available"),
        change(late + 1512.0, "export", f"export task t-{job} is Processing"),
        change(late + 2100.0, "import", f"the objects of {job} are verified"),
        change(late + 2103.0, "import", f"ENS image m-5{job} is Creating"),
    ]


def finding(name: str, severity: str, evidence: str, **waived: str) -> dict[str, Any]:
    """A finding as a receipt has it."""
    return {"id": name, "severity": severity, "evidence": evidence, "waived": waived}


def server(host: str, status: str = "migrated", **more: Any) -> dict[str, Any]:
    """One server of a receipt."""
    done = status == "migrated"
    return {
        "host": host,
        "status": status,
        "reasons": [],
        "warnings": [],
        "ens_image_id": f"m-5{host}" if done else "",
        "image_name": f"{host}-el607cb8ded6d203aa8b68a55c697c" if done else "",
        "migration_id": "el607cb8ded6d203aa8b68a55c697c",
        "seconds": 2520.0 if done else 0.0,
        "disks": [{"index": 0, "bytes": 40 * GIB}],
        "used_bytes": 11 * GIB,
        "exported_bytes": 6 * GIB if done else 0,
        "timeline": timeline(0, host) if done else [],
        "findings": [finding("swap-lost", "note", "swap of 2 GiB is not migrated")],
        "verification": {},
        "billed": [],
        "retry": "" if done else "continue",
        **more,
    }


def resource(kind: str, host: str, minutes: int = 20, **more: str) -> dict[str, str]:
    """A resource of a receipt, deleted with a proof."""
    name = f"{kind}-{host}"
    deleted = f"2026-11-24T08:{minutes:02d}:12Z"
    proof = f"ecs.Describe at {deleted} does not list {name}"
    return {
        "kind": kind,
        "id": name,
        "host": host,
        "created": "2026-11-24T08:00:00Z",
        "deleted": deleted,
        "proof": proof,
        **more,
    }


def receipt(more: int = 0) -> dict[str, Any]:
    """The receipt of a wave with one server in each status, and ``more`` migrated ones."""
    names = ["web-01", "web-02", *(f"app-{number:04d}" for number in range(more))]
    late = {"web-02": 640.0}
    migrated = [
        server(host, timeline=timeline(late.get(host, 0), host), seconds=2520.0 + late.get(host, 0)) for host in names
    ]
    migrated[0]["findings"].append(
        finding("selinux-enforcing", "risk", "SELinux is enforcing", reason="tested by ops", expires="2026-12-31")
    )
    migrated[1]["warnings"] = ["ENS reports disk 1 with 41 GiB, the source has 40 GiB"]
    failed = server(
        "db-01", "failed", seconds=1900.0, timeline=timeline(0, "db-01")[:6], retry="continue",
        reasons=[("the export of m-db-01 failed (NoSetRoletoECSServiceAcount): create the role "
                 "AliyunECSImageExportDefaultRole, then run it again")],
        billed=[{"kind": "ecs_image", "id": "m-db-01", "billed_by": "ECS"}],
    )  # fmt: skip
    blocked = server(
        "huge-01", "blocked", retry="fix",
        reasons=["too-many-data-disks: 5 data disks: sdb, sdc, sdd, sde, sdf. Fix: detach a disk"],
        findings=[finding("too-many-data-disks", "blocker", "5 data disks: sdb, sdc, sdd, sde, sdf")], exported_bytes=0,
    )  # fmt: skip
    pending = server("app-0", "pending", timeline=timeline(0, "app")[:3], reasons=["job j-app is Syncing"])
    away = server("far-01", "unreachable", reasons=["Ansible could not connect to it; its cloud work was not changed"])
    kinds = ("smc_job", "ecs_instance", "ecs_disk", "ecs_image", "ecs_snapshot", "oss_object")
    found = [resource(kind, host, 10 + 5 * place) for host in names for place, kind in enumerate(kinds)]
    open_ = resource("ecs_image", "db-01", deleted="", proof="")
    left = {
        "kind": "ecs_disk",
        "id": "d-1",
        "host": "db-01",
        "reason": "it is attached to an instance of another owner",
        "billed_by": "ECS",
    }
    kept = {
        "kind": "ledger",
        "id": "oss://images/edgelift/el607cb8ded6d203/ledger",
        "host": "",
        "reason": "the migration has unfinished servers",
    }
    return {
        "wave": "wave_01",
        "run": {"began": "2026-11-24T08:00:00Z", "seconds": 3170.0},
        "servers": [*migrated, failed, blocked, pending, away],
        "resources": [*found, open_],
        "residual": [left],
        "kept": [kept],
    }


def status(host: str, name: str = "not_started", phase: str = "", state: str = "", **more: Any) -> dict[str, Any]:
    """One server as ens_migration_info returns it."""
    times = {"progress": None, "started": "", "ends": "", "driven_by": ""}
    ids = dict.fromkeys(("migration_id", "source_id", "job_id", "image_id", "ens_image_id"), "")
    return {"host": host, "status": name, "phase": phase, "state": state, **times, **ids, **more}


def migration(more: int = 0) -> dict[str, Any]:
    """What ens_migration_info returns of a migration with a server in each status, and ``more`` of them."""
    run = {"driven_by": "controller-1 (process 4711) since 2026-11-24T07:58:00Z", "started": "2026-11-24T08:01:00Z"}
    rows = [
        status("web-01", "migrated", "done", "ENS image m-5web-01 is Available", ens_image_id="m-5web-01"),
        status(
            "db-01", "running", "transfer", "job j-db is Syncing", progress=62.0, ends="2026-11-24T08:52:00Z", **run
        ),
        status("app-01", "running", "export", "task t-app is Processing", **{**run, "started": "2026-11-24T08:22:00Z"}),
        status("app-02", "waiting", "transfer", "job j-app is Ready", job_id="j-app"),
        status("old-01", "failed", "transfer", "job j-old is InError (Do Grub Failed: No GRUB)", job_id="j-old"),
        status("late-01"),
        *(
            status(f"node-{number}", "running", "transfer", "job j is Syncing", progress=5.0, **run)
            for number in range(more)
        ),
    ]
    summary = {"servers": len(rows), "finished": False, "copies_end": "2026-11-24T08:52:00Z"}
    return {"name": "wave_01", "time": "2026-11-24T08:30:00Z", "ended": "", "summary": summary, "servers": rows}


def preflight(more: int = 0) -> list[dict[str, Any]]:
    """The rows of a preflight with one blocked, one waived and one clear server, and ``more`` clear ones."""
    day = {"reason": "tested by ops", "expires": "2026-12-31"}

    def found(name: str, evidence: str, **other: Any) -> dict[str, Any]:
        return {**classes.ALL[name].finding(evidence), **other}

    role = found("export-role-missing", "the account has no role AliyunECSImageExportDefaultRole")
    hosts = {
        "huge-01": [found("too-many-data-disks", "5 data disks: sdb, sdc, sdd, sde, sdf")],
        "web-01": [found("selinux-enforcing", "SELinux is enforcing", severity="risk", waived=day)],
        "web-02": [],
        **{f"node-{number:04d}": [found("selinux-enforcing", "SELinux is enforcing")] for number in range(more)},
    }
    rows = []
    for host, items in hosts.items():
        judged = report.judgement(items, {"findings": [role] if host == "huge-01" else [], "servers": {}}, host)
        facts = {f"preflight_{name}": judged[name] for name in ("findings", "verdict", "reasons")}
        rows += report.wave([host], {host: facts})
    return rows
