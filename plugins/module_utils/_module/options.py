# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""From module options to servers and policy: what ens_migration and the single-stage modules have in common."""

from __future__ import annotations

import json
from math import inf
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Policy, Server
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits, naming, windows
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.contract import DOCUMENTED
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.disks import Disk
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.schedule import (
    Copy,
    group_limits,
    groups_problem,
)

from . import contract, overrides
from .argspec import ArgSpec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_DISKS: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "options": {"index": {"type": "int", "required": True}, "bytes": {"type": "int", "required": True}},
}
_COPY: dict[str, Any] = {
    "bytes": {"type": "int"},
    "site": {"type": "str"},
    "uplink": {"type": "float"},
    "windows": {"type": "list", "elements": "str"},
    "groups": {"type": "list", "elements": "str"},
}
_NET_MODES = {"internet": 0, "vpc": 2}
"""NetMode of CreateReplicationJob; the 1 of the predecessor tool is gone (facts 1.3)."""


def identity_spec() -> ArgSpec:
    """Return the options that name one server of a migration (doc fragment C(server))."""
    return ArgSpec(
        argument_spec={
            "name": {"type": "str", "required": True},
            "host": {"type": "str", "required": True},
            "fingerprint": {"type": "str"},
            "source_id": {"type": "str"},
            "image_name": {"type": "str"},
            "disks": dict(_DISKS),
        },
        required_one_of=[("fingerprint", "source_id")],
    )


def servers_spec(required: bool) -> ArgSpec:
    """Return the option O(servers) (doc fragment C(servers))."""
    return ArgSpec(
        argument_spec={
            "servers": {
                "type": "list",
                "elements": "dict",
                "required": required,
                "options": {
                    "host": {"type": "str", "required": True},
                    "fingerprint": {"type": "str"},
                    "source_id": {"type": "str"},
                    "migration_id": {"type": "str"},
                    "image_name": {"type": "str"},
                    "platform": {"type": "str"},
                    "keep_source": {"type": "bool", "default": False},
                    "claim": {"type": "dict"},
                    "copy": {"type": "dict", "options": dict(_COPY)},
                    "disks": dict(_DISKS),
                },
                "required_one_of": [("fingerprint", "source_id", "migration_id")],
            }
        }
    )


def unreachable_spec() -> ArgSpec:
    """Return the option O(unreachable) of the module ens_migration."""
    return ArgSpec(
        argument_spec={
            "unreachable": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "host": {"type": "str", "required": True},
                    "fingerprint": {"type": "str"},
                    "image_name": {"type": "str"},
                },
            }
        }
    )


def own_network_spec() -> ArgSpec:
    """Return the options of a network of the user (doc fragment C(own_network)); policy() refuses half of it."""
    return ArgSpec(argument_spec={"vpc_id": {"type": "str"}, "vswitch_id": {"type": "str"}})


def transfer_spec() -> ArgSpec:
    """Return the options of the copy (doc fragment C(transfer))."""
    return ArgSpec(
        argument_spec={
            "network": {"type": "str", "default": "shared", "choices": ["shared", "job"]},
            "zone_id": {"type": "str"},
            "net_mode": {"type": "str", "default": "internet", "choices": list(_NET_MODES)},
            "job_valid_days": {"type": "int", "default": limits.JOB_VALID_DAYS[0]},
            "job_retries": {"type": "int", "default": limits.JOB_RETRIES},
            "replication_parameters": {"type": "dict"},
            "job_parameters": {"type": "dict"},
        }
    )


def incremental_spec() -> ArgSpec:
    """Return the options of incremental jobs of the module ens_migration."""
    return ArgSpec(
        argument_spec={
            "mode": {"type": "str", "default": "once", "choices": ["once", "incremental"]},
            "frequency": {"type": "int", "default": limits.SYNC_HOURS_DEFAULT},
            "images_to_keep": {"type": "int", "default": limits.IMAGES_TO_KEEP_DEFAULT},
            "cutover": {"type": "bool", "default": False},
        }
    )


def regions_spec() -> ArgSpec:
    """Return the option O(import_regions) (doc fragment C(regions))."""
    return ArgSpec(argument_spec={"import_regions": {"type": "list", "elements": "str"}})


def bucket_spec() -> ArgSpec:
    """Return the options of the way through OSS (doc fragment C(bucket))."""
    return ArgSpec(
        argument_spec={
            "bucket": {"type": "str", "required": True},
            "image_format": {"type": "str", "choices": list(limits.FORMATS)},
            "image_formats": {"type": "dict"},
            "contract": {"type": "raw"},
        }
    )


def import_spec() -> ArgSpec:
    """Return the options of the import (doc fragment C(import_))."""
    return ArgSpec(argument_spec={"import_parameters": {"type": "dict"}})


def verify_spec() -> ArgSpec:
    """Return the option O(verify) (doc fragment C(verify))."""
    return ArgSpec(argument_spec={"verify": {"type": "str", "default": "strict", "choices": ["strict", "warn", "off"]}})


def calls_spec() -> ArgSpec:
    """Return the option O(parallel_calls) (doc fragment C(calls))."""
    return ArgSpec(argument_spec={"parallel_calls": {"type": "int", "default": limits.PARALLEL_CALLS}})


def restart_spec() -> ArgSpec:
    """Return the option O(restart) (doc fragment C(restart))."""
    return ArgSpec(argument_spec={"restart": {"type": "bool", "default": False}})


def export_spec() -> ArgSpec:
    """Return the options of the export (doc fragment C(export))."""
    return ArgSpec(
        argument_spec={
            "export_role_name": {"type": "str", "default": "AliyunECSImageExportDefaultRole"},
            "export_retries": {"type": "int", "default": limits.EXPORT_RETRIES},
        }
    )


def schedule_spec() -> ArgSpec:
    """Return the options O(max_parallel) and O(copy_rate) of the module ens_migration."""
    rate = limits.COPY_RATE / limits.MEGABYTE
    return ArgSpec(argument_spec={"max_parallel": {"type": "dict"}, "copy_rate": {"type": "float", "default": rate}})


def server(migration: str, entry: Mapping[str, Any]) -> Server:
    """Return one server from its options; without a fingerprint its source id identifies the machine."""
    return Server(
        migration=migration,
        host=entry["host"],
        fingerprint=entry.get("fingerprint") or entry.get("source_id") or "",
        source_id=entry.get("source_id") or "",
        base_name=entry.get("image_name") or "",
        platform=entry.get("platform") or "",
        known_id=_known_id(migration, entry),
        disks=tuple(sorted((Disk(disk["index"], disk["bytes"]) for disk in entry.get("disks") or []), key=_index)),
        terms=_terms(entry),
        uplink=((entry.get("copy") or {}).get("uplink") or 0.0) * limits.MEGABIT,
    )


def _terms(entry: Mapping[str, Any]) -> Copy:
    """Return when and how fast a server may be copied; refuse what no schedule can keep."""
    copy = entry.get("copy") or {}
    texts = copy.get("windows") or []
    found = windows.problems(texts)
    for name in ("bytes", "uplink"):
        value = copy.get(name) or 0
        found += [f"{name} is {value:g}, it must be at least 0"] if not 0 <= value < inf else []
    refuse([f"copy of {entry['host']}: {text}" for text in found])
    return Copy(
        entry["host"],
        copy.get("bytes") or sum(disk["bytes"] for disk in entry.get("disks") or []),
        site=copy.get("site") or "",
        groups=tuple(copy.get("groups") or ()),
        windows=windows.spans(texts),
    )


def _known_id(migration: str, entry: Mapping[str, Any]) -> str:
    """Return the migration id of a server that has no fingerprint; refuse one of another migration."""
    known = str(entry.get("migration_id") or "")
    if known and not (naming.is_id(known) and known.startswith(naming.wave_id(migration))):
        refuse([f"migration_id of {entry['host']} is {known!r}, which is no migration ID of migration {migration!r}"])
    return "" if entry.get("fingerprint") else known


def _index(disk: Disk) -> int:
    return disk.index


def migration(params: Mapping[str, Any]) -> str:
    """Return the name of the migration; refuse an empty one."""
    name: str = params["name"]
    problem = naming.migration_problem(name)
    refuse([problem] if problem else [])
    return name


def servers(params: Mapping[str, Any]) -> list[Server]:
    """Return the servers of a wave."""
    name = migration(params)
    return [server(name, entry) for entry in params.get("servers") or []]


def policy(params: Mapping[str, Any]) -> Policy:
    """Return the policy of a wave; refuse values that no service would take."""
    days = params.get("job_valid_days", limits.JOB_VALID_DAYS[0])
    problems = _outside("job_valid_days", days, limits.JOB_VALID_DAYS)
    problems += _outside("frequency", params.get("frequency", limits.SYNC_HOURS_DEFAULT), limits.SYNC_HOURS)
    kept = params.get("images_to_keep", limits.IMAGES_TO_KEEP_DEFAULT)
    problems += _outside("images_to_keep", kept, limits.IMAGES_TO_KEEP)
    net_mode = params.get("net_mode") or "internet"
    bucket = params.get("bucket") and limits.bucket_problem(params["bucket"])
    problems += [f"bucket is {bucket}"] if bucket else []
    problems += filter(None, [limits.network_problem(params.get("vpc_id"), params.get("vswitch_id"))])
    if net_mode == "vpc" and not params.get("vswitch_id"):
        problems.append("net_mode vpc needs vswitch_id")
    groups = params.get("max_parallel") or {}
    problems += [f"max_parallel {problem}" for problem in filter(None, [groups_problem(groups)])]
    copy_rate = params.get("copy_rate", limits.COPY_RATE / limits.MEGABYTE)
    if not limits.LEAST_RATE <= copy_rate < inf:
        problems.append(f"copy_rate is {copy_rate}, it must be a number of MB/s, at least {limits.LEAST_RATE:g}")
    extra = json.dumps(params["replication_parameters"]) if params.get("replication_parameters") else ""
    if len(extra) > 2048:
        problems.append(f"replication_parameters has {len(extra)} characters as JSON, SMC takes 2048")
    formats = params.get("image_formats") or {}
    problems += filter(None, [limits.image_formats_problem(formats)])
    problems += overrides.problems(params)
    refuse(problems)
    region, proved = params["region"], contract.load(params.get("contract"))
    exported = limits.image_formats(region, formats)
    # The contract counts before the default, and what the user sets before the contract.
    usable = [item for item in (proved.formats if proved else ()) if item in exported]
    return Policy(
        region=region,
        bucket=params.get("bucket") or "",
        image_format=params.get("image_format") or (usable or exported)[0],
        import_regions=tuple(params.get("import_regions") or limits.IMPORT_REGIONS),
        image_formats=formats,
        role_name=params.get("export_role_name") or "",
        vpc_id=params.get("vpc_id") or "",
        vswitch_id=params.get("vswitch_id") or "",
        shared_network=params.get("network") == "shared",
        zone_id=params.get("zone_id") or "",
        net_mode=_NET_MODES[net_mode],
        job_valid_days=days,
        job_retries=params.get("job_retries", limits.JOB_RETRIES),
        export_retries=params.get("export_retries", limits.EXPORT_RETRIES),
        replication_parameters=extra,
        max_parallel=group_limits(groups),
        copy_rate=copy_rate * limits.MEGABYTE,
        verify=params.get("verify") or "strict",
        run_once=params.get("mode") != "incremental",
        sync_hours=params.get("frequency", limits.SYNC_HOURS_DEFAULT),
        images_to_keep=params.get("images_to_keep", limits.IMAGES_TO_KEEP_DEFAULT),
        cutover=bool(params.get("cutover")),
        job_parameters=params.get("job_parameters") or {},
        import_parameters=params.get("import_parameters") or {},
        fresh=bool(params.get("wait")),
        restart=bool(params.get("restart")),
        contract=proved,
        layout=proved.layout if proved else DOCUMENTED,
    )


def _outside(name: str, value: int, bounds: tuple[int, int]) -> list[str]:
    low, high = bounds
    return [] if low <= value <= high else [f"{name} is {value}, SMC takes {low} to {high}"]


def refuse(problems: Sequence[str]) -> None:
    """Raise one error that names every problem, or do nothing when there is none."""
    if problems:
        raise CloudError("Checking the input", "Input.Invalid", "; ".join(problems), hint="Nothing was created.")
