# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Stage transfer: an SMC replication job copies the source into a custom ECS image.

Done when the job is Finished and names its image. Leaves an intermediate instance (freed by SMC on success, kept and
billed on error), an ECS image and its snapshots.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.lines import Result
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Decision, Requested
from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight import machines
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.ecs import INSTANCE
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import not_before
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.smc import JOB
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import (
    limits,
    naming,
    states,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.schedule import Copy, limit_bytes

from . import cures, incremental, job_error, job_spec, network
from .stage import Leaves, Outcome, Slots, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import (
        Policy,
        ResourcesSeen,
        Row,
        Seen,
        Server,
    )

    from .stage import Context


def observe(context: Context, servers: Sequence[Server], seen: dict[str, Seen]) -> None:
    """Fill in job, source and intermediate instance of the servers. A job is asked for while its state can change,
    its source while there is no job or a failed one.

    Jobs are looked for by name once per run, for the servers whose source has none."""
    clients, resources = context.clients, context.resources
    awake = [server for server in servers if not asleep(seen[server.id])]
    by_source = {server.source_id: server for server in awake if server.source_id}
    for server in awake:
        seen[server.id].job = seen[server.id].foreign_job = seen[server.id].instance = None
    for job in clients.smc.describe_replication_jobs(source_ids=list(by_source)) if by_source else ():
        owner = by_source.get(job.get("SourceId", ""))
        if owner and job.get("JobId"):
            _sort_in(owner, job, seen[owner.id], resources)
    open_ids = [source for source, server in by_source.items() if _needs_source(seen[server.id])]
    nameless = [server for server in awake if seen[server.id].job is None]

    def jobs() -> None:
        _look_by_name(context, nameless, seen)
        _observe_instances(context, awake, seen)

    def sources() -> None:
        for source in clients.smc.describe_source_servers(source_ids=open_ids) if open_ids else ():
            owner = by_source.get(source.get("SourceId", ""))
            if owner:
                seen[owner.id].source = source
                resources.saw("smc_source", owner.source_id, owner.host, source.get("CreationTime", ""))

    def shared_network() -> None:
        if network.wanted(context.policy) and any(server.source_id for server in nameless):
            network.observe(context, servers[0].migration)

    clients.pool.looks(jobs, sources, shared_network)
    for server in awake:
        cures.recall(context, server, seen[server.id])
        incremental.recall(context, STAGE.name, server, seen[server.id])


def asleep(seen: Seen) -> bool:
    """Return whether nothing new is to be seen of a server until this run makes a call for it: its job is finished or
    waits for its start, or it has none and waits for its turn."""
    job = seen.job or {}
    waits = job.get("Status") in ("Ready", "Stopped") or bool(job.get("Status") == "Finished" and job.get("ImageId"))
    return (waits or (seen.rests and not job)) and STAGE.name not in seen.stale


def _needs_source(seen: Seen) -> bool:
    return seen.source is None or (seen.job or {}).get("Status") in (None, "InError")


def _look_by_name(context: Context, servers: Sequence[Server], seen: dict[str, Seen]) -> None:
    """Look for the jobs of servers that were registered again: such a job has the name and the tags of the server, and
    copies, or has copied, its former source."""
    smc, rows = context.clients.smc, []
    known = [seen[server.id].moved for server in servers if seen[server.id].moved]
    if known:
        rows += smc.describe_replication_jobs(job_ids=known)
    fresh = [server for server in servers if not seen[server.id].looked]
    if fresh:
        rows += smc.describe_replication_jobs(name=fresh[0].job_name if len(fresh) == 1 else None)
    by_name = {server.job_name: server for server in servers}
    for job in rows:
        owner = by_name.get(job.get("Name", ""))
        if owner and job.get("JobId") and job.get("SourceId") != owner.source_id:
            seen[owner.id].moved = job["JobId"]
            if _usable(owner, job):
                _ours(owner, job, seen[owner.id], context.resources)
            else:
                seen[owner.id].foreign_job = job
    for server in fresh:
        seen[server.id].looked = True


def _usable(server: Server, job: Row) -> bool:
    """Return whether a job of another source is proved to be this server's, and is finished or needs no call."""
    tags = JOB.value(job, "tags")
    if tags.get(naming.SERVER_TAG) != server.id or not naming.same_wave(
        server.migration, tags, job.get("Description", "")
    ):
        return False
    status = job.get("Status")
    return status in ("Running", "Deleting") or bool(status == "Finished" and job.get("ImageId"))


def _sort_in(server: Server, job: Row, seen: Seen, resources: ResourcesSeen) -> None:
    named = job.get("Name") == server.job_name
    # A job of another migration whose name gives the same id is not ours, whatever its status.
    if named and naming.same_wave(server.migration, JOB.value(job, "tags"), job.get("Description", "")) is not False:
        _ours(server, job, seen, resources)
    elif named or job.get("Status") in states.JOB_UNFINISHED or other_name(server, job):
        seen.foreign_job = job


def _ours(server: Server, job: Row, seen: Seen, resources: ResourcesSeen) -> None:
    seen.job = job
    resources.saw("smc_job", job["JobId"], server.host, job.get("CreationTime", ""))
    resources.saw("ecs_instance", job.get("TransitionInstanceId", ""), server.host, job.get("StartTime", ""))
    for image_id in incremental.images(job):
        resources.saw("ecs_image", image_id, server.host, job.get("EndTime", ""))


def other_name(server: Server, job: Row) -> str:
    """Return the host for which this very migration copies the source of ``server``, '' where it is the same host."""
    return machines.other_name(server.migration, server.host, server.id, JOB.value(job, "tags"))


def _observe_instances(context: Context, servers: Iterable[Server], seen: dict[str, Seen]) -> None:
    wanted = {
        job["TransitionInstanceId"]: server
        for server in servers
        if (job := seen[server.id].job)
        and job.get("TransitionInstanceId")
        and job.get("Status") in ("Running", "InError")
    }
    if not wanted:
        return
    shown = []
    for instance in context.clients.ecs.describe_instances(instance_ids=list(wanted)):
        owner = wanted.get(instance.get("InstanceId", ""))
        if owner:
            seen[owner.id].instance = instance
            shown.append((owner, instance))
    context.clients.pool.each(lambda pair: _note_parts(context, *pair), shown)


def _note_parts(context: Context, server: Server, instance: Row) -> None:
    """Note what was made together with an intermediate instance, so that its end can be proved too. A look that fails
    is made again in the next tick: the copy does not depend on it."""
    resources, policy = context.resources, context.policy
    if resources.knows(instance["InstanceId"]):
        return
    created = instance.get("CreationTime", "")
    try:
        disks = context.clients.ecs.describe_disks(instance_id=instance["InstanceId"])
    except CloudError:
        return
    resources.looked_into(instance["InstanceId"])
    for disk in disks:
        made = disk.get("CreationTime", "")
        # A disk that is older than the instance was attached to it later.
        if not_before(made, created):
            resources.saw("ecs_disk", disk["DiskId"], server.host, made)
    for group in group_ids(instance):
        resources.saw("security_group", group, server.host, created)
    if not (policy.shared_network or policy.vpc_id or policy.vswitch_id):
        resources.saw("vswitch", INSTANCE.value(instance, "vswitch_id"), server.host, created)
        resources.saw("vpc", INSTANCE.value(instance, "vpc_id"), server.host, created)


def group_ids(instance: Row) -> list[str]:
    """Return the security groups of an instance: SMC makes one for each intermediate instance."""
    groups: list[str] = INSTANCE.value(instance, "security_group_ids")
    return groups


def decide(context: Context, server: Server, seen: Seen) -> Decision:
    """Return the next step of the copy."""
    if seen.job:
        found = incremental.decide(seen.job, seen, context.policy, context.now)
        return found or _decide_job(seen.job, seen, context.policy, context.now)
    if seen.namesake:
        return Decision.fail(seen.namesake)
    if context.policy.cutover:
        return Decision.fail(incremental.NO_JOB, keep=True)
    if server.known_id:
        return Decision.fail(f"the job of {server.host} is gone, and the host cannot be reached to copy it again", True)
    if seen.foreign_job and seen.foreign_job["JobId"] == seen.moved:
        return Decision.fail(_moved(server, seen.foreign_job), keep=True)
    if context.check_mode and not server.source_id:
        return Decision.act("create", "the SMC client would register this server first")
    if seen.created and seen.created.may_appear(context.now):
        return Decision.wait(f"job {seen.created.id} was created and is not listed yet")
    if not server.source_id:
        return Decision.fail("no source id is known: run the role agent on this host, or give source_id")
    if not seen.source:
        return Decision.fail(
            f"source {server.source_id} is not registered in SMC: start the SMC client on the host again (role agent)"
        )
    other = other_name(server, seen.foreign_job) if seen.foreign_job else ""
    if seen.foreign_job and other:
        return Decision.fail(
            f"{server.host} is the same machine as {other} (source {server.source_id}), which job "
            f"{seen.foreign_job['JobId']} of this migration copies: keep one of the two names in the inventories",
            keep=True,
        )
    # The client of the source copies for that job: it stays.
    if seen.foreign_job:
        return Decision.fail(
            f"source {server.source_id} already has job {seen.foreign_job['JobId']} ({seen.foreign_job.get('Name')}, "
            f"{seen.foreign_job.get('Status')}), which this migration did not make: finish or delete it first",
            keep=True,
        )
    if seen.source.get("State") != "Available":
        return Decision.wait(f"source {server.source_id} is {seen.source.get('State')}")
    problem = job_spec.disk_problem(server, seen.source)
    if problem:
        return Decision.fail(problem)
    return network.decide(context) or Decision.act("create", f"source {server.source_id} is Available and has no job")


def _moved(server: Server, job: Row) -> str:
    now = f"the server is now source {server.source_id}" if server.source_id else "the server has no source any more"
    return (
        f"job {job['JobId']} ({job.get('Status')}) has the name of this server's job and copies source "
        f"{job.get('SourceId')}, and {now}: it was registered again. Nothing of this server is deleted. If you do not "
        "need that job, run the playbook cleanup to remove it, then migrate again"
    )


def _decide_job(job: Row, seen: Seen, policy: Policy, now: datetime) -> Decision:
    status, name = job.get("Status", ""), job["JobId"]
    if status == "Finished":
        if job.get("ImageId"):
            return Decision.done(job["ImageId"])
        return Decision.fail(f"job {name} is Finished but names no image")
    if status == "Running":
        if job.get("TransitionInstanceId") and not seen.instance and job.get("BusinessStatus") == "Syncing":
            # SMC notices a released instance late; until it says InError there is nothing to do but wait.
            return Decision.wait(f"job {name}: the intermediate instance {job['TransitionInstanceId']} is gone")
        return Decision.wait(f"job {name} is {job.get('BusinessStatus') or status}", JOB.value(job, "progress"))
    if status in ("Ready", "Stopped"):
        return Decision.act("start", f"job {name} is {status}")
    if status == "InError":
        return job_error.decide(job, seen, policy, now)
    if status == "Expired":
        return Decision.act("delete", f"job {name} is Expired and cannot be started again")
    return Decision.wait(f"job {name} is {status}")


def act(context: Context, server: Server, seen: Seen, action: str) -> Outcome:
    """Make the one call that ``decide`` asked for."""
    smc, curing = context.clients.smc, (seen.job or {}).get("Status") == "InError"
    if action == "network":
        return Outcome(held=network.act(context, server.migration))
    if action == "create":
        return _create(context, server, seen)
    if action in _STARTS and seen.job:
        call = smc.start_replication_job if action == "start" else smc.cut_over_replication_job
        try:
            call(seen.job["JobId"])
        except CloudError as error:
            if not states.start_queued(error.code):
                raise
            return Outcome(held=f"job {seen.job['JobId']} is queued by SMC ({error.code})", full=True)
        if action == incremental.AGAIN:
            # It is not announced again: the first call gets the answer of this one.
            context.driver.record([Result(server.id, STAGE.name, "done", seen.job["JobId"])])
        if action != "start":
            return Outcome(ids={"job_id": seen.job["JobId"]})
    elif action in ("delete", "enlarge") and seen.job:
        smc.delete_replication_job(seen.job["JobId"])
        seen.created = None
    if curing and seen.job:
        cures.remember(context, server, seen, seen.job, action)
    return Outcome()


def _create(context: Context, server: Server, seen: Seen) -> Outcome:
    clients, now = context.clients, context.now
    params = job_spec.params(server, seen, network.placed(context), now)
    try:
        answer = clients.smc.create_replication_job(params, str(uuid.uuid4()))
    except CloudError as error:
        if why := network.gone(context, error):
            return Outcome(held=why)
        if error.code == "ReplicationJobName.Duplicate":
            # The next look tells whose it is.
            seen.looked = False
        raise
    created = str(answer.get("JobId") or "")
    seen.created = Requested(now + timedelta(seconds=limits.LIST_SETTLE_SECONDS), created)
    return Outcome(ids={"job_id": created})


def copy_of(server: Server, seen: Seen) -> Copy:
    """Return what the schedule knows of the copy of a server."""
    job = seen.job or {}
    return replace(
        server.copy,
        begun=bool(job),
        tries=seen.cures + seen.queued,
        billed=job.get("Status") == "InError" and seen.instance is not None,
        rate=limit_bytes(job.get("ReplicationParameters")),
    )


def worth(seen: Seen) -> str:
    """Return the ECS image of a finished copy that can be exported, or that an incremental job has made; '' for none.
    """
    job, image = seen.job or {}, seen.image or {}
    synced = incremental.last(job) if incremental.repeats(job) else None
    if synced and job.get("Status") != "Finished":
        return synced.image_id
    good = states.outcome(states.ECS_IMAGE, image.get("Status", "")) != "failure"
    return str(image["ImageId"]) if image and good and job.get("ImageId") == image["ImageId"] else ""


def facts(seen: Seen) -> dict[str, str]:
    """Return the ids that a result shows of the copy."""
    job = seen.job or {}
    return {"job_id": job.get("JobId", ""), "image_id": job.get("ImageId", "")}


_STARTS: Final = ("start", incremental.CUT_OVER, incremental.AGAIN)
"""The actions that let a job run."""

STAGE = Stage(
    name="transfer",
    role="transfer",
    observe=observe,
    decide=decide,
    act=act,
    facts=facts,
    worth=worth,
    notes=lambda _server, seen: incremental.notes(seen),
    announced={incremental.CUT_OVER: lambda _server, seen: (seen.job or {}).get("JobId", "")},
    # A job that is Waiting or Running may not be cut over yet.
    found=lambda seen: seen.job["JobId"] if seen.job and seen.cut_over and seen.job.get("Status") == "Finished" else "",
    needs=frozenset({"smc_source"}),
    leaves=(
        Leaves("smc_job"),
        Leaves("ecs_instance", billed_by="ECS"),
        Leaves("ecs_disk", billed_by="ECS"),
        Leaves("security_group"),
        Leaves("vswitch"),
        Leaves("vpc"),
        Leaves("ecs_image"),
        Leaves("ecs_snapshot", billed_by="ECS"),
    ),
    starts=frozenset({"network", "create", "start"}),
    lasting=frozenset(_STARTS),
    slots=Slots(
        most=limits.CONCURRENT_JOBS,
        taken=lambda seen: (seen.job or {}).get("Status") == "Running",
        copy=copy_of,
        shares_uplink=True,
        rests=lambda seen: seen.job is None,
        text=f"{{running}} jobs are running, SMC runs {limits.CONCURRENT_JOBS} at once",
    ),
)
