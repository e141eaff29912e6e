# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Stage launch: one ENS instance from the ENS image of a server, in the state that the user wants.

It is no stage of a wave: the module ens_instance runs it alone, with the fleet and the ledger of the migration.
RunInstances has no ClientToken, so it is announced and made once. The instance is found by its exact name and proven by
its tags.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal

from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.lines import Result
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Decision
from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources import ens
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.ens import ENS_INSTANCE
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import instances, naming, states

from .stage import Leaves, Outcome, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Seen, Server
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import Facts

    from .stage import Context

NAME: Final = "launch"
_SENT: Final = f"{NAME}.sent"
"""What was seen of a server: the call of this run whose effect a list may not show yet."""
State = Literal["running", "stopped", "absent"]
_STATUS: Final[dict[str, str]] = {"running": "Running", "stopped": "Stopped"}
_STEPS: Final[dict[str, str]] = {"running": "start", "stopped": "stop"}


@dataclass(frozen=True)
class Launch:
    """What the user wants: the state, the properties of a new instance, and who releases it. ``parameters`` are those
    of RunInstances besides the ones that this stage decides."""

    state: State = "running"
    image_id: str = ""
    ens_region_id: str = ""
    instance_type: str = ""
    policy: str = "manual"
    tags: Mapping[str, str] = field(default_factory=dict)
    required_tags: Mapping[str, str] = field(default_factory=dict)
    """Tags without which an existing instance stays as it is."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    commit_hours: float = 0.0
    """Until a new instance has to be committed, 0 for no such time."""
    only_overdue: bool = False
    """Whether only an instance that was not committed in time is changed."""
    create: bool = True


def observe(context: Context, servers: Sequence[Server], seen: dict[str, Seen]) -> None:
    """Fill in the instances with a server's exact name: one paged describe for all servers."""
    rows = [ENS_INSTANCE.facts(row) for row in context.clients.ens.describe_instances()]
    for server in servers:
        seen[server.id].own[NAME] = [row for row in rows if row["instance_name"] == server.job_name]
        for row in seen[server.id].own[NAME]:
            if not instances.doubt(server.migration, row["instance_name"], row["tags"]):
                context.resources.saw("ens_instance", row["instance_id"], server.host, row["creation_time"])


def instance(seen: Seen) -> Facts:
    """Return the one instance of a server, {} for none."""
    rows: list[Facts] = seen.own.get(NAME) or []
    return rows[0] if len(rows) == 1 else {}


def decide(launch: Launch, context: Context, server: Server, seen: Seen) -> Decision:
    """Return the next step of one server."""
    rows: list[Facts] = seen.own[NAME]
    if len(rows) > 1:
        ids = ", ".join(row["instance_id"] for row in rows)
        return Decision.fail(
            f"{len(rows)} ENS instances have the name {server.job_name} ({ids}), and each is billed. Release those "
            "that are not needed"
        )
    if not rows:
        return Decision.done() if launch.only_overdue else _without_instance(launch, context, server, seen)
    row = rows[0]
    problem = instances.doubt(server.migration, row["instance_name"], row["tags"])
    if problem:
        return Decision.fail(
            f"the name {server.job_name} is used by ENS instance {row['instance_id']}, which is not from this "
            f"migration: {problem}. Rename that instance"
        )
    lacking = foreign(launch.required_tags, row)
    if lacking:
        return Decision.fail(lacking)
    if launch.only_overdue and not instances.overdue(row["tags"], context.now):
        by = instances.commit_by(row["tags"])
        told = f"can be committed until {by:%Y-%m-%dT%H:%M:%SZ}" if by else "has no time to commit, or is committed"
        return Decision.done(f"ENS instance {row['instance_id']} {told}")
    return _with_instance(launch, row, seen, context.now)


def foreign(required: Mapping[str, str], row: Facts) -> str:
    """Return why an instance may not be changed by this task: it lacks a tag that the task requires. '' when it has
    all of them."""
    missing = ", ".join(f"{key}={value}" for key, value in required.items() if row["tags"].get(key) != value)
    return f"ENS instance {row['instance_id']} has no tag {missing}, so it stays as it is" if missing else ""


def _without_instance(launch: Launch, context: Context, server: Server, seen: Seen) -> Decision:
    requested = seen.requested.get(NAME)
    if seen.own.get(_SENT, ("", ""))[0] == "release":
        return Decision.done("released")
    if requested and requested.may_appear(context.now):
        return Decision.wait(f"the instance {server.job_name} was requested and is not listed yet")
    if launch.state == "absent":
        gone = requested.id if requested else ""
        return Decision.act("forget", f"{gone} no longer exists") if gone else Decision.done()
    if requested and requested.id:
        return Decision.fail(
            f"ENS does not show instance {requested.id}, which RunInstances has returned for {server.job_name}: it was "
            "released outside this migration, or at its auto_release_time. Run ens_instance with state=absent for this "
            "server, then launch it again"
        )
    if launch.state == "stopped" or not launch.create:
        return Decision.fail(f"{server.host} has no ENS instance of this migration. Use state=running to create it")
    return Decision.act("run", f"{server.host} has no instance")


def _with_instance(launch: Launch, row: Facts, seen: Seen, now: datetime) -> Decision:
    identity, status = row["instance_id"], row["status"]
    policy = instances.policy(row["tags"])
    tags_it = launch.policy != policy and launch.state != "absent" and not launch.only_overdue
    if tags_it and instances.too_late(row["tags"], now):
        return Decision.fail(
            f"the time to commit ENS instance {identity} ended at {row['tags'][naming.COMMIT_TAG]}: the playbook "
            "rollback releases it, so its policy stays manual. Release it with state=absent, then launch it again"
        )
    if launch.state == "absent":
        if seen.own.get(_SENT) == ("release", identity):
            return Decision.wait(f"ENS instance {identity} is being released")
        if policy == "keep":
            return Decision.fail(
                f"ENS instance {identity} has the policy keep: it is never released. Set the policy manual with "
                "state=running first, or release it in the console"
            )
        return Decision.act("release", f"ENS instance {identity} is {status}")
    wanted = {"image_id": launch.image_id, "ens_region_id": launch.ens_region_id, "instance_type": launch.instance_type}
    other = [f"{name} {row[name]}, not {value}" for name, value in wanted.items() if value and row[name] != value]
    if other:
        return Decision.fail(
            f"ENS instance {identity} has {'; '.join(other)}. Change the options, or release the instance with "
            "state=absent and launch it again"
        )
    if states.outcome(states.ENS_INSTANCE, status) == "failure":
        return Decision.fail(f"ENS instance {identity} is {status}. Renew it in the console, or release it")
    if status != _STATUS[launch.state]:
        step = _STEPS[launch.state]
        if status not in _STATUS.values() or seen.own.get(_SENT) == (step, identity):
            return Decision.wait(f"ENS instance {identity} is {status}")
        return Decision.act(step, f"ENS instance {identity} is {status}")
    if tags_it and seen.own.get(_SENT) != ("tag", identity):
        return Decision.act("tag", f"the policy of ENS instance {identity} is {policy}")
    return Decision.done(f"ENS instance {identity} is {status}")


def run_params(launch: Launch, server: Server, now: datetime) -> dict[str, Any]:
    """Return the parameters of RunInstances: one pay-as-you-go instance on one node."""
    by = now + timedelta(hours=launch.commit_hours) if launch.commit_hours else None
    return {
        "Amount": 1,
        "ScheduleAreaLevel": "Region",
        "SchedulingStrategy": "Concentrate",
        "InstanceChargeType": "PostPaid",
        "EnsRegionId": launch.ens_region_id,
        "InstanceType": launch.instance_type,
        "ImageId": launch.image_id,
        "InstanceName": server.job_name,
        "Tags": instances.tags(server.migration, server.host, server.id, launch.policy, launch.tags, by),
        **launch.parameters,
    }


def act(launch: Launch, context: Context, server: Server, seen: Seen, action: str) -> Outcome:
    """Make one call. The id of an instance that is released is no longer followed, which is written down first."""
    api = context.clients.ens
    if action == "run":
        return Outcome(ids={"instance_id": next(iter(api.run_instances(run_params(launch, server, context.now))), "")})
    if action in ("release", "forget"):
        context.driver.record([Result(server.id, NAME, "error", "released")])
    if action == "forget":
        return Outcome()
    identity = instance(seen)["instance_id"]
    if action == "release":
        ens.INSTANCE.delete(context.clients, identity)
    elif action == "start":
        api.start_instance(identity)
    elif action == "stop":
        api.stop_instance(identity)
    else:
        api.tag_instance(identity, instances.policy_tags(launch.policy, instance(seen)["tags"]))
    seen.own[_SENT] = (action, identity)
    return Outcome()


def about(server: Server, _seen: Seen) -> str:
    """Return the object of the announced call."""
    return server.job_name


def follow(context: Context, server: Server, seen: Seen, identity: str) -> None:
    """Look for the instance with the id that RunInstances has returned, as the ledger says: others may have written
    that, so only an instance with the tags of this server counts."""
    if any(row["instance_id"] == identity for row in seen.own[NAME]):
        return
    for found in context.clients.ens.describe_instances([identity]):
        row = ENS_INSTANCE.facts(found)
        if row["instance_id"] == identity and row["instance_name"] == server.job_name:
            seen.own[NAME].append(row)


def stage(launch: Launch) -> Stage:
    """Return the stage for what the user wants."""
    return Stage(
        name=NAME,
        role=NAME,
        observe=observe,
        decide=partial(decide, launch),
        act=partial(act, launch),
        leaves=(Leaves("ens_instance", billed_by="ENS"),),
        announced={"run": about},
        follow=follow,
        found=lambda seen: instance(seen).get("instance_id", ""),
        starts=frozenset({"run"}),
        settles_first=lambda seen: bool(seen.own.get(NAME)),
        facts=lambda seen: {"ens_instance_id": instance(seen).get("instance_id", "")},
    )
