# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page at ``GET /_sandbox/``: resources, their timelines, requests and the bill."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from sandbox.lifecycles.progress import job_progress
from sandbox.state.clock import iso
from sandbox.state.cloud import Cloud
from sandbox.state.request_log import scrub
from sandbox.state.tables import Row

_REFRESH = 2
_REQUESTS = 40
_TIMELINES = 40

# Table: its heading and its main columns; the control call ``state`` shows every column.
_TABLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "sources": ("Source servers", ("id", "name", "state", "platform", "job_id", "error_code")),
    "jobs": ("Replication jobs", ("id", "name", "source_id", "state", "progress", "image_id", "error_code",
                                  "status_info")),
    "instances": ("Intermediate instances", ("id", "name", "region", "state", "job_id")),
    "disks": ("Disks", ("id", "kind", "index", "size", "instance_id", "status")),
    "snapshots": ("Snapshots", ("id", "name", "size", "region")),
    "images": ("ECS images", ("id", "name", "region", "status")),
    "tasks": ("Export tasks", ("id", "image_id", "bucket", "state", "error_code", "status_info")),
    "ens_images": ("ENS images", ("id", "name", "region", "state", "error_code", "status_info")),
    "ens_instances": ("ENS instances", ("id", "name", "node", "image_id", "public_ip", "state")),
    "security_groups": ("Security groups", ("id", "name", "vpc_id")),
    "vpcs": ("VPCs", ("id", "name", "region", "cidr")),
    "vswitches": ("vSwitches", ("id", "name", "vpc_id", "cidr")),
}


@dataclass(frozen=True)
class _Group:
    """A heading and the table below it."""

    heading: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]


def render(cloud: Cloud, migration: str | None = None) -> str:
    """Return the HTML document; ``migration`` limits the bill to one migration."""
    for job in cloud.jobs:
        job_progress(cloud, job)
    report = cloud.meter.report(migration)
    timelines = _timelines(cloud)
    return _template().render(
        cloud=cloud, migration=migration, link=f"?migration={quote(migration)}" if migration else "",
        refresh=_REFRESH, now=iso(cloud.clock.time()), bill=report, sums=_sums(report), running=_running(report),
        running_jobs=sum(job["state"].startswith("Running/") for job in cloud.jobs),
        resources=[group for group in _resources(cloud) if group.rows],
        timelines=timelines[:_TIMELINES], all_timelines=len(timelines), requests=_requests(cloud),
    )


@cache
def _template() -> Template:
    loader = FileSystemLoader(Path(__file__).with_name("templates"))
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("page.html.j2")


def _sums(report: dict[str, Any]) -> list[tuple[str, ...]]:
    named = [(name or "(no migration)", sums) for name, sums in report["migrations"].items()]
    return [(name, f"{sums['seconds']['instance']:.1f}", f"{sums['total_seconds']:.1f}", str(sums["running_count"]),
             f"{sums['amount']:.6f}") for name, sums in [*named, ("total", report)]]


def _running(report: dict[str, Any]) -> list[tuple[str, ...]]:
    return [(entry["kind"], entry["id"], entry["since"], f"{entry['units']:g} {entry['rate_unit'].split('-')[0]}")
            for entry in report["running"]]


def _resources(cloud: Cloud) -> Iterator[_Group]:
    for name, (heading, columns) in _TABLES.items():
        yield _Group(heading, columns, [tuple(_text(scrub(row.get(column, ""), column)) for column in columns)
                                        for row in cloud.tables.table(name)])
    buckets = cloud.buckets.all()
    yield _Group("Buckets", ("name", "region", "objects"),
                 [(bucket.name, bucket.region, str(len(bucket.objects))) for bucket in buckets])
    yield _Group("Objects", ("bucket", "key", "bytes"),
                 [(bucket.name, item.key, str(item.size)) for bucket in buckets for item in bucket.objects.values()])
    yield _Group("Open uploads", ("bucket", "key", "bytes"),
                 [(bucket.name, upload.key, f"{upload.size()} in {len(upload.parts)} parts")
                  for bucket in buckets for upload in bucket.uploads.values()])


def _timelines(cloud: Cloud) -> list[dict[str, Any]]:
    """Return the timelines of all rows; the one with the latest step is first."""
    lines: dict[tuple[str, str], list[Row]] = {}
    for step in cloud.tables.timeline.steps:
        lines.setdefault((step["table"], step["id"]), []).append(step)
    newest = sorted(lines.items(), key=lambda item: item[1][-1]["n"], reverse=True)
    return [{"kind": table.replace("_", " "), "id": row_id,
             "steps": [{"state": step["state"], "mood": _mood(step["state"]), "time": iso(step["at"])[11:19],
                        "length": _length(steps, place)} for place, step in enumerate(steps)]}
            for (table, row_id), steps in newest]


def _length(steps: list[Row], place: int) -> str:
    if place + 1 == len(steps):
        return ""
    return f", {steps[place + 1]['at'] - steps[place]['at']:.1f} s"


def _mood(state: str) -> str:
    if any(word in state for word in ("Error", "ailed", "Unavailable", "Expired")):
        return "bad"
    if state in ("Finished", "Available"):
        return "good"
    return "past" if state == "gone" else "on"


def _requests(cloud: Cloud) -> list[tuple[str, ...]]:
    return [(str(entry["n"]), entry["at"], entry["product"], entry["action"], str(entry["status"]), entry["code"],
             _short(entry["params"])) for entry in cloud.requests.latest(_REQUESTS)]


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _short(params: dict[str, Any]) -> str:
    text = json.dumps(params, ensure_ascii=False)
    return text if len(text) <= 160 else text[:157] + "..."
