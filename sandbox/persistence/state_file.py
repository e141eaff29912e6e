# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SQLite file of the state folder: every row, the request log, the timeline and the clock, as of the last answer.

Write-ahead logging without a sync per commit: what was answered survives every end of the process, and a
loss of power costs at most the last moments, never the file.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sandbox.state.nonces import WINDOW
from sandbox.state.tables import Change, Row

FORMAT = 2
_KEEP = 20000
_ERASE = ("DELETE FROM meta", "DELETE FROM rows", "DELETE FROM requests", "DELETE FROM timeline")
_INSERT = {"requests": "INSERT OR REPLACE INTO requests VALUES (?, ?)",
           "timeline": "INSERT OR REPLACE INTO timeline VALUES (?, ?)"}
_TRIM = {"requests": "DELETE FROM requests WHERE n <= ?", "timeline": "DELETE FROM timeline WHERE n <= ?"}

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rows (kind TEXT NOT NULL, id TEXT NOT NULL, position INTEGER NOT NULL, body TEXT NOT NULL,
                                 PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS requests (n INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS timeline (n INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS nonces (seen REAL NOT NULL, nonce TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS nonces_seen ON nonces (seen);
"""


class StateFileError(Exception):
    """The state could not be read or written; the text names the file and says why."""


class StateFile:
    """One SQLite file; this process is the only one that writes it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._db = sqlite3.connect(path, isolation_level=None)
        try:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_SCHEMA)
        except sqlite3.Error as failed:
            self._db.close()
            raise self._refusal(failed) from failed

    def meta(self) -> dict[str, Any]:
        """The single values: clock, worlds, format; empty in a new file."""
        found = {key: json.loads(value) for key, value in self._read("SELECT key, value FROM meta")}
        if found and found.get("format") != FORMAT:
            raise StateFileError(f"{self.path}: its format is {found.get('format')}, this sandbox reads {FORMAT}")
        return found

    def rows(self) -> dict[str, list[Row]]:
        """All rows by kind, in order of creation."""
        found: dict[str, list[Row]] = {}
        for kind, body in self._read("SELECT kind, body FROM rows ORDER BY kind, position"):
            found.setdefault(kind, []).append(json.loads(body))
        return found

    def requests(self) -> list[Row]:
        """The request log, oldest first."""
        return [json.loads(body) for _number, body in self._read("SELECT n, body FROM requests ORDER BY n")]

    def timeline(self) -> list[Row]:
        """The timeline, oldest first."""
        return [json.loads(body) for _number, body in self._read("SELECT n, body FROM timeline ORDER BY n")]

    def nonces(self) -> list[tuple[float, str]]:
        """Signature nonces and the real time at which each was seen, oldest first."""
        return [(float(seen), str(nonce)) for seen, nonce in self._read("SELECT seen, nonce FROM nonces ORDER BY seen")]

    def write(
        self, changes: Iterable[Change], meta: dict[str, Any], requests: list[Row], timeline: list[Row],
        replace: bool = False, nonces: Sequence[tuple[float, str]] = (),
    ) -> None:
        """Write everything in one transaction; with ``replace``, in place of all rows, but not of the nonces.

        A StateFileError, or any other exception, means that nothing of it was written.
        """
        try:
            self._db.execute("BEGIN IMMEDIATE")
            for statement in _ERASE if replace else ():
                self._db.execute(statement)
            for kind, row_id, position, body in changes:
                if body is None:
                    self._db.execute("DELETE FROM rows WHERE kind = ? AND id = ?", (kind, row_id))
                else:
                    self._db.execute("INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?)", (kind, row_id, position, body))
            self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)",
                                 [(key, json.dumps(value)) for key, value in meta.items()])
            for table, entries in (("requests", requests), ("timeline", timeline)):
                self._append(table, entries)
            if nonces:
                self._db.executemany("INSERT INTO nonces VALUES (?, ?)", nonces)
                self._db.execute("DELETE FROM nonces WHERE seen < ?", (nonces[-1][0] - WINDOW,))
            self._db.execute("COMMIT")
        except BaseException as failed:
            # Whatever it was: an open transaction would refuse every later one.
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            if isinstance(failed, (sqlite3.Error, ValueError, TypeError)):
                raise self._refusal(failed) from failed
            raise

    def copy_to(self, path: Path) -> None:
        """Write a complete copy into a new file."""
        with sqlite3.connect(path) as target:
            self._db.backup(target)
        target.close()

    def close(self) -> None:
        """Close the file; its write-ahead log is folded in."""
        self._db.close()

    def _append(self, table: str, entries: list[Row]) -> None:
        if entries:
            self._db.executemany(_INSERT[table], [(entry["n"], json.dumps(entry)) for entry in entries])
            if entries[-1]["n"] % (_KEEP // 10) < len(entries):
                self._db.execute(_TRIM[table], (entries[-1]["n"] - _KEEP,))

    def _read(self, query: str) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(query).fetchall()
        except sqlite3.Error as failed:
            raise self._refusal(failed) from failed

    def _refusal(self, failed: BaseException) -> StateFileError:
        return StateFileError(f"{self.path}: {failed}")
