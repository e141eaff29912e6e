# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Archived objects: frozen, being restored, readable for some days, frozen again. Pure decisions; `now` is virtual."""
from __future__ import annotations

from email.utils import formatdate
from xml.etree.ElementTree import Element

from sandbox.contracts.numbers import is_number
from sandbox.state.buckets import StoredObject

from .errors import OssError

_HOUR = 3600
_DAY = 24 * _HOUR
_DEFAULT_TIER = "Standard"
# Where the vendor names a span, its end counts.
_SECONDS: dict[str, dict[str, int]] = {
    "Archive": {"": 60},
    "ColdArchive": {"Expedited": _HOUR, "Standard": 5 * _HOUR, "Bulk": 12 * _HOUR},
    "DeepColdArchive": {"Expedited": 12 * _HOUR, "Standard": 48 * _HOUR},
}
_MOST_DAYS = {"Archive": 7, "ColdArchive": 365, "DeepColdArchive": 365}


def restore(item: StoredObject, body: Element | None, now: float) -> tuple[int, str]:
    """Begin to restore an object, or keep a restored one longer; return HTTP status and tier, "" for Archive."""
    if item.storage_class not in _SECONDS:
        raise OssError("OperationNotSupported")
    days, tier = _wishes(item.storage_class, body)
    state = state_of(item, now)
    if state == "restoring":
        raise OssError("RestoreAlreadyInProgress", details={"Key": item.key})
    if state == "restored":
        item.restored_until = now + days * _DAY
        return 200, tier
    item.restored_from = now + _SECONDS[item.storage_class][tier]
    item.restored_until = item.restored_from + days * _DAY
    return 202, tier


def state_of(item: StoredObject, now: float) -> str:
    """Return readable, frozen, restoring or restored."""
    if item.storage_class not in _SECONDS:
        return "readable"
    if now >= item.restored_until:
        return "frozen"
    return "restored" if now >= item.restored_from else "restoring"


def check_readable(item: StoredObject, now: float) -> None:
    """Refuse to read an archived object that is not restored."""
    if state_of(item, now) in ("frozen", "restoring"):
        raise OssError("InvalidObjectState", details={"ObjectName": item.key})


def restore_info(item: StoredObject, now: float) -> str | None:
    """Return what listings and the header x-oss-restore say, None when there is nothing to say."""
    state = state_of(item, now)
    if state == "restoring":
        return 'ongoing-request="true"'
    if state == "restored":
        return f'ongoing-request="false", expiry-date="{formatdate(int(item.restored_until), usegmt=True)}"'
    return None


def _wishes(storage_class: str, body: Element | None) -> tuple[int, str]:
    tiers = _SECONDS[storage_class]
    days = (body.findtext("Days") if body is not None else None) or "1"
    if not is_number(days) or not 1 <= int(days) <= _MOST_DAYS[storage_class]:
        raise OssError("InvalidArgument", f"Days must be between 1 and {_MOST_DAYS[storage_class]}.",
                       details={"ArgumentName": "Days", "ArgumentValue": days})
    job = body.find("JobParameters") if body is not None else None
    if job is not None and "" in tiers:
        raise OssError("MalformedXML", "An object of the class Archive is restored without JobParameters.")
    tier = "" if "" in tiers else (job.findtext("Tier") if job is not None else None) or _DEFAULT_TIER
    if tier not in tiers:
        raise OssError("InvalidArgument", f"The tier {tier!r} is invalid.",
                       details={"ArgumentName": "Tier", "ArgumentValue": tier})
    return int(days), tier
