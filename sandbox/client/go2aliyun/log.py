# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs/go2aliyun_client.log, and the same lines on stdout."""
from __future__ import annotations

import contextlib
import sys
import threading
import time
from pathlib import Path


class Log:
    """Writes dated lines; values named by `hide` never appear in them."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8", buffering=1)
        self._secrets: list[str] = []
        self._lock = threading.Lock()
        self.echo = True

    def hide(self, *secrets: str) -> None:
        """Replace these values by *** in every later line."""
        self._secrets += [secret for secret in secrets if secret]

    def info(self, text: str) -> None:
        """Write a line of what happened."""
        self._write("Info", text)

    def error(self, text: str) -> None:
        """Write a line of what went wrong; it starts with the vendor's word."""
        self._write("Error", f"Error: {text}")

    def _write(self, level: str, text: str) -> None:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        with self._lock, contextlib.suppress(OSError):
            self._file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} [{level}] {text}\n")
            if self.echo:
                # The session that started the client may have ended: stdout is closed then.
                sys.stdout.write(f"{text}\n")
                sys.stdout.flush()
