# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from support.local_cloud import LocalCloud

from sandbox.persistence.state_file import StateFile, StateFileError
from sandbox.state.tables import Tables


def test_rows_come_back_in_the_order_of_their_creation(tmp_path: Path) -> None:
    database, store = StateFile(tmp_path / "state.db"), Tables()
    table = store.table("jobs")
    for name in ("z", "a", "m"):
        table.add({"id": name, "state": "Ready"})
    database.write(store.changes(), {}, [], [])
    store.written()
    table.delete("a")
    table.update("z", state="Running")
    table.add({"id": "b", "state": "Ready"})
    database.write(store.changes(), {}, [], [])
    other = Tables()
    other.load(database.rows())
    assert list(other.table("jobs")) == list(table)
    assert [row["id"] for row in table] == ["z", "m", "b"]


def test_an_update_that_changes_nothing_is_not_written(tmp_path: Path) -> None:
    store = Tables()
    store.table("jobs").add({"id": "j", "state": "Ready"})
    store.written()
    store.table("jobs").update("j", state="Ready")
    assert store.changes() == []
    assert [step["state"] for step in store.timeline.steps] == ["Ready"]


def test_a_full_disk_loses_no_row_and_leaves_the_file_whole(tmp_path: Path) -> None:
    database, store = StateFile(tmp_path / "state.db"), Tables()
    table = store.table("jobs")
    table.add({"id": "kept", "state": "Ready"})
    database.write(store.changes(), {"format": 1}, [], [])
    store.written()
    database._db.execute("PRAGMA max_page_count = 12")
    table.add({"id": "large", "state": "Ready", "text": "x" * 200_000})
    with pytest.raises(StateFileError, match=r"state\.db: database or disk is full"):
        database.write(store.changes(), {}, [], [])
    assert [row["id"] for row in database.rows()["jobs"]] == ["kept"]
    database._db.execute("PRAGMA max_page_count = 10000")
    database.write(store.changes(), {}, [], [])
    assert [row["id"] for row in database.rows()["jobs"]] == ["kept", "large"]


def test_another_format_is_refused(tmp_path: Path) -> None:
    database = StateFile(tmp_path / "state.db")
    database.write([], {"format": 99}, [], [])
    with pytest.raises(StateFileError, match="its format is 99"):
        database.meta()


def test_a_copy_is_complete(tmp_path: Path) -> None:
    database = StateFile(tmp_path / "state.db")
    database.write([("jobs", "j", 1, '{"id": "j"}')], {"format": 1}, [{"n": 1}], [{"n": 1}])
    database.copy_to(tmp_path / "copy.db")
    database.close()
    with sqlite3.connect(tmp_path / "copy.db") as copy:
        assert copy.execute("SELECT count(*) FROM rows").fetchone() == (1,)
        assert copy.execute("SELECT count(*) FROM requests").fetchone() == (1,)


def test_nonces_are_kept_for_their_window_and_outlive_a_reset(tmp_path: Path) -> None:
    database = StateFile(tmp_path / "state.db")
    database.write([], {"format": 1}, [], [], nonces=[(100.0, "a"), (1000.0, "b")])
    database.write([], {"format": 1}, [], [], replace=True, nonces=[(2500.0, "c")])
    assert database.nonces() == [(1000.0, "b"), (2500.0, "c")]


def test_rows_contain_only_what_json_can(tmp_path: Path) -> None:
    local = LocalCloud(tmp_path, {})
    local.finished(1)
    database = StateFile(tmp_path / "state.db")
    database.write(local.cloud.tables.changes(), {}, [], [])
    kept = database.rows()
    for name, rows in local.cloud.tables.dump().items():
        assert kept.get(name, []) == rows, name


class Surprise(Exception):
    """An exception that no code expects."""


class Breaks(dict[str, object]):
    """An entry that cannot be read."""

    def __getitem__(self, key: str) -> object:
        raise Surprise(key)


@pytest.mark.parametrize(("rows", "entries", "expected"), [
    ([("jobs", "\ud800", 1, "{}")], [], StateFileError), ([("jobs", "new", 1, object())], [], StateFileError),
    ([("jobs", "new", 1, "{}")], [{"n": 1, "result": object()}], StateFileError),
    ([("jobs", "new", 1, "{}")], [Breaks()], Surprise),
])
def test_whatever_fails_while_it_writes_the_file_stays_whole_and_usable(
    tmp_path: Path, rows: list[Any], entries: list[Any], expected: type[Exception]
) -> None:
    database = StateFile(tmp_path / "state.db")
    database.write([("jobs", "kept", 1, '{"id": "kept"}')], {}, [], [])
    with pytest.raises(expected):
        database.write(rows, {}, entries, [])
    assert database.rows() == {"jobs": [{"id": "kept"}]}
    database.write([("jobs", "next", 2, '{"id": "next"}')], {}, [], [])
    assert [row["id"] for row in database.rows()["jobs"]] == ["kept", "next"]


def test_a_change_that_fails_is_taken_back_whole(tmp_path: Path) -> None:
    store = Tables()
    table, database = store.table("jobs"), StateFile(tmp_path / "state.db")
    for name in ("first", "second", "third"):
        table.add({"id": name, "state": "Ready", "tags": {}})
    database.write(store.changes(), {}, [], store.timeline.unsaved)
    store.written()
    before, steps = [dict(row) for row in table], list(store.timeline.steps)

    def change() -> None:
        table.update("first", state="Running", more=1)
        table.delete("second")
        table.add({"id": "fourth", "state": "Ready"})
        table.update("fourth", state="Running")
        table.to_end("first")
        table.delete("fourth")
        table.add({"id": "second", "state": "again"})
        raise Surprise("in the middle")

    with pytest.raises(Surprise), store.whole():
        change()
    assert list(table) == before
    assert store.timeline.steps == steps
    database.write(store.changes(), {}, [], store.timeline.unsaved)
    other = Tables()
    other.load(database.rows())
    assert list(other.table("jobs")) == before
    with store.whole():
        table.update("first", state="Running")
    assert table.get("first")["state"] == "Running"
