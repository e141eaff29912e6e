# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is seen beside a run: the command lines of all processes, and the activation codes of the local cloud."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
import time
from pathlib import Path
from types import TracebackType


class Watch:
    """Samples until its block ends: ``codes`` are the activation codes, ``samples`` counts looks at the processes."""

    def __init__(self, state: Path, target: Path) -> None:
        self._state, self._target = state, target
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._seen: set[bytes] = set()
        self.codes: set[str] = set()
        self.samples = 0

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()
        self._note_codes()
        self._target.write_bytes(b"\n".join(sorted(self._seen)))

    def _look(self) -> None:
        while not self._ended.is_set():
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    self._seen.add(path.read_bytes())
            self.samples += 1
            self._note_codes()
            time.sleep(0.02)

    def _note_codes(self) -> None:
        with (
            contextlib.suppress(sqlite3.Error),
            contextlib.closing(
                sqlite3.connect(f"file:{self._state / 'state.db'}?mode=ro", uri=True, timeout=1)
            ) as file,
        ):
            rows = file.execute("SELECT body FROM rows WHERE kind = 'tokens'").fetchall()
            self.codes.update(json.loads(body)["access_token_code"] for (body,) in rows)
