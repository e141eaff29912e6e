# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What callbacks share that follow the module ens_migration while it runs: one file, and a thread for each callback."""

from __future__ import annotations

import os
import tempfile
import threading
from abc import abstractmethod
from contextlib import suppress
from typing import Any, Final

from ansible import constants
from ansible.plugins.callback import CallbackBase
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.progress import STRUCTURED
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._progress import FOLLOWED

ACTIONS: Final = ("edgelift.ens_migration.ens_migration", "ens_migration")


class _File:
    """The progress file of the running task. The first callback that follows makes it, the last one deletes it."""

    def __init__(self) -> None:
        self._users = 0
        self._path = ""

    def begin(self) -> str:
        """Return the file, before Ansible forks the process that runs the module."""
        if not self._users:
            handle, self._path = tempfile.mkstemp(
                prefix="edgelift-progress-", suffix=STRUCTURED, dir=constants.DEFAULT_LOCAL_TMP
            )
            os.close(handle)
            os.environ[FOLLOWED] = self._path
        self._users += 1
        return self._path

    def end(self) -> None:
        """Give the file back."""
        self._users -= 1
        if not self._users:
            os.environ.pop(FOLLOWED, None)
            with suppress(OSError):
                os.unlink(self._path)


_FILE: Final = _File()


class Following(CallbackBase):
    """A callback that follows the progress file in a thread, which runs as long as the task."""

    def __init__(self) -> None:
        super().__init__()
        self._ended = threading.Event()
        self._teller: threading.Thread | None = None

    @abstractmethod
    def follow(self, path: str, ended: threading.Event) -> None:
        """Follow the file until the event is set. The task is forked meanwhile: write nothing, and hold no lock, in the
        first second."""

    def v2_playbook_on_task_start(self, task: Any, *_args: Any, **_options: Any) -> None:
        """Begin with the task of the module."""
        self._stop()
        if task.action in ACTIONS:
            self._ended.clear()
            self._teller = threading.Thread(target=self.follow, args=(_FILE.begin(), self._ended), daemon=True)
            self._teller.start()

    def v2_runner_on_ok(self, *_args: Any, **_options: Any) -> None:
        """Stop with the task."""
        self._stop()

    def v2_runner_on_failed(self, *_args: Any, **_options: Any) -> None:
        """Stop with the task."""
        self._stop()

    def v2_runner_on_unreachable(self, *_args: Any, **_options: Any) -> None:
        """Stop with the task."""
        self._stop()

    def v2_playbook_on_stats(self, *_args: Any, **_options: Any) -> None:
        """Stop at the end of the run."""
        self._stop()

    def _stop(self) -> None:
        if self._teller is not None:
            self._ended.set()
            self._teller.join()
            self._teller = None
            _FILE.end()
