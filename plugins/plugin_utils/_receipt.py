# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Pure functions for the result of a wave: the servers to migrate, the receipt, and the table of the result."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import disks
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stages import BILLED_BY, STAGES
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _cutover, _encode, _retry, _table
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._verify import outcome

_IDENTITY: Final = ("ens_image_id", "image_name", "migration_id")
_STAGE_RUNS: Final = tuple(f"{stage.role}_run" for stage in STAGES if stage.role)
_RUNS: Final = ("migration_run", *_STAGE_RUNS)
"""What the roles register: migration for a wave, the others for one stage each."""
_HOOKS: Final = {"after_cutover": "the hook after the cutover", "after_failure": "the hook after the failure"}
_SHOWN: Final = 5
"""So many billed resources of a server are in the table; the receipt has all."""
_ENDED: Final = "migration-ended"
_TWIN: Final = "same-machine"
"""Findings of the preflight."""


def server_of(host: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the server entry of one host for the modules, from the facts of the roles preflight and agent.

    Without a source id of the role agent, the client that this collection left on the host provides it.
    """
    probe = facts.get("preflight_probe") or {}
    agent = probe.get("agent") or {}
    return {
        "host": host,
        "fingerprint": facts.get("preflight_fingerprint") or "",
        "source_id": facts.get("agent_source_id") or (agent.get("ours") and agent.get("source_id")) or "",
        "keep_source": bool(facts.get("agent_keep_source") or (agent.get("installed") and not agent.get("ours"))),
        "image_name": str(facts.get("migration_image_name") or ""),
        "platform": (probe.get("os") or {}).get("id") or "",
        "claim": {
            "hostname": probe.get("hostname") or "",
            "addresses": probe.get("addresses") or [],
            "source_ids": agent.get("source_ids") or [],
        },
        "copy": {
            "bytes": disks.used_bytes(probe),
            "site": str(facts.get("migration_site") or ""),
            "uplink": facts.get("migration_uplink") or 0,
            "windows": facts.get("migration_windows") or [],
            "groups": list(facts.get("group_names") or []),
        },
        "disks": disks.as_options(disks.transferred(probe)),
    }


def servers(hosts: Iterable[str], hostvars: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the servers to migrate: probed, not blocked, and with an agent where one is needed."""
    found = []
    for host in hosts:
        facts = hostvars[host]
        if facts.get("preflight_verdict") in ("clear", "migrated") and not facts.get("agent_error"):
            found.append(server_of(host, facts))
    return found


def _lost_contact(facts: Mapping[str, Any]) -> bool:
    """Return whether Ansible could not connect to a host when it probed it."""
    return bool((facts.get("__preflight_seen") or {}).get("unreachable"))


def unreachable(
    hosts: Iterable[str], hostvars: Mapping[str, Mapping[str, Any]], reached: Iterable[str]
) -> list[dict[str, str]]:
    """Return the hosts of a play that Ansible cannot connect to, or could not any more: those that are not among
    ``reached``, the hosts that are still in the play. What the cloud has of them may continue without them."""
    still = set(reached)
    found = []
    for host in hosts:
        facts = hostvars[host]
        if _lost_contact(facts) or (host not in still and facts.get("preflight_verdict") in (None, "clear")):
            entry = {"host": host, "fingerprint": str(facts.get("preflight_fingerprint") or "")}
            found.append({**entry, "image_name": str(facts.get("migration_image_name") or "")})
    return found


def settled(hosts: Iterable[str], hostvars: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the server entries of the hosts that this play has settled: migrated, or failed in a stage.

    Only their resources may be deleted by the cleanup of this play. A host that is unreachable, skipped, blocked,
    pending or failed before its turn keeps its cloud work for the next run. When a cleanup has ended the migration
    there is no next run: the play removes the clients, and with them goes what the servers have left.
    """
    waves: dict[str, Mapping[str, Any]] = {}
    found = []
    for host in hosts:
        facts = hostvars[host]
        if host not in waves:
            # The result of a wave names all its hosts and is registered for each of them: one look is enough.
            rows = ((facts.get("migration_run") or {}).get("migration") or {}).get("servers") or []
            waves.update({row["host"]: row for row in rows})
        row = waves.get(host) or {}
        if row.get("settled") and not facts.get("preflight_fingerprint"):
            found.append(_unprobed(host, row))
        elif (
            row.get("settled")
            or facts.get("preflight_verdict") == "migrated"
            or _stage_settled(facts)
            or _only_ended(facts)
        ):
            found.append(server_of(host, facts))
    return found


def _unprobed(host: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the server entry of a host that was finished without being reached. Its client still runs, so its source
    stays until the host can be reached."""
    identity = {"migration_id": row["migration_id"], "source_id": row.get("source_id") or ""}
    return {"host": host, **identity, "keep_source": True, "image_name": "", "disks": list(row.get("disks") or [])}


def _only_ended(facts: Mapping[str, Any]) -> bool:
    """Return whether a cleanup has ended the migration of a host, and the machine has no other name in the wave."""
    found = {finding.get("id") for finding in facts.get("preflight_findings") or []}
    return facts.get("preflight_verdict") == "blocked" and _ENDED in found and _TWIN not in found


def pending(
    hosts: Iterable[str], hostvars: Mapping[str, Mapping[str, Any]], run: Mapping[str, Any] | None = None
) -> list[str]:
    """Return the hosts whose client and cloud work the next run needs.

    ``run`` is the result of a wave; without one the results of the roles of single stages count. A module that ended
    without a result, as one that is killed, may have begun everything. Nothing was begun only where the module refused
    to begin and SMC got to know the host in this very play.
    """
    if run is None:
        clear = [host for host in hosts if hostvars[host].get("preflight_verdict") == "clear"]
        facts = {entry["host"]: hostvars[entry["host"]] for entry in servers(clear, hostvars)}
        results = {host: [found[name] for name in _STAGE_RUNS if found.get(name)] for host, found in facts.items()}
        return [
            host for host, found in facts.items() if not (_stage_settled(found) or _never_begun(results[host], found))
        ]
    rows = (run.get("migration") or {}).get("servers")
    if rows is not None:
        return [row["host"] for row in rows if not row.get("settled") and row.get("verdict") != "blocked"]
    return [host for host in hosts if host not in hostvars or not _never_begun([run], hostvars[host])]


def _never_begun(results: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]) -> bool:
    refused = all("error" in result and "resources" not in result for result in results)
    return refused and "register" in (facts.get("__agent_steps") or [])


def _lost(facts: Mapping[str, Any]) -> str:
    """Return what to say of a host whose module ended without a result, '' for any other host."""
    for name in _RUNS:
        result = facts.get(name) or {}
        if result.get("failed") and ("timedout" in result or "module_stdout" in result):
            why = str(result.get("msg") or "no reason is known").strip().rstrip(".")
            return (
                f"the module ended without a result ({why}); the SMC client and the cloud work of this server are "
                "kept: run the same command again to continue"
            )
    return ""


def _stage_settled(facts: Mapping[str, Any]) -> bool:
    """Return whether a role of one stage has imported the image of this host, or has failed without a retry left."""
    stages = [facts.get(name) or {} for name in _STAGE_RUNS]
    return any(result.get("settled") or (result.get("image") or {}).get("status") == "Available" for result in stages)


def resources(hosts: Iterable[str], hostvars: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return every resource in the registered results of the hosts, each once."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for host in hosts:
        facts = hostvars[host]
        wave = (facts.get("migration_run") or {}).get("migration") or {}
        for result in (wave, *(facts.get(name) or {} for name in _STAGE_RUNS)):
            for row in result.get("resources") or []:
                found.setdefault((row["kind"], row["id"]), dict(row))
    return list(found.values())


_STAYS: Final = (
    "Ansible could not connect to it: the SMC client is still on this host, and its source in SMC. Run the same "
    "command again when it can be reached"
)


def _finding(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a receipt has of a finding. Cause and fix follow from its id."""
    return {**{key: item.get(key, "") for key in ("id", "severity", "evidence")}, "waived": item.get("waived") or {}}


def _row(
    host: str, facts: Mapping[str, Any], done: Mapping[str, Any] | None, away: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    lost_contact = _lost_contact(facts) or away is not None
    row: dict[str, Any] = {
        "host": host,
        "status": "failed",
        "reasons": [],
        "warnings": [],
        "ens_image_id": "",
        "image_name": "",
        "migration_id": "",
        "seconds": 0.0,
        "disks": disks.as_options(disks.transferred(facts.get("preflight_probe") or {})),
        "used_bytes": disks.used_bytes(facts.get("preflight_probe") or {}),
        **{key: (done or {}).get(key) or nothing for key, nothing in (("exported_bytes", 0), ("timeline", []))},
        "findings": [_finding(item) for item in facts.get("preflight_findings") or []],
        "verification": facts.get("verify_result") or {},
        "digests": [],
        "sync": (done or {}).get("sync") or {},
        "cutover": {},
    }
    errors = [str(facts[name]) for name in ("agent_error", "migration_error") if facts.get(name)]
    lost = "" if facts.get("agent_error") else _lost(facts)
    errors = [lost] if lost else errors
    if facts.get("preflight_verdict") == "blocked" and not lost_contact:
        row.update(status="blocked", reasons=list(facts.get("preflight_reasons") or []))
    elif errors and not (done and (done["verdict"] == "migrated" or done["reasons"])):
        # The error of a wave is the error of every host that has no result.
        row["reasons"] = errors
    elif done:
        row.update({key: done[key] for key in (*_IDENTITY, "seconds")})
        row.update(status=done["verdict"], reasons=list(done["reasons"]), warnings=list(done.get("warnings") or []))
        if done["verdict"] == "pending" and not row["reasons"]:
            row["reasons"] = list(filter(None, [done.get("state")]))
        if lost_contact:
            row["warnings"].append(_STAYS)
            row["disks"] = list(done.get("disks") or [])
    elif (facts.get(_STAGE_RUNS[-1]) or {}).get("image", {}).get("status") == "Available":
        image = facts[_STAGE_RUNS[-1]]["image"]
        row.update(status="migrated", ens_image_id=image["image_id"], warnings=list(image.get("warnings") or []))
        row.update({key: image[key] for key in ("image_name", "migration_id")})
    elif facts.get("preflight_verdict") == "migrated":
        seen = facts.get("preflight_server") or {}
        row.update(status="migrated", warnings=list(seen.get("warnings") or []))
        row.update({key: seen.get(key, "") for key in _IDENTITY})
    elif lost_contact:
        state = (away or {}).get("state")
        row.update(status="unreachable", migration_id=(away or {}).get("migration_id") or "")
        row["reasons"] = ["Ansible could not connect to it; its cloud work was not changed", *filter(None, [state])]
    elif "preflight_verdict" not in facts:
        row["reasons"] = ["it could not be probed: see the first failure of this host in the output"]
    elif not any(name in facts for name in _RUNS):
        row.update(status="pending", reasons=["this run did not migrate it; run without tags to continue"])
    else:
        row["reasons"] = ["the run ended before this server had a result; run the same command again"]
    return row


def _with_hooks(row: dict[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row with a warning for each hook that has failed, or that was due and has not run to its end. No task
    records that of a source that has left the run because it could not be reached."""
    due = {"failed": "after_failure", "migrated": "after_cutover" if facts.get("hooks_quiesced") else ""}
    warnings = []
    for event, hook in _HOOKS.items():
        file = facts.get(f"hooks_{event}") or facts.get(f"migration_hook_{event}")
        if facts.get(f"hooks_{event}_error"):
            warnings.append(str(facts[f"hooks_{event}_error"]))
        elif file and due.get(row["status"]) == event and facts.get("hooks_ended") != event:
            warnings.append(f"{hook} ({file}) has not run to its end on the source: run what is missing there yourself")
    return {**row, "warnings": [*row["warnings"], *warnings]}


def _with_retry(row: dict[str, Any], settled: bool) -> dict[str, Any]:
    """Return the row with what a retry does."""
    return {**row, "retry": _retry.of(row["status"], settled)}


def _with_digests(row: dict[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row with the digests of its disks. ``told`` is the result of ecs_export_digest, {} for a run without
    one. A digest that is missing is a warning: the server is migrated."""
    rows = [item for item in told.get("digests") or [] if item["host"] == row["host"]]
    digests = [{key: value for key, value in item.items() if key != "host"} for item in rows]
    bad = [item for item in digests if item["problem"]]
    missing = [f"disk {item['index']} has no digest: oss://{item['object']} {item['problem']}" for item in bad]
    if told.get("failed") and row["status"] == "migrated":
        missing = [f"its disks have no digest: {told.get('msg') or 'no reason is known'}"]
    return {**row, "digests": digests, "warnings": [*row["warnings"], *missing]}


def _finished(
    row: dict[str, Any], facts: Mapping[str, Any], cleanup: Mapping[str, Any], settled: bool
) -> dict[str, Any]:
    """Return the row with its verification, its hooks and what a retry does. A retry of a failed verification only
    verifies, unless its image was deleted."""
    verified = outcome.in_receipt(row, facts, cleanup)
    only_verifies = row["status"] != verified["status"] and verified["ens_image_id"]
    return _with_retry(_with_hooks(verified, facts), settled and not only_verifies)


def receipt(
    hosts: Sequence[str],
    hostvars: Mapping[str, Mapping[str, Any]],
    wave: str,
    migration: Mapping[str, Any] | None = None,
    cleanup: Mapping[str, Any] | None = None,
    prices: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the receipt of a wave: every host with its status, every resource with its proof, and leftover resources
    with the service that bills them ('' for none), and what stays because others need it. If the cleanup failed, all
    resources of the wave without a proof of deletion count as leftover. ``prices`` are those of the user."""
    done = {row["host"]: row for row in (migration or {}).get("servers", [])}
    away = {row["host"]: row for row in (migration or {}).get("unreachable") or []}
    known = (cleanup or migration or {}).get("resources") or resources(hosts, hostvars)
    broken = next(filter(None, (hostvars[host].get("cleanup_error") for host in hosts)), "")
    unproved = [row for row in known if broken and not row.get("deleted")]
    residual = [
        *(cleanup or {}).get("residual", []),
        *({**{key: row[key] for key in ("kind", "id", "host")}, "reason": str(broken)} for row in unproved),
    ]
    billed: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in (cleanup or {}).get("billed") or []:
        billed[row["host"]].append({key: row[key] for key in ("kind", "id", "billed_by")})
    told: Mapping[str, Any] = next(filter(None, (hostvars[host].get("migration_digest_run") for host in hosts)), {})
    return {
        "wave": wave,
        "run": {"began": (migration or {}).get("began") or "", "seconds": (migration or {}).get("seconds") or 0.0},
        "servers": [
            _finished(
                _with_digests(
                    {
                        **_row(host, hostvars[host], done.get(host), away.get(host)),
                        "cutover": _cutover.result(hostvars[host], done.get(host), migration or {}),
                        "billed": billed.get(host, []),
                    },
                    told,
                ),
                hostvars[host],
                cleanup or {},
                bool((done.get(host) or {}).get("settled")) or _stage_settled(hostvars[host]),
            )
            for host in hosts
        ],
        "resources": list(known),
        "residual": [{**row, "billed_by": BILLED_BY.get(row["kind"], "")} for row in residual],
        "kept": list((cleanup or {}).get("kept", [])),
        "prices": {
            "currency": (prices or {}).get("currency") or "",
            "per_hour": {kind: float(price) for kind, price in ((prices or {}).get("per_hour") or {}).items()},
        },
    }


def _duration(seconds: float) -> str:
    """Return the seconds that a run took for a server, "-" if it had nothing to do."""
    return f"{seconds:.1f}" if seconds else "-"


def table(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the lines of the table host, status, disks, ENS image id, seconds, with reasons and warnings below."""
    rows = list(rows)
    head = ("host", "status", "disks", "ENS image", "seconds")
    body = [
        (row["host"], row["status"], str(len(row["disks"])), row["ens_image_id"] or "-", _duration(row["seconds"]))
        for row in rows
    ]
    head_line, rule, *shown = _table.lines(head, body)
    lines = [head_line, rule]
    for row, line in zip(rows, shown, strict=True):
        lines.append(line)
        warnings = (f"warning: {text}" for text in row.get("warnings") or [])
        cut = filter(None, [_cutover.text(row)])
        texts = (*row["reasons"], *cut, *warnings, *_billed(row.get("billed") or []))
        lines += [f"    {_encode.one_line(text)}" for text in texts]
    return lines


def _billed(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the line about what is billed of a server whose cloud work stays, none where nothing is."""
    shown = [f"{row['kind']} {row['id']} ({row['billed_by']})" for row in rows[:_SHOWN]]
    more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    return [f"billed meanwhile: {', '.join(shown)}{more}"] if rows else []
