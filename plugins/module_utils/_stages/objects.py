# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What an export has written: the objects of a server, whether they are complete, and how large their disks are."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import ExportedObject
from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources.oss import stamp

from . import archive, qcow2
from .ahead import FIRST, Ahead

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.oss import OssApi
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Policy, Row

MOST_KEYS: Final = 64
"""More objects than an image has disks: so many are looked at, others may have put any number there."""
_NAMED: Final = 5
_AFTER: Final = timedelta(minutes=5)
"""How much later than the end of its task an object may say that it was written: ECS gives that end in minutes."""


def disk_order(keys: Iterable[str]) -> list[str]:
    """Return exported keys in disk order: the one named ``system`` first, then ``data`` by device letter."""

    def rank(key: str) -> tuple[int, str]:
        device = re.search(r"xvd([a-z]+)", key)
        return (0 if "system" in key else 1, device.group(1) if device else key)

    return sorted(keys, key=rank)


def verify(
    oss: OssApi,
    keys: Sequence[str],
    sizes: Sequence[int],
    policy: Policy,
    ended: datetime | None = None,
    notes: list[str] | None = None,
) -> tuple[list[ExportedObject], str]:
    """Return what the objects under ``keys`` (in disk order) are, and what is wrong with them (empty: nothing).
    ``sizes`` are the bytes that the disks must have at least; [] compares neither their number nor their sizes.
    ``ended`` is when the export ended, as far as that is known. ``notes`` gets what is unusual and no failure."""
    if len(keys) > MOST_KEYS or (sizes and len(keys) != len(sizes)):
        often = f"more than {MOST_KEYS}" if len(keys) > MOST_KEYS else len(keys)
        some = ", ".join(keys[:_NAMED]) + (", …" if len(keys) > _NAMED else "")
        return [], f"there are {often} objects for {len(sizes)} disks: {some or 'none'}"
    found: list[ExportedObject] = []
    for index, key in enumerate(keys):
        item = ExportedObject(index=index, bucket=policy.bucket, key=key, size=0, virtual_size=0)
        where = f"oss://{policy.bucket}/{key} (disk {index})"
        row = oss.head(key) if policy.verify == "off" else oss.read_start(key, FIRST)
        problem = _inspect(row, item, ended)
        if row is None or problem:
            return found, f"{where} {problem}"
        found.append(item)
        expected = sizes[index] if sizes else 0
        problem = note = ""
        if policy.verify != "off":
            problem, note = _content(Ahead(oss, item["size"], row["content"]), item, policy, expected)
        if problem and policy.verify == "strict":
            return found[:-1], f"{where} {problem}"
        if notes is not None and (problem or note):
            notes.append(f"{where} {problem or note}")
    return found, "" if found else "no object is named"


def _inspect(row: Row | None, item: ExportedObject, ended: datetime | None) -> str:
    """Fill in the size of one object; return why it is not what the export has written, or ''."""
    item["size"] = int(row["size"]) if row else 0
    return replaced(row, ended)


def replaced(row: Row | None, ended: datetime | None) -> str:
    """Return why an object is not what the export that ended then has written, or ''."""
    if row is None:
        return "is missing although the export is finished"
    if int(row["size"]) == 0:
        return "is empty"
    written = row["last_modified"]
    if ended and written is not None and written > (ended + _AFTER).timestamp():
        return f"was written at {stamp(written)}, after the export had ended: it was replaced"
    return ""


def _content(oss: Ahead, item: ExportedObject, policy: Policy, expected: int) -> tuple[str, str]:
    """Fill in the virtual size of one object; return what is wrong with its content, and what is unusual."""
    container = archive if policy.image_format == "raw" else qcow2
    found = container.disk_size(oss, item["key"], item["size"])
    if isinstance(found, str):
        return found, ""
    item["virtual_size"] = found
    if expected and found < expected:
        return f"contains {found} bytes, the disk must have {expected}", ""
    return "", f"contains {found} bytes, more than the {expected} of the disk" if expected and found > expected else ""
