# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client program's parts: what it sees of a server, what it keeps in its folder, how it lives."""
from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support import PATIENCE

from sandbox.client.go2aliyun import daemon as life
from sandbox.client.go2aliyun import transfer
from sandbox.client.go2aliyun.daemon import Credentials, Daemon, NotImported
from sandbox.client.go2aliyun.folder import PID_FILE, Folder
from sandbox.client.go2aliyun.log import Log
from sandbox.client.go2aliyun.options import parse
from sandbox.client.go2aliyun.service import Service, ServiceRefused, ServiceUnreachable
from sandbox.client.go2aliyun.system import SystemProblem, disks, report

SECTORS = 40 * 2048 * 1024 // 1024


def server(root: Path, mounts: str, *names: str) -> Path:
    (root / "proc").mkdir()
    (root / "proc/mounts").write_text(mounts)
    for name in names:
        disk, _colon, parts = name.partition(":")
        folder = root / "sys/block" / disk
        folder.mkdir(parents=True)
        (folder / "size").write_text(f"{SECTORS}\n")
        (folder / "removable").write_text("1\n" if disk == "sdr" else "0\n")
        for number, part in enumerate(filter(None, parts.split(",")), 1):
            (folder / part).mkdir()
            (folder / part / "partition").write_text(f"{number}\n")
            (folder / part / "size").write_text("2048\n")
    return root


def names(root: Path) -> list[tuple[int, str]]:
    return [(disk.index, disk.name) for disk in disks(root)]


def test_the_system_disk_is_the_one_of_the_root_and_comes_first(tmp_path: Path) -> None:
    mounts = "/dev/root / ext4 rw 0 0\n/dev/vdb2 / ext4 rw 0 0\n/dev/vda1 /a ext4 rw 0 0\n/dev/vdc /c ext4 rw 0 0\n"
    root = server(tmp_path, mounts, "vda:vda1", "vdb:vdb1,vdb2", "vdc",
                  "loop0", "ram0", "zram0", "sr0", "dm-0", "md0", "sdr", "nbd0", "fd0")
    assert names(root) == [(0, "vdb"), (1, "vda"), (2, "vdc")]
    assert disks(root)[0].size_bytes == SECTORS * 512
    assert [(part.name, part.size_bytes) for part in disks(root)[0].parts] == [("vdb1", 1 << 20), ("vdb2", 1 << 20)]


def test_a_mapped_root_is_on_the_disk_below(tmp_path: Path) -> None:
    mounts = "/dev/mapper/vg-root / xfs rw 0 0\n/dev/sda1 /a ext4 rw 0 0\n"
    root = server(tmp_path, mounts, "sda:sda1", "sdb:sdb1,sdb2", "dm-1", "dm-0")
    (root / "sys/block/dm-0/slaves/dm-1").mkdir(parents=True)
    (root / "sys/block/dm-1/slaves/sdb2").mkdir(parents=True)
    (root / "dev/mapper").mkdir(parents=True)
    (root / "dev/dm-0").touch()
    (root / "dev/mapper/vg-root").symlink_to("../dm-0")
    assert names(root) == [(0, "sdb"), (1, "sda")]


def test_disks_are_counted_as_people_do(tmp_path: Path) -> None:
    letters = ["sda", "sdb", "sdz", "sdaa", "nvme0n1"]
    mounts = "".join(f"/dev/{name} /{name} ext4 rw 0 0\n" for name in letters[1:])
    root = server(tmp_path, f"/dev/sda1 / ext4 rw 0 0\n{mounts}", "sda:sda1", *letters[1:])
    assert [name for _index, name in names(root)] == letters


def test_a_data_disk_has_a_mounted_file_system(tmp_path: Path) -> None:
    mounts = "/dev/md0 / ext4 rw 0 0\n/dev/sdb2 /data ext4 rw 0 0\n"
    root = server(tmp_path, mounts, "sda:sda1", "sdb:sdb1,sdb2", "sdc:sdc1", "sdd:sdd1", "md0")
    for part in ("sda1", "sdb1", "sdd1"):
        (root / "sys/block/md0/slaves" / part).mkdir(parents=True)
    assert names(root) == [(0, "sda"), (1, "sdb")]


def test_a_server_whose_root_is_on_no_known_disk(tmp_path: Path) -> None:
    with pytest.raises(SystemProblem, match="overlay is mounted there, the disks are vda, vdb"):
        disks(server(tmp_path, "overlay / overlay rw 0 0\n", "vda", "vdb"))


def test_a_single_disk_is_the_system_disk_whatever_the_root_is(tmp_path: Path) -> None:
    assert names(server(tmp_path, "overlay / overlay rw 0 0\n", "vda")) == [(0, "vda")]


def test_no_disk_at_all(tmp_path: Path) -> None:
    (tmp_path / "sys/block").mkdir(parents=True)
    with pytest.raises(SystemProblem, match="no disk was found"):
        disks(tmp_path)


@pytest.mark.parametrize(("file", "content", "platform"), [
    ("os-release", 'NAME=x\nID="ubuntu"\n', "Ubuntu"), ("os-release", "ID=centos\n", "CentOS"),
    ("os-release", "ID=unheard-of\n", "Others Linux"), ("redhat-release", "CentOS release 6.10 (Final)\n", "CentOS"),
    ("issue", "", "Others Linux"),
])
def test_the_report_fits_and_names_the_platform(tmp_path: Path, file: str, content: str, platform: str) -> None:
    root = server(tmp_path, "/dev/vda1 / ext4 rw 0 0\n/dev/vdb /b ext4 rw 0 0\n", "vda:vda1", "vdb")
    (root / "etc").mkdir()
    (root / "etc" / file).write_text(content)
    told = report("127.0.0.1", root)
    assert told["platform"] == platform
    assert len(json.dumps(told["system"])) <= 1024
    assert all(isinstance(value, str) for value in told["system"].values())
    assert [(disk["index"], disk["path"]) for disk in told["disks"]] == [(0, "/dev/vda"), (1, "/dev/vdb")]
    assert told["disks"][0]["parts"] == [{"path": "/dev/vda1", "device": "0_0", "size_bytes": 1 << 20}]


def test_the_documented_options() -> None:
    options = parse(["--accesstokenid=at-1", "--accesstokencode=c", "--nocheckversion", "--noenterkey"])
    assert (options.accesstokenid, options.accesstokencode) == ("at-1", "c")
    assert (options.nocheckversion, options.noenterkey, options.abort) == (True, True, False)
    with pytest.raises(SystemExit):
        parse(["--accesstoken=at-1"])


def test_credentials_are_blanked_and_the_rest_is_kept(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    (tmp_path / "user_config.json").write_text('{"access_token_code": "secret", "access_id": "", "bandwidth_limit": 7}')
    folder.blank_credentials()
    assert folder.config() == {"access_token_code": "", "access_id": "", "bandwidth_limit": 7}
    assert (tmp_path / "user_config.json").stat().st_mode & 0o777 == 0o600
    (tmp_path / "client_data").write_text("[]")
    with pytest.raises(ValueError, match="client_data must hold a JSON object"):
        folder.data()


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    holder = ("import sys, time; from pathlib import Path; from sandbox.client.go2aliyun.folder import Folder; "
              f"print(Folder(Path({str(tmp_path)!r})).lock(), flush=True); time.sleep(60)")
    root = str(Path(__file__).resolve().parents[3])
    with subprocess.Popen([sys.executable, "-c", f"import sys; sys.path.insert(0, {root!r}); {holder}"],
                          stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "True\n"
        folder = Folder(tmp_path)
        assert not folder.lock()
        assert folder.running_pid() == process.pid
        assert (tmp_path / PID_FILE).read_text() == f"{process.pid}\n"
        assert folder.end_running(patience=5) == process.pid
        assert process.wait() == -15
    assert (folder.running_pid(), folder.end_running()) == (None, None)
    assert folder.lock()
    folder.unlock()
    assert not (tmp_path / PID_FILE).exists()


def test_the_log_hides_secrets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = Log(tmp_path / "Logs/x.log")
    log.hide("code-1", "")
    log.error("refused code-1")
    log.echo = False
    log.info("quiet")
    assert capsys.readouterr().out == "Error: refused ***\n"
    text = (tmp_path / "Logs/x.log").read_text()
    assert "[Error] Error: refused ***\n" in text
    assert text.endswith("[Info] quiet\n")


@pytest.mark.parametrize("address", ["", "https://127.0.0.1:1", "127.0.0.1:1", "http://"])
def test_an_address_that_is_no_http_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="is not http://host:port/path"):
        Service(address)


class FakeService:
    """Answers from a script: each call takes the next answer of its kind, the last one stays."""

    def __init__(self, **answers: list[Any]) -> None:
        self.answers = answers
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*_arguments: Any) -> Any:
            self.calls.append(name)
            script = self.answers[name]
            answer = script.pop(0) if len(script) > 1 else script[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


OK = {"source_id": "s-1", "agent_key": "key", "interval": 0.01}
GONE = ServiceRefused("SourceId.NotFound", "gone")
DOWN = ServiceUnreachable("Connect to Server Failed: down")
CODE = Credentials(token_id="at-1", token_code="c")


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Daemon]:
    monkeypatch.setattr(life, "SLOW_PAUSE", 0.02)
    monkeypatch.setattr(life, "LONGEST_PAUSE", 0.02)

    def build(data: dict[str, str] | None = None, **answers: list[Any]) -> Daemon:
        folder = Folder(tmp_path)
        folder.update_data(**(data or {}))
        made = Daemon(folder, FakeService(**answers), Log(tmp_path / "log"), dict)  # type: ignore[arg-type]  # a test class
        wait = made.stop.wait
        monkeypatch.setattr(made.stop, "wait", lambda seconds: wait(min(seconds, 0.01)))
        return made

    return build


def log_of(folder: Path) -> str:
    return (folder / "log").read_text()


def test_an_import_is_kept_and_said(make: Callable[..., Daemon], tmp_path: Path) -> None:
    (tmp_path / "user_config.json").write_text('{"access_token_code": "c"}')
    make(register_with_code=[DOWN, OK]).start(CODE)
    assert Folder(tmp_path).data() == {"source_id": "s-1", "agent_key": "key"}
    assert Folder(tmp_path).config() == {"access_token_code": ""}
    assert "Import Source Server [s-1] Successfully!" in log_of(tmp_path)


@pytest.mark.parametrize(("answer", "credentials", "why"), [
    (ServiceRefused("InvalidAccessToken", "wrong"), CODE, r"wrong \(code InvalidAccessToken\)"),
    (DOWN, CODE, "Connect to Server Failed: down"),
    (OK, Credentials(token_id="at-1"), "no credentials"),
])
def test_an_import_that_fails(make: Callable[..., Daemon], tmp_path: Path, answer: Any, credentials: Credentials,
                              why: str) -> None:
    with pytest.raises(NotImported, match=why):
        make(register_with_code=[answer]).start(credentials)
    assert Folder(tmp_path).data() == {}


KNOWN = {"source_id": "s-1", "agent_key": "key"}


def test_a_known_client_attaches_and_keeps_its_code_unused(make: Callable[..., Daemon]) -> None:
    daemon = make(KNOWN, attach=[OK])
    daemon.start(CODE)
    assert daemon._service.calls == ["attach"]  # type: ignore[attr-defined]  # an attribute of the test class


def test_a_known_client_starts_while_the_service_is_down(make: Callable[..., Daemon], tmp_path: Path) -> None:
    daemon = make(KNOWN, attach=[DOWN], poll=[DOWN, DOWN, {"interval": 0.01, "work": None}])
    daemon.start(Credentials())
    running = threading.Thread(target=daemon.run)
    running.start()
    deadline = time.monotonic() + PATIENCE
    while "answers again" not in log_of(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.01)
    daemon.stop.set()
    running.join(PATIENCE)
    # One line when the trouble began, one when it was over.
    assert (log_of(tmp_path).count("down"), log_of(tmp_path).count("The service answers again")) == (1, 1)


def test_a_deleted_source_is_imported_again_with_a_new_code(make: Callable[..., Daemon], tmp_path: Path) -> None:
    new = {"source_id": "s-2", "agent_key": "other", "interval": 0.01}
    make(KNOWN, attach=[GONE], register_with_code=[new]).start(CODE)
    assert Folder(tmp_path).data()["source_id"] == "s-2"


def test_a_deleted_source_is_asked_for_slowly(make: Callable[..., Daemon], tmp_path: Path) -> None:
    daemon = make(KNOWN, attach=[GONE], poll=[GONE])
    daemon.start(Credentials())
    assert daemon._poll() == daemon._poll() == life.SLOW_PAUSE
    assert log_of(tmp_path).count("was deleted in SMC") == 1


def test_a_client_that_cannot_prove_who_it_is(make: Callable[..., Daemon]) -> None:
    with pytest.raises(NotImported, match="InvalidAgentKey"):
        make(KNOWN, attach=[ServiceRefused("InvalidAgentKey", "no")]).start(Credentials())


WORK = {"job": "j-1", "instance": "i-1", "ip": "127.0.0.1", "control": 1, "data": 2, "key": "k"}


class FakeTransfer:
    """Replaces a transfer in its thread: it ends when a test sets how."""

    made: list[FakeTransfer] = []

    def __init__(self, work: Any, _source: str, _log: Log, _root: Path, _bandwidth_limit: int) -> None:
        self.work = work
        self.finished = False
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.stop.wait)
        self.thread.start()
        FakeTransfer.made.append(self)

    def end(self, finished: bool) -> None:
        self.finished = finished
        self.stop.set()
        self.thread.join()


@pytest.fixture
def transfers(monkeypatch: pytest.MonkeyPatch) -> list[FakeTransfer]:
    FakeTransfer.made = []
    monkeypatch.setattr(life, "_Running", FakeTransfer)
    return FakeTransfer.made


def working(make: Callable[..., Daemon], *works: Any) -> Daemon:
    daemon = make(KNOWN, attach=[OK], poll=[{"interval": 0.01, "work": work} for work in works])
    daemon.start(Credentials())
    return daemon


def test_work_is_begun_once_and_done_once(make: Callable[..., Daemon], transfers: list[FakeTransfer]) -> None:
    daemon = working(make, WORK)
    daemon._poll()
    daemon._poll()
    assert len(transfers) == 1
    transfers[0].end(finished=True)
    daemon._poll()
    daemon._poll()
    assert len(transfers) == 1


def test_a_broken_transfer_is_tried_again_ever_later(make: Callable[..., Daemon], transfers: list[FakeTransfer],
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(life, "LONGEST_PAUSE", 3.0)
    monkeypatch.setattr(life.time, "monotonic", lambda: clock[0])
    daemon = working(make, WORK)
    daemon._poll()
    for pause in (0.5, 1.0, 2.0, 3.0, 3.0):
        transfers[-1].end(finished=False)
        begun = len(transfers)
        daemon._poll()
        clock[0] += pause - 0.1
        daemon._poll()
        assert len(transfers) == begun
        clock[0] += 0.1
        daemon._poll()
        assert len(transfers) == begun + 1
    transfers[-1].end(finished=True)


def test_work_that_is_withdrawn_or_moved_ends_the_transfer(make: Callable[..., Daemon],
                                                           transfers: list[FakeTransfer]) -> None:
    daemon = working(make, WORK, {**WORK, "instance": "i-2", "key": "k2"}, None)
    daemon._poll()
    daemon._poll()
    assert [transfer.work.instance for transfer in transfers] == ["i-1", "i-2"]
    assert transfers[0].stop.is_set()
    daemon._poll()
    assert transfers[1].stop.is_set()
    assert len(transfers) == 2


def test_only_root_may_run_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sandbox.client.go2aliyun.main import main

    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert main(["--noenterkey"], tmp_path) == 1
    text = (tmp_path / "Logs/go2aliyun_client.log").read_text()
    assert "the client must run as root" in text
    assert text.endswith("Goto Aliyun Not Finished!\n")


@pytest.mark.parametrize(("given", "limit"), [(8192, 8192), ("8192", 8192), (0, 0), (-1, 0), ("fast", 0), (None, 0)])
def test_the_bandwidth_limit_is_read_from_the_configuration(tmp_path: Path, given: Any, limit: int) -> None:
    (tmp_path / "user_config.json").write_text(json.dumps({"bandwidth_limit": given}))
    assert Folder(tmp_path).bandwidth_limit() == limit


def test_a_block_device_is_read_afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    system = SimpleNamespace(
        fstat=lambda _fd: SimpleNamespace(st_mode=stat.S_IFBLK),
        sync=lambda: calls.append("sync"),
        posix_fadvise=lambda *words: calls.append(words),
        POSIX_FADV_DONTNEED=os.POSIX_FADV_DONTNEED,
    )
    monkeypatch.setattr(transfer, "os", system)
    transfer._read_afresh(7)
    assert calls == ["sync", (7, 0, 0, os.POSIX_FADV_DONTNEED)]
