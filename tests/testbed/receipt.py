# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The receipt of a wave: what the playbook wrote, completed by the contents of disks and images; its table."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.console import Group
from rich.table import Table
from rich.text import Text

from testbed.digest import digest
from testbed.fleet import GIB, Host

NUMBERS = ("disks", "GiB", "seconds")
ImageDisks = Callable[[str], list[dict[str, Any]]]


def read(path: Path) -> dict[str, Any]:
    """The receipt as the playbook wrote it."""
    receipt: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return receipt


def write(path: Path, receipt: dict[str, Any]) -> None:
    """Write the completed receipt."""
    path.write_text(json.dumps(receipt, indent=2) + "\n", encoding="utf-8")


def complete(receipt: dict[str, Any], hosts: Iterable[Host], disks: Path, image_disks: ImageDisks) -> None:
    """Put sizes, digests and files of source and image disks into the receipt, each digest from its own bytes.

    ``image_disks`` gives the disks of an ENS image: index and path. A disk that one side lacks has empty fields there.
    """
    by_name = {host.name: host for host in hosts}
    work: list[tuple[dict[str, Any], str, Path]] = []
    for server in receipt["servers"]:
        host = by_name[server["host"]]
        sources = {index: disks / host.name / disk.name for index, disk in enumerate(host.disks)}
        images = {}
        if server["ens_image_id"]:
            images = {int(disk["index"]): Path(disk["path"]) for disk in image_disks(server["ens_image_id"])}
        server["disks"] = []
        for index in sorted({*sources, *images}):
            row: dict[str, Any] = {"index": index, "bytes": 0, "source_digest": "", "image_digest": ""}
            if index in sources:
                row["bytes"] = host.disks[index].bytes
            for side, files in (("source", sources), ("image", images)):
                row[f"{side}_file"] = str(files.get(index, ""))
                if images and index in files:
                    work.append((row, f"{side}_digest", files[index]))
            server["disks"].append(row)
    with ThreadPoolExecutor(max_workers=2) as pool:
        for (row, name, _path), found in zip(work, pool.map(lambda item: digest(item[2]), work), strict=True):
            row[name] = found


def _verdict_on_contents(server: dict[str, Any]) -> str:
    """Whether the image's disks hold what the source's disks hold; a dash where nothing was migrated."""
    if server["status"] != "migrated":
        return "-"
    same = server["disks"] and all(disk["source_digest"] == disk["image_digest"] != "" for disk in server["disks"])
    return "identical" if same else "DIFFERENT"


def summary(receipt: dict[str, Any]) -> Group:
    """The table that the demo ends with, and below it why a server is not migrated."""
    table = Table(box=SIMPLE, header_style="bold", padding=0, collapse_padding=True)
    for column in ("host", "status", "disks", "GiB", "content", "ENS image", "seconds"):
        table.add_column(column, justify="right" if column in NUMBERS else "left", no_wrap=True)
    notes = []
    for server in receipt["servers"]:
        gib = sum(disk["bytes"] for disk in server["disks"]) // GIB
        table.add_row(
            server["host"],
            server["status"],
            str(len(server["disks"])),
            str(gib),
            _verdict_on_contents(server),
            server["ens_image_id"] or "-",
            f"{server['seconds']:.1f}" if server.get("seconds") else "-",
        )
        notes += [Text(f"{server['host']}: {reason}", overflow="fold") for reason in server["reasons"]]
    return Group(table, *notes)
