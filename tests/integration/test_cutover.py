# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Incremental migration and cutover of a real SSH host whose disk is a database that is written all the time."""

from __future__ import annotations

import datetime
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import PATIENCE
from support.source import ask
from support.wave import Player, changing, done
from support.wave_hosts import NO_CLIENT, client_on, hosts_up, killed_at, settled
from testbed.hosts import Bed

WORLD: dict[str, Any] = {"sources": [], "buckets": [{"name": "migration-images", "region": "ap-southeast-1"}]}
HOST = "web-01"
BLOCK = 1 << 20
INSERTS = ("INSERT INTO paid (text) VALUES (?)", "INSERT INTO booked (text) VALUES (?)")
COUNTS = ("SELECT count(*) FROM paid", "SELECT count(*) FROM booked")
pytestmark = [pytest.mark.long, pytest.mark.sandbox_world(WORLD)]


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    with hosts_up(tmp_path_factory.mktemp("bed"), HOST) as bed:
        yield bed


@pytest.fixture
def player(bed: Bed, sandbox: Any, tmp_path: Path) -> Iterator[Player]:
    yield Player(bed, sandbox, tmp_path)
    ask(bed, HOST, NO_CLIENT)


class Load:
    """A database whose file is the disk of a source. Each transaction adds a row to two tables."""

    def __init__(self, disk: Path, stop: Path, stopped: Path) -> None:
        self.disk, self._stop, self._stopped = disk, stop, stopped
        fresh = stop.parent / "fresh.sqlite"
        with sqlite3.connect(fresh) as made:
            for table in ("paid", "booked"):
                made.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, text TEXT)")
        made.close()
        with disk.open("r+b") as file:
            # The rest of the disk stays as it is: the header of the database says where it ends.
            file.write(fresh.read_bytes())
        self.thread = threading.Thread(target=self._write)
        self.thread.start()

    def _write(self) -> None:
        with sqlite3.connect(self.disk) as database:
            # Its journal is no part of the disk: a copy that is made meanwhile cannot be repaired.
            database.execute("PRAGMA journal_mode=MEMORY")
            while not self._stop.exists():
                with database:
                    for insert in INSERTS:
                        database.execute(insert, ("x" * 2000,))
                time.sleep(0.05)
        database.close()
        self._stopped.touch()

    def rows(self) -> int:
        """Require that the database is whole; return the number of its transactions."""
        database = sqlite3.connect(self.disk)
        (state,) = database.execute("PRAGMA integrity_check").fetchone()
        counts = {database.execute(count).fetchone()[0] for count in COUNTS}
        database.close()
        assert (state, len(counts)) == ("ok", 1)
        return int(counts.pop())

    def size(self) -> int:
        """Return the bytes of the database."""
        database = sqlite3.connect(self.disk)
        (pages,), (page,) = (database.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size"))
        database.close()
        return int(pages * page)


def hook(folder: Path, name: str, *tasks: dict[str, Any]) -> str:
    """A task file of the user."""
    (folder / f"{name}.yml").write_text(yaml.safe_dump(list(tasks)), encoding="utf-8")
    return str(folder / f"{name}.yml")


def told(name: str) -> dict[str, Any]:
    """A task that records on the source which hook has run."""
    return {"name": f"Record {name}", "ansible.builtin.raw": f"echo {name} >>/hooks", "changed_when": True}


def received(sandbox: Any) -> list[int]:
    """The bytes of content that each run of the job has received."""
    return [int(row["params"]["bytes"]) for row in sandbox.requests("agent") if row["action"] == "Received"]


def test_a_database_under_load_is_whole_after_the_cutover(player: Player, sandbox: Any, tmp_path: Path) -> None:
    ask(player.bed, HOST, "rm -f /hooks")
    (disk,) = (player.bed.disks / HOST).iterdir()
    stop, stopped = tmp_path / "stop", tmp_path / "stopped"
    load = Load(disk, stop, stopped)
    local = {"delegate_to": "localhost", "vars": {"ansible_connection": "local"}}
    quiesce = [
        told("quiesce"),
        {"name": "Stop", "ansible.builtin.file": {"path": str(stop), "state": "touch"}, **local},
        {"name": "Wait", "ansible.builtin.wait_for": {"path": str(stopped), "timeout": int(PATIENCE)}, **local},
    ]
    given = {
        "migration_name": "shop", "migration_mode": "incremental", "migration_frequency": 168,
        "migration_hook_before_cutover": hook(tmp_path, "before", *quiesce),
        "migration_hook_after_cutover": hook(tmp_path, "after", told("after")),
        "migration_hook_after_failure": hook(tmp_path, "failure", told("failure")),
        "handover_dir": str(tmp_path / "lists"), "preflight_egress": [],
    }  # fmt: skip
    try:
        synced = player.play("migrate.yml", **given)
        row = synced.row(HOST)
        assert (synced.code, row["status"]) == (0, "synced"), synced.output
        assert row["sync"]["runs"] == 1
        assert {item["kind"] for item in row["billed"]} >= {"ecs_instance", "ecs_snapshot"}
        assert client_on(player.bed, HOST)
        since = sandbox.get("requests?since=0")["next"]
        again = player.play("migrate.yml", **given)
        assert (again.code, again.changed, again.row(HOST)["status"]) == (0, 0, "synced"), again.output
        later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2)
        closed = player.play("cutover.yml", **given, migration_windows=[f"{later:%a} 10:00-11:00"])
        assert (closed.code, closed.row(HOST)["status"]) == (2, "blocked"), closed.output
        assert "its maintenance window is closed until" in closed.row(HOST)["reasons"][0]
        dry = player.play("cutover.yml", "--check", **given)
        assert (dry.code, ask(player.bed, HOST, "ls /hooks 2>/dev/null; true")) == (0, ""), dry.output
        assert not dry.row(HOST).get("cutover"), "a dry run is no cutover"
        assert [name for name in changing(sandbox.requests(since=since)) if not name.startswith("oss.")] == []
        assert load.thread.is_alive(), "nothing has happened to a server whose cutover is refused"
        cut = player.play("cutover.yml", **given)
    finally:
        stop.touch()
        load.thread.join()
    assert cut.code == 0, cut.output
    settled(player, cut, HOST)
    assert load.rows() > 0
    full, last = received(sandbox)
    assert full > 0
    assert 0 < last <= load.size() + 2 * BLOCK, "only the blocks of the database travel again"
    row = cut.row(HOST)["cutover"]
    assert (row["until"], row["downtime"] > 0, row["forecast"]["parts"].keys()) == (
        "imported", True, {"sync", "export", "import"}
    )
    assert "from the hook before the cutover until imported" in " ".join(cut.output.split())
    assert ask(player.bed, HOST, "cat /hooks").split() == ["quiesce", "after"]
    assert (tmp_path / "lists" / f"{HOST}.md").is_file()


def test_a_controller_that_is_killed_after_the_cutover_call_is_continued(player: Player, sandbox: Any) -> None:
    given = {"migration_name": "killed", "migration_mode": "incremental", "preflight_egress": []}
    assert player.play("migrate.yml", **given).row(HOST)["status"] == "synced"
    killed_at("CutOverReplicationJob", player, "cutover.yml", **given)
    again = player.play("cutover.yml", **given, handover_dir=str(player.folder / "lists"))
    assert again.code == 0, again.output
    settled(player, again, HOST)
    assert done(sandbox.requests(), "CutOverReplicationJob") == 1


@pytest.mark.sandbox_world(
    {**WORLD, "faults": [{"match": {"product": "smc", "action": "CutOverReplicationJob"}, "phase": "before",
                          "kind": "error", "code": "Forbidden.RAM", "status": 403, "times": 1}]}
)
def test_a_refused_cutover_keeps_the_job_and_starts_the_services_again(
    player: Player, sandbox: Any, tmp_path: Path
) -> None:
    ask(player.bed, HOST, "rm -f /hooks")
    given = {
        "migration_name": "refused", "migration_mode": "incremental", "preflight_egress": [],
        "migration_hook_after_failure": hook(tmp_path, "failure", told("failure")),
    }  # fmt: skip
    assert player.play("migrate.yml", **given).row(HOST)["status"] == "synced"
    failed = player.play("cutover.yml", **given)
    assert (failed.code, failed.row(HOST)["status"]) == (2, "failed"), failed.output
    assert ask(player.bed, HOST, "cat /hooks").split() == ["failure"]
    (job,) = sandbox.get("state")["jobs"]
    assert (job["state"], bool(client_on(player.bed, HOST))) == ("Waiting", True)
    again = player.play("cutover.yml", **given, handover_dir=str(tmp_path / "lists"))
    settled(player, again, HOST)
