# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Leftover OSS objects: exports, intents and notes, and the parts of unfinished uploads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from . import notes
from .scope import Found, Kind, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.oss import OssApi


def _keys(scope: Scope) -> list[Found]:
    """Return the intents, notes and exported objects of this scope: exactly ``edgelift/<id>/...`` and ``<id>_...``."""
    oss = scope.clients.oss(scope.bucket)
    found = []
    for prefix in scope.prefixes():
        for key in _listed(oss, naming.intents_prefix(prefix)):
            folder = key.split("/")
            owner = scope.admits(folder[1]) if len(folder) > 2 else None
            if owner:
                found.append(Found(key, owner, busy=_trail(scope, owner, key)))
        for key in _listed(oss, naming.objects_prefix(prefix)):
            owner = _exported(scope, key)
            if owner:
                found.append(Found(key, owner))
    return found


def _listed(oss: OssApi, prefix: str) -> list[str]:
    """Return the keys under a prefix, and those behind a delete marker in a bucket with versioning: their versions are
    still billed."""
    return [item["key"] for item in oss.list_keys(prefix)] + oss.list_hidden(prefix)


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
    return [replace(item, id=f"{scope.bucket}/{item.id}") for item in _keys(scope)]


def _delete_object(scope: Scope, identity: str) -> None:
    bucket, key = identity.split("/", 1)
    scope.clients.oss(bucket).delete_keys([key])


def _remaining_objects(scope: Scope, ids: Iterable[str]) -> set[str]:
    return {item.id for item in _find_objects(scope)} & set(ids)


def _find_uploads(scope: Scope) -> list[Found]:
    found = []
    for prefix in scope.prefixes():
        for item in scope.clients.oss(scope.bucket).list_uploads(naming.objects_prefix(prefix)):
            owner = _exported(scope, item["key"])
            if owner:
                found.append(Found(f"{scope.bucket}/{item['key']}?uploadId={item['upload_id']}", owner))
    return found


def _delete_upload(scope: Scope, identity: str) -> None:
    bucket, rest = identity.split("/", 1)
    key, upload = rest.rsplit("?uploadId=", 1)
    scope.clients.oss(bucket).abort_upload(key, upload)


def _remaining_uploads(scope: Scope, ids: Iterable[str]) -> set[str]:
    return {item.id for item in _find_uploads(scope)} & set(ids)


OBJECT = Kind("oss_object", "oss.ListObjects", _find_objects, _delete_object, _remaining_objects, late=True)
UPLOAD = Kind("oss_upload", "oss.ListMultipartUploads", _find_uploads, _delete_upload, _remaining_uploads, late=True)
