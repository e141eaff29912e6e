# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import smc_intermediate
from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources.ecs import INTERMEDIATE_NAME
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.ecs import SECURITY_GROUP_RULES

from .conftest import FakeModule

JOB = {"job_id": "j-1", "instance_id": "i-1", "status": "Running", "business_status": "Syncing", "instance_type": ""}
INSTANCE = {"instance_id": "i-1", "status": "Running", "instance_type": "ecs.t6", "charge_type": "PostPaid"}


@pytest.mark.parametrize(
    ("rule", "ports"),
    [
        ({"PortRange": "8080/8080"}, [8080]),
        ({"PortRange": "8000/9000"}, [8080, 8703]),
        ({"PortRange": "1/65535"}, [8080, 8703]),
        ({"PortRange": "-1/-1", "IpProtocol": "ALL"}, [8080, 8703]),
        ({"PortRange": "8080/8080", "IpProtocol": "UDP"}, []),
        ({"PortRange": "8080/8080", "Policy": "Drop"}, []),
        ({"PortRange": "8080/8080", "Direction": "egress"}, []),
        ({"PortRange": ""}, []),
        ({"PortRange": "22/22"}, []),
    ],
)
def test_which_ports_a_rule_opens(rule: dict[str, str], ports: list[int]) -> None:
    full = {"IpProtocol": "TCP", "Policy": "Accept", "Direction": "ingress", **rule}
    rules = SECURITY_GROUP_RULES.value({"Permissions": {"Permission": [full]}}, "rules")
    assert smc_intermediate.open_ports(rules) == ports


@pytest.mark.parametrize(
    ("job", "instance", "ports", "found"),
    [
        ({}, {}, [8080, 8703], []),
        ({}, {"status": "Stopped"}, [8080, 8703], ["stopped"]),
        ({}, {"status": "Stopping"}, [8080, 8703], ["stopped"]),
        ({}, {"charge_type": "PrePaid"}, [8080, 8703], ["billing_changed"]),
        ({"instance_type": "ecs.g6"}, {}, [8080, 8703], ["type_changed"]),
        ({}, {}, [8080], ["ports_closed"]),
        ({}, {"status": "Stopped", "charge_type": "PrePaid"}, [], ["stopped", "billing_changed", "ports_closed"]),
        ({}, None, [], ["released"]),
        ({"status": "InError"}, None, [], ["released"]),
        ({"status": "Stopped"}, {"status": "Stopped"}, [8080, 8703], ["stopped"]),
        ({"business_status": "Preparing"}, {"status": "Pending"}, [], []),
        ({"business_status": "Cleaning"}, None, [], []),
        ({"status": "Finished"}, None, [], []),
        ({"status": "Deleting"}, None, [], []),
        ({"status": "Ready", "instance_id": ""}, None, [], []),
    ],
)
def test_interference_is_told_apart_from_what_smc_does_itself(
    job: dict[str, str], instance: dict[str, str] | None, ports: list[int], found: list[str]
) -> None:
    seen = None if instance is None else {**INSTANCE, **instance}
    findings = smc_intermediate.interference({**JOB, **job}, seen, ports)
    assert [finding["id"] for finding in findings] == found
    assert all(finding["evidence"] and finding["fix"] for finding in findings)


def answer_job(wire: Any, *rows: dict[str, Any]) -> None:
    answer = {"TotalCount": len(rows), "ReplicationJobs": {"ReplicationJob": list(rows)}}
    wire.expect("DescribeReplicationJobs", answer)


def answer_instance(wire: Any, *rows: dict[str, Any]) -> None:
    wire.expect("DescribeInstances", {"Instances": {"Instance": list(rows)}}, InstanceIds='["i-1"]')


ROW = {"InstanceId": "i-1", "InstanceName": INTERMEDIATE_NAME, "Status": "Running", "InstanceType": "ecs.t6",
       "InstanceChargeType": "PostPaid", "SecurityGroupIds": {"SecurityGroupId": ["sg-1"]},
       "PublicIpAddress": {"IpAddress": ["198.51.100.7"]}}  # fmt: skip
RUNNING = {"JobId": "j-1", "SourceId": "s-1", "Status": "Running", "BusinessStatus": "Syncing",
           "TransitionInstanceId": "i-1"}  # fmt: skip
RULES = {"Permissions": {"Permission": [{"IpProtocol": "TCP", "PortRange": "8080/8080"}]}}


def test_a_jobs_instance_is_reported(clients: Any, wire: Any) -> None:
    answer_job(wire, RUNNING)
    answer_instance(wire, ROW)
    wire.expect("DescribeSecurityGroupAttribute", RULES, SecurityGroupId="sg-1")
    module = FakeModule({"state": "reported", "job_id": "j-1", "guard": False})
    seen = smc_intermediate.work(module, clients)["intermediate"]
    assert (seen["present"], seen["instance_id"], seen["public_ip"]) == (True, "i-1", ["198.51.100.7"])
    assert (seen["open_ports"], [finding["id"] for finding in seen["interference"]]) == ([8080], ["ports_closed"])


def test_the_guard_fails_with_what_was_seen(clients: Any, wire: Any) -> None:
    answer_job(wire, RUNNING)
    answer_instance(wire)
    with pytest.raises(CloudError, match="instance i-1 of job j-1 does not exist") as raised:
        smc_intermediate.work(FakeModule({"state": "reported", "job_id": "j-1", "guard": True}), clients)
    assert raised.value.last["intermediate"]["present"] is False
    assert "new one" in raised.value.hint


def test_a_deleted_security_group_opens_nothing(clients: Any, wire: Any) -> None:
    answer_job(wire, RUNNING)
    answer_instance(wire, ROW)
    wire.refuse("DescribeSecurityGroupAttribute", "InvalidSecurityGroupId.NotFound", 404)
    seen = smc_intermediate.observe(clients, "j-1")
    assert [finding["id"] for finding in seen["interference"]] == ["ports_closed"]


def test_an_unknown_job_is_an_error(clients: Any, wire: Any) -> None:
    answer_job(wire)
    with pytest.raises(CloudError, match="there is no such job in cn-beijing"):
        smc_intermediate.work(FakeModule({"state": "reported", "job_id": "j-1", "guard": False}), clients)


def release(clients: Any, check: bool = False) -> dict[str, Any]:
    params = {"state": "absent", "instance_id": "i-1", "wait": True, "wait_timeout": 5, "poll_interval": 0}
    return smc_intermediate.work(FakeModule(params, check), clients)


def test_an_orphan_is_released_by_its_id_and_waited_for(clients: Any, wire: Any) -> None:
    answer_instance(wire, ROW)
    answer_job(wire, {**RUNNING, "JobId": "j-2", "TransitionInstanceId": "i-2"})
    answer_instance(wire, ROW)
    wire.expect("StopInstance", InstanceId="i-1", ForceStop="true")
    answer_instance(wire, {**ROW, "Status": "Stopping"})
    answer_instance(wire, {**ROW, "Status": "Stopped"})
    wire.expect("DeleteInstance", InstanceId="i-1", Force=None)
    answer_instance(wire, ROW)
    answer_instance(wire)
    assert release(clients)["changed"]


def test_an_orphan_that_is_protected_against_deletion_is_not_even_stopped(clients: Any, wire: Any) -> None:
    protected = {**ROW, "DeletionProtection": True}
    answer_instance(wire, protected)
    answer_job(wire)
    answer_instance(wire, protected)
    with pytest.raises(CloudError, match="deletion protection of instance i-1 is switched on"):
        release(clients)


def test_check_mode_releases_nothing(clients: Any, wire: Any) -> None:
    answer_instance(wire, ROW)
    answer_job(wire)
    assert release(clients, check=True)["changed"]


@pytest.mark.parametrize("status", ["Running", "InError", "Finished", "Deleting"])
def test_an_instance_that_a_job_owns_is_never_released(clients: Any, wire: Any, status: str) -> None:
    answer_instance(wire, ROW)
    answer_job(wire, {**RUNNING, "Status": status})
    with pytest.raises(CloudError, match=rf"it belongs to job j-1 \({status}\)"):
        release(clients)


def test_an_instance_of_another_name_is_never_released(clients: Any, wire: Any) -> None:
    answer_instance(wire, {**ROW, "InstanceName": "production-db"})
    with pytest.raises(CloudError, match="its name is 'production-db'"):
        release(clients)


def test_an_instance_that_is_gone_changes_nothing(clients: Any, wire: Any) -> None:
    answer_instance(wire)
    assert not release(clients)["changed"]
