# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Waiting with three exits: success, failure with the cloud's reason, timeout with the last state seen (law 8)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError

Seen = TypeVar("Seen")


def wait_until(
    what: str,
    observe: Callable[[], Seen],
    done: Callable[[Seen], bool],
    describe: Callable[[Seen], str],
    timeout: float,
    interval: float,
    key: str = "last",
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Seen:
    """Return the first observation that is ``done``; ``done`` raises CloudError for one that never will be.

    After ``timeout`` seconds a CloudError with code C(Wait.Timeout) is raised, which carries the last observation under
    ``key``. The first look is immediate, so a timeout of 0 looks once.
    """
    deadline = clock() + timeout
    while True:
        seen = observe()
        if done(seen):
            return seen
        if clock() + interval > deadline:
            raise CloudError(
                f"Waiting for {what}",
                "Wait.Timeout",
                f"after {timeout:g} s: {describe(seen)}",
                retryable=True,
                hint="Run the same task again to continue waiting, or raise wait_timeout.",
                last={key: seen},
            )
        sleep(interval)
