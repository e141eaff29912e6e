# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Which hosts did not answer earlier in this run of Ansible, so that the other hosts wait for them only once.

Each action runs in a separate process. They share the temporary folder that ansible-core makes for one run, readable
only by its user, and removes at the end of it.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from typing import Any, Final

from ansible import constants

SECOND_SECONDS: Final = 30
"""Seconds in which a host that did not answer may answer a second time. After that it is not asked any more."""


class Silence:
    """How often one host did not answer in this run. ``second`` is the time of its second chance, 0 for none."""

    def __init__(self, host: str, second: int = SECOND_SECONDS, folder: str | None = None) -> None:
        name = hashlib.sha256(host.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        root = str(getattr(constants, "DEFAULT_LOCAL_TMP", "") or "") if folder is None else folder
        self._path = Path(root, f"edgelift-no-answer-{name}") if root else None
        self._times = 0
        self._second = second

    @property
    def times(self) -> int:
        """Return how often the host did not answer, in this task and in earlier ones."""
        if self._path is not None:
            with contextlib.suppress(OSError):
                return max(self._times, self._path.stat().st_size)
        return self._times

    def seconds(self, wanted: float) -> float:
        """Return how long the host may take for what would take ``wanted`` seconds at most, 0 if it is not asked."""
        times = self.times
        if not times:
            return wanted
        return min(wanted, float(self._second)) if times == 1 else 0.0

    def add(self) -> None:
        """Remember that the host did not answer."""
        self._times = self.times + 1
        if self._path is not None:
            with contextlib.suppress(OSError), self._path.open("ab") as file:
                file.write(b".")


def of(task_vars: dict[str, Any] | None, second: int = SECOND_SECONDS) -> Silence:
    """Return what is known of the host of a task."""
    return Silence(str((task_vars or {}).get("inventory_hostname", "this host")), second)
