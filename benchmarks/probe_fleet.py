# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it costs to look at a fleet: ``make bench-probe``; some minutes.

200 hosts, each with its own sshd, files, name and disks in namespaces of this machine, are looked at by
``source_probe`` and, in turn, by ``ansible.builtin.setup``, both through ansible-playbook over SSH with sudo, and by
pyinfra, which runs the same script as ``source_probe`` (its own environment in build/pyinfra, from PyPI). Measured
for each: seconds on the clock; processor seconds of the controller (ansible-playbook with all its forks and ssh) and of
the hosts; the most memory that the controller's processes had at once. Every answer is looked at, and a host without
one ends the run.

The hosts share this machine's processors with the controller, which hosts elsewhere would not, and have no initramfs,
whose unpacking is their own work.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import look, script
from testbed.__main__ import CACHE
from testbed.fleet import Disk, Host
from testbed.hosts import Bed
from testbed.privilege import choose
from testbed.process import descendants
from testbed.rootfs import rootfs

ROOT = Path(__file__).resolve().parents[1]

LIMIT_SECONDS = 60
DEPLOY = """
from pyinfra import host
from pyinfra.operations import python, server

look = server.script(name="Look", src="{script}", _sudo=True)


def check():
    if "uname\\tLinux " + host.name + " " not in look.stdout:
        raise ValueError(f"no answer of {{host.name}}: {{look.stdout[:200]}}")


python.call(name="Check the answer", function=check)
"""
PR_SET_CHILD_SUBREAPER = 36
TICKS = os.sysconf("SC_CLK_TCK")
TASKS: dict[str, dict[str, Any]] = {
    "source_probe": {"edgelift.ens_migration.source_probe": {}},
    "setup": {"ansible.builtin.setup": {}},
}
ANSWERED = {
    "source_probe": "answer.probe.uid == 0 and answer.probe.hostname == inventory_hostname",
    "setup": "answer.ansible_facts.ansible_hostname == inventory_hostname",
}
MEASURED = ("wall", "controller", "hosts", "memory")


@dataclass
class Cost:
    """One run over the fleet: seconds on the clock, processor seconds, MiB."""

    wall: float
    controller: float
    hosts: float
    memory: float


def processor_seconds(pid: int) -> float:
    """What a process and those of its children that have ended used."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS


def memory(pids: list[int]) -> float:
    """The MiB that these processes have, what they share being counted once."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total / 1024


class Fleet:
    """Hosts that are up, and a playbook for each way to look at them."""

    def __init__(self, folder: Path, count: int, port: int) -> None:
        self.hosts = [Host(f"h{number:03}", number, (Disk("vda", 20, 0),)) for number in range(1, count + 1)]
        self.bed = Bed(folder, port)

    def __enter__(self) -> Fleet:
        way = choose()
        self.bed.up(self.hosts, rootfs(CACHE, way), way)
        return self

    def __exit__(self, *_error: object) -> None:
        self.bed.down()

    def playbook(self, what: str, forks: int) -> list[str]:
        """The command that looks at every host once with Ansible."""
        play = {
            "hosts": "sources",
            "gather_facts": False,
            "tasks": [
                {"name": "Look", **TASKS[what], "register": "answer", "failed_when": f"not ({ANSWERED[what]})"},
            ],
        }
        path = self.bed.folder / f"{what}.yml"
        path.write_text(json.dumps([play]), encoding="utf-8")
        words = ["-i", str(self.bed.folder / "inventory.json"), "-f", str(forks), str(path)]
        return [str(Path(sys.executable).parent / "ansible-playbook"), *words]

    def pyinfra(self, forks: int) -> list[str]:
        """The command that looks at every host once with pyinfra: the script of source_probe, with sudo."""
        folder, home = self.bed.folder, ROOT / "build" / "pyinfra"
        if not (home / "bin" / "pyinfra").is_file():
            subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
            lock = str(ROOT / "tests" / "locks" / "pyinfra.txt")
            subprocess.run([str(home / "bin" / "pip"), "install", "-qq", "--require-hashes", "-r", lock], check=True)
        probe = folder / "probe.sh"
        probe.write_text(script.compose("F-1", look.PIECES, look.values("/smc"), "probe_all"), encoding="utf-8")
        common = {
            "ssh_port": self.bed.port, "ssh_key": str(self.bed.ssh / "id_ed25519"),
            "ssh_known_hosts_file": str(self.bed.ssh / "known_hosts"),
        }
        rows = [(host.name, {"ssh_hostname": host.address, "ssh_user": host.login, **common}) for host in self.hosts]
        (folder / "fleet_hosts.py").write_text(f"sources = {rows!r}\n", encoding="utf-8")
        (folder / "fleet_deploy.py").write_text(DEPLOY.format(script=probe), encoding="utf-8")
        words = ["-y", "--parallel", str(forks), str(folder / "fleet_hosts.py"), str(folder / "fleet_deploy.py")]
        return [str(home / "bin" / "pyinfra"), *words]

    def measure(self, what: str, forks: int) -> Cost:
        """Look at every host once; ends the program when one did not answer."""
        command = self.pyinfra(forks) if what == "pyinfra" else self.playbook(what, forks)
        pids = [host.pid for host in self.bed.status()]
        before, own = sum(map(processor_seconds, pids)), resource.getrusage(resource.RUSAGE_CHILDREN)
        begin = time.monotonic()
        with (self.bed.folder / f"{what}.log").open("wb") as log:
            started = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            peak = Peak(started.pid)
            peak.start()
            code = started.wait()
        wall = time.monotonic() - begin
        peak.over.set()
        peak.join()
        end_masters()
        if code:
            raise SystemExit(f"{what}: the run ended with {code}; see {self.bed.folder / what}.log")
        now = resource.getrusage(resource.RUSAGE_CHILDREN)
        controller = now.ru_utime + now.ru_stime - own.ru_utime - own.ru_stime
        return Cost(wall, controller, sum(map(processor_seconds, pids)) - before, peak.most)


class Peak(threading.Thread):
    """Watches how much memory a process and all below it have."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.most = 0.0
        self.over = threading.Event()

    def run(self) -> None:
        """Look once a second; reading the sizes costs the controller's processes little then."""
        while not self.over.wait(1):
            self.most = max(self.most, memory([self.pid, *descendants(self.pid)]))


def end_masters() -> None:
    """End the ssh connections that stay open for a next task, and take the times of all whose parent has ended.

    They are ours since then, and what a process used counts only after its parent has waited for it.
    """
    told = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii")
    for pid in map(int, told.split()):
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"ssh:"):
                os.kill(pid, signal.SIGTERM)
                os.waitpid(pid, 0)
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def table(found: dict[str, list[Cost]]) -> str:
    """The medians of all runs, one way a line."""
    lines = [f"{'':14} {'wall s':>8} {'controller CPU s':>17} {'hosts CPU s':>12} {'peak MiB':>9}"]
    for what, runs in found.items():
        row = [statistics.median(getattr(run, key) for run in runs) for key in MEASURED]
        lines.append(f"{what:14} {row[0]:8.1f} {row[1]:17.1f} {row[2]:12.1f} {row[3]:9.0f}")
    return "\n".join(lines)


def main() -> int:
    """Measure in turn; 1 when the probe took longer than it may."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hosts", type=int, default=200, help="up to 254 (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each (default: %(default)s)")
    parser.add_argument("--forks", type=int, default=50, help="of ansible-playbook (default: %(default)s)")
    parser.add_argument("--dir", type=Path, default=ROOT / "build" / "bench-probe", help="folder of the hosts")
    parser.add_argument("--port", type=int, default=2231, help="of every sshd (default: %(default)s)")
    parser.add_argument("--only", choices=(*TASKS, "pyinfra"), help="measure one of them alone")
    args = parser.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    wanted = [args.only] if args.only else [*TASKS, "pyinfra"]
    found: dict[str, list[Cost]] = {what: [] for what in wanted}
    with Fleet(args.dir, args.hosts, args.port) as fleet:
        print(f"{args.hosts} hosts up; {os.cpu_count()} processors, {args.forks} forks", flush=True)
        for number in range(1, args.rounds + 1):
            for what in wanted:
                load = os.getloadavg()[0]
                cost = fleet.measure(what, args.forks)
                found[what].append(cost)
                print(f"{number} {what}: {cost.wall:.1f} s, load before {load:.1f}", flush=True)
    print(table(found))
    late = [run.wall for run in found.get("source_probe", []) if run.wall > LIMIT_SECONDS]
    if late:
        print(f"source_probe took up to {max(late):.1f} s, allowed are {LIMIT_SECONDS}", file=sys.stderr)
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
