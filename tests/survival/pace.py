# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A wave under a scenario, at the pace of the real services and in a fraction of their time: `make scenarios`.

The local cloud has the profile ``realistic``, its clock and that of the collection run ``RATE`` times as fast, so that
intervals, grace periods and time limits have the values that a user has.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from support.oss_client import FOREIGN_KEYS, bucket
from support.wave import WEB, run, server, utils

RATE = 1500.0
DB = server("db-01", "s-sandboxdb01", 20, 20, 20)
SERVERS = [WEB, DB]
NAME = "wave"
LEASE_SECONDS = 4.0
"""Real seconds for which a controller claims servers."""
WORLD: dict[str, Any] = {
    "profile": "realistic",
    "clock_rate": RATE,
    "account": {"balance": 100},
    "buckets": [{"name": "migration-images", "region": "ap-southeast-1"}],
    "sources": [
        {"name": "web-01", "id": "s-sandboxweb01", "bandwidth_mbps": 0.1, "disks": [{"gib": 20, "content_mib": 1}]},
        {"name": "db-01", "id": "s-sandboxdb01", "bandwidth_mbps": 0.1,
         "disks": [{"gib": 20, "content_mib": 1}] * 3},
        {"name": "other-01", "id": "s-sandboxother01", "disks": [{"gib": 20}]},
    ],
    "ecs_images": [{"name": "web-01", "id": "m-foreignimage1", "region": "ap-southeast-1", "disks": [{"gib": 20}]}],
    "ens_images": [{"name": "web-01", "id": "m-foreignimage2"}],
}
FOREIGN_SNAPSHOTS: set[str] = set()


class Pace:
    """The time of the local cloud, for the collection: it sleeps so much less than it means to."""

    def __init__(self, sandbox: Any) -> None:
        clock = sandbox.get("clock")
        self._begin, self._real = datetime.fromisoformat(clock["now"].replace("Z", "+00:00")), time.monotonic()
        self._rate = float(clock["rate"])

    def now(self) -> datetime:
        """Virtual now."""
        return self._begin + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Virtual seconds since the beginning."""
        return (time.monotonic() - self._real) * self._rate

    def sleep(self, seconds: float) -> None:
        """Let virtual seconds pass."""
        time.sleep(seconds / self._rate)

    # The real ones: a clock that was moved forward is kept again.
    _CLOCK, _RETRY = utils("_stages.stage").Clock, utils("_api.retry").Retry

    def keep(self, patch: pytest.MonkeyPatch) -> None:
        """Make the collection live in this time."""
        clocks = partial(self._CLOCK, sleep=self.sleep, monotonic=self.monotonic, now=self.now)
        patch.setattr(utils("_stages.stage"), "Clock", clocks)
        patch.setattr(utils("_module.smc_cleanup"), "Clock", clocks)
        patch.setattr(utils("_api.clients"), "Retry", partial(self._RETRY, sleep=self.sleep, clock=self.monotonic))
        patch.setattr(utils("_api.service_clock"), "_readings", lambda: (self.monotonic(), self.now().timestamp()))
        # A request takes as long as ever: a lease of 300 s of this time would end in the middle of a tick.
        for room in ("decide", "session", "state"):
            patch.setattr(utils(f"_ledger.{room}"), "LEASE", LEASE_SECONDS * self._rate)


@dataclass
class Outcome:
    """How a wave ended: per host the verdict and its reasons, where the whole run failed those of every host."""

    verdicts: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    resources: list[dict[str, Any]] = field(default_factory=list)

    @property
    def failed(self) -> list[str]:
        """The hosts that were not migrated."""
        return sorted(host for host, verdict in self.verdicts.items() if verdict != "migrated")

    def beside(self, other: Outcome) -> Outcome:
        """What two controllers have come to: a server is migrated when one of them reports it."""
        best = {host: "migrated" if "migrated" in (verdict, other.verdicts[host]) else verdict
                for host, verdict in self.verdicts.items()}
        return Outcome(best, {**self.reasons, **other.reasons}, [*self.resources, *other.resources])


def migrate(sandbox: Any, **options: Any) -> Outcome:
    """Run the wave to its end with the intervals of a user; an error of the whole run counts for every server."""
    wave = partial(run, sandbox, "ens_migration", name=NAME, servers=SERVERS, poll_interval=30, wait_timeout=14400)
    try:
        result = wave(**options)["migration"]
    except utils("_api.errors").CloudError as error:
        result = (error.last or {}).get("migration") or {}
        why = f"{error}. {error.hint}".strip()
        return Outcome({entry["host"]: "failed" for entry in SERVERS}, {entry["host"]: why for entry in SERVERS},
                       result.get("resources", []))
    rows = result["servers"]
    return Outcome({row["host"]: row["verdict"] for row in rows},
                   {row["host"]: "; ".join(row["reasons"]) for row in rows if row["reasons"]}, result["resources"])


def sweep(sandbox: Any, outcome: Outcome, **options: Any) -> list[dict[str, Any]]:
    """Clean up after the wave and return what is left; the sources stay, for another try."""
    try:
        return list(run(sandbox, "smc_cleanup", name=NAME, servers=SERVERS, resources=outcome.resources,
                        delete_sources=False, poll_interval=5, wait_timeout=3600, **options)["cleanup"]["residual"])
    except utils("_api.errors").CloudError as error:
        return [{"kind": "cleanup", "id": "", "reason": str(error)}]


def ens_images(sandbox: Any) -> Counter[str]:
    """The servers' ENS images by host, in whatever state, as the cloud has them."""
    names = {utils("_module.options").server(NAME, entry).image_name: entry["host"] for entry in SERVERS}
    return Counter(names[row["name"]] for row in sandbox.get("state")["ens_images"] if row["name"] in names)


def put_foreign(sandbox: Any) -> None:
    """Put what belongs to another owner beside the wave: objects, and a job that was never started."""
    for key in FOREIGN_KEYS:
        bucket(sandbox).put_object(key, b"not ours")
    sandbox.call("smc", "CreateReplicationJob", SourceId="s-sandboxother01", Name="other-job", TargetType="Image",
                 ImageName="other-image", SystemDiskSize=20)
    FOREIGN_SNAPSHOTS.clear()
    FOREIGN_SNAPSHOTS.update(row["id"] for row in sandbox.get("state")["snapshots"])


def foreign_losses(sandbox: Any) -> list[str]:
    """What belonged to another owner and is gone; objects that a scenario has added count in hundreds."""
    state = sandbox.get("state")
    have = {row["key"] for row in state["objects"]} | {row["id"] for row in state["images"]}
    have |= {row["id"] for row in state["ens_images"]} | {row["name"] for row in state["jobs"]}
    lost = sorted({*FOREIGN_KEYS, "m-foreignimage1", "m-foreignimage2", "other-job"} - have)
    added = sum(rule.get("count", 3) * rule["hits"] for rule in sandbox.get("faults")["faults"]
                if rule.get("do") == "add_objects")
    kept = sum("-not-ours/" in row["key"] for row in state["objects"])
    return lost + ([f"{added - kept} of {added} added objects"] if kept < added else [])


def still(sandbox: Any) -> bool:
    """Whether an hour costs nothing beyond what belongs to others: their objects and the seeded image's snapshots."""
    def ours(report: dict[str, Any]) -> list[dict[str, Any]]:
        return [row for row in report["resources"] if row["running"] and not _foreign(row)]

    before = ours(sandbox.get("meter"))
    sandbox.advance(3600)
    return before == ours(sandbox.get("meter")) == []


def _foreign(row: dict[str, Any]) -> bool:
    key = row["id"].partition("/")[2]
    return row["id"] in FOREIGN_SNAPSHOTS or key in FOREIGN_KEYS or "-not-ours/" in key


def twice(sandbox: Any) -> list[str]:
    """The exports and imports that took effect more than once for one image."""
    done = Counter(f"{row['action']} {row['params'].get('ImageId') or row['params'].get('ImageName')}"
                   for row in sandbox.requests()
                   if row["status"] == 200 and row["action"] in ("ExportImage", "ImportImage"))
    return [what for what, count in done.items() if count > 1]


def made(sandbox: Any) -> str:
    """How many jobs, exports and imports there were."""
    rows = [row for row in sandbox.requests() if row["status"] == 200]
    jobs = {row["result"]["JobId"] for row in rows if row["action"] == "CreateReplicationJob"}
    counts = Counter(row["action"] for row in rows)
    # One job belongs to another owner.
    return f"jobs {len(jobs) - 1}, exports {counts['ExportImage']}, imports {counts['ImportImage']}"
