# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Intermediate instances: the facts of a job's instance, interference with it, and the release of an orphan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError, is_gone
from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources import ecs
from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources.resource import BUSY
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.ecs import INSTANCE, SECURITY_GROUP_RULES
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.smc import JOB

from .change import Change, refuse
from .waiter import wait_until

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import Facts, Row

# facts 2.3: control and data port, opened by SMC in the instance's security group.
PORTS = (8080, 8703)
# facts 7.2: kept (and billed) while the job is one of these; otherwise SMC makes or releases it.
KEPT_IN = ("Running", "Stopped", "InError")
_STARTING = ("Pending", "Starting")


def open_ports(permissions: Iterable[Row], ports: Sequence[int] = PORTS) -> list[int]:
    """Return those of the ports that an inbound rule accepts. A range is "8080/8080", all ports are "-1/-1" (facts
    3.3)."""

    def accepts(rule: Row, port: int) -> bool:
        low, high = [*rule["port_range"].split("/"), ""][:2]
        inbound = rule["direction"].lower() == "ingress"
        accepted = rule["policy"].lower() == "accept"
        numbers = low.isdecimal() and high.isdecimal()
        covered = (low, high) == ("-1", "-1") or (numbers and int(low) <= port <= int(high))
        return inbound and accepted and rule["protocol"].lower() in ("tcp", "all") and covered

    rules = list(permissions)
    return [port for port in ports if any(accepts(rule, port) for rule in rules)]


def interference(job: Facts, instance: Facts | None, ports: Sequence[int]) -> list[dict[str, str]]:
    """Return the changes to the job's instance that SMC did not make (facts 7.2), each with a remedy.

    A job whose instance was released cannot be resumed. All other changes can be reverted.
    """
    if not job["instance_id"] or job["status"] not in KEPT_IN or job["business_status"] == "Cleaning":
        return []
    if instance is None:
        return [
            _finding(
                "released",
                f"instance {job['instance_id']} of job {job['job_id']} does not exist",
                "Delete the job and create a new one: this one cannot be resumed.",
            )
        ]
    found = []
    starting = job["business_status"] == "Preparing" and instance["status"] in _STARTING
    if instance["status"] != "Running" and not starting:
        found.append(_finding("stopped", f"its status is {instance['status']}", "Start the instance."))
    if job["instance_type"] and instance["instance_type"] != job["instance_type"]:
        evidence = f"its type is {instance['instance_type']}, the job made {job['instance_type']}"
        found.append(_finding("type_changed", evidence, "Change the instance type back, or start over with a new job."))
    if instance["charge_type"] and instance["charge_type"] != "PostPaid":
        evidence = f"its billing method is {instance['charge_type']}, the job made PostPaid"
        found.append(_finding("billing_changed", evidence, "Change the billing method back to pay-as-you-go."))
    closed = [] if starting else [str(port) for port in PORTS if port not in ports]
    if closed:
        evidence = f"its security groups do not accept TCP {', '.join(closed)}"
        found.append(_finding("ports_closed", evidence, f"Allow inbound TCP {', '.join(closed)} again."))
    return found


def _finding(identity: str, evidence: str, fix: str) -> dict[str, str]:
    return {"id": identity, "evidence": evidence, "fix": fix}


def observe(clients: Clients, job_id: str) -> Facts:
    """Return the facts of a job's intermediate instance, with RV(intermediate.interference)."""
    jobs = clients.smc.describe_replication_jobs(job_ids=[job_id])
    job = next((JOB.facts(row) for row in jobs if row["JobId"] == job_id), None)
    if job is None:
        raise refuse(
            f"Reading job {job_id}",
            "ReplicationJob.NotFound",
            f"there is no such job in {clients.region}",
            "Check job_id and region.",
        )
    instance = find(clients, job["instance_id"])
    groups = instance["security_group_ids"] if instance else []
    ports = open_ports([rule for group in groups for rule in rules_of(clients, group)])
    return {
        **(instance or {"instance_id": job["instance_id"]}),
        "present": instance is not None,
        "job_id": job_id,
        "job_status": job["status"],
        "business_status": job["business_status"],
        "open_ports": ports,
        "interference": interference(job, instance, ports),
    }


def find(clients: Clients, instance_id: str) -> Facts | None:
    """Return the facts of the instance with exactly this id, None when there is none."""
    row = ecs.INSTANCE.find(clients, instance_id) if instance_id else None
    return INSTANCE.facts(row) if row else None


def rules_of(clients: Clients, group_id: str) -> list[Facts]:
    """Return the rules of a security group; none when it was deleted."""
    try:
        answer = clients.ecs.describe_security_group_attribute(group_id)
        rules: list[Facts] = SECURITY_GROUP_RULES.value(answer, "rules")
        return rules
    except CloudError as error:
        if is_gone(error.code):
            return []
        raise


def reported(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Return the module's result for O(job_id); fail on interference when O(guard) is set."""
    seen = observe(clients, module.params["job_id"])
    if seen["interference"] and module.params["guard"]:
        raise refuse(
            f"Guarding the intermediate instance of job {seen['job_id']}",
            "Intermediate.Interference",
            "; ".join(finding["evidence"] for finding in seen["interference"]),
            " ".join(finding["fix"] for finding in seen["interference"]),
            intermediate=seen,
        )
    return {"changed": False, "intermediate": seen}


def released(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Release O(instance_id) and return the module's result: only an instance of SMC without a job (law 7)."""
    instance_id = module.params["instance_id"]
    found = find(clients, instance_id)
    if found is None:
        return Change({}, {}).result(module, intermediate={})
    action = f"Releasing instance {instance_id}"
    if found["instance_name"] != ecs.INTERMEDIATE_NAME:
        raise refuse(
            action,
            "Intermediate.NotOurs",
            f"its name is {found['instance_name']!r}, intermediate instances are named {ecs.INTERMEDIATE_NAME}",
            "Use ECS to release it if it is no longer needed.",
            intermediate=found,
        )
    owners = [row for row in clients.smc.describe_replication_jobs() if row.get("TransitionInstanceId") == instance_id]
    if owners:
        jobs = ", ".join(f"{row['JobId']} ({row.get('Status', '')})" for row in owners)
        raise refuse(
            action,
            "Intermediate.InUse",
            f"it belongs to job {jobs}",
            "Delete the job: SMC then releases its instance, disks, security group and network.",
            intermediate=found,
        )
    change = Change({name: found[name] for name in ("instance_id", "instance_name", "status")}, {})
    if not change.wanted(module):
        return change.result(module, intermediate={})
    wait_until(
        f"instance {instance_id} to stop",
        lambda: _delete(clients, instance_id),
        lambda requested: requested,
        lambda _requested: "it is being stopped",
        module.params["wait_timeout"],
        module.params["poll_interval"],
    )
    if module.params["wait"]:
        wait_until(
            f"instance {instance_id} to be gone",
            lambda: find(clients, instance_id),
            lambda seen: seen is None,
            lambda seen: f"status {seen['status']}" if seen else "gone",
            module.params["wait_timeout"],
            module.params["poll_interval"],
            key="intermediate",
        )
    return change.result(module, intermediate={})


def _delete(clients: Clients, instance_id: str) -> bool:
    """Request the deletion of an instance, or, while it runs, its stop; return whether the deletion was requested."""
    try:
        ecs.INSTANCE.delete(clients, instance_id)
    except CloudError as error:
        if error.code != BUSY:
            raise
        return False
    return True


def work(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Return the module's result for its O(state)."""
    return released(module, clients) if module.params["state"] == "absent" else reported(module, clients)
