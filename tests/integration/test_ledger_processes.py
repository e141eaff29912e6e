# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real controllers on one migration: ansible-playbook in processes that are killed, stopped, doubled, and ended.

The time of a lease is the Date of the bucket, which is the sandbox's clock: it stands still here, and a test sets it
forward by a lease instead of waiting for one. The processes themselves live in real time.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import oss2
import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.state import LEASE
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming
from support import CALM, PATIENCE
from support.oss_client import bucket
from support.wave import DB, WEB, changing, connection, done, run, standing_still

PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
COLLECTIONS = Path(str(naming.__file__)).parents[5]
NAME = "wave"
FROZEN = pytest.mark.sandbox_world({"clock_rate": 0})
pytestmark = pytest.mark.any_core
MADE = ("CreateReplicationJob", "ExportImage", "ImportImage")


class Controllers:
    """The runs of ansible-playbook of one test."""

    def __init__(self, sandbox: Any, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        self.running: list[subprocess.Popen[str]] = []

    def start(self, *servers: dict[str, Any], **task: Any) -> subprocess.Popen[str]:
        """Start a playbook that migrates these servers."""
        options = {"name": NAME, "bucket": self.sandbox.bucket, "servers": list(servers), "poll_interval": 0.5}
        number = len(self.running)
        play = {
            "name": "Migrate", "hosts": "localhost", "gather_facts": False, "strategy": "free",
            "module_defaults": {"group/edgelift.ens_migration.alicloud": connection(self.sandbox)},
            "tasks": [{"name": "Migrate", "edgelift.ens_migration.ens_migration": options, **task}],
        }
        book, output = self.folder / f"play{number}.json", self.folder / f"output{number}"
        book.write_text(json.dumps([play]), encoding="utf-8")
        env = {
            **os.environ, **CALM, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_HOME": str(self.folder / "ansible"), "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        }
        with output.open("w", encoding="utf-8") as file:
            process = subprocess.Popen(
                [str(PLAYBOOK), "-i", "localhost,", "-c", "local", str(book)],
                env=env, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, text=True,
            )
        self.running.append(process)
        return process

    def output(self, number: int = 0) -> str:
        """Return what a playbook has printed, in one line: Ansible breaks long ones."""
        return re.sub(r"\s+", " ", (self.folder / f"output{number}").read_text(encoding="utf-8"))

    def module(self, number: int = 0) -> int:
        """Return the process of the module of the ``number``-th run, as soon as it has claimed its servers."""

        def pids() -> list[int]:
            return [row["pid"] for row in lines(self.sandbox) if "pid" in row]

        self.sandbox.until(lambda: len(pids()) > number)
        return pids()[number]


def lines(sandbox: Any) -> list[dict[str, Any]]:
    """Return the lines of the migration's first ledger."""
    try:
        body = bucket(sandbox).get_object(naming.ledger_key(NAME, 1)).read()
    except oss2.exceptions.NoSuchKey:
        return []
    return [json.loads(line) for line in body.splitlines()]


def alive(pid: int) -> bool:
    """Return whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture
def controllers(sandbox: Any, tmp_path: Path) -> Iterator[Controllers]:
    # Under nohup, this process ignores SIGHUP, and its children would inherit that.
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    found = Controllers(sandbox, tmp_path)
    yield found
    signal.signal(signal.SIGHUP, before)
    for process in found.running:
        if process.poll() is None:
            process.kill()
        process.wait(PATIENCE)


def copying(sandbox: Any) -> Callable[[], bool]:
    """Return whether a job runs: in a frozen world it stays so."""
    return lambda: done(sandbox.requests("smc"), "StartReplicationJob") > 0


def nothing_is_made_after(sandbox: Any, since: int) -> None:
    """Let a day pass and compare: nothing was made, and nothing is billed."""
    sandbox.post("clock", {"rate": 1})
    assert standing_still(sandbox)
    sandbox.advance(86400)
    assert [call for call in changing(sandbox.requests(since=since)) if "Create" in call or "Import" in call] == []
    assert [sandbox.get("state")[name] for name in ("jobs", "instances", "images", "snapshots")] == [[], [], [], []]


def test_two_controllers_share_a_wave(sandbox: Any, controllers: Controllers) -> None:
    first, second = controllers.start(WEB, DB), controllers.start(DB, WEB)
    assert [first.wait(PATIENCE), second.wait(PATIENCE)] == [0, 0], controllers.output(0) + controllers.output(1)
    assert [done(sandbox.requests(), action) for action in MADE] == [2, 2, 2]
    assert len(sandbox.get("state")["ens_images"]) == 2
    told = controllers.output(0) + controllers.output(1)
    assert re.search(r"driven by \S+ \(process \d+\) since \d{4}-", told), told
    assert {row["by"] for row in lines(sandbox) if row.get("claim")}


@FROZEN
@pytest.mark.parametrize("end", ["SIGKILL", "task timeout", "SIGHUP", "SIGTERM to all"])
def test_a_module_ends_with_its_playbook(sandbox: Any, controllers: Controllers, end: str) -> None:
    playbook = controllers.start(WEB, **({"timeout": 20} if end == "task timeout" else {}))
    pid = controllers.module()
    sandbox.until(copying(sandbox))
    if end == "SIGTERM to all":
        # As a job runner does that ends a job: the module gets it too.
        for number in (pid, playbook.pid):
            os.kill(number, signal.SIGTERM)
    elif end != "task timeout":
        playbook.send_signal(getattr(signal, end))
    sandbox.until(lambda: not alive(pid))
    playbook.wait(PATIENCE)
    # It has released its servers: the cleanup need not wait for its lease, where time passes only on request.
    assert lines(sandbox)[-1]["until"] == 0.0
    since = sandbox.get("requests?since=0")["next"]
    sandbox.post("clock", {"rate": 1})
    swept = run(sandbox, "smc_cleanup", name=NAME)["cleanup"]
    assert swept["residual"] == []
    nothing_is_made_after(sandbox, since)


@FROZEN
def test_a_controller_that_was_stopped_for_longer_than_its_lease_makes_nothing(
    sandbox: Any, controllers: Controllers
) -> None:
    playbook = controllers.start(WEB)
    pid = controllers.module()
    sandbox.until(copying(sandbox))
    os.kill(pid, signal.SIGSTOP)
    try:
        # Another one sees who drives the server, and takes over when the lease has ended.
        seen = run(sandbox, "ens_migration", name=NAME, servers=[WEB], wait=False)["migration"]["servers"][0]
        assert seen["verdict"] == "pending"
        assert re.fullmatch(rf"driven by \S+ \(process {pid}\) since .*Z", seen["state"])
        kept = run(sandbox, "smc_cleanup", name=NAME, servers=[WEB], scope="servers")["cleanup"]
        (theirs,) = [row for row in kept["kept"] if row["kind"] == "server"]
        assert theirs["reason"].startswith("driven by ")
        assert len(sandbox.get("state")["jobs"]) == 1
        sandbox.advance(LEASE + 1)
        sandbox.post("clock", {"rate": 1})
        swept = run(sandbox, "smc_cleanup", name=NAME)["cleanup"]
        assert swept["residual"] == []
        since = sandbox.get("requests?since=0")["next"]
    finally:
        os.kill(pid, signal.SIGCONT)
    assert playbook.wait(PATIENCE) == 2
    assert re.search(r"ended by a cleanup of \S+ at \d{4}-\S+Z.*migration_restart: true", controllers.output())
    # Its line is refused: the ledger in which it would have been written has ended.
    sent = sandbox.requests(since=since)
    assert {row["action"] for row in sent if row["status"] == 409} == {"AppendObject"}
    assert changing(row for row in sent if row["status"] == 200) == []
    nothing_is_made_after(sandbox, since)


def test_a_cleanup_beside_a_run_ends_it_and_a_restart_must_be_asked_for(
    sandbox: Any, controllers: Controllers
) -> None:
    playbook = controllers.start(WEB, DB)
    controllers.module()
    sandbox.until(copying(sandbox))
    swept = run(sandbox, "smc_cleanup", name=NAME, delete_sources=False)["cleanup"]
    assert swept["residual"] == []
    since = sandbox.get("requests?since=0")["next"]
    assert playbook.wait(PATIENCE) == 2
    assert "ended by a cleanup of" in controllers.output()
    with pytest.raises(CloudError, match="ended by a cleanup of") as ended:
        run(sandbox, "ens_migration", name=NAME, servers=[WEB, DB])
    assert ended.value.code == "Migration.Ended"
    assert "migration_restart: true" in str(ended.value.hint)
    assert changing(sandbox.requests(since=since)) == []
    again = run(sandbox, "ens_migration", name=NAME, servers=[WEB, DB], restart=True)["migration"]
    assert [row["verdict"] for row in again["servers"]] == ["migrated", "migrated"]
    left = run(sandbox, "smc_cleanup", name=NAME, servers=[WEB, DB], scope="servers", resources=again["resources"])
    assert left["cleanup"]["residual"] == []
    assert standing_still(sandbox)
