# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Resources of OSS: objects and unfinished uploads. Their ids are ``<bucket>/<key>`` and
``<bucket>/<key>?uploadId=<id>``."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timezone
from itertools import islice
from typing import TYPE_CHECKING

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.listings import MAX_KEYS
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows import reader
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from .resource import Resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.oss import OssApi
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Row

_UPLOAD = "?uploadId="
MOST_LISTED = 10_000
"""How many rows of a prefix are read before the keys are asked for one by one."""


def stamp(written: float | None) -> str:
    """Return the time of an object as the other services write it, '' for one that is not known."""
    if written is None:
        return ""
    return reader.stamp(datetime.fromtimestamp(written, timezone.utc))


def object_id(bucket: str, key: str) -> str:
    """Return the id of an object."""
    return f"{bucket}/{key}"


def upload_id(bucket: str, key: str, upload: str) -> str:
    """Return the id of an unfinished upload."""
    return f"{bucket}/{key}{_UPLOAD}{upload}"


def each_key(oss: OssApi, prefix: str) -> Iterator[Row]:
    """Yield key, size and modified (seconds) of the objects under a prefix; then the keys behind a delete marker in a
    bucket with versioning, without modified: their versions are still billed."""
    yield from oss.each_key(prefix)
    for key in oss.each_hidden(prefix):
        yield {"key": key, "size": 0, "modified": None}


def delete_under(oss: OssApi, prefix: str) -> None:
    """Delete the objects and abort the unfinished uploads under a prefix."""
    for upload in oss.each_upload(prefix):
        oss.abort_upload(upload["key"], upload["upload_id"])
    rows = oss.each_key(prefix)
    while keys := [row["key"] for row in islice(rows, MAX_KEYS)]:
        oss.delete_keys(keys)


def _by_bucket(ids: Iterable[str]) -> dict[str, dict[str, set[str]]]:
    """Return by bucket the prefixes to list for some ids, each with the keys below it: few prefixes, and none that
    covers objects of others."""
    found = defaultdict[str, dict[str, set[str]]](lambda: defaultdict(set))
    for identity in ids:
        bucket, key = identity.split("/", 1)
        found[bucket][naming.listing_prefix(key.rsplit(_UPLOAD, 1)[0])].add(key)
    return found


def _objects(clients: Clients, ids: Iterable[str]) -> Iterator[Row]:
    """Yield those of the objects that exist. They are looked for in the listing of their prefixes; what the first
    MOST_LISTED rows of a prefix do not show is asked for by its own key: others may have filled the prefix."""
    for bucket, keys in _by_bucket(ids).items():
        oss = clients.oss(bucket)
        for prefix, wanted in keys.items():
            rows = each_key(oss, prefix)
            for row in islice(rows, MOST_LISTED):
                if row["key"] in wanted:
                    wanted.remove(row["key"])
                    yield {"Id": object_id(bucket, row["key"])}
                if not wanted:
                    break
            if wanted and next(rows, None) is not None:
                yield from ({"Id": object_id(bucket, key)} for key in sorted(wanted) if oss.has_key(key))


def _send_object(clients: Clients, identity: str) -> None:
    bucket, key = identity.split("/", 1)
    clients.oss(bucket).delete_keys([key])


def _send_objects(clients: Clients, ids: Iterable[str]) -> None:
    keys = defaultdict[str, list[str]](list)
    for identity in ids:
        bucket, key = identity.split("/", 1)
        keys[bucket].append(key)
    for bucket, some in keys.items():
        clients.oss(bucket).delete_keys(some)


def _uploads(clients: Clients, ids: Iterable[str]) -> Iterator[Row]:
    for bucket, keys in _by_bucket(ids).items():
        for key in sorted({key.rsplit(_UPLOAD, 1)[0] for found in keys.values() for key in found}):
            for item in clients.oss(bucket).each_upload(key):
                if item["key"] != key:
                    # Keys are listed in order: the next ones are longer.
                    break
                yield {"Id": upload_id(bucket, key, item["upload_id"])}


def _send_upload(clients: Clients, identity: str) -> None:
    bucket, rest = identity.split("/", 1)
    key, upload = rest.rsplit(_UPLOAD, 1)
    clients.oss(bucket).abort_upload(key, upload)


OBJECT = Resource("oss_object", "oss.ListObjects", "Id", _objects, _send_object, send_all=_send_objects)
UPLOAD = Resource("oss_upload", "oss.ListMultipartUploads", "Id", _uploads, _send_upload)
