# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts up and down: each a process tree in separate namespaces with its own sshd on a loopback address."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from testbed.disks import make_disks, partitions
from testbed.fleet import Host
from testbed.layout import Tree, dev_tree, partitions_text, root_tree, settings, sys_tree
from testbed.privilege import Way
from testbed.process import Process, descendants
from testbed.ssh import inventory, known_hosts, make_key

SCRIPTS = Path(__file__).parent
START_SECONDS = 300.0
STOP_SECONDS = 120.0
OURS = ("hosts", "mnt", "ssh", "cell.log", "inventory.json", "bed.json")


class BedError(RuntimeError):
    """The hosts could not be started or stopped; the text says which and why."""


@dataclass(frozen=True)
class Running:
    """A host as ``status`` reports it."""

    name: str
    address: str
    port: int
    pid: int
    alive: bool


def write_tree(tree: Tree, folder: Path) -> None:
    """Write the files and links of a tree below a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in tree.texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(tree.modes.get(name, 0o644))
    for name, target in tree.links.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)


class Bed:
    """The hosts below one folder; at most one set of them runs at a time."""

    def __init__(self, folder: Path, port: int = 2222) -> None:
        """Port 0 asks for one that is free."""
        self.folder = folder.resolve()
        self.port = port
        self.state = self.folder / "bed.json"

    @property
    def ssh(self) -> Path:
        """The folder with the client's key and known_hosts."""
        return self.folder / "ssh"

    @property
    def disks(self) -> Path:
        """The folder with the disk images, one folder per host."""
        return self.folder / "disks"

    def up(self, hosts: list[Host], rootfs: Path, way: Way) -> None:
        """End what an earlier run left here, make disks and hosts, and return when every sshd answers."""
        self.down()
        up_hosts = [host for host in hosts if not host.is_down]
        self.port = self.port or _free_port(up_hosts)
        self._refuse_taken_ports(up_hosts)
        self._prepare(hosts)
        processes: dict[str, Process] = {}
        try:
            with (self.folder / "cell.log").open("wb") as log:
                launcher = way.spawn(["sh", str(SCRIPTS / "cell.sh"), str(self.folder), str(rootfs.resolve())], log)
            processes["launcher"] = Process.of(launcher.pid)
            self._remember(way, hosts, processes)
            running = self._wait_for_sshd(up_hosts, launcher)
            processes |= {"cell": _told(self.folder / "cell.log", "cell"), **running}
            self._remember(way, hosts, processes)
        except BaseException:
            self._end(way, list(processes.values()))
            self.down()
            raise

    def down(self, keep_disks: bool = False) -> None:
        """End all hosts and remove their files; nothing to do is fine. Raises BedError when a process does not end."""
        if self.state.is_file():
            told = json.loads(self.state.read_text())
            self._end(Way(told["way"]), [Process(**row) for row in told["processes"].values()])
        for name in OURS if keep_disks else (*OURS, "disks"):
            path = self.folder / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def stop(self, name: str) -> None:
        """End one host as if its power failed; the others continue. Raises BedError when it is not running."""
        told = self._state_with(name)
        if name not in told["processes"]:
            raise BedError(f"host {name} was never up in {self.folder}")
        self._end(Way(told["way"]), [Process(**told["processes"][name])])

    def restart(self, name: str) -> None:
        """End one host as if its power failed, and return when its sshd answers again; its root keeps what was written.

        Nothing else is started, as a host has no init, and its data disks are empty.
        Raises BedError when it is not running or does not come back.
        """
        told = self._state_with(name)
        folder = self.folder / "hosts" / name
        (folder / "restart").touch()
        # Its processes append to it, so that the new one begins at the top.
        (folder / "log").write_text("")
        self.stop(name)
        log = folder / "log"
        end = time.monotonic() + START_SECONDS
        while "Server listening on" not in log.read_text(errors="replace"):
            if time.monotonic() > end:
                raise BedError(f"host {name} does not come back: {' | '.join(log.read_text().splitlines()[-6:])}")
            time.sleep(0.05)
        told["processes"][name] = asdict(_told(log, "host"))
        self._write(told)

    def command(self, name: str) -> list[str]:
        """The words of an ssh command to this host, to which the remote command is added."""
        told = self._state_with(name)
        checks = ["-o", f"UserKnownHostsFile={self.ssh / 'known_hosts'}", "-o", "StrictHostKeyChecking=yes"]
        key = ["-i", str(self.ssh / "id_ed25519"), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"]
        where = ["-p", str(told["port"]), f"{told['logins'][name]}@{told['hosts'][name]}"]
        return ["ssh", "-F", "none", "-o", "ConnectTimeout=10", "-o", "LogLevel=ERROR", *checks, *key, *where]

    def status(self) -> list[Running]:
        """The hosts that were started here, and whether each still runs."""
        if not self.state.is_file():
            return []
        told = json.loads(self.state.read_text())
        found = []
        for name, address in told["hosts"].items():
            if row := told["processes"].get(name):
                process = Process(**row)
                found.append(Running(name, address, told["port"], process.pid, process.is_alive()))
        return found

    def _state_with(self, name: str) -> dict[str, Any]:
        """What was noted at the start; raises BedError when this host was not part of it."""
        told: dict[str, Any] = json.loads(self.state.read_text()) if self.state.is_file() else {"hosts": {}}
        if name not in told["hosts"]:
            raise BedError(f"there is no host {name} in {self.folder}; there are: {', '.join(told['hosts']) or 'none'}")
        return told

    def _end(self, way: Way, processes: list[Process]) -> None:
        """KILL these processes, with all that is below them, and wait for their end."""
        alive = [process for process in processes if process.is_alive()]
        below = [pid for process in alive for pid in descendants(process.pid)]
        everyone = []
        for pid in dict.fromkeys([*below, *(process.pid for process in alive)]):
            try:
                everyone.append(Process.of(pid))
            except ProcessLookupError:
                continue
        way.kill([process.pid for process in everyone])
        if stuck := [str(process.pid) for process in everyone if not process.wait_gone(STOP_SECONDS)]:
            raise BedError(f"processes of the test hosts did not end on KILL: {', '.join(stuck)}")

    def _refuse_taken_ports(self, hosts: list[Host]) -> None:
        for host in hosts:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((host.address, self.port))
                except OSError as exc:
                    raise BedError(f"host {host.name} cannot have {host.address}:{self.port}: {exc.strerror}") from exc

    def _prepare(self, hosts: list[Host]) -> None:
        """Write everything that the scripts read."""
        (self.folder / "mnt").mkdir(parents=True)
        images = make_disks(hosts, self.disks)
        client = make_key(self.ssh / "id_ed25519", "testbed")
        authorized = client.with_suffix(".pub").read_text()
        keys = {who: make_key(self.ssh / "host" / who, who) for who in sorted({host.who for host in hosts})}
        public = {who: key.with_suffix(".pub").read_text() for who, key in keys.items()}
        (self.ssh / "known_hosts").write_text(known_hosts(hosts, self.port, public))
        (self.folder / "inventory.json").write_text(inventory(hosts, self.port, self.ssh))
        for host in hosts:
            if host.is_down:
                continue
            folder = self.folder / "hosts" / host.name
            parts = {image.name: partitions(image) for image in images[host.name]}
            key = keys[host.who].read_text()
            write_tree(root_tree(host, self.port, key, authorized), folder / "root")
            write_tree(sys_tree(host, parts), folder / "sys")
            write_tree(dev_tree(host), folder / "dev")
            (folder / "settings").write_text(settings(host))
            (folder / "partitions").write_text(partitions_text(host.disks, parts))
            (folder / "log").touch()

    def _wait_for_sshd(self, hosts: list[Host], launcher: subprocess.Popen[bytes]) -> dict[str, Process]:
        """The process of every host once its sshd listens; raises BedError with the words of what failed.

        Its own log counts, as a connection could be answered by a stranger on the same address.
        """
        end = time.monotonic() + START_SECONDS
        running = {}
        for host in hosts:
            log = self.folder / "hosts" / host.name / "log"
            while "Server listening on" not in (text := log.read_text(errors="replace")):
                if "Cannot bind" in text or launcher.poll() is not None or time.monotonic() > end:
                    told = [*text.splitlines(), *(self.folder / "cell.log").read_text(errors="replace").splitlines()]
                    where = f"{host.address}:{self.port}"
                    raise BedError(f"host {host.name} does not come up on {where}: {' | '.join(told[-6:])}")
                time.sleep(0.05)
            running[host.name] = _told(log, "host")
        return running

    def _remember(self, way: Way, hosts: list[Host], processes: dict[str, Process]) -> None:
        """Note everything that a later process needs to know."""
        told = {
            "way": way.name,
            "port": self.port,
            "hosts": {host.name: host.address for host in hosts},
            "logins": {host.name: host.login for host in hosts},
            "processes": {name: asdict(process) for name, process in processes.items()},
        }
        self._write(told)

    def _write(self, told: dict[str, Any]) -> None:
        """Write the state, whole or not at all."""
        unfinished = self.state.with_suffix(".part")
        unfinished.write_text(json.dumps(told, indent=2))
        os.replace(unfinished, self.state)


def _free_port(hosts: list[Host]) -> int:
    """A port that was free a moment ago on the first host's address."""
    with socket.socket() as probe:
        probe.bind((hosts[0].address if hosts else "127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _told(log: Path, what: str) -> Process:
    """The process whose id its own script wrote at the start of its log."""
    for line in log.read_text(errors="replace").splitlines():
        word, _space, pid = line.partition(" ")
        if word == what and pid.isdigit():
            return Process.of(int(pid))
    raise BedError(f"{log} does not name the {what}'s process")
