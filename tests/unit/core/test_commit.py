# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An ENS instance that has to be committed: kept until its time, rolled back after it, and never both."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import instances, limits, naming

from .cloud import Cloud
from .kit import START, stamp
from .test_launch import fails, run, with_image

HOURS = {"commit_hours": 48.0}
GRACE = limits.COMMIT_GRACE_SECONDS


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    return with_image(monkeypatch)


def later(cloud: Cloud, seconds: float) -> None:
    cloud.sleep(seconds - (cloud.now - START).total_seconds())


def roll_back(cloud: Cloud) -> list[bool]:
    return [run(cloud, state=state, only_overdue=True)["changed"] for state in ("stopped", "absent")]


def test_an_instance_that_nobody_commits_is_rolled_back_after_its_time(cloud: Cloud) -> None:
    made = run(cloud, **HOURS)["instance"]
    assert (made["overdue"], made["commit_by"]) == (False, stamp(START + timedelta(hours=48)))
    later(cloud, 48 * 3600 + GRACE - 60)
    assert roll_back(cloud) == [False, False]
    later(cloud, 48 * 3600 + GRACE + 60)
    assert run(cloud, check=True, state="absent", only_overdue=True)["changed"]
    stopped = run(cloud, state="stopped", only_overdue=True)
    assert stopped["changed"]
    assert (stopped["instance"]["overdue"], stopped["instance"]["status"]) == (True, "Stopped")
    assert roll_back(cloud) == [False, True], "a run that was killed after the stop is continued"
    assert cloud.ens_instances == {}
    assert roll_back(cloud) == [False, False], "another controller finds nothing to do"


def test_a_committed_instance_is_never_rolled_back(cloud: Cloud) -> None:
    run(cloud, **HOURS)
    later(cloud, 48 * 3600 - 300)
    assert run(cloud, policy="keep", create=False)["changed"]
    assert run(cloud, policy="keep", create=False)["changed"] is False
    later(cloud, 1000 * 3600)
    assert roll_back(cloud) == [False, False]
    again = run(cloud, policy="manual")["instance"]
    assert (again["policy"], again["commit_by"]) == ("manual", "")
    assert roll_back(cloud) == [False, False]
    assert len(cloud.ens_instances) == 1


@pytest.mark.parametrize("after", [60, GRACE + 60])
@pytest.mark.parametrize("state", ["running", "stopped"])
def test_a_commit_after_the_time_is_refused(cloud: Cloud, after: float, state: str) -> None:
    run(cloud, **HOURS)
    later(cloud, 48 * 3600 + after)
    fails(cloud, "the time to commit", policy="keep", create=False, state=state)
    assert run(cloud, policy="manual")["changed"] is False
    assert run(cloud, state="absent")["changed"], "whoever owns it may release it at any time"


def test_a_commit_creates_nothing(cloud: Cloud) -> None:
    fails(cloud, "create is false", policy="keep", create=False)
    assert roll_back(cloud) == [False, False]
    assert cloud.mutations() == []


def test_only_an_instance_with_a_time_can_be_overdue(cloud: Cloud) -> None:
    run(cloud)
    later(cloud, 10_000 * 3600)
    assert roll_back(cloud) == [False, False]
    for value in ("", "soon", "committed", "0000-00-00T00:00:00Z"):
        assert not instances.overdue({naming.INSTANCE_TAG: "manual", naming.COMMIT_TAG: value}, cloud.now)
    past = {naming.COMMIT_TAG: "2020-01-01T00:00:00Z"}
    found = [{**past, naming.INSTANCE_TAG: policy} for policy in ("manual", "keep", "release", "burn")]
    assert [instances.overdue(tags, cloud.now) for tags in found] == [True, False, False, False]


@pytest.mark.parametrize(
    ("options", "words"),
    [({"commit_hours": -1.0}, "commit_hours is -1"), ({"only_overdue": True}, "only_overdue needs state"),
     ({**HOURS, "tags": {f"t{number}": "" for number in range(16)}}, "15 are left")],
)  # fmt: skip
def test_options_of_a_commit_that_cannot_be_used_are_refused(cloud: Cloud, options: Any, words: str) -> None:
    fails(cloud, words, **options)
    assert cloud.mutations() == []
