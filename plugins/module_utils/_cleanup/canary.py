# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What interrupted canaries have left: images that their records name, and the objects that only they write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._canary import record
from ansible_collections.edgelift.ens_migration.plugins.module_utils._canary.sweep import made
from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources import oss
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from .scope import Found, Scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Row


def records(scope: Scope) -> list[record.Record]:
    """Return the records of the canaries in scope."""
    bucket = scope.clients.oss(scope.bucket)
    found: list[record.Record] = scope.once("canaries", lambda: list(record.each(bucket, scope.migration)))
    return [row for row in found if scope.admits(row.id)]


def _busy(scope: Scope, row: record.Record) -> str:
    return f"a canary is run by {row.runner}" if row.running(scope.clients.oss(scope.bucket)) else ""


def images(scope: Scope, rows: Sequence[Row]) -> list[Found]:
    """Return the ENS images that are proven by the record of a canary; none where the bucket cannot be read, which its
    own objects report."""
    try:
        known = records(scope)
    except CloudError:
        return []
    return [
        Found(image["ImageId"], row.id, image.get("CreationTime", ""), _busy(scope, row))
        for row in known
        for image in made(row, rows)
    ]


def objects(scope: Scope) -> dict[str, Found]:
    """Return by key what the canaries may have written; a record stays while an image is left."""
    found: dict[str, Found] = {}
    known = records(scope)
    shown = scope.clients.ens.describe_self_images() if known else []
    for row in known:
        left = made(row, shown)
        for key in row.keys:
            last = key == naming.canary_record_key(row.id)
            busy = _busy(scope, row) or (f"ENS image {left[0]['ImageId']} of it is left" if last and left else "")
            found[key] = Found(oss.object_id(scope.bucket, key), row.id, busy=busy)
    return found
