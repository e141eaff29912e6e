# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The work of smc_cleanup: report or delete the leftover resources of a migration, with a proof for each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup import ownership, release
from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup.scope import Scope
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.smc import JOB
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits, naming
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.progress import Teller
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stage import Clock
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stages import BILLED_BY

from . import options
from .argspec import ArgSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients


def spec() -> ArgSpec:
    """Return the options that only this module has."""
    known = {"type": "str", "default": ""}
    return ArgSpec(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "default": "absent", "choices": ["absent", "reported"]},
            "bucket": {"type": "str", "required": True},
            "scope": {"type": "str", "default": "migration", "choices": ["migration", "servers"]},
            "delete_sources": {"type": "bool", "default": True},
            "rejected_images": {"type": "list", "elements": "str", "default": []},
            "unsettled": {"type": "list", "elements": "str", "default": []},
            "progress_file": {"type": "path"},
            "resources": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "kind": {"type": "str", "required": True},
                    "id": {"type": "str", "required": True},
                    "host": dict(known),
                    "created": dict(known),
                    "deleted": dict(known),
                    "proof": dict(known),
                },
            },
            "wait_timeout": {"type": "int", "default": limits.CLEANUP_TIMEOUT},
            "poll_interval": {"type": "float", "default": limits.POLL_INTERVAL},
        },
        required_if=[("scope", "servers", ("servers",))],
    )


def work(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Return the resources found, the proofs of deletion, and what is left."""
    params = module.params
    migration, servers = options.migration(params), options.servers(params)
    scope = Scope(
        clients=clients,
        migration=migration,
        bucket=params["bucket"],
        identities=frozenset(item.id for item in servers) if params["scope"] == "servers" else None,
        hosts={item.id: item.host for item in servers},
        source_ids={item.source_id: item.id for item in servers if item.source_id},
        delete_sources=params["delete_sources"],
        rejected_images=frozenset(params["rejected_images"]),
        image_names={item.id: item.image_name for item in servers},
        keep_sources=frozenset(row["source_id"] for row in params["servers"] or [] if row.get("keep_source")),
    )
    removing = params["state"] == "absent"
    known = [row for row in params["resources"] if scope.whole or row["host"] in scope.hosts.values()]
    if removing and not module.check_mode:
        order = (scope, known, Clock(), params["wait_timeout"], params["poll_interval"])
        if scope.whole:
            outcome = ownership.clean_migration(*order, Teller(params["progress_file"]))
        else:
            outcome = ownership.clean_servers(*order)
    else:
        outcome = release.report(scope, known)
    result: dict[str, Any] = {
        "changed": removing and outcome.changes > 0,
        "cleanup": {
            "name": migration,
            "wave_id": naming.wave_id(migration),
            "resources": outcome.seen.rows(),
            "residual": outcome.residual,
            "similar_names": outcome.similar_names,
            "kept": outcome.kept,
            "billed": billed(scope, params.get("unsettled") or []),
            "calls": dict(clients.calls),
        },
    }
    if module._diff and removing:
        before = sorted(f"{row['kind']} {row['id']}" for row in outcome.seen.rows())
        after = sorted(f"{row['kind']} {row['id']}" for row in outcome.residual) if not module.check_mode else []
        result["diff"] = {"before": "\n".join(before) + "\n", "after": "\n".join(after) + "\n"}
    return result


def billed(scope: Scope, hosts: Sequence[str]) -> list[dict[str, str]]:
    """Return what is billed of hosts whose cloud work stays. The tags of the jobs have the inventory names, also of
    hosts that cannot be reached. Without hosts nothing is listed."""
    if not hosts:
        return []
    whole = scope.others()
    jobs = [JOB.value(job, "tags") for job in whole.migration_jobs()]
    named = {tags[naming.SERVER_TAG]: tags.get(naming.HOST_TAG, "") for tags in jobs}
    wanted = {host[: naming.TAG_VALUE_LENGTH]: host for host in hosts}
    found = release.report(replace(whole, hosts={**scope.hosts, **named}), []).residual
    return [
        {"host": wanted[row["host"]], "kind": row["kind"], "id": row["id"], "billed_by": BILLED_BY[row["kind"]]}
        for row in found
        if row["id"] and row["host"] in wanted and BILLED_BY.get(row["kind"])
    ]
