# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The retention policy of a bucket: its operations, and what it refuses.

While it is in force, an object can be made and read, but neither changed, nor appended to, nor deleted. A policy that
is not locked within a day loses its effect.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from .answer import Answer
from .body import read_xml
from .call import Call, iso_time, whole_number
from .config_ops import stored
from .errors import OssError
from .xml import document

if TYPE_CHECKING:
    from sandbox.state.buckets import Bucket, StoredObject

_DAY = 86400
_MOST_DAYS = 25550
_NAME = "worm"


async def initiate(call: Call) -> Answer:
    """InitiateBucketWorm: a bucket has at most one policy, and none while its versioning is suspended."""
    body = await read_xml(call.request, "InitiateWormConfiguration")
    days = whole_number((body.findtext("RetentionPeriodInDays") if body is not None else None) or "",
                        "RetentionPeriodInDays", 1, _MOST_DAYS)
    if _NAME in call.bucket.configs:
        raise OssError("WORMConfigurationLocked")
    if call.bucket.versioning == "Suspended":
        raise OssError("InvalidRequest", "A bucket with suspended versioning takes no retention policy.")
    worm_id = call.cloud.draws.hexadecimal(32, "oss worm")
    _keep(call, worm_id, "InProgress", days, call.now)
    return call.empty(headers={"x-oss-worm-id": worm_id})


async def complete(call: Call) -> Answer:
    """CompleteBucketWorm: lock the policy."""
    worm_id, _state, days, created = _policy(call)
    _keep(call, worm_id, "Locked", days, created)
    return call.empty()


async def abort(call: Call) -> Answer:
    """AbortBucketWorm: remove a policy that is not locked."""
    if _policy(call)[1] == "Locked":
        raise OssError("WORMConfigurationLocked")
    call.bucket.configs.pop(_NAME)
    return call.empty(204)


async def get(call: Call) -> Answer:
    """GetBucketWorm."""
    worm_id, state, days, created = _policy(call)
    return call.xml("WormConfiguration", [
        ("WormId", worm_id), ("State", state), ("RetentionPeriodInDays", days), ("CreationDate", iso_time(created))])


def check_mutable(bucket: Bucket, item: StoredObject | None, now: float) -> None:
    """Refuse to change or to delete an object that the policy of its bucket protects."""
    found = _read(bucket)
    if found is None or item is None or item.marker:
        return
    _worm_id, state, days, created = found
    if (state == "Locked" or now < created + _DAY) and now < item.modified + days * _DAY:
        raise OssError("FileImmutable")


def _policy(call: Call) -> tuple[str, str, int, float]:
    found = _read(call.bucket)
    wanted = call.request.query.get("wormId")
    if found is None or wanted not in (None, found[0]):
        raise OssError("NoSuchWORMConfiguration")
    return found


def _read(bucket: Bucket) -> tuple[str, str, int, float] | None:
    text = bucket.configs.get(_NAME)
    if text is None:
        return None
    root = stored(text)
    return (root.findtext("WormId") or "", root.findtext("State") or "",
            int(root.findtext("RetentionPeriodInDays") or 0), float(root.findtext("Created") or 0))


def _keep(call: Call, worm_id: str, state: str, days: int, created: float) -> None:
    call.bucket.configs[_NAME] = document("WormConfiguration", [
        ("WormId", worm_id), ("State", state), ("RetentionPeriodInDays", days), ("Created", str(created))]).decode()
