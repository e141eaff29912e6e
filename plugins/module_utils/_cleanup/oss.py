# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Leftover OSS objects: exports, proofs of the bucket, and the parts of unfinished uploads.

Whoever may write to the bucket can put objects below our prefixes, any number of them. So the listing is read page by
page, what is kept of it is bounded, and only what an export task of ECS proves is deleted (`exports`).
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources import oss
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from . import canary
from .exports import Exports, Written
from .scope import Found, Kind, Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.oss import OssApi
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Row

MOST: Final = 10_000
"""How many keys with a migration id are examined."""
FEW: Final = 2
"""Of so many servers each has a listing of its own: that of the whole migration may be longer."""
SHOWN: Final = 5
"""How many objects of others are reported one by one; the rest is counted."""
LARGEST_PROOF: Final = 64 * 1024
"""Bytes of the largest proof of a bucket that this collection can have written."""

_NOT_OURS = "no export task of ECS wrote it for an image of this migration"
_MANY = f"there are more than {MOST} such objects"


@dataclass
class _Others:
    """The objects below our prefixes that are not ours: the first ones, and how many there are by reason."""

    bucket: str
    found: list[Found] = field(default_factory=list)
    more: Counter[str] = field(default_factory=Counter)

    def add(self, key: str, identity: str, written: float | None, reason: str) -> None:
        """Report an object, or count it."""
        if len(self.found) < SHOWN:
            self.found.append(Found(key, identity, oss.stamp(written), foreign=reason))
        else:
            self.more[reason] += 1

    def all(self, prefix: str) -> list[Found]:
        """Return the reported objects, and one row for the others of each reason."""
        rest = [
            Found(oss.object_id(self.bucket, f"{prefix}*"), "", foreign=f"{count} more objects: {reason}")
            for reason, count in sorted(self.more.items())
        ]
        return [*self.found, *rest]


def _listed(
    scope: Scope, each: Callable[[str], Iterator[Row]], prefix_of: Callable[[str], str]
) -> Iterator[tuple[str, Iterator[Row]]]:
    """Yield each prefix of a scope with the rows that begin with it. One listing shows those of many servers, unless
    the whole migration has more than MOST rows."""
    wanted = scope.prefixes()
    if len(wanted) > FEW:
        rows = list(islice(each(prefix_of(naming.wave_id(scope.migration))), MOST + 1))
        if len(rows) <= MOST:
            length = len(prefix_of(wanted[0]))
            found = defaultdict[str, list[Any]](list)
            for row in rows:
                found[row["key"][:length]].append(row)
            yield from ((prefix, iter(found[prefix_of(prefix)])) for prefix in wanted)
            return
    yield from ((prefix, each(prefix_of(prefix))) for prefix in wanted)


def _proofs(
    scope: Scope, bucket: OssApi, rows: Iterator[Row], others: _Others, tried: dict[str, Found], proven: set[str | None]
) -> Iterator[Found]:
    """Yield the proofs of the bucket of this scope: small, with exactly their key, and of no other migration. They lead
    to nothing but themselves."""
    examined = 0
    for row in rows:
        key = row["key"]
        if naming.ledger_number(scope.migration, key):
            continue
        if key in tried:
            yield tried[key]
            continue
        owner = scope.admits(key.removeprefix(f"{naming.FOLDER}/").partition("/")[0])
        if owner and key != naming.proof_key(owner):
            owner = None
        reason = ""
        if owner is None:
            reason = "this migration writes no object of this name"
        elif row["size"] > LARGEST_PROOF:
            reason = f"a proof of a bucket has at most {LARGEST_PROOF} bytes, it has {row['size']}"
        elif owner not in proven:
            examined += 1
            reason = _MANY if examined > MOST else _other_wave(scope, bucket, key)
        if owner and not reason:
            yield Found(oss.object_id(scope.bucket, key), owner, oss.stamp(row["modified"]))
        else:
            others.add(oss.object_id(scope.bucket, key), owner or "", row["modified"], reason)


def _other_wave(scope: Scope, bucket: OssApi, key: str) -> str:
    """Return why a proof belongs to another migration with the same wave id, '' where it names no other."""
    try:
        note = json.loads(bucket.get_text(key) or "{}")
    except (ValueError, RecursionError):
        return ""
    named = note.get(naming.WAVE_FIELD) if isinstance(note, dict) else None
    if not isinstance(named, str) or named == scope.migration:
        return ""
    return f"it names migration {named[: naming.TAG_VALUE_LENGTH]!r}, which has the same wave id"


def _exported(
    scope: Scope, exports: Exports, rows: Iterator[Written], prefix: str, tried: Mapping[str, Found] | None = None
) -> list[Found]:
    """Return what the exports and the canaries (``tried``) of this scope wrote, and what others wrote below its
    prefix."""
    others, ours, found = _Others(scope.bucket), list[Written](), list[Found]()
    for row in rows:
        if tried and row.key in tried:
            found.append(tried[row.key])
            continue
        identity, separator, _rest = row.key.partition("_")
        owner = scope.admits(identity) if separator else None
        if owner is None:
            others.add(row.id, "", row.at, "this migration writes no object of this name")
        elif row.id in exports.noted:
            found.append(Found(row.id, owner, oss.stamp(row.at)))
        elif len(ours) >= MOST:
            others.add(row.id, owner, row.at, _MANY)
        else:
            ours.append(row)
    for row, proven in exports.judge(ours):
        owner = row.key.partition("_")[0]
        if proven:
            found.append(Found(row.id, owner, oss.stamp(row.at)))
        else:
            others.add(row.id, owner, row.at, _NOT_OURS)
    return [*found, *others.all(prefix)]


def _find_objects(scope: Scope) -> list[Found]:
    bucket, found = scope.clients.oss(scope.bucket), list[Found]()
    tried = canary.objects(scope)
    each, exports = partial(oss.each_key, bucket), Exports(scope)
    proven = {scope.owner(job["Name"]) for job in scope.known_jobs()} | set(scope.hosts)
    for prefix, rows in _listed(scope, each, naming.folder_prefix):
        others = _Others(scope.bucket)
        found += _proofs(scope, bucket, rows, others, tried, proven)
        found += others.all(naming.folder_prefix(prefix))
    for prefix, rows in _listed(scope, each, naming.objects_prefix):
        written = (Written(oss.object_id(scope.bucket, row["key"]), row["key"], row["modified"]) for row in rows)
        found += _exported(scope, exports, written, naming.objects_prefix(prefix), tried)
    return found


def _find_uploads(scope: Scope) -> list[Found]:
    bucket, found, exports = scope.clients.oss(scope.bucket), list[Found](), Exports(scope)
    for prefix, rows in _listed(scope, bucket.each_upload, naming.objects_prefix):
        begun = (
            Written(oss.upload_id(scope.bucket, row["key"], row["upload_id"]), row["key"], row["begun"], part=True)
            for row in rows
        )
        found += _exported(scope, exports, begun, naming.objects_prefix(prefix))
    return found


def _earlier(scope: Scope, identity: str) -> str:
    key = identity.partition("/")[2].rsplit("?uploadId=", 1)[0]
    owner, separator, _rest = key.partition("_")
    return "" if separator and scope.admits(owner) else "this migration writes no object of this name"


OBJECT = Kind(oss.OBJECT, _find_objects, earlier=_earlier, late=True, written=True)
UPLOAD = Kind(oss.UPLOAD, _find_uploads, earlier=_earlier, late=True, written=True)
