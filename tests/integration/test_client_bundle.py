# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client bundle on a source server that has a shell and nothing else, against a running sandbox."""
from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import requests
from support import PATIENCE

from sandbox.bytes.disks import DiskStore, non_zero_blocks

pytestmark = pytest.mark.any_core

GIB, MIB = 1 << 30, 1 << 20
FOLDER = "smc/go2aliyun_client_linux_x86_64"


class Source:
    """A root file system with busybox alone and disks as files: all that the client sees of a server."""

    def __init__(self, root: Path, data_disks: int = 0) -> None:
        self.root = root
        self.processes: list[subprocess.Popen[str]] = []
        for folder in ("bin", "smc", "etc", "proc", "dev", "sys/block"):
            (root / folder).mkdir(parents=True)
        shutil.copy("/bin/busybox", root / "bin/busybox")
        for name in ("sh", "tar", "gzip"):
            (root / "bin" / name).symlink_to("busybox")
        (root / "etc/os-release").write_text('ID="debian"\n')
        (root / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
        (root / "proc/mounts").write_text("rootfs / x rw\n/dev/vda1 / x rw\n/dev/vdb1 /d x rw\n/dev/sda1 /e x rw\n")
        # A name that sorts before the system disk, and devices that are none of the server's disks.
        self.disks = [self._disk(name) for name in ("vda", "sda", "vdb")[:data_disks + 1]]
        for name, sectors, removable in (("loop0", 2048, 0), ("sr0", 2048, 1), ("dm-0", 2048, 0), ("sdz", 2048, 1)):
            self._block(name, sectors, removable)

    def _block(self, name: str, sectors: int, removable: int) -> None:
        (self.root / "sys/block" / name).mkdir()
        (self.root / "sys/block" / name / "size").write_text(f"{sectors}\n")
        (self.root / "sys/block" / name / "removable").write_text(f"{removable}\n")

    def _disk(self, name: str) -> Path:
        self._block(name, 20 * GIB // 512, 0)
        part = self.root / "sys/block" / name / f"{name}1"
        part.mkdir()
        for field, value in (("partition", 1), ("size", 20 * GIB // 512 - 2048), ("start", 2048)):
            (part / field).write_text(f"{value}\n")
        path = self.root / "dev" / name
        generator = random.Random(name)
        with path.open("wb") as disk:
            disk.truncate(20 * GIB)
            for _number in range(12):
                disk.seek(generator.randrange(20 * GIB - MIB))
                disk.write(generator.randbytes(700_000))
        return path

    @property
    def folder(self) -> Path:
        return self.root / FOLDER

    @property
    def log(self) -> str:
        path = self.folder / "Logs/go2aliyun_client.log"
        return path.read_text() if path.exists() else ""

    def install(self, agent: dict[str, str]) -> None:
        content = download(agent["url"]).content
        assert sha256(content).hexdigest() == agent["sha256"]
        (self.root / "smc/client.tar.gz").write_bytes(content)
        done = self.run("/bin/tar", "xzf", "/smc/client.tar.gz", "-C", "/smc")
        assert done.returncode == 0, done.stderr

    def command(self, *words: str) -> list[str]:
        enter = ["chroot"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--root"]
        program = shutil.which(enter[0])
        assert program, f"{enter[0]} is not installed"
        return [program, *enter[1:], str(self.root), *words]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = self.command(*words)
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, env={}, check=False)

    def client(self, *options: str) -> subprocess.CompletedProcess[str]:
        return self.run(f"/{FOLDER}/go2aliyun_client", *options)

    def start(self, *options: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(self.command(f"/{FOLDER}/go2aliyun_client", *options), text=True, env={},
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.processes.append(process)
        return process

    def configure(self, **fields: Any) -> None:
        path = self.folder / "user_config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()


def download(url: str, headers: dict[str, str] | None = None) -> requests.Response:
    return requests.get(url, headers=headers, timeout=PATIENCE)


@pytest.fixture
def make_source(tmp_path: Path, sandbox: Any) -> Iterator[Callable[..., Source]]:
    made: list[Source] = []

    def make(data_disks: int = 0) -> Source:
        source = Source(tmp_path / f"source-{len(made)}", data_disks)
        made.append(source)
        source.install(sandbox.agent)
        return source

    yield make
    for source in made:
        source.stop()


def token(sandbox: Any, count: int = 1) -> tuple[str, str]:
    answer = sandbox.call("smc", "CreateAccessToken", Name="wave-1", Count=str(count), TimeToLiveInDays="1")
    return answer["AccessTokenId"], answer["AccessTokenCode"]


def servers(sandbox: Any, **filters: Any) -> list[dict[str, Any]]:
    return sandbox.call("smc", "DescribeSourceServers", **filters)["SourceServers"]["SourceServer"]


def imported(sandbox: Any, source: Source) -> str:
    """Import the source with an activation code in its configuration file and return its id once it is Available."""
    token_id, code = token(sandbox)
    source.configure(access_token_id=token_id, access_token_code=code)
    source.start("--nocheckversion", "--noenterkey")
    source_id: str = sandbox.until(lambda: json.loads((source.folder / "client_data").read_text())["source_id"])
    sandbox.until(lambda: servers(sandbox, SourceIds=[source_id])[0]["State"] == "Available")
    return source_id


def test_a_source_with_a_shell_alone_is_imported(sandbox: Any, make_source: Callable[..., Source]) -> None:
    source = make_source(data_disks=2)
    token_id, code = token(sandbox)
    source.configure(access_token_id=token_id, access_token_code=code)
    process = source.start("--nocheckversion", "--noenterkey")
    assert process.stdout
    started, said = process.stdout.readline(), process.stdout.readline()
    assert "starts" in started
    data = json.loads((source.folder / "client_data").read_text())
    assert said == f"Import Source Server [{data['source_id']}] Successfully!\n"
    assert said.strip() in source.log
    sandbox.until(lambda: servers(sandbox, SourceIds=[data["source_id"]])[0]["State"] == "Available")
    (server,) = servers(sandbox, SourceIds=[data["source_id"]])
    assert (server["Platform"], server["Architecture"]) == ("Debian", os.uname().machine)
    assert server["SystemDiskSize"] == 20
    assert [(disk["Index"], disk["Size"]) for disk in server["DataDisks"]["DataDisk"]] == [(1, 20), (2, 20)]
    system = json.loads(server["SystemInfo"])
    assert system["hostname"] == os.uname().nodename
    assert len(server["SystemInfo"]) <= 1024
    # Nothing that was secret is left anywhere but the key to come back with, which only root reads.
    config = json.loads((source.folder / "user_config.json").read_text())
    assert (config["access_token_id"], config["access_token_code"]) == ("", "")
    assert code not in source.log
    assert data["agent_key"] not in source.log
    assert (source.folder / "client_data").stat().st_mode & 0o777 == 0o600
    assert process.poll() is None


@pytest.mark.parametrize(("options", "code"), [
    (["--accesstokenid=at-unknown", "--accesstokencode=nonsense"], "InvalidAccessToken"),
    (["--accessid=LTAInobody", "--secretkey=nonsense"], "InvalidAccessKeyId.NotFound"),
    ([], "no credentials"),
])
def test_a_refused_import_says_why_and_ends(sandbox: Any, make_source: Callable[..., Source], options: list[str],
                                            code: str) -> None:
    source = make_source()
    before = len(servers(sandbox))
    done = source.client("--noenterkey", *options)
    assert done.returncode == 1
    assert "Error: " in done.stdout
    assert code in done.stdout
    assert done.stdout.endswith("Goto Aliyun Not Finished!\n")
    assert "nonsense" not in done.stdout + done.stderr + source.log
    assert len(servers(sandbox)) == before
    assert not (source.folder / "go2aliyun_client.pid").exists()


def test_an_access_key_pair_imports_too_and_its_secret_stays_here(sandbox: Any, make_source: Any) -> None:
    source = make_source()
    source.start("--noenterkey", f"--accessid={sandbox.access_key}", f"--secretkey={sandbox.secret_key}")
    sandbox.until(lambda: "Successfully!" in source.log)
    assert sandbox.secret_key not in source.log
    wrong = make_source()
    done = wrong.client("--noenterkey", f"--accessid={sandbox.access_key}", "--secretkey=wrong")
    assert (done.returncode, "InvalidAccessKeySecret" in done.stdout) == (1, True)


def test_one_client_runs_and_comes_back_without_a_code(sandbox: Any, make_source: Callable[..., Source]) -> None:
    source = make_source()
    source_id = imported(sandbox, source)
    first = source.processes[0]
    pid = int((source.folder / "go2aliyun_client.pid").read_text())
    again = source.client("--noenterkey")
    assert (again.returncode, f"already running (process {pid})" in again.stdout) == (0, True)
    assert source.client("--abort", "--noenterkey").returncode == 0
    assert first.wait(PATIENCE) == 0
    assert not (source.folder / "go2aliyun_client.pid").exists()
    source.start("--noenterkey")
    sandbox.until(lambda: f"Source Server [{source_id}] is attached again" in source.log)
    source.start("--noenterkey", "--rerun")
    assert source.processes[1].wait(PATIENCE) == 0
    sandbox.until(lambda: source.log.count(f"Source Server [{source_id}] is attached again") == 2)
    # No second source server was made for the same machine.
    assert [server["Name"] for server in servers(sandbox)].count(os.uname().nodename) == 1


def test_a_killed_client_leaves_nothing_that_stops_the_next(sandbox: Any, make_source: Callable[..., Source]) -> None:
    source = make_source()
    source_id = imported(sandbox, source)
    os.kill(source.processes[0].pid, 9)
    source.processes[0].wait()
    assert (source.folder / "go2aliyun_client.pid").exists()
    source.start("--noenterkey")
    sandbox.until(lambda: f"[{source_id}] is attached again" in source.log)


def run_job(sandbox: Any, source_id: str, data_disks: int) -> str:
    job = sandbox.call("smc", "CreateReplicationJob", SourceId=source_id, Name="job-1", TargetType="Image",
                       ImageName="image-1", SystemDiskSize=20,
                       DataDisks=[{"Index": index, "Size": 20} for index in range(1, data_disks + 1)],
                       RegionId=sandbox.region)["JobId"]
    sandbox.call("smc", "StartReplicationJob", JobId=job)
    return str(job)


def job_status(sandbox: Any, job: str) -> dict[str, Any]:
    jobs = sandbox.call("smc", "DescribeReplicationJobs", JobIds=[job])["ReplicationJobs"]["ReplicationJob"]
    return dict(jobs[0])


def test_the_disks_bytes_reach_the_image(sandbox: Any, make_source: Callable[..., Source]) -> None:
    source = make_source(data_disks=2)
    source_id = imported(sandbox, source)
    job = run_job(sandbox, source_id, 2)
    sandbox.until(lambda: job_status(sandbox, job)["Status"] == "Finished")
    images = [image for image in sandbox.get("state")["images"] if image["id"] == job_status(sandbox, job)["ImageId"]]
    store = DiskStore(Path(sandbox.greeting["state"]) / "blobs/disks")
    copies = {disk["index"]: store.path(disk["snapshot_id"]) for disk in images[0]["disks"]}
    # The system disk is the one that / is on, wherever it stands in the list of devices.
    assert sorted(copies) == [0, 1, 2]
    for index, name in enumerate(("vda", "sda", "vdb")):
        assert non_zero_blocks(copies[index]) == non_zero_blocks(source.root / "dev" / name)
        assert copies[index].stat().st_size == 20 * GIB
        assert copies[index].stat().st_blocks * 512 < 32 * MIB


def test_a_source_deleted_in_smc_is_told_so(sandbox: Any, make_source: Callable[..., Source]) -> None:
    source = make_source()
    source_id = imported(sandbox, source)
    sandbox.call("smc", "DeleteSourceServer", SourceId=source_id)
    sandbox.until(lambda: f"the source server [{source_id}] was deleted in SMC" in source.log)
    assert source.processes[0].poll() is None
    assert source.client("--abort", "--noenterkey").returncode == 0
    # With a new code it becomes a new source server.
    token_id, code = token(sandbox)
    source.start("--noenterkey", f"--accesstokenid={token_id}", f"--accesstokencode={code}")
    sandbox.until(lambda: source.log.count("Successfully!") == 2)
    assert json.loads((source.folder / "client_data").read_text())["source_id"] != source_id


def test_cleardata_makes_the_next_start_a_new_import(sandbox: Any, make_source: Callable[..., Source]) -> None:
    source = make_source()
    imported(sandbox, source)
    assert source.client("--cleardata", "--noenterkey").returncode == 0
    assert source.processes[0].wait(PATIENCE) == 0
    assert json.loads((source.folder / "client_data").read_text())["source_id"] == ""
    assert source.client("--noenterkey").returncode == 1


def ask(sandbox: Any, name: str, message: Any) -> tuple[int, str]:
    answer = requests.post(f"{sandbox.endpoint}/_agent/{name}", data=json.dumps(message), timeout=PATIENCE)
    return answer.status_code, answer.json().get("code", "")


REPORT = {"system": {"hostname": "h", "ipv4": "192.0.2.1"}, "architecture": "x86_64", "platform": "Debian",
          "disks": [{"index": 0, "path": "/dev/vda", "size_bytes": 20 * GIB, "parts": []}]}


def test_an_activation_code_ends_by_count_by_time_and_on_request(sandbox: Any) -> None:
    def register(token_id: str, code: str) -> tuple[int, str]:
        return ask(sandbox, "register", {"token_id": token_id, "token_code": code, "report": REPORT})

    token_id, code = token(sandbox, count=1)
    assert register(token_id, "other")[0] == 403
    assert register(token_id, code) == (200, "")
    assert register(token_id, code) == (403, "AccessToken.CountExceeded")
    disabled = token(sandbox)
    sandbox.call("smc", "DisableAccessToken", AccessTokenId=disabled[0])
    assert register(*disabled) == (403, "InvalidAccessToken.Expired")
    old = token(sandbox)
    sandbox.advance(86401)
    assert register(*old) == (403, "InvalidAccessToken.Expired")
    log = [row for row in sandbox.requests("agent") if row["action"] == "Register"]
    assert [row["status"] for row in log] == [403, 200, 403, 403, 403]
    assert code not in json.dumps(sandbox.requests("agent"))


def test_no_other_process_takes_the_place_of_a_client(sandbox: Any) -> None:
    token_id, code = token(sandbox)
    answer = requests.post(f"{sandbox.endpoint}/_agent/register", timeout=PATIENCE,
                           json={"token_id": token_id, "token_code": code, "report": REPORT}).json()
    good = {"source_id": answer["source_id"], "agent_key": answer["agent_key"], "report": REPORT}
    assert ask(sandbox, "poll", good) == (200, "")
    for name in ("poll", "attach", "forget"):
        assert ask(sandbox, name, {**good, "agent_key": "guessed"}) == (403, "InvalidAgentKey")
        assert ask(sandbox, name, {**good, "source_id": "s-unknown"}) == (404, "SourceId.NotFound")
    assert ask(sandbox, "forget", good) == (200, "")
    assert ask(sandbox, "poll", good) == (403, "InvalidAgentKey")
    assert answer["agent_key"] not in json.dumps(sandbox.get("state"))


@pytest.mark.parametrize("message", [[], {}, {"token_id": "at-1"}, "text", {"access_id": "x", "signature": 1}])
def test_what_is_no_client_is_refused_by_the_service(sandbox: Any, message: Any) -> None:
    assert ask(sandbox, "register", message) == (400, "InvalidParameter")


def test_the_program_starts_in_less_than_a_second(make_source: Callable[..., Source]) -> None:
    source = make_source()
    before = os.times()  # processor time: it does not depend on how busy the machine is
    done = source.client("--version")
    assert sum(os.times()[2:4]) - sum(before[2:4]) < 1
    assert done.stdout.startswith("go2aliyun_client ")
    assert "--accesstokencode" in source.client("--help").stdout
    assert source.client("--nonsense").returncode == 2


def test_the_bundle_is_small_and_says_when_it_is_known(sandbox: Any) -> None:
    answer = download(sandbox.agent["url"])
    assert answer.status_code == 200
    assert len(answer.content) < 20 * MIB
    assert answer.headers["ETag"] == f'"{sandbox.agent["sha256"]}"'
    again = download(sandbox.agent["url"], {"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert requests.head(sandbox.agent["url"], timeout=PATIENCE).headers["Content-Length"] == str(len(answer.content))


def test_a_sandbox_that_is_killed_while_a_client_streams_continues_with_it(
    start_sandbox: Callable[..., Any], tmp_path: Path
) -> None:
    first = start_sandbox({"buckets": [{"name": "images", "region": "ap-southeast-1"}]})
    source = Source(tmp_path / "source")
    with (source.root / "dev/vda").open("r+b") as disk:
        for number in range(300):
            disk.seek(number * 40 * MIB)
            disk.write(random.Random(number).randbytes(MIB))
    try:
        source.install(first.agent)
        # Slow enough that a busy machine stops the sandbox before the last block has been sent.
        source.configure(bandwidth_limit=8192)
        source_id = imported(first, source)
        job = run_job(first, source_id, 0)
        first.until(lambda: job_status(first, job)["Progress"] > 10)
        (instance,) = first.get("state")["instances"]
        held = job_status(first, job)
        first.process.kill()
        first.process.wait()
        assert held["BusinessStatus"] == "Syncing"
        disks = DiskStore(Path(first.greeting["state"]) / "blobs/disks")
        arrived = sum(len(non_zero_blocks(disks.path(disk))) for disk in disks.ids())
        assert 0 < arrived < 300
        source.configure(bandwidth_limit=0)
        second = start_sandbox(None, state=first.greeting["state"])
        assert second.endpoint == first.endpoint
        second.until(lambda: job_status(second, job)["Status"] == "Finished")
        gone = [entry for entry in second.get("meter")["resources"] if entry["id"] == instance["id"]]
        assert [entry["running"] for entry in gone] == [False]
        (image,) = second.get("state")["images"]
        copy = disks.path(image["disks"][0]["snapshot_id"])
        assert non_zero_blocks(copy) == non_zero_blocks(source.root / "dev/vda")
        assert source.processes[0].poll() is None
        assert len(servers(second)) == 1
    finally:
        source.stop()
