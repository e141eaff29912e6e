# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.waiter import wait_until


def wait(states: list[str], timeout: float, sleeps: list[float]) -> str:
    def done(state: str) -> bool:
        if state == "InError":
            raise CloudError("Waiting", "InError", "the cloud's reason")
        return state == "Available"

    return wait_until(
        "image m-1", lambda: states.pop(0), done, lambda state: f"status {state}", timeout, 5.0,
        key="image", sleep=sleeps.append, clock=lambda: sum(sleeps),
    )  # fmt: skip


def test_success_ends_the_wait(sleeps: list[float]) -> None:
    assert wait(["Creating", "Creating", "Available"], 60, sleeps) == "Available"
    assert sleeps == [5.0, 5.0]


def test_failure_ends_the_wait_with_its_reason(sleeps: list[float]) -> None:
    with pytest.raises(CloudError, match="the cloud's reason"):
        wait(["Creating", "InError"], 60, sleeps)


def test_the_timeout_ends_the_wait_with_the_last_state(sleeps: list[float]) -> None:
    with pytest.raises(CloudError, match="Waiting for image m-1 failed: after 12 s: status Creating") as raised:
        wait(["Creating"] * 9, 12, sleeps)
    assert (raised.value.last, sleeps) == ({"image": "Creating"}, [5.0, 5.0])


def test_no_time_means_one_look(sleeps: list[float]) -> None:
    with pytest.raises(CloudError):
        wait(["Creating", "Available"], 0, sleeps)
    assert wait(["Available"], 0, sleeps) == "Available"
