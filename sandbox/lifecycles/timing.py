# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The duration of an edge: its delay in the profile, its jitter for this row, and the time for its bytes.

The jitter is a function of seed, row and edge: the order of clients and the number of requests do not
change it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from functools import lru_cache

from sandbox.contracts.lifecycles import LIFECYCLES, PROFILES, Edge
from sandbox.effects import export
from sandbox.state.cloud import Cloud
from sandbox.state.meter import GIB
from sandbox.state.tables import Row

# Bytes per virtual second in the profiles realistic and frozen (local-cloud 11).
EXPORT_RATE = 50e6
INGEST_RATE = 30e6
# Virtual seconds in which the profile fast uploads all disks of an export.
_FAST_EXPORT = 0.35


def edge_seconds(cloud: Cloud, lifecycle: str, row: Row, edge: Edge) -> float:
    """Virtual seconds from entering the state until the edge may fire; infinite while its size is not known."""
    at = PROFILES[cloud.settings.profile]
    seconds = edge.delay[at]
    if edge.jitter[at]:
        share = _share(cloud.settings.seed, lifecycle, str(row["id"]), edge.origin, edge.to)
        seconds += edge.jitter[at] * cloud.settings.jitter * share
    return seconds + SIZES[edge.size](cloud, row) if edge.size else seconds


def state_seconds(cloud: Cloud, lifecycle: str, row: Row, state: str) -> float:
    """Virtual seconds that a row spends in a state when nothing fails and nothing has to be waited for."""
    edges = [edge for edge in LIFECYCLES[lifecycle].edges if edge.origin == state]
    found = [edge_seconds(cloud, lifecycle, row, edge) for edge in edges]
    return max([seconds for seconds in found if seconds != math.inf], default=0.0)


def stream_seconds(cloud: Cloud, job: Row) -> float:
    """How long a simulated client streams: its content at its bandwidth; 0 for a real one."""
    source = cloud.sources.get(job["source_id"])
    if job["received"] or source is None or not source["simulated"]:
        return 0.0
    bits = sum(disk["content_bytes"] for disk in source["disks"]) * 8
    return float(bits / (source["bandwidth_mbps"] * 1e6))


def _export_seconds(cloud: Cloud, task: Row) -> float:
    gib = sum(row["size"] for row in cloud.exports.where(task_id=task["id"]))
    return _paced(cloud, gib * GIB / EXPORT_RATE)


def _part_seconds(cloud: Cloud, row: Row) -> float:
    """Of a disk's upload: as much as its size takes, or less than its task takes in the profile fast."""
    steps = export.PARTS + 1
    disks = len(cloud.exports.where(task_id=row["task_id"]))
    return (_paced(cloud, row["size"] * GIB / EXPORT_RATE) or _FAST_EXPORT / disks) / steps


def _ingest_seconds(cloud: Cloud, image: Row) -> float:
    key = f"ingest/{image['id']}"
    if not cloud.work.done(key):
        return math.inf
    return _paced(cloud, sum(disk["virtual_size"] for disk in cloud.work.result(key)) / INGEST_RATE)


def _paced(cloud: Cloud, seconds: float) -> float:
    return 0.0 if cloud.settings.profile == "fast" else seconds


@lru_cache(maxsize=1 << 16)
def _share(seed: int, *where: str) -> float:
    digest = hashlib.blake2b("/".join((str(seed), *where)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


SIZES: dict[str, Callable[[Cloud, Row], float]] = {
    "stream": stream_seconds, "export": _export_seconds, "export_part": _part_seconds, "ingest": _ingest_seconds,
}
