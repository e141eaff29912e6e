# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an execution environment installs, without a container, and a wave under ansible-runner as AWX runs it.

As root, everything runs as another user, who has a HOME that cannot be written.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import CALM, PATIENCE
from support.wave import ROOT, done
from support.wave_hosts import hosts_up, remains
from testbed.hosts import Bed

WORLD = {"sources": [], "buckets": [{"name": "migration-images", "region": "ap-southeast-1"}]}
HOST = "legacy-01"
HOSTS = ("edge-01", "edge-02", HOST, "web-01")
NOBODY = 65534
pytestmark = [pytest.mark.any_core, pytest.mark.long, pytest.mark.sandbox_world(WORLD)]
HELD = 840
"""Seconds for which the copy does not continue: calls are refused when the clocks differ by 15 minutes."""


def as_nobody(command: list[str]) -> list[str]:
    """The command as a user without rights, if this user is root."""
    if os.geteuid():
        return command
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--", *command]


def give(folder: Path) -> None:
    """Give a folder with all that is in it to the user of the runs."""
    for path in (folder, *folder.rglob("*")):
        if not os.geteuid():
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that every user can reach: the folders of pytest are private."""
    place = Path(subprocess.run(["mktemp", "-d"], check=True, capture_output=True, text=True).stdout.strip())
    place.chmod(0o755)
    yield place
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="module")
def installed(place: Path) -> Path:
    """The folder with the environment and the collection."""
    folder, home = place / "installed", place / "home"
    folder.mkdir()
    home.mkdir(mode=0o555)
    give(folder)
    (artifact,) = (ROOT / "build" / "dist").glob("*.tar.gz")
    python = next((path for path in map(Path, ("/usr/bin/python3", sys.executable)) if usable(path)), None)
    if python is None:
        pytest.skip("no Python 3.10 or newer that every user can run")
    kept = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    command = [str(ROOT / "tools" / "like_ee.sh"), str(folder), str(artifact), str(python)]
    env = {**kept, "PATH": "/usr/bin:/bin", "HOME": str(home)}
    ended = subprocess.run(
        as_nobody(command), env=env, text=True, capture_output=True, check=False, cwd=place, timeout=PATIENCE
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert not list(home.iterdir())
    return folder


def usable(python: Path) -> bool:
    """Whether the user of the runs can make environments with this Python."""
    words = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))"
    tried = subprocess.run(as_nobody([str(python), "-c", words]), cwd="/", capture_output=True, check=False)
    return tried.returncode == 0


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    with hosts_up(tmp_path_factory.mktemp("bed"), *HOSTS) as bed:
        yield bed


class Runner:
    """Runs the project of examples/awx as AWX does: its credential is the environment, its survey extra variables."""

    def __init__(
        self, installed: Path, place: Path, bed: Bed, sandbox: Any, *hosts: str, folder: str = "runner"
    ) -> None:
        self.installed, self.home = installed, place / "home"
        self.folder = place / folder
        shutil.copytree(ROOT / "examples" / "awx" / "project", self.folder / "project")
        keys = self.folder / "keys"
        shutil.copytree(bed.ssh, keys)
        text = (bed.folder / "inventory.json").read_text(encoding="utf-8").replace(str(bed.ssh), str(keys))
        inventory = json.loads(text)
        known = inventory["sources"]["hosts"]
        inventory["sources"]["hosts"] = {host: known[host] for host in hosts}
        (self.folder / "inventory").mkdir()
        (self.folder / "inventory" / "hosts.json").write_text(json.dumps(inventory), encoding="utf-8")
        (self.folder / "env").mkdir()
        self.write("extravars", {
            "alicloud_endpoints": sandbox.endpoints, "migration_bucket": sandbox.bucket, "migration_name": "runner",
            "agent_url": sandbox.agent["url"], "agent_sha256": sandbox.agent["sha256"], "agent_poll_interval": 1,
            "migration_poll_interval": 1, "cleanup_poll_interval": 1, "agent_available_timeout": int(PATIENCE),
        })  # fmt: skip
        self.write("envvars", {
            "ALIBABA_CLOUD_ACCESS_KEY_ID": sandbox.access_key, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": sandbox.secret_key,
            "ALIBABA_CLOUD_SECURITY_TOKEN": "", "ALIBABA_CLOUD_REGION": sandbox.region,
            "ANSIBLE_HOME": str(self.folder / "ansible"), "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.folder / "cp"),
            "ANSIBLE_COLLECTIONS_PATH": str(installed / "collections"),
        })  # fmt: skip
        give(self.folder)

    def read(self, name: str) -> dict[str, Any]:
        """Return the content of a file of the environment of the runs."""
        content: dict[str, Any] = yaml.safe_load((self.folder / "env" / name).read_text(encoding="utf-8"))
        return content

    def write(self, name: str, content: dict[str, Any]) -> None:
        """Write a file of the environment of the runs."""
        (self.folder / "env" / name).write_text(yaml.safe_dump(content), encoding="utf-8")

    @contextmanager
    def started(self, ident: str, playbook: str) -> Iterator[subprocess.Popen[str]]:
        """A run; it has ended when the block has."""
        program = self.installed / "venv" / "bin" / "ansible-runner"
        command = [str(program), "run", str(self.folder), "--ident", ident, "--playbook", playbook]
        env = {**CALM, "PATH": f"{program.parent}:/usr/bin:/bin", "HOME": str(self.home), "LC_ALL": "C.UTF-8"}
        with subprocess.Popen(as_nobody(command), env=env, cwd=self.folder, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:  # fmt: skip
            try:
                yield process
            except BaseException:
                process.terminate()
                raise
            self.output, _nothing = process.communicate(timeout=PATIENCE)

    def run(self, ident: str, playbook: str = "migrate.yml") -> str:
        """Run a playbook to its end; return the status."""
        with self.started(ident, playbook):
            pass
        return self.status(ident)

    def status(self, ident: str) -> str:
        """Return the status that the artifacts of a run show."""
        return (self.folder / "artifacts" / ident / "status").read_text(encoding="utf-8")

    def events(self, ident: str) -> list[dict[str, Any]]:
        """Return the job events of a run, in their order."""
        paths = (self.folder / "artifacts" / ident / "job_events").glob("*.json")
        texts = [path.read_text(encoding="utf-8") for path in paths if re.fullmatch(r"\d+-[0-9a-f-]+\.json", path.name)]
        return sorted(map(json.loads, texts), key=lambda event: int(event["counter"]))


@pytest.fixture
def runner(installed: Path, place: Path, bed: Bed, sandbox: Any) -> Runner:
    return Runner(installed, place, bed, sandbox, HOST)


@pytest.fixture
def sliced(installed: Path, place: Path, bed: Bed, sandbox: Any) -> Callable[[int], list[Runner]]:
    """Makes the jobs of a template with so many slices: every job has its own folder, and its share of the hosts."""

    def make(count: int) -> list[Runner]:
        return [
            Runner(installed, place, bed, sandbox, *sorted(HOSTS)[index::count], folder=f"slice-{index}-of-{count}")
            for index in range(count)
        ]

    return make


def test_a_wave_survives_a_timeout_and_a_cancelled_job_and_passes_its_state_on(runner: Runner, sandbox: Any) -> None:
    rule = {"state": {"lifecycle": "smc.job", "at": "Running/Syncing"}, "do": "hold", "seconds": HELD}
    sandbox.post("faults", {"meaning": "a copy that takes long", "faults": [rule]})
    runner.write("settings", {"job_timeout": 60})
    assert runner.run("timeout") == "timeout", runner.output
    runner.write("settings", {})

    with runner.started("cancel", "migrate.yml") as process:
        task = "Run all stages for all servers"
        sandbox.until(lambda: any(task in event["stdout"] for event in runner.events("cancel")))
        process.send_signal(signal.SIGTERM)
    assert runner.status("cancel") == "canceled", runner.output
    assert [row["state"] for row in sandbox.get("state")["jobs"]] == ["Running/Syncing"]

    sandbox.advance(HELD)
    assert runner.run("wave") == "successful", runner.output
    rows = sandbox.requests()
    assert [done(rows, action) for action in ("CreateReplicationJob", "ExportImage", "ImportImage")] == [1, 1, 1]
    assert remains(sandbox) == []
    events_of = runner.events("wave")
    assert [event["counter"] for event in events_of] == list(range(1, len(events_of) + 1))
    assert events_of[-1]["event"] == "playbook_on_stats"
    passed = {"servers": 1, "migrated": 1, "failed": 0, "unfinished": False}
    assert events_of[-1]["event_data"]["artifact_data"] == {"edgelift_migration_state": passed}
    assert runner.run("status", "status.yml") == "successful", runner.output
    assert runner.events("status")[-1]["event_data"]["artifact_data"] == {"edgelift_migration_state": passed}
    assert not list(runner.home.iterdir())


def shown(runner: Runner, ident: str, words: str) -> bool:
    """Whether a job has shown these words, or the name of this task."""
    return any(words in event["stdout"] for event in runner.events(ident))


MOMENTS = (": transfer, job ", ": export, ", ": import, ", "Delete the leftover resources of the migration")
"""What a job shows when it is cancelled: a copy, an export, an import, and the cleanup."""


def test_slices_at_once_that_are_cancelled_lose_nothing(sliced: Any, sandbox: Any) -> None:
    four = sliced(4)
    with ExitStack() as stack:
        processes = [stack.enter_context(job.started("wave", "migrate.yml")) for job in four]
        waiting = dict(enumerate(MOMENTS))

        def all_cancelled() -> bool:
            for number, moment in list(waiting.items()):
                if processes[number].poll() is not None or shown(four[number], "wave", moment):
                    processes[number].send_signal(signal.SIGTERM)
                    del waiting[number]
            return not waiting

        sandbox.until(all_cancelled, seconds=2 * PATIENCE)
    # A job that had ended before its moment would be "successful" or "failed".
    assert [job.status("wave") for job in four] == ["canceled"] * 4, [job.output for job in four]

    two = sliced(2)
    with ExitStack() as stack:
        for job in two:
            stack.enter_context(job.started("wave", "migrate.yml"))
    assert [job.status("wave") for job in two] == ["successful"] * 2, [job.output for job in two]
    rows = sandbox.requests()
    assert [done(rows, action) for action in ("CreateReplicationJob", "ExportImage", "ImportImage")] == [4, 4, 4]
    assert done(rows, "CreateVpc") == done(rows, "DeleteVpc") == 1
    assert len(sandbox.get("state")["ens_images"]) == 4
    assert remains(sandbox) == []
    assert sandbox.get("meter")["running"] == []

    # What the schedule of the sweep starts every hour.
    [sweep] = sliced(1)
    sweep.write("extravars", {**sweep.read("extravars"), "cleanup_state": "reported"})
    assert sweep.run("sweep", "cleanup.yml") == "successful", sweep.output
    events = sweep.events("sweep")
    assert events[-1]["event_data"]["changed"] == {}
    shows = {event["event_data"]["task"] for event in events if event["event"] == "runner_on_ok"}
    assert {task for task in shows if task.startswith("Show")} == set()


def test_the_context_of_the_image_has_the_artifact_and_the_base_image_is_an_argument(tmp_path: Path) -> None:
    builder = shutil.which("ansible-builder", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if builder is None:
        pytest.skip("ansible-builder is not installed")
    command = [builder, "create", "-f", str(ROOT / "execution-environment.yml"), "-c", str(tmp_path / "context"),
               "--output-filename", "Containerfile"]  # fmt: skip
    ended = subprocess.run(command, text=True, capture_output=True, check=False, timeout=PATIENCE)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    recipe = (tmp_path / "context" / "Containerfile").read_text(encoding="utf-8")
    assert 'ARG EE_BASE_IMAGE="' in recipe
    assert "FROM $EE_BASE_IMAGE AS base" in recipe
    (artifact,) = (ROOT / "build" / "dist").glob("*.tar.gz")
    assert (tmp_path / "context" / "_build" / "dist" / artifact.name).read_bytes() == artifact.read_bytes()
    wanted = yaml.safe_load((tmp_path / "context" / "_build" / "requirements.yml").read_text())
    assert wanted == {"collections": [{"name": f"dist/{artifact.name}", "type": "file"}]}
