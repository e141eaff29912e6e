# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The deletion of what a canary has made, and the proof that it is gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources import ens
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import not_before, stamp
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits, naming

from .record import Record
from .waits import Waits

if TYPE_CHECKING:
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.oss import OssApi
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stage import Clock

    Row = Mapping[str, Any]


@dataclass
class Swept:
    """What was deleted, and what is left with the reason."""

    deleted: list[dict[str, str]] = field(default_factory=list)
    left: list[dict[str, str]] = field(default_factory=list)


def made(record: Record, rows: Sequence[Row]) -> list[Row]:
    """Return the ENS images that a record proves: their name has its migration id and stands in the record, and they
    are not older than the record."""
    # The clocks of two services need not agree to the second.
    begun = datetime.fromtimestamp(record.begun, timezone.utc) - timedelta(seconds=limits.DRIFT_SECONDS)
    return [
        row
        for row in rows
        if row.get("ImageName") in record.images
        and naming.owner_of(row.get("ImageName", "")) == record.id
        and not_before(row.get("CreationTime", ""), begun.isoformat())
    ]


def sweep(
    clients: Clients, oss: OssApi, record: Record, clock: Clock, timeout: float, pause: float, waits: Waits
) -> Swept:
    """Delete the images, then the objects, then the record; return what was deleted and what is left.

    The record stays as long as anything else is left, so that the next canary or a cleanup finds it.
    """
    swept = Swept()
    _images(clients, oss, record, swept, clock, timeout, pause, waits)
    for key in record.keys:
        if swept.left and key == naming.canary_record_key(record.id):
            break
        _object(oss, key, swept)
    return swept


def _images(
    clients: Clients,
    oss: OssApi,
    record: Record,
    swept: Swept,
    clock: Clock,
    timeout: float,
    pause: float,
    waits: Waits,
) -> None:
    """Delete images until the list shows none, and each id that ImportImage has returned was listed or is due."""
    deadline = clock.monotonic() + timeout
    refused: dict[str, str] = {}
    asked: set[str] = set()
    names: set[str] = set()
    while True:
        rows = made(record, clients.ens.describe_self_images())
        names |= {row["ImageName"] for row in rows}
        for row in rows:
            try:
                ens.IMAGE.delete(clients, row["ImageId"])
                asked.add(row["ImageId"])
            except CloudError as error:
                refused[row["ImageId"]] = str(error)
        listed = {row["ImageId"] for row in (made(record, clients.ens.describe_self_images()) if rows else [])}
        unseen = _unseen(record, oss, asked, names)
        if not (listed or unseen) or clock.monotonic() >= deadline:
            break
        waits.says(_awaited(record, sorted(listed), sorted(unseen - listed), timeout))
        clock.sleep(pause)
    swept.deleted += [_row("ens_image", image) for image in sorted(asked - listed)]
    swept.left += [_row("ens_image", image, refused.get(image, "ENS still lists it")) for image in sorted(listed)]
    swept.left += [_row("ens_image", image, "ENS does not list it yet") for image in sorted(unseen - listed)]


def _awaited(record: Record, listed: Sequence[str], unseen: Sequence[str], timeout: float) -> str:
    """Say what the deletion waits for, and until when."""
    due = datetime.fromtimestamp(record.begun + limits.CALL_SETTLE_SECONDS, timezone.utc)
    parts = [f"ENS to list no image that was deleted ({', '.join(listed)})"] if listed else []
    if unseen:
        named = ", ".join(unseen)
        parts.append(f"ENS to list what was imported and is not listed yet, until {stamp(due)} ({named})")
    return f"deleting what canary {record.id} has made: waiting for {' and for '.join(parts)}, at most {timeout:.0f} s"


def _unseen(record: Record, oss: OssApi, asked: set[str], names: set[str]) -> set[str]:
    """Return the ids that ImportImage has returned and no list has shown, and the names of calls whose answer was lost,
    as long as a list may still show them."""
    if oss.clock.latest() > record.begun + limits.CALL_SETTLE_SECONDS:
        return set()
    known = {image for ids in record.images.values() for image in ids} - asked
    return known | {name for name, ids in record.images.items() if not ids and name not in names}


def _object(oss: OssApi, key: str, swept: Swept) -> None:
    try:
        if not oss.has_key(key):
            return
        oss.delete_key(key)
        gone = not oss.has_key(key)
    except CloudError as error:
        swept.left.append(_row("oss_object", f"{oss.name}/{key}", str(error)))
        return
    where = f"{oss.name}/{key}"
    if gone:
        swept.deleted.append(_row("oss_object", where))
    else:
        swept.left.append(_row("oss_object", where, "OSS still lists it"))


def _row(kind: str, identity: str, reason: str = "") -> dict[str, str]:
    proof = {"ens_image": "ens.DescribeSelfImages", "oss_object": "oss.ListObjects"}[kind]
    return {"kind": kind, "id": identity, **({"reason": reason} if reason else {"proof": proof})}
