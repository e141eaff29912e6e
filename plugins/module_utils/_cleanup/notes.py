# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Notes: what hangs on a thing that is about to be deleted, and that nothing else would lead to afterwards.

An intermediate instance is known by its job alone, a snapshot by its image. So before job or image go, what hangs on
them is noted in the bucket, under the migration id: a controller that dies in between leaves a trail (law 1).
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
    """Write down ids by kind, beside those that the server's note holds already."""
    before = _read(scope, identity)
    after = {kind: list(dict.fromkeys([*before.get(kind, []), *ids])) for kind, ids in found.items()}
    after = {**before, **{kind: ids for kind, ids in after.items() if ids}}
    if after != before:
        scope.clients.oss(scope.bucket).put_text(key(identity), json.dumps(after, sort_keys=True))


def owners(scope: Scope, kind: str) -> dict[str, str]:
    """Return the noted ids of one kind, each with its migration id. A bucket that cannot be read hides none of what is
    found otherwise; its objects are reported then."""
    try:
        noted = _all(scope)
    except CloudError:
        return {}
    return {known: identity for identity, note in noted.items() for known in note.get(kind, [])}


def needed(scope: Scope, identity: str) -> list[str]:
    """Return the ids in the note of a server that this cleanup could not remove, or could not look for."""
    note = _all(scope).get(identity, {})
    return [known for kind in sorted(note) for known in note[kind] if kind in scope.unseen or known in scope.left]


def _all(scope: Scope) -> dict[str, Note]:
    def read() -> dict[str, Note]:
        bucket, found = scope.clients.oss(scope.bucket), {}
        for prefix in scope.prefixes():
            for item in bucket.list_keys(naming.intents_prefix(prefix)):
                identity = scope.admits(item["key"].split("/")[1])
                if identity and item["key"] == key(identity):
                    found[identity] = _read(scope, identity)
        return found

    return scope.once("notes", read)


def _read(scope: Scope, identity: str) -> Note:
    try:
        note = json.loads(scope.clients.oss(scope.bucket).get_text(key(identity)) or "{}")
    except ValueError:
        return {}
    if not isinstance(note, dict):
        return {}
    return {str(kind): [str(known) for known in ids] for kind, ids in note.items() if isinstance(ids, list)}
