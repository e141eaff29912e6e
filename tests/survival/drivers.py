# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controllers for the scenarios that need more than one: killed, doubled, with credentials that end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.wave import ROLE, role_profile
from survival.pace import Outcome, migrate, sweep

Driver = Callable[[Any], Outcome]


def one(sandbox: Any) -> Outcome:
    """A wave as any other."""
    return migrate(sandbox)


def hurried(sandbox: Any) -> Outcome:
    """A controller that waits a second for an answer, and not seventy; its read timeout is real time."""
    return migrate(sandbox, read_timeout=1)


def two(sandbox: Any) -> Outcome:
    """Two controllers with the same wave at the same time."""
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(migrate, [sandbox, sandbox])
    return first.beside(second)


def killed(sandbox: Any) -> Outcome:
    """A controller that is killed (SIGKILL) whenever the scenario delays an answer to it, until one finishes;
    the last one returns the outcome."""
    for _life in range(20):
        child = os.fork()
        if child == 0:
            sweep(sandbox, migrate(sandbox))
            os._exit(0)
        before = _hits(sandbox)
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            if _hits(sandbox) > before:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                break
            time.sleep(0.01)
        else:
            return migrate(sandbox)
    raise AssertionError("twenty controllers were killed and none came to its end")


def with_token(sandbox: Any) -> Outcome:
    """A wave with an STS token; when it has ended, another controller with a new one continues."""
    first = migrate(sandbox, **_token(sandbox))
    assert first.failed, "the token has not expired"
    assert all("SecurityToken" in why for why in first.reasons.values()), first.reasons
    then = migrate(sandbox, **_token(sandbox))
    return Outcome(then.verdicts, {**first.reasons, **then.reasons}, [*first.resources, *then.resources])


def with_role(sandbox: Any, folder: Path, patch: pytest.MonkeyPatch) -> Outcome:
    """A wave with the role of a profile: the controller gets itself a new token when one has ended."""
    patch.setenv("ALICLOUD_SHARED_CREDENTIALS_FILE", str(role_profile(sandbox, folder)))
    return migrate(sandbox, access_key=None, secret_key=None, profile="wave")


def _token(sandbox: Any) -> dict[str, str]:
    keys = sandbox.call("sts", "AssumeRole", RoleArn=ROLE, RoleSessionName="session",
                        DurationSeconds=43200)["Credentials"]
    return {"access_key": keys["AccessKeyId"], "secret_key": keys["AccessKeySecret"],
            "security_token": keys["SecurityToken"]}


def _hits(sandbox: Any) -> int:
    return sum(rule["hits"] for rule in sandbox.get("faults")["faults"])


DRIVERS: dict[str, Driver] = {
    "04-late-answers": hurried, "19-token-expires": with_token, "21-controller-killed": killed,
    "22-two-controllers": two,
}
