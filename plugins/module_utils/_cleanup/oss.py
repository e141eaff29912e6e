# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Leftover OSS objects: exports, intents and notes, and the parts of unfinished uploads."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources import oss
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from . import notes
from .scope import Found, Kind, Scope


def _keys(scope: Scope) -> list[Found]:
    """Return the intents, notes and exported objects of this scope: exactly ``edgelift/<id>/...`` and ``<id>_...``."""
    bucket = scope.clients.oss(scope.bucket)
    found = []
    for prefix in scope.prefixes():
        for key in oss.listed_keys(bucket, naming.intents_prefix(prefix)):
            folder = key.split("/")
            owner = scope.admits(folder[1]) if len(folder) > 2 else None
            if owner:
                found.append(Found(key, owner, busy=_trail(scope, owner, key)))
        for key in oss.listed_keys(bucket, naming.objects_prefix(prefix)):
            owner = _exported(scope, key)
            if owner:
                found.append(Found(key, owner))
    return found


def _exported(scope: Scope, key: str) -> str | None:
    """Return the migration id of an exported object, None for any other object."""
    identity, separator, _rest = key.partition("_")
    return scope.admits(identity) if separator else None


def _trail(scope: Scope, owner: str, key: str) -> str:
    """Return why a note must stay: it refers to resources that still exist. '' when it can be deleted."""
    if key != notes.key(owner) or not (scope.left or scope.unseen):
        return ""
    needed = notes.needed(scope, owner)
    return f"it refers to {', '.join(needed)}" if needed else ""


def _find_objects(scope: Scope) -> list[Found]:
    return [replace(item, id=oss.object_id(scope.bucket, item.id)) for item in _keys(scope)]


def _find_uploads(scope: Scope) -> list[Found]:
    found = []
    for prefix in scope.prefixes():
        for item in scope.clients.oss(scope.bucket).list_uploads(naming.objects_prefix(prefix)):
            owner = _exported(scope, item["key"])
            if owner:
                found.append(Found(oss.upload_id(scope.bucket, item["key"], item["upload_id"]), owner))
    return found


OBJECT = Kind(oss.OBJECT, _find_objects, late=True)
UPLOAD = Kind(oss.UPLOAD, _find_uploads, late=True)
