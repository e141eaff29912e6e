# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The files of a report: HTML for people, CSV for a spreadsheet. Both have the data of the JSON file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stages import STAGES
from ansible_collections.edgelift.ens_migration.plugins.module_utils._status.rows import ServerStatus
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _encode

from . import history, page, preflight_view, run_view, status_view, timeline, words

_STAGES: Final = tuple(stage.name for stage in STAGES)
COLUMNS: Final = (
    "host", "status", "retry", "seconds", *(f"{name}_seconds" for name in _STAGES), "disks", "disk_bytes", "used_bytes",
    "exported_bytes", "ens_image_id", "image_name", "migration_id", "reasons", "warnings", "findings", "waived",
    "verified", "billed",
)  # fmt: skip
STATUS_COLUMNS: Final = tuple(row.name for row in fields(ServerStatus))
LONGEST_CELL: Final = 30_000
"""Characters of a cell. Spreadsheets take 32,767."""
_MANIFEST: Final = Path(__file__).resolve().parents[3] / "MANIFEST.json"


def version() -> str:
    """Return the version of the installed collection, '' where it runs from its sources."""
    try:
        found = json.loads(_MANIFEST.read_text(encoding="utf-8"))
        return str(found["collection_info"]["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def receipt_html(receipt: Mapping[str, Any], made: str = "") -> str:
    """Return the page of a receipt; ``made`` is the time of the report in ISO 8601."""
    return page.render(run_view.view(receipt, made, version()))


def status_html(migration: Mapping[str, Any]) -> str:
    """Return the page of a result of ens_migration_info."""
    return page.render(status_view.view(migration, version()))


def status_csv(migration: Mapping[str, Any]) -> str:
    """Return one line for each server of a result of ens_migration_info."""
    servers = migration.get("servers") or []
    return table(
        STATUS_COLUMNS,
        ([row.get(name) if row.get(name) is not None else "" for name in STATUS_COLUMNS] for row in servers),
    )


def preflight_html(rows: Iterable[Mapping[str, Any]], name: str = "", made: str = "") -> str:
    """Return the page of the rows of preflight_wave; ``name`` is that of the migration, ``made`` the time."""
    return page.render(preflight_view.view(rows, name, made, version()))


def receipt_csv(receipt: Mapping[str, Any]) -> str:
    """Return one line for each server of a receipt. Numbers are seconds and bytes; what is not known is empty."""
    whole = words.number((receipt.get("run") or {}).get("seconds"))
    known = history.of(receipt)
    return table(COLUMNS, (_server(row, known.parts(row, whole)) for row in receipt.get("servers") or []))


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return rows as CSV that no spreadsheet calculates."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_encode.csv_cell(words.text(cell, LONGEST_CELL)) for cell in row])
    return out.getvalue()


def _server(row: Mapping[str, Any], parts: Sequence[timeline.Part]) -> list[Any]:
    stages = timeline.by_stage(parts)
    disks = [words.number(disk.get("bytes")) for disk in row.get("disks") or []]
    found = row.get("findings") or []
    verification = row.get("verification") or {}
    return [
        row.get("host", ""),
        row.get("status", ""),
        row.get("retry", ""),
        _plain(words.number(row.get("seconds"))),
        *(_plain(stages.get(name, 0.0)) for name in _STAGES),
        len(disks) or "",
        _plain(sum(disks)),
        _plain(words.number(row.get("used_bytes"))),
        _plain(words.number(row.get("exported_bytes"))),
        row.get("ens_image_id", ""),
        row.get("image_name", ""),
        row.get("migration_id", ""),
        "; ".join(map(str, row.get("reasons") or [])),
        "; ".join(map(str, row.get("warnings") or [])),
        "; ".join(f"{item.get('severity')} {item.get('id')}" for item in found),
        "; ".join(
            f"{item.get('id')} until {item['waived'].get('expires')}: {item['waived'].get('reason')}"
            for item in found
            if item.get("waived")
        ),
        ("yes" if verification.get("verdict") == "verified" else "no") if verification else "",
        "; ".join(run_view.billed(row)),
    ]


def _plain(value: float) -> str:
    """Return a number without an exponent, '' for what is not known."""
    return f"{value:.1f}".removesuffix(".0") if value else ""
