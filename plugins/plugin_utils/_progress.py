# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The action of a module that takes long: runs it, and shows its progress while it runs."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from ansible import constants
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.progress import Follower

LOOK_SECONDS = 1.0

FOLLOWED: Final = "EDGELIFT_PROGRESS_FILE"
"""The environment variable with the file that a callback follows. It is set in the process from which Ansible forks
the action."""


class WithProgress(ActionBase):
    """Runs the module. If it runs on the controller, the action shows its progress line by line."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the result of the module."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        with self._file() as path:
            args = {**self._task.args, **({"progress_file": path} if path else {})}
            found: dict[str, Any] = self._execute_module(module_args=args, task_vars=task_vars)
        if path:
            # The task has not set this option.
            found.get("invocation", {}).get("module_args", {}).pop("progress_file", None)
        return {**result, **found}

    @contextmanager
    def _file(self) -> Iterator[str]:
        """Give the file to which the module writes its progress, '' where the task has set one or it runs elsewhere."""
        local = self._connection.transport in ("local", "ansible.builtin.local")
        if self._task.args.get("progress_file") or not local:
            yield ""
        elif os.environ.get(FOLLOWED):
            yield os.environ[FOLLOWED]
        else:
            with self._shown() as path:
                yield path

    @contextmanager
    def _shown(self) -> Iterator[str]:
        """Give a file whose lines are shown while they are written."""
        with tempfile.NamedTemporaryFile(prefix="edgelift-progress-", dir=constants.DEFAULT_LOCAL_TMP) as file:
            follower = Follower(file.name, lambda text: Display().display(f"  {text}"))
            ended = threading.Event()
            teller = threading.Thread(target=self._follow, args=(follower, ended), daemon=True)
            teller.start()
            try:
                yield file.name
            finally:
                ended.set()
                teller.join()
            follower.look()

    @staticmethod
    def _follow(follower: Follower, ended: threading.Event) -> None:
        while not ended.wait(LOOK_SECONDS):
            follower.look()
