# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The ENS instance of a migrated server: its tags, its proof, and what a cleanup does with it.

RunInstances sets the tags, so that the instance is found and proven from its first moment. Its name is that of the
replication job: inventory name and migration id.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

from . import limits, naming

if TYPE_CHECKING:
    from collections.abc import Mapping

POLICIES: Final = ("manual", "keep", "release")
"""Who releases an instance: the user with state absent, nothing of this collection, or the cleanup."""

_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"
_COMMITTED: Final = "committed"

MOST_OWN_TAGS: Final = 16
"""The tags that a user can add: ENS accepts 20 (TagResources), the migration sets four."""


def tags(
    migration: str, host: str, identity: str, policy: str, own: Mapping[str, str], commit_by: datetime | None = None
) -> list[dict[str, str]]:
    """Return the tags of a new instance: those of the migration, the policy with the time to commit, and those of the
    user."""
    by = [{"Key": naming.COMMIT_TAG, "Value": commit_by.strftime(_TIME)}] if commit_by and policy == "manual" else []
    return [
        *naming.tags(migration, host, identity),
        {"Key": naming.INSTANCE_TAG, "Value": policy},
        *by,
        *({"Key": key, "Value": value} for key, value in own.items()),
    ]


def policy_tags(policy: str, found: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the tags that give an instance with the tags ``found`` another policy. An instance with a time to commit
    is committed by that: it is never rolled back, whatever its policy is later."""
    committed = [{"Key": naming.COMMIT_TAG, "Value": _COMMITTED}] if naming.COMMIT_TAG in found else []
    return [{"Key": naming.INSTANCE_TAG, "Value": policy}, *committed]


def commit_by(found: Mapping[str, str]) -> datetime | None:
    """Return until when an instance has to be committed, None for one that is committed or has no such time."""
    try:
        return datetime.strptime(found.get(naming.COMMIT_TAG, ""), _TIME).replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def overdue(found: Mapping[str, str], now: datetime) -> bool:
    """Return whether an instance is to be rolled back: only one with the policy manual that was not committed."""
    by = commit_by(found)
    grace = timedelta(seconds=limits.COMMIT_GRACE_SECONDS)
    return by is not None and policy(found) == "manual" and now > by + grace


def too_late(found: Mapping[str, str], now: datetime) -> bool:
    """Return whether an instance can no longer be committed: another controller may be rolling it back."""
    by = commit_by(found)
    return by is not None and now > by


def own_tags_problem(own: Mapping[str, Any], room: int = MOST_OWN_TAGS) -> str:
    """Return why ENS or this collection refuses tags of the user, '' when they do not."""
    if len(own) > room:
        return f"tags has {len(own)} tags, {room} are left beside those of the migration"
    most = naming.TAG_VALUE_LENGTH
    for key, value in own.items():
        if key.startswith("edgelift:") or not 1 <= len(key) <= most:
            return f"the tag key {key[:40]!r} is not allowed: 1 to {most} characters that do not begin with edgelift:"
        for text in (key, str(value)):
            lower = text.lower()
            if lower.startswith(("aliyun", "acs:")) or "http://" in lower or "https://" in lower or len(text) > most:
                return (
                    f"{text[:40]!r} is not allowed in a tag: no aliyun or acs: at the start, no URL, {most} characters"
                )
    return ""


def doubt(migration: str, name: str, found: Mapping[str, str]) -> str:
    """Return why an instance with these tags is not one of this migration, '' when it is."""
    if found.get(naming.WAVE_TAG) != migration[: naming.TAG_VALUE_LENGTH]:
        return f"it has no tag {naming.WAVE_TAG}={migration}"
    identity = naming.owned_by(migration, name)
    if not identity or found.get(naming.SERVER_TAG) != identity:
        return f"its tag {naming.SERVER_TAG} is not the migration ID in its name"
    expected = naming.resource_name(found.get(naming.HOST_TAG, ""), identity)
    return "" if name == expected else f"this migration would name it {expected}"


def policy(found: Mapping[str, str]) -> str:
    """Return the policy in the tags of an instance: keep where there is none that is known."""
    value = found.get(naming.INSTANCE_TAG, "")
    return value if value in POLICIES else "keep"
