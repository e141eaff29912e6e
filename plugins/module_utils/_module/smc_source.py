# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Sources: what SMC knows of a registered server, its name and description, and its removal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources import smc
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.smc import JOB, SOURCE
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.limits import NAME_PATTERN, NAME_RULE
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.states import JOB_UNFINISHED

from .change import Change, refuse
from .waiter import wait_until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import Facts


def find(clients: Clients, source_id: str) -> Facts | None:
    """Return the facts of the source with exactly this id, None when SMC has none."""
    row = smc.SOURCE.find(clients, source_id)
    return SOURCE.facts(row) if row else None


def blocker(source: Facts, jobs: Sequence[Facts], force: bool) -> str:
    """Return why the source cannot be deleted now, or an empty string (facts 1.2, 1.7)."""
    running = [job["job_id"] for job in jobs if job["status"] == "Running"]
    if running:
        return f"source {source['source_id']} has the running job {', '.join(running)}"
    unfinished = [f"{job['job_id']} ({job['status']})" for job in jobs if job["status"] in JOB_UNFINISHED]
    if unfinished and not force:
        return f"source {source['source_id']} has the unfinished job {', '.join(unfinished)}, and force is false"
    return ""


def work(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Return the module's result for O(source_id) or O(sources)."""
    if module.params["sources"] is not None:
        if module.params["state"] == "absent":
            hint = "Use source_id with state=absent."
            raise refuse("Reading sources", "Input.Invalid", "sources only adds tags", hint)
        return _several(module, clients)
    if module.params["state"] == "absent":
        return _absent(module, clients)
    return _present(module, clients)


def _present(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    params = module.params
    wanted = {name: params[name] for name in ("name", "description") if params[name] is not None}
    for option, value in wanted.items():
        if option == "name" and not NAME_PATTERN.match(value):
            raise refuse("Reading name", "InvalidName", f"{value!r} cannot name a source: {NAME_RULE}")
    found = find(clients, params["source_id"])
    if found is None:
        raise refuse(
            f"Changing source {params['source_id']}",
            "SourceServer.NotFound",
            "SMC has no such source",
            "A source is made by the SMC client that runs on the server: install and start it there.",
        )
    before = {name: found[name] for name in ("name", "description", *(["tags"] if params["tags"] else []))}
    after = {**before, **wanted}
    if params["tags"]:
        after["tags"] = {**found["tags"], **{str(key): str(value) for key, value in params["tags"].items()}}
    change = Change(before, after)
    if change.wanted(module):
        changes = {name: value for name, value in wanted.items() if before[name] != value}
        if changes:
            clients.smc.modify_source_server_attribute(params["source_id"], **changes)
        new = {key: value for key, value in (after.get("tags") or {}).items() if found["tags"].get(key) != value}
        if new:
            clients.smc.tag_sources([params["source_id"]], new)
        found = find(clients, params["source_id"]) or found
    return change.result(module, source={**found, **after})


def _several(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Add tags to several sources. What fails for one of them is its problem; the others get their tags."""
    given = {row["source_id"]: {str(key): str(value) for key, value in row["tags"].items()}
             for row in module.params["sources"]}
    rows = clients.smc.describe_source_servers(source_ids=list(given)) if given else []
    before = {row["SourceId"]: SOURCE.facts(row)["tags"] for row in rows}
    after = {source: {**tags, **given[source]} for source, tags in before.items()}
    problems = {source: "SMC has no such source" for source in given if source not in before}

    def tag(source: str) -> None:
        new = {key: value for key, value in given[source].items() if before[source].get(key) != value}
        try:
            clients.smc.tag_sources([source], new)
        except CloudError as error:
            problems[source], after[source] = str(error), before[source]

    change = Change(before, after)
    if change.wanted(module):
        clients.pool.each(tag, [source for source, tags in before.items() if tags != after[source]])
    return change.result(module, problems=problems)


def _absent(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    params = module.params
    source_id = params["source_id"]
    found = find(clients, source_id)
    if found is None:
        return Change({}, {}).result(module, source={})
    deleting = found["state"] == "Deleting"
    change = Change({} if deleting else {name: found[name] for name in ("source_id", "name", "state")}, {})
    if change.changed:
        jobs = [JOB.facts(row) for row in clients.smc.describe_replication_jobs(source_ids=[source_id])]
        reason = blocker(found, jobs, params["force"])
        if reason:
            raise refuse(
                "Deleting the source",
                "SourceServer.InUse",
                reason,
                "Stop and delete the job first, or, when it is not running, use force.",
                source=found,
                transfers=jobs,
            )
    if change.wanted(module):
        smc.SOURCE.delete(clients, source_id, force=params["force"])
    if params["wait"] and not module.check_mode:
        wait_until(
            f"source {source_id} to be gone",
            lambda: find(clients, source_id),
            lambda seen: seen is None,
            lambda seen: f"state {seen['state']}" if seen else "gone",
            params["wait_timeout"],
            params["poll_interval"],
            key="source",
        )
    return change.result(module, source={})
