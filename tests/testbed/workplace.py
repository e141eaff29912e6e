# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo's folder: what lies where, who may use it, and the environment that keeps everything inside the clone."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

CLONE = Path(__file__).resolve().parents[2]
# A socket's name has room for 107 characters, of which ssh's own ending takes about 40.
LONGEST_SOCKET_FOLDER = 65
SSH_END_SECONDS = 15.0


class OccupiedError(RuntimeError):
    """Another demo uses the folder."""


class Workplace:
    """Paths below the demo's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.cloud = self.folder / "cloud"
        self.cloud_log = self.folder / "cloud.log"
        self.home = self.folder / "home"
        self.sockets = self.folder / "cp"
        self.variables = self.folder / "cloud.yml"
        self.receipt = self.folder / "receipt.json"
        self.report = self.folder / "report.html"
        self.requests = self.folder / "requests.json"

    def log(self, run: str) -> Path:
        """The file with the output of the ``first`` or ``second`` run."""
        return self.folder / f"{run}-run.log"

    def environment(self, given: Mapping[str, str]) -> dict[str, str]:
        """The environment of the children: a home folder in here, the clone's settings where the caller has none."""
        build = CLONE / "build"
        defaults = {
            "ANSIBLE_CONFIG": str(CLONE / "ansible.cfg"),
            "ANSIBLE_HOME": str(build / "ansible"),
            "ANSIBLE_COLLECTIONS_PATH": str(build / "collections"),
            "PYTHONPATH": f"{CLONE}:{CLONE / 'tests'}:{build / 'collections'}",
        }
        own = {
            "HOME": str(self.home),
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.sockets),
            # Expanded by each host's own shell; of a tilde Ansible would make the account's home, whatever HOME says.
            "ANSIBLE_REMOTE_TMP": "$HOME/.ansible/tmp",
        }
        if len(str(self.sockets)) > LONGEST_SOCKET_FOLDER:
            own["ANSIBLE_SSH_ARGS"] = "-C -o ControlMaster=no -o ControlPersist=no"
        return {**defaults, **given, **own}

    def clear(self) -> None:
        """Remove what an earlier run left."""
        self._remove(self.cloud, self.cloud_log, self.receipt, self.requests, self.report)
        self._remove(self.log("first"), self.log("second"))
        self._remove(self.home, self.sockets, self.variables)
        self.home.mkdir(parents=True)

    def tidy(self, keep: bool) -> None:
        """Remove what is not needed after a run, the cloud's images too unless they are kept."""
        self._wait_for_ssh()
        self._remove(self.home, self.sockets, self.variables, *(() if keep else (self.cloud,)))

    def _wait_for_ssh(self) -> None:
        """Ansible's connections notice within moments that the hosts are gone, and end, their sockets with them."""
        end = time.monotonic() + SSH_END_SECONDS
        while self.sockets.is_dir() and any(self.sockets.iterdir()) and time.monotonic() < end:
            time.sleep(0.05)

    def _remove(self, *paths: Path) -> None:
        for path in paths:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder's lock; raises OccupiedError when another demo has it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as exc:
                raise OccupiedError(f"another demo runs in {self.folder}") from exc
            yield
