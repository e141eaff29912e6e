# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The published RAM policies: each one is enough for its job, and has no action that its job does not call."""

from __future__ import annotations

import os
import re
from functools import partial
from typing import Any

import pytest
from support import policies
from support.wave import READS, run

from sandbox.ram.needs import rpc_action

pytestmark = [pytest.mark.any_core, pytest.mark.sandbox_world(policies.WORLD)]
EVERYTHING = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": ["*"], "Resource": ["*"]}]}
OTHERS = {
    "a profile that assumes a role": {"sts:AssumeRole"},
    "the modules smc_source and smc_intermediate, which no playbook uses so": {
        "smc:ModifySourceServerAttribute", "ecs:DescribeSecurityGroupAttribute"},
    "nothing": {"ecs:DescribeRegions"},
}
"""What no policy allows, by what makes these calls."""
WAIT = 20
"""Seconds for which a module waits when an action is missing. With all actions, it needs some."""
WRITE = bool(os.environ.get("WRITE_POLICIES"))


def expected(name: str, recorded: dict[str, Any]) -> dict[str, Any]:
    """The policy of a job that makes these calls."""
    if name == "sweep":
        recorded = policies.joined(recorded, policies.document({"*": set(policies.NOT_MADE)}))
    # A run ends with a cleanup, and whatever an earlier run left may be deleted by it.
    return policies.joined(recorded, policies.shipped("sweep")) if name == "run" else recorded


@pytest.mark.parametrize("name", [
    "preflight", "status", "run", *(pytest.param(job, marks=pytest.mark.long) for job in ("canary", "launch", "sweep")),
])  # fmt: skip
def test_a_job_passes_with_its_policy_and_calls_all_of_it(sandbox: Any, name: str) -> None:
    found = []
    for case in policies.JOBS[name]:
        outcome, recorded = policies.recorded(sandbox, case, EVERYTHING if WRITE else policies.shipped(name))
        assert outcome == case.good
        assert [row for row in sandbox.requests() if row["status"] in (401, 403)] == []
        found.append(recorded)
    wanted = expected(name, policies.joined(*found))
    if WRITE:
        policies.write(name, wanted)
    assert policies.shipped(name) == wanted


def test_the_preflight_and_the_status_can_change_nothing() -> None:
    for name in ("preflight", "status"):
        actions = {action for group in policies.granted_by(policies.shipped(name)).values() for action in group}
        assert {action for action in actions if not action.partition(":")[2].startswith(READS)} == set()


def called() -> set[str]:
    """The RAM actions of the calls that the API classes of the collection can make, without those of OSS."""
    found = set()
    for path in (policies.ROOT / "plugins" / "module_utils").glob("_[ar]*/*.py"):
        text = path.read_text(encoding="utf-8")
        found |= {tuple(name.split(".")) for name in re.findall(r'"((?:smc|ecs|ens|vpc|sts|ram|bss)\.[A-Z]\w+)"', text)}
        found |= {(path.stem, name) for name in re.findall(r'_call\(\s*"(\w+)"', text)}
    return {action for product, name in found if (action := rpc_action(product, name))}


def test_every_call_of_the_collection_is_in_a_policy_or_of_something_else() -> None:
    granted = {action for name in policies.JOBS for group in policies.granted_by(policies.shipped(name)).values()
               for action in group if not action.startswith("oss:")}  # fmt: skip
    others = {action for actions in OTHERS.values() for action in actions}
    assert called() - granted == others
    assert granted - called() == set()


@pytest.mark.long
@pytest.mark.parametrize("name", list(policies.JOBS))
def test_no_action_can_be_removed(sandbox: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # A module that waits for what it may not see would wait for minutes.
    monkeypatch.setattr(policies, "run", partial(run, wait_timeout=WAIT))
    policy = policies.granted_by(policies.shipped(name))
    kept = policies.granted_by(policies.shipped("sweep")) if name == "run" else {}
    left = [(place, action) for place, actions in policy.items()
            for action in sorted(actions - policies.NOT_MADE - kept.get(place, set()))]  # fmt: skip
    for number, case in enumerate(policies.JOBS[name]):
        policies.prepare(sandbox, case, policies.shipped(name))
        # What is there before the job takes most of the time: it is made once.
        sandbox.post("snapshot", {"name": f"before-{name}-{number}"})
        without_effect = []
        for place, action in left:
            fewer = {**policy, place: policy[place] - {action}}
            sandbox.post("restore", {"name": f"before-{name}-{number}"})
            if passes(sandbox, case, policies.document({where: some for where, some in fewer.items() if some})):
                without_effect.append((place, action))
        left = without_effect
    assert {action for _place, action in left} == policies.TOLERATED.get(name, set())


def passes(sandbox: Any, case: policies.Case, policy: dict[str, Any]) -> bool:
    """Whether a job has the same outcome with this policy."""
    sandbox.post("seed", {"identities": policies.world(policy)["identities"]})
    try:
        return bool(case.job(sandbox) == case.good)
    except Exception:  # noqa: BLE001  any failure shows that the action is needed
        return False
