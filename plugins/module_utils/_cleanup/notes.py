# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Notes: the ids of resources that only their parent, which is about to be deleted, refers to.

Only the job refers to an intermediate instance, only the image to its snapshots. Before a job or an image is deleted,
these ids are noted in the bucket, under the migration id: a later cleanup finds them when this one is killed (law 1).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .scope import Scope

Note = dict[str, list[str]]
"""Ids by kind."""


def key(identity: str) -> str:
    """Return the OSS key of the note of one server."""
    return naming.intent_key(identity, "release")


def add(scope: Scope, identity: str, found: Mapping[str, Iterable[str]]) -> None:
    """Add ids by kind to the note of a server."""
    before = _read(scope, identity)
    after = {kind: list(dict.fromkeys([*before.get(kind, []), *ids])) for kind, ids in found.items()}
    after = {**before, **{kind: ids for kind, ids in after.items() if ids}}
    if after != before:
        body = {naming.WAVE_FIELD: scope.migration, **after}
        scope.clients.oss(scope.bucket).put_text(key(identity), json.dumps(body, sort_keys=True))


def owners(scope: Scope, kind: str) -> dict[str, str]:
    """Return the noted ids of one kind, each with its migration id; {} when the bucket cannot be read. The search for
    objects reports that."""
    try:
        noted = _all(scope)
    except CloudError:
        return {}
    return {known: identity for identity, note in noted.items() for known in note.get(kind, [])}


def needed(scope: Scope, identity: str) -> list[str]:
    """Return the ids in the note of a server that this cleanup could not delete or could not list."""
    note = _all(scope).get(identity, {})
    return [known for kind in sorted(note) for known in note[kind] if kind in scope.unseen or known in scope.left]


def _all(scope: Scope) -> dict[str, Note]:
    def read() -> dict[str, Note]:
        return {
            identity: _read(scope, identity) for identity, keys in scope.note_keys().items() if key(identity) in keys
        }

    return scope.once("notes", read)


def _read(scope: Scope, identity: str) -> Note:
    try:
        note = json.loads(scope.clients.oss(scope.bucket).get_text(key(identity)) or "{}")
    except ValueError:
        return {}
    if not isinstance(note, dict):
        return {}
    return {str(kind): [str(known) for known in ids] for kind, ids in note.items() if isinstance(ids, list)}
