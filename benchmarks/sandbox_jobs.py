# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What many rows cost a request: ``make bench-jobs``; about half a minute.

A cloud with 1000 sources and 1000 jobs, 50 of which run, is asked what is due by now: by the index of due rows, and in
the same run, as baseline, by looking at every row, which is how it was before there was an index. Both must agree. Then
a whole signed request that lists nothing is timed over an empty and over the full cloud.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.local_cloud import LocalCloud

from sandbox.contracts.lifecycles import LIFECYCLES
from sandbox.lifecycles.agenda import outlook

_TURNS = 200


def world(count: int) -> dict[str, Any]:
    """So many sources, whose clients stream for a long time."""
    sources = [{"name": f"web{n}", "id": f"s-unitweb{n:05}", "disks": [{"gib": 20}], "bandwidth_mbps": 0.001}
               for n in range(1, count + 1)]
    return {"account": {"quotas": {"vpc": 100}}, "sources": sources}


def walk(local: LocalCloud) -> int:
    """How many rows can take a step now, found by looking at every one."""
    now = local.cloud.clock.time()
    return sum(outlook(local.cloud, name, row, now).due is not None for name, lifecycle in LIFECYCLES.items()
               for row in local.cloud.tables.table(lifecycle.table))


def microseconds(call: Callable[[], object]) -> float:
    """The median of many turns."""
    took = []
    for _turn in range(_TURNS):
        began = time.perf_counter()
        call()
        took.append(time.perf_counter() - began)
    return statistics.median(took) * 1e6


def filled(folder: Path, sources: int) -> LocalCloud:
    """A cloud with a job for every source; as many run as the quota allows."""
    local = LocalCloud(folder, world(sources))
    local.invariants.check = list  # the checks of the tests are not what is measured
    for number in range(1, sources + 1):
        params = {key: value for key, value in local.job_params(number).items() if not key.startswith("DataDisk")}
        job_id = local.ok("smc", "CreateReplicationJob", **params)["JobId"]
        if number <= 50:
            local.ok("smc", "StartReplicationJob", JobId=job_id)
    local.advance(10)
    return local


def main() -> int:
    """Measure and print one JSON object; exit 1 when the index and the walk disagree."""
    with tempfile.TemporaryDirectory(prefix="sandbox-jobs-") as folder:
        empty, full = filled(Path(folder) / "empty", 0), filled(Path(folder) / "full", 1000)
        running = sum(job["state"].startswith("Running/") for job in full.cloud.jobs)
        index, every = microseconds(full.engine.tick), microseconds(lambda: walk(full))
        agree = full.engine.tick() == walk(full) == 0
        requests = {name: microseconds(lambda local=local: local.call("sts", "GetCallerIdentity"))
                    for name, local in (("empty", empty), ("full", full))}
    print(json.dumps({
        "jobs": 1000, "running": running, "index_us": round(index, 1), "walk_us": round(every, 1),
        "times": round(every / index, 1), "agree": agree,
        "request_us": {name: round(value) for name, value in requests.items()},
    }, indent=1))
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())
