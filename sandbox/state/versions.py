# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions of objects: what a bucket with versioning stores for a key, and what a deletion does there.

``Bucket.objects`` has the current version of each key, as far as that is an object; ``Bucket.older`` has all others,
the newest first. The first of them is a delete marker where the key has no current object.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .buckets import Bucket, StoredObject

_SHORTEST_ID = 32

NULL = "null"
"""The name of the version that a bucket makes while it has no versioning, or has it suspended."""


@dataclass
class Deletion:
    """The result of one deletion: `marker` is the delete marker, created or removed, `ended` what was deleted."""

    key: str
    version_id: str = ""
    marker: str = ""
    ended: list[StoredObject] = field(default_factory=list)


@dataclass
class VersionPage:
    """One page of versions; `next_key` and `next_version` are where the next page starts, empty on the last."""

    items: list[StoredObject] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    truncated: bool = False
    next_key: str = ""
    next_version: str = ""


def is_version_id(text: str) -> bool:
    """Return whether a text may be a version id at all: the vendor refuses what is not, instead of not finding it."""
    return text == NULL or len(text) >= _SHORTEST_ID


def name_of(item: StoredObject) -> str:
    """Return the version id as requests and answers write it."""
    return item.version_id or NULL


def history(bucket: Bucket, key: str) -> list[StoredObject]:
    """Return all versions of a key, delete markers too, the newest first."""
    current = bucket.objects.get(key)
    return [*([current] if current else []), *bucket.older.get(key, [])]


def find(bucket: Bucket, key: str, version: str | None) -> StoredObject | None:
    """Return this version of a key, the newest one for None; it may be a delete marker."""
    return next((item for item in history(bucket, key) if version in (None, name_of(item))), None)


def delete(bucket: Bucket, key: str) -> Deletion:
    """Delete a key: permanently without versioning, else by a delete marker in front of its versions."""
    current = bucket.objects.get(key)
    if not bucket.versioning:
        bucket.remove(key)
        return Deletion(key, ended=[current] if current else [])
    marker = StoredObject(key, Path(), 0, marker=True)
    bucket.number(marker)
    ended: list[StoredObject] = []
    if current is not None and (current.version_id or marker.version_id):
        bucket.put_aside(current)
    elif current is not None:
        bucket.remove(key)
        ended.append(current)
    if not marker.version_id:
        ended += bucket.drop_null(key)
    bucket.keep_older(key, [marker, *bucket.older.get(key, [])])
    return Deletion(key, marker=name_of(marker), ended=ended)


def delete_version(bucket: Bucket, key: str, version: str) -> Deletion:
    """Delete one version permanently; the next older one becomes current. An unknown version counts as deleted."""
    found = find(bucket, key, version)
    done = Deletion(key, version)
    if found is None:
        return done
    if found is bucket.objects.get(key):
        bucket.remove(key)
    else:
        bucket.keep_older(key, [item for item in bucket.older[key] if item is not found])
    if found.marker:
        done.marker = name_of(found)
    else:
        found.path.unlink(missing_ok=True)
        done.ended.append(found)
    bucket.promote(key)
    return done


def is_empty(bucket: Bucket) -> bool:
    """Return whether a bucket may be deleted: neither versions, nor delete markers, nor uploads are left."""
    return not (bucket.objects or bucket.older or bucket.uploads)


def page_of(bucket: Bucket, prefix: str, delimiter: str, key_marker: str, version_marker: str,
            limit: int) -> VersionPage:
    """Return the versions after a marker, by key and then the newest first; keys with `delimiter` fold."""
    page = VersionPage()
    for item in _after(bucket, prefix, key_marker, version_marker):
        at = item.key.find(delimiter, len(prefix)) if delimiter else -1
        folded = item.key[:at + len(delimiter)] if at >= 0 else ""
        if folded and (page.prefixes[-1:] == [folded] or folded <= key_marker):
            continue
        if len(page.items) + len(page.prefixes) >= limit:
            page.truncated = bool(page.next_key)
            return page
        if folded:
            page.prefixes.append(folded)
            page.next_key, page.next_version = folded, ""
        else:
            page.items.append(item)
            page.next_key, page.next_version = item.key, name_of(item)
    page.next_key = page.next_version = ""
    return page


def _after(bucket: Bucket, prefix: str, key_marker: str, version_marker: str) -> Iterator[StoredObject]:
    for key in sorted({*bucket.objects, *bucket.older}):
        if not key.startswith(prefix) or key < key_marker or (key == key_marker and not version_marker):
            continue
        items: Iterable[StoredObject] = history(bucket, key)
        if key == key_marker:
            items = _older_than(history(bucket, key), version_marker)
        yield from items


def _older_than(items: list[StoredObject], version: str) -> list[StoredObject]:
    """The versions behind this one, which may have been deleted since its page was listed: ids count upwards."""
    for index, item in enumerate(items):
        if name_of(item) == version:
            return items[index + 1:]
    return [item for item in items if item.version_id < version] if version != NULL else items
