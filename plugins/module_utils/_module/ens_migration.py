# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The work of ens_migration: check a wave, then take every server of it through all stages in one process."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight.machines import SAME_MACHINE
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import stamp
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.naming import wave_id
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import (
    checks,
    ens_import,
    incremental,
    transfer,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.fleet import Fleet
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.progress import ProgressFile, Recorder
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.row import Progress
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stages import STAGES

from . import contract, options, rivals, unreachable
from .defect import made_so_far

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Policy, Server


def work(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Return the result of the module for its O(state)."""
    params = module.params
    servers, policy = options.servers(params), options.policy(params)
    away = unreachable.look(clients, params["name"], params.get("unreachable") or [])
    servers += [item.server for item in away if item.server]
    options.refuse(checks.input_problems(policy, servers))
    contract.warn(module, policy, checks.account(clients, policy))
    blocked = checks.server_problems(servers, rivals.refused(clients, params, servers))
    if params["state"] == "checked":
        rows = look(clients, servers, policy, blocked)
        if policy.cutover:
            _look_at_jobs(clients, policy, rows)
        return {"changed": False, "migration": _migration(params["name"], rows, [], clients, away)}
    return _migrate(module, clients, servers, blocked, policy, away)


def _migrate(
    module: AnsibleModule,
    clients: Clients,
    servers: Sequence[Server],
    blocked: dict[str, list[str]],
    policy: Policy,
    away: Sequence[unreachable.Away],
) -> dict[str, Any]:
    params = module.params
    fleet = Fleet(clients, [item for item in servers if item.host not in blocked], policy, check_mode=module.check_mode)
    recorder = Recorder(fleet.context.clock)
    told = ProgressFile(params["progress_file"]).write if params["progress_file"] else None

    def on_tick(looked: Sequence[Progress]) -> None:
        recorder.note(looked)
        if told:
            told(looked)

    fleet.on_tick = on_tick
    rows = [*fleet.rows, *(_blocked(item, blocked[item.host]) for item in servers if item.host in blocked)]

    def result() -> dict[str, Any]:
        migration = _migration(params["name"], rows, fleet.resources.rows(), clients, away)
        migration.update(began=stamp(recorder.began), seconds=round(recorder.seconds, 1))
        return {"changed": fleet.changed, "migration": migration, "acts": dict(fleet.acts)}

    def ended(error: Exception) -> dict[str, Any]:
        for row in fleet.rows:
            if row.open:
                last = f"the run ended in phase {row.phase}: {error}; last state: {row.state or 'not seen'}"
                row.end("failed", f"{last}. {getattr(error, 'hint', '')}".strip(" ."))
        # No stage has settled these servers: their cloud work stays for the next run.
        return result()

    with made_so_far(ended):
        fleet.run(params["wait"], params["wait_timeout"], params["poll_interval"])
    for text in fleet.warnings:
        module.warn(text)
    return {**result(), "diff": _diff(fleet)} if module._diff else result()


def look(clients: Clients, servers: Sequence[Server], policy: Policy, blocked: dict[str, list[str]]) -> list[Progress]:
    """Return the state of every server, from one look at the ENS images."""
    fleet = Fleet(clients, servers, policy, check_mode=True)
    rows = fleet.rows
    ens_import.observe(fleet.context, servers, {row.server.id: row.seen for row in rows})
    for row in rows:
        problems = filter(None, [ens_import.conflict(row.server, row.seen), row.seen.namesake])
        reasons = [*blocked.get(row.server.host, []), *problems]
        image = ens_import.result(row.seen)
        if image and image.get("Status") == "Available":
            # Of two names of one machine, the other one is refused.
            reasons = [reason for reason in reasons if not reason.startswith(SAME_MACHINE)]
        row.phase = "preflight"
        if reasons:
            row.end("blocked", *reasons)
        elif image and image.get("Status") == "Available":
            row.phase = "done"
            row.end("migrated")
            row.settled = True
        else:
            row.end("clear")
    return rows


def _look_at_jobs(clients: Clients, policy: Policy, rows: Sequence[Progress]) -> None:
    """Refuse the cutover of each server that is not ready for it."""
    context = Fleet(clients, [row.server for row in rows], policy, check_mode=True).context
    open_rows = [row for row in rows if row.verdict == "clear"]
    transfer.observe(context, [row.server for row in open_rows], {row.server.id: row.seen for row in open_rows})
    for row in open_rows:
        problems = incremental.cutover_problems(row.server, row.seen, context.now)
        if problems:
            row.verdict, row.reasons = "blocked", [*row.reasons, *problems]


def _blocked(item: Server, reasons: list[str]) -> Progress:
    row = Progress(item, phase="preflight")
    row.end("blocked", *reasons)
    return row


def _migration(
    name: str,
    rows: Sequence[Progress],
    resources: Sequence[Any],
    clients: Clients,
    away: Sequence[unreachable.Away],
) -> dict[str, Any]:
    return {
        "name": name,
        "wave_id": wave_id(name),
        "began": "",
        "seconds": 0.0,
        "finished": not any(row.open for row in rows),
        "servers": [describe(row) for row in rows],
        "unreachable": [item.row() for item in away if not item.server],
        "resources": list(resources),
        "calls": dict(clients.calls),
    }


def describe(row: Progress) -> dict[str, Any]:
    """Return what a module reports of one server."""
    now = datetime.now(timezone.utc)
    ids = {key: value for stage in STAGES for key, value in stage.facts(row.seen).items()}
    return {
        "host": row.server.host,
        "migration_id": row.server.id,
        "image_name": row.server.image_name,
        "source_id": row.server.source_id,
        "phase": row.phase,
        "verdict": row.verdict,
        "settled": row.settled,
        "state": row.state,
        "progress": row.percent,
        "reasons": row.reasons,
        "warnings": _warnings(row),
        "error": row.error,
        **ids,
        "disks": [{"index": disk.index, "bytes": disk.bytes} for disk in row.server.disks],
        "seconds": round(row.seconds, 1),
        "exported_bytes": sum(item["size"] for item in row.seen.objects),
        "timeline": row.timeline,
        "cut_over": stamp(row.seen.cut_over) if row.seen.cut_over else "",
        "sync": incremental.sync(row.seen.job, now),
        "forecast": incremental.forecast(row.server, row.seen.job),
    }


def _warnings(row: Progress) -> list[str]:
    """Return what is unusual about the result of a server that was migrated all the same; of one that was not, what was
    seen before: it may be the cause. What ENS says of the image is then in the reason."""
    told = [stage for stage in STAGES if row.verdict == "migrated" or stage.name != ens_import.NAME]
    return [text for stage in told for text in stage.notes(row.server, row.seen)]


def _diff(fleet: Fleet) -> dict[str, Any]:
    """Return the ENS images before and after; in check mode the ones that would be made have no id yet."""
    before, after = {}, {}
    for row in fleet.rows:
        image = ens_import.result(row.seen)
        after[row.server.image_name] = image["ImageId"] if image else "(to be made)"
        if row.existed:
            before[row.server.image_name] = after[row.server.image_name]
    return {"before": before, "after": after}
