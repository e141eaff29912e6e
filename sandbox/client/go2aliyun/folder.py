# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client's own folder: user_config.json, client_data, and the lock of the one running client (facts 2.1)."""
from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

PID_FILE = "go2aliyun_client.pid"
"""Locked by the client as long as it runs; its text is the process id."""

_SECRET_FIELDS = ("access_id", "secret_key", "access_token_id", "access_token_code")


class Folder:
    """Reads and writes the files beside the program; what may hold secrets is readable by root alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    def config(self) -> dict[str, Any]:
        """Return user_config.json; ValueError names the file when it is not a JSON object."""
        return _load(self.path / "user_config.json")

    def bandwidth_limit(self) -> int:
        """Return the KB per second that user_config.json allows; 0, also for what is no number, is no limit."""
        try:
            return max(0, int(self.config().get("bandwidth_limit", 0)))
        except (TypeError, ValueError):
            return 0

    def blank_credentials(self) -> None:
        """Empty the credentials in user_config.json and keep everything else."""
        config = self.config()
        if any(config.get(field) for field in _SECRET_FIELDS):
            config.update({field: "" for field in _SECRET_FIELDS if field in config})
            _save(self.path / "user_config.json", config)

    def data(self) -> dict[str, Any]:
        """Return client_data: service address, proxy, and once imported source id and key."""
        return _load(self.path / "client_data")

    def update_data(self, **changes: Any) -> None:
        """Change fields of client_data."""
        _save(self.path / "client_data", {**self.data(), **changes})

    def clear_data(self) -> None:
        """Forget the source server; service address and proxy stay."""
        self.update_data(source_id="", agent_key="")

    def lock(self) -> bool:
        """Become the folder's one running client and write the pid file; False when another one runs."""
        fd = os.open(self.path / PID_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return False
        os.ftruncate(fd, 0)
        os.pwrite(fd, b"%d\n" % os.getpid(), 0)
        self._lock = fd
        return True

    def unlock(self) -> None:
        """Stop being the running client: the pid file goes."""
        if self._lock is not None:
            (self.path / PID_FILE).unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None

    def running_pid(self) -> int | None:
        """Return the process id of the running client, None when none runs."""
        try:
            fd = os.open(self.path / PID_FILE, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            text = os.pread(fd, 32, 0).strip()
            return int(text) if text.isdigit() else None
        finally:
            os.close(fd)
        return None

    def end_running(self, patience: float = 10.0) -> int | None:
        """End the running client, by force after `patience` seconds; return its process id, None when none ran."""
        pid = self.running_pid()
        if pid is None:
            return None
        for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 2.0)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                if self.running_pid() != pid:
                    return pid
                time.sleep(0.05)
        return pid


def _load(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ValueError(f"{path.name} is not valid JSON: {error}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path.name} must hold a JSON object")
    return content


def _save(path: Path, content: dict[str, Any]) -> None:
    """Replace a file in one step, so that a client that is killed leaves the old or the new one."""
    fresh = path.with_name(path.name + ".new")
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
    os.replace(fresh, path)
