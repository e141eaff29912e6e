# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the whole migrate.yml costs the controller: ``make bench-playbook``; also a part of ``make bench-fleet FULL=1``.

The unchanged playbook migrates real SSH hosts, each with its own sshd, files and disks in namespaces of this machine,
and deletes what is left, in a local cloud of its own. Measured are processor seconds (user and system) of
ansible-playbook and everything that it starts, by phase, and the most memory (PSS) of these processes. A play of as
many empty tasks on the same hosts shows the floor: where migrate.yml connects to a host, it runs ``raw: true``.
Processor seconds hardly depend on what else the machine does; seconds on the clock do, and are not shown.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import conftest
from probe_fleet import PR_SET_CHILD_SUBREAPER, Peak, end_masters
from support.wave import Player
from support.wave_hosts import hosts_up

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- bench-playbook begins -->", "<!-- bench-playbook ends -->"
PHASES = ("probe", "agent", "cloud", "removal", "report")
_OF_ROLE = {
    "preflight": "probe", "remediate": "probe", "migration": "cloud", "cleanup": "cloud", "report": "report",
    "hooks": "report", "verify": "report",
}
_OF_PLAY = {"Migrate the wave": "cloud", "Remove the SMC client from the sources": "removal"}
_FIRST = "Check the source servers and start the SMC client"
_CONNECTS = ("source_probe", "smc_agent", "source_remediation")
"""Actions of this collection that open a connection to the host."""


def phase(row: dict[str, Any]) -> str:
    """The phase of a task, by its role and its play."""
    role = row["role"].rpartition(".")[2]
    if role == "agent":
        return "removal" if row["play"] in _OF_PLAY else "agent"
    of_play = "probe" if row["play"] in (_FIRST, "start") else "report"
    return _OF_ROLE.get(role) or _OF_PLAY.get(row["play"]) or of_play


def world(names: list[str]) -> dict[str, Any]:
    """An account whose quotas do not bound these servers."""
    limits = {"images": 2 * len(names) + 100, "sources": len(names) + 1000, "jobs": len(names) + 1000}
    return {"account": {"quotas": limits}, "buckets": [{"name": "migration-images", "region": "ap-southeast-1"}]}


def empty_play(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A play of as many tasks as a run had, with the same connections and nothing else to do."""
    tasks = []
    for row in rows:
        hosts = Counter(row["hosts"])
        if not hosts:
            continue
        connects = row["action"].rpartition(".")[2] in _CONNECTS and hosts["ok"]
        task: dict[str, Any] = {"name": row["task"]}
        nothing: dict[str, Any] = {"ansible.builtin.assert": {"that": [True], "quiet": True}}
        task |= {"ansible.builtin.raw": "true"} if connects else nothing
        if not hosts["ok"] + hosts["failed"]:
            task["when"] = False
        if sum(hosts.values()) == 1:
            task["run_once"] = True
        tasks.append(task)
    return [{"hosts": "sources", "gather_facts": False, "tasks": tasks}]


def run(command: list[str], environment: dict[str, str], folder: Path, tag: str) -> dict[str, Any]:
    """Run ansible-playbook; return its processor seconds, by phase too, and its memory in MB."""
    told = folder / f"{tag}.json"
    more = {
        "ANSIBLE_CALLBACK_PLUGINS": str(ROOT / "benchmarks" / "callbacks"),
        "ANSIBLE_CALLBACKS_ENABLED": "task_cost",
        "TASK_COST": str(told),
    }
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with (folder / f"{tag}.log").open("wb") as log:
        started = subprocess.Popen(
            command, env={**environment, **more}, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT
        )
        peak = Peak(started.pid)
        peak.start()
        code = started.wait()
    peak.over.set()
    peak.join()
    seconds = time.monotonic() - began
    end_masters()
    if code:
        raise SystemExit(f"{tag}: ansible-playbook ended with {code}; see {folder / tag}.log")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    rows = json.loads(told.read_text(encoding="utf-8"))
    split: Counter[str] = Counter()
    for row in rows:
        split[phase(row)] += row["ended"] - row["began"]
    return {"cpu": cpu, "split": dict(split), "memory": peak.most, "rows": rows, "seconds": seconds}


def measure(count: int, forks: int) -> dict[str, Any]:
    """The cost of a migration of so many hosts with its cleanup, and of the empty play."""
    names = [f"srv-{number:03}" for number in range(1, count + 1)]
    folder = ROOT / "build" / "bench-playbook"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    sandbox = conftest.launch(folder / "state", world(names))
    try:
        with hosts_up(folder / "bed", *names) as bed:
            player = Player(bed, sandbox, folder)
            words = ["--forks", str(forks)]
            given = {"migration_name": "bench", "migration_poll_interval": 5, "migration_wait_timeout": 7200}
            command = player.command("migrate.yml", *words, **given)
            whole = run(command, player.environment, folder, "migrate")
            receipt = json.loads(player.receipt.read_text(encoding="utf-8"))
            whole["migrated"] = sum(row["status"] == "migrated" for row in receipt["servers"])
            play = folder / "empty.yml"
            play.write_text(json.dumps(empty_play(whole["rows"])), encoding="utf-8")
            words = [command[0], "-i", str(bed.folder / "inventory.json"), *words, str(play)]
            floor = run(words, player.environment, folder, "empty")
    finally:
        sandbox.stop()
    return {"whole": whole, "floor": floor}


def table(found: dict[int, dict[str, Any]], forks: int) -> str:
    """The measured part of the page."""
    head = ["hosts", *PHASES, "connections", "together", "empty play", "ratio", "peak MB", "empty play, MB"]
    lines = [head, ["---"] * len(head)]
    for count, one in found.items():
        whole, floor = one["whole"], one["floor"]
        split = [whole["split"].get(name, 0.0) for name in PHASES]
        rest = whole["cpu"] - sum(split)
        cells = [f"{value / count:.3f}" for value in (*split, rest, whole["cpu"], floor["cpu"])]
        ratio, peaks = whole["cpu"] / floor["cpu"], [f"{part['memory']:.0f}" for part in (whole, floor)]
        lines.append([str(count), *cells, f"{ratio:.2f}", *peaks])
    tasks = max((sum(bool(row["hosts"]) for row in one["whole"]["rows"]) for one in found.values()), default=0)
    text = (
        f"Measured {time.strftime('%Y-%m-%d')} with {forks} forks and {tasks} tasks, load {os.getloadavg()[2]:.0f} at "
        "the end. Processor seconds of the controller for each host; `connections` are the ssh processes that outlive "
        "their tasks."
    )
    return "\n\n".join([text, "\n".join(f"| {' | '.join(row)} |" for row in lines)])


def write(found: dict[int, dict[str, Any]], forks: int) -> None:
    """Write the measured part of the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, _begin, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n\n{table(found, forks)}\n\n{END}{after}", encoding="utf-8")


def main() -> int:
    """Measure, print the costliest tasks, and write the page; 1 when a host was not migrated."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--full", action="store_true", help="up to 200 hosts")
    parser.add_argument("--sizes", help="numbers of hosts, up to 250 each, such as 25,50")
    parser.add_argument("--forks", type=int, default=20, help="of ansible-playbook (default: %(default)s)")
    parser.add_argument("--keep-page", action="store_true", help="do not write docs/performance.md")
    given = parser.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    found = {}
    for count in map(int, (given.sizes or ("25,50,100,200" if given.full else "25,50")).split(",")):
        one = found[count] = measure(count, given.forks)
        for row in sorted(one["whole"]["rows"], key=lambda row: row["began"] - row["ended"])[:12]:
            print(f"{(row['ended'] - row['began']) / count:8.4f} {phase(row):8} {row['action']:45} {row['task']}")
        print(table({count: one}, given.forks).splitlines()[-1], f"{one['whole']['seconds']:.0f} s", flush=True)
    if not given.keep_page:
        write(found, given.forks)
    return 0 if all(one["whole"]["migrated"] == count for count, one in found.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
