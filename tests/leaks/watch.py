# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is seen beside a run: command lines of all processes, small objects of the bucket, and activation codes."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
import time
from pathlib import Path
from types import TracebackType

_LARGEST = 8 << 20
"""Bytes of an object that is kept although it is deleted later: more than a record of a migration, less than a disk."""


class Watch:
    """Samples until its block ends: ``codes`` are the activation codes, ``samples`` counts looks at the processes.

    ``processes`` in the folder has each command line as soon as it was seen, ``bucket`` the objects.
    """

    def __init__(self, state: Path, folder: Path) -> None:
        self._state, self._bucket = state, folder / "bucket"
        self._bucket.mkdir()
        self._lines = (folder / "processes").open("wb", buffering=0)
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
        self._lines.close()

    def _look(self) -> None:
        while not self._ended.is_set():
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    self._note_line(path.read_bytes())
            self.samples += 1
            self._note_codes()
            self._note_objects()
            time.sleep(0.02)

    def _note_line(self, line: bytes) -> None:
        if line not in self._seen:
            self._seen.add(line)
            self._lines.write(line + b"\n")

    def _note_objects(self) -> None:
        for folder, _folders, names in os.walk(self._state / "blobs" / "oss"):
            for name in names:
                # Gone before it was looked at, or kept already. A link costs nothing, and shows what is appended.
                with contextlib.suppress(OSError):
                    shown = os.stat(path := f"{folder}/{name}")
                    if shown.st_size <= _LARGEST:
                        os.link(path, self._bucket / f"{shown.st_ino}-{name}"[:255])

    def _note_codes(self) -> None:
        with (
            contextlib.suppress(sqlite3.Error),
            contextlib.closing(
                sqlite3.connect(f"file:{self._state / 'state.db'}?mode=ro", uri=True, timeout=1)
            ) as file,
        ):
            rows = file.execute("SELECT body FROM rows WHERE kind = 'tokens'").fetchall()
            self.codes.update(json.loads(body)["access_token_code"] for (body,) in rows)
