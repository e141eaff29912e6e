# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page at ``GET /_sandbox/``: what exists, how it came there, what was asked and what it costs."""

from __future__ import annotations

import json
from html import escape
from typing import Any
from urllib.parse import quote

from sandbox.lifecycles.progress import job_progress
from sandbox.state.clock import iso
from sandbox.state.cloud import Cloud
from sandbox.state.request_log import scrub
from sandbox.state.tables import Row

from .style import STYLE

_REFRESH = 2
_REQUESTS = 40
_TIMELINES = 40

# Table: its heading and the columns that tell most; every other column is in the control call ``state``.
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
    "ens_instances": ("ENS instances", ("id", "name", "node", "image_id", "state")),
    "security_groups": ("Security groups", ("id", "name", "vpc_id")),
    "vpcs": ("VPCs", ("id", "name", "region", "cidr")),
    "vswitches": ("vSwitches", ("id", "name", "vpc_id", "cidr")),
}


def render(cloud: Cloud, migration: str | None = None) -> str:
    """The whole document; ``migration`` limits the bill to one."""
    for job in cloud.jobs:
        job_progress(cloud, job)
    report = cloud.meter.report(migration)
    now = iso(cloud.clock.time())
    card = report["rate_card"]
    link = f"?migration={quote(migration)}" if migration else ""
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Sandbox: the local cloud</title>
<meta http-equiv="refresh" content="{_REFRESH};url=/_sandbox/{link}">
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head><body>
<header><h1>The local cloud</h1>
<p><b>{escape(cloud.endpoint)}</b> · {escape(cloud.settings.region)} · profile {escape(cloud.settings.profile)} ·
virtual time <b id="now">{now}</b>, {cloud.clock.rate:g} times real time ·
account {escape(cloud.settings.account.id)}</p></header>
<p id="figures"><span><b>{report['amount']:.6f} {escape(card['currency'])}</b> running bill</span>
<span><b>{report['running_count']}</b> billed now</span>
<span><b>{report['seconds']['instance']:.0f} s</b> of instances</span>
<span><b>{sum(job['state'].startswith('Running/') for job in cloud.jobs)}</b> of {len(cloud.jobs)} jobs running</span>
<span><b>{len(cloud.ens_images)}</b> ENS images</span></p>
{_bill(report, migration)}
<section id="resources"><h2>Resources</h2>{_resources(cloud)}</section>
<section id="timelines"><h2>State timelines</h2>{_timelines(cloud)}</section>
<section id="requests"><h2>Requests</h2>{_requests(cloud)}</section>
<footer>Read only; every {_REFRESH} s anew. The same as JSON: <a href="state">state</a>, <a href="meter">meter</a>,
<a href="requests">requests</a>, <a href="clock">clock</a>.</footer></body></html>
"""


def _bill(report: dict[str, Any], migration: str | None) -> str:
    card = report["rate_card"]
    rows = [[name or "(no migration)", f"{sums['seconds']['instance']:.1f}", f"{sums['total_seconds']:.1f}",
             str(sums["running_count"]), f"{sums['amount']:.6f}"] for name, sums in report["migrations"].items()]
    rows.append(["total", f"{report['seconds']['instance']:.1f}", f"{report['total_seconds']:.1f}",
                 str(report["running_count"]), f"{report['amount']:.6f}"])
    running = [[entry["kind"], entry["id"], entry["since"], f"{entry['units']:g} {entry['rate_unit'].split('-')[0]}"]
               for entry in report["running"]]
    of = f" of {escape(migration)} (<a href=\"/_sandbox/\">all</a>)" if migration else ""
    return (f"<section id=\"bill\"><h2>Bill{of}</h2><p>Illustrative prices of {escape(card['dated'])}, not "
            f"Alibaba Cloud's.</p>"
            + _table(("migration", "instance seconds", "billed seconds", "running", card["currency"]), rows)
            + f"<h3>Still running ({len(running)})</h3>" + _table(("kind", "id", "since", "units"), running)
            + "</section>")


def _resources(cloud: Cloud) -> str:
    parts = []
    for name, (heading, columns) in _TABLES.items():
        rows = [[_text(scrub(row.get(column, ""), column)) for column in columns] for row in cloud.store.table(name)]
        if rows:
            parts.append(f"<h3>{heading} ({len(rows)})</h3>" + _table(columns, rows))
    objects = [[bucket.name, item.key, str(item.size)] for bucket in cloud.buckets.all()
               for item in bucket.objects.values()]
    uploads = [[bucket.name, upload.key, f"{upload.size()} in {len(upload.parts)} parts"]
               for bucket in cloud.buckets.all() for upload in bucket.uploads.values()]
    buckets = [[bucket.name, bucket.region, str(len(bucket.objects))] for bucket in cloud.buckets.all()]
    for heading, columns, rows in (("Buckets", ("name", "region", "objects"), buckets),
                                   ("Objects", ("bucket", "key", "bytes"), objects),
                                   ("Open uploads", ("bucket", "key", "bytes"), uploads)):
        if rows:
            parts.append(f"<h3>{heading} ({len(rows)})</h3>" + _table(columns, rows))
    return "".join(parts) or "<p>Nothing exists.</p>"


def _timelines(cloud: Cloud) -> str:
    lines: dict[tuple[str, str], list[Row]] = {}
    for step in cloud.store.timeline.steps:
        lines.setdefault((step["table"], step["id"]), []).append(step)
    newest = sorted(lines.items(), key=lambda item: item[1][-1]["n"], reverse=True)[:_TIMELINES]
    shown = []
    for (table, row_id), steps in newest:
        marks = "".join(f"<li class=\"{_mood(step['state'])}\">{escape(step['state'])} <time>{iso(step['at'])[11:19]}"
                        f"{_length(steps, place)}</time></li>" for place, step in enumerate(steps))
        kind = escape(table.replace("_", " "))
        shown.append(f"<tr><th>{kind}</th><td>{escape(row_id)}</td><td><ol>{marks}</ol></td></tr>")
    more = f"<p>The last {_TIMELINES} of {len(lines)}.</p>" if len(lines) > _TIMELINES else ""
    return f"<table class=\"lines\">{''.join(shown)}</table>{more}"


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


def _requests(cloud: Cloud) -> str:
    rows = [[str(entry["n"]), entry["at"], entry["product"], entry["action"], str(entry["status"]), entry["code"],
             _short(entry["params"])] for entry in cloud.requests.latest(_REQUESTS)]
    return _table(("n", "virtual time", "product", "action", "status", "code", "parameters"), rows)


def _table(columns: tuple[str, ...], rows: list[list[str]]) -> str:
    if not rows:
        return "<p>None.</p>"
    head = "".join(f"<th>{escape(column.replace('_', ' '))}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _short(params: dict[str, Any]) -> str:
    text = json.dumps(params, ensure_ascii=False)
    return text if len(text) <= 160 else text[:157] + "..."
