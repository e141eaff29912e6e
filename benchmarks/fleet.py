# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fleet costs the controller: ``make bench-fleet``; FULL=1 also measures 1,000 servers and the slow calls.

The servers are simulated clients of the local cloud: no host, no SSH and no Ansible is part of these figures. Each run
migrates its servers with the module's own code in a process of its own, deletes what is left, and is judged by the
request log of the local cloud. The baseline makes one module run per server, as a naive playbook does.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import conftest
import schedule
from support import wave

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- bench-fleet begins -->", "<!-- bench-fleet ends -->"
TIMEOUT = 3000


def world(count: int, **quotas: int) -> dict[str, Any]:
    """An account with so many sources of 20 GiB."""
    sources = [
        {"name": f"web-{number:04d}", "id": f"s-fleetweb{number:05d}", "disks": [{"gib": 20, "content_mib": 0}]}
        for number in range(count)
    ]
    limits = {"images": 2 * count + 100, "sources": count + 1000, "jobs": count + 1000, **quotas}
    return {
        "account": {"quotas": limits},
        "buckets": [{"name": "migration-images", "region": "ap-southeast-1"}],
        "sources": sources,
    }


def entries(count: int) -> list[dict[str, Any]]:
    """The option servers."""
    return [wave.server(f"web-{number:04d}", f"s-fleetweb{number:05d}", 20) for number in range(count)]


def connected(greeting: dict[str, Any]) -> conftest.Sandbox:
    """The local cloud that has printed this line, seen from another process."""
    other: Any = None
    return conftest.Sandbox(other, greeting)


def calls(sandbox: Any, since: int) -> Counter[str]:
    """The calls since a number of the request log."""
    rows = sandbox.requests(since=since)
    return Counter(f"{row['product']}.{row['action']}" for row in rows if row["product"] != "agent")


def position(sandbox: Any) -> int:
    """The present end of the request log."""
    return int(sandbox.get("requests?since=0")["next"])


def whole(greeting: dict[str, Any], count: int, workers: int) -> dict[str, Any]:
    """A migration and its cleanup in this process."""
    sandbox, servers = connected(greeting), entries(count)
    began, cpu = time.monotonic(), time.process_time()
    options = {"name": "wave", "servers": servers, "parallel_calls": workers, "poll_interval": 1.0}
    done = wave.run(sandbox, "ens_migration", wait_timeout=TIMEOUT, **options)
    migrated = sum(row["verdict"] == "migrated" for row in done["migration"]["servers"])
    middle, cpu_middle = time.monotonic(), time.process_time()
    left = wave.run(
        sandbox, "smc_cleanup", scope="servers", resources=done["migration"]["resources"], wait_timeout=TIMEOUT,
        **options,
    )
    return {
        "migrated": migrated,
        "residual": len(left["cleanup"]["residual"]),
        "seconds": middle - began,
        "cleanup_seconds": time.monotonic() - middle,
        "cpu": cpu_middle - cpu,
        "cleanup_cpu": time.process_time() - cpu_middle,
        "calls": sum(done["migration"]["calls"].values()),
        "cleanup_calls": sum(left["cleanup"]["calls"].values()),
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def tick(greeting: dict[str, Any], count: int, workers: int) -> dict[str, Any]:
    """One run that does not wait, as a schedule makes it."""
    sandbox = connected(greeting)
    began, cpu = time.monotonic(), time.process_time()
    done = wave.run(
        sandbox, "ens_migration", name="wave", servers=entries(count), parallel_calls=workers, wait=False,
        wait_timeout=0, poll_interval=1.0,
    )
    verdicts = Counter(row["verdict"] for row in done["migration"]["servers"])
    return {"seconds": time.monotonic() - began, "cpu": time.process_time() - cpu, "verdicts": dict(verdicts),
            "calls": sum(done["migration"]["calls"].values())}


def _alone(given: tuple[dict[str, Any], int]) -> float:
    greeting, number = given
    sandbox = connected(greeting)
    cpu = time.process_time()
    wave.run(sandbox, "ens_migration", name="wave", servers=[entries(number + 1)[number]], poll_interval=1.0,
             wait_timeout=TIMEOUT)
    return time.process_time() - cpu


def naive(greeting: dict[str, Any], count: int) -> dict[str, Any]:
    """One module run per server, 10 at the same time, as a playbook with one task per host makes them."""
    sandbox = connected(greeting)
    since, began = position(sandbox), time.monotonic()
    with ProcessPoolExecutor(10, multiprocessing.get_context("spawn")) as processes:
        cpu = sum(processes.map(_alone, [(greeting, number) for number in range(count)]))
    return {"seconds": time.monotonic() - began, "cpu": cpu, "calls": calls(sandbox, since).total()}


def in_a_process(function: Any, *given: Any) -> Any:
    """What a function returns in a process of its own, whose memory is measured."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as process:
        return process.submit(function, *given).result()


def measured(count: int, function: Any, *given: Any, delay: float = 0.0, ticks: int = 1) -> list[dict[str, Any]]:
    """Results over a cloud of its own; with ``delay`` each call takes so many seconds longer."""
    with tempfile.TemporaryDirectory(prefix="bench-fleet-") as folder:
        sandbox = conftest.launch(Path(folder) / "state", world(count))
        try:
            wave.registered(sandbox, "wave", *entries(count))
            if delay:
                rule = {"match": {"product": "*", "action": "*"}, "kind": "delay", "seconds": delay, "times": 10**6}
                sandbox.post("faults", {"meaning": "slow calls", "faults": [rule]})
            return [in_a_process(function, sandbox.greeting, count, *given) for _tick in range(ticks)]
        finally:
            sandbox.stop()


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table of Markdown."""
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def plot(title: str, points: list[tuple[int, float]]) -> str:
    """A plot as SVG: one line over the number of servers."""
    wide, high, left = 420, 220, 60
    most_x, most_y = max(x for x, _y in points), max(y for _x, y in points) * 1.15 or 1
    places = [(left + x / most_x * (wide - left - 20), high - 30 - y / most_y * (high - 60)) for x, y in points]
    line = " ".join(f"{x:.0f},{y:.0f}" for x, y in places)
    marks = "".join(
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="3"/><text x="{x - 10:.0f}" y="{y - 8:.0f}">{value:.3g}</text>'
        f'<text x="{x - 10:.0f}" y="{high - 12}">{count}</text>'
        for (x, y), (count, value) in zip(places, points, strict=True)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" font-family="sans-serif" '
        f'font-size="11"><rect width="100%" height="100%" fill="white"/><text x="{left}" y="16">{title}</text>'
        f'<polyline points="{line}" fill="none" stroke="black"/>{marks}</svg>\n'
    )


def report(
    wholes: dict[int, dict[str, Any]], alone: tuple[int, dict[str, Any]], ticks: list[list[str]], most: int
) -> str:
    """The measured part of the page."""
    rows = [
        [
            f"{count}", f"{one['calls'] / count:.1f}", f"{one['cleanup_calls'] / count:.1f}",
            f"{(one['calls'] + one['cleanup_calls']) / count:.1f}", f"{one['cpu'] / count:.3f}",
            f"{one['cleanup_cpu'] / count:.3f}", f"{one['memory']:.0f}", f"{one['seconds']:.0f}",
            f"{one['cleanup_seconds']:.0f}",
        ]
        for count, one in wholes.items()
    ]
    count, one = alone
    together = wholes[min(wholes)]
    smallest = min(wholes)
    baseline = [
        ["one run for all", f"{smallest}", f"{together['calls'] / smallest:.1f}", f"{together['cpu'] / smallest:.3f}",
         f"{together['seconds']:.0f}"],
        ["one run per server, 10 at once", f"{count}", f"{one['calls'] / count:.1f}", f"{one['cpu'] / count:.3f}",
         f"{one['seconds']:.0f}"],
    ]
    return "\n\n".join([
        "Measured " + time.strftime("%Y-%m-%d") + " on a machine with two processors, which other programs used too "
        f"(load {os.getloadavg()[2]:.0f} at the end). CPU is that of the module's process, without the local cloud.",
        table(["servers", "calls each, migration", "calls each, cleanup", "calls each, together",
               "CPU-s each, migration",
               "CPU-s each, cleanup", "peak MB", "seconds, migration", "seconds, cleanup"], rows),
        "The migration alone, beside the baseline:",
        table(["how", "servers", "calls each", "CPU-s each", "seconds"], baseline),
        "One run with `migration_wait: false`:",
        table(["servers", "added to each call", "run", "seconds", "CPU-s", "calls"], ticks),
        schedule.report(table, most),
        "![calls per server](performance-calls.svg) ![CPU per server](performance-cpu.svg)",
    ])


def main() -> int:
    """Measure, print one JSON object, and write the page; exit 1 when a server was not migrated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="also 1,000 servers, and calls that take 200 ms longer")
    parser.add_argument("--sizes", help="numbers of servers, such as 50,200")
    parser.add_argument("--workers", type=int, default=8, help="calls at the same time")
    given = parser.parse_args()
    sizes = [int(size) for size in (given.sizes or ("50,200,1000" if given.full else "50,200")).split(",")]
    wholes = {count: measured(count, whole, given.workers)[0] for count in sizes}
    alone = (10, measured(10, naive)[0])
    ticks = []
    most = 1000 if given.full else max(sizes)
    for delay in (0.0, 0.2):
        for number, one in enumerate(measured(most, tick, given.workers, delay=delay, ticks=5), 1):
            row = [most, f"{delay * 1000:.0f} ms", number, round(one["seconds"], 1), round(one["cpu"], 1), one["calls"]]
            ticks.append([str(value) for value in row])
    print(json.dumps({"wholes": wholes, "alone": alone, "ticks": ticks}, indent=1))
    text = PAGE.read_text(encoding="utf-8")
    before, _begin, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n\n{report(wholes, alone, ticks, most)}\n\n{END}{after}", encoding="utf-8")
    folder = PAGE.parent
    each = [(count, (one["calls"] + one["cleanup_calls"]) / count) for count, one in wholes.items()]
    cpu = [(count, (one["cpu"] + one["cleanup_cpu"]) / count) for count, one in wholes.items()]
    (folder / "performance-calls.svg").write_text(plot("API calls per server over servers", each), encoding="utf-8")
    (folder / "performance-cpu.svg").write_text(plot("CPU seconds per server over servers", cpu), encoding="utf-8")
    return 0 if all(one["migrated"] == count and not one["residual"] for count, one in wholes.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
