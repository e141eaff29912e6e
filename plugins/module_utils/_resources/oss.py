# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Resources of OSS: objects and unfinished uploads. Their ids are ``<bucket>/<key>`` and
``<bucket>/<key>?uploadId=<id>``."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from .resource import Resource

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.oss import OssApi
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Row

_UPLOAD = "?uploadId="


def object_id(bucket: str, key: str) -> str:
    """Return the id of an object."""
    return f"{bucket}/{key}"


def upload_id(bucket: str, key: str, upload: str) -> str:
    """Return the id of an unfinished upload."""
    return f"{bucket}/{key}{_UPLOAD}{upload}"


def listed_keys(oss: OssApi, prefix: str) -> list[str]:
    """Return the keys under a prefix, and those behind a delete marker in a bucket with versioning: their versions are
    still billed."""
    return [item["key"] for item in oss.list_keys(prefix)] + oss.list_hidden(prefix)


def delete_under(oss: OssApi, prefix: str) -> None:
    """Delete the objects and abort the unfinished uploads under a prefix."""
    for upload in oss.list_uploads(prefix):
        oss.abort_upload(upload["key"], upload["upload_id"])
    oss.delete_keys([item["key"] for item in oss.list_keys(prefix)])


def _prefixes(ids: Iterable[str]) -> dict[str, set[str]]:
    """Return by bucket the prefixes to list for some ids: few of them, and none that covers other objects."""
    found = defaultdict[str, set[str]](set)
    for identity in ids:
        bucket, key = identity.split("/", 1)
        found[bucket].add(naming.listing_prefix(key.rsplit(_UPLOAD, 1)[0]))
    return found


def _objects(clients: Clients, ids: Iterable[str]) -> list[Row]:
    return [
        {"Id": object_id(bucket, key)}
        for bucket, prefixes in _prefixes(ids).items()
        for prefix in sorted(prefixes)
        for key in listed_keys(clients.oss(bucket), prefix)
    ]


def _send_object(clients: Clients, identity: str) -> None:
    bucket, key = identity.split("/", 1)
    clients.oss(bucket).delete_keys([key])


def _uploads(clients: Clients, ids: Iterable[str]) -> list[Row]:
    return [
        {"Id": upload_id(bucket, item["key"], item["upload_id"])}
        for bucket, prefixes in _prefixes(ids).items()
        for prefix in sorted(prefixes)
        for item in clients.oss(bucket).list_uploads(prefix)
    ]


def _send_upload(clients: Clients, identity: str) -> None:
    bucket, rest = identity.split("/", 1)
    key, upload = rest.rsplit(_UPLOAD, 1)
    clients.oss(bucket).abort_upload(key, upload)


OBJECT = Resource("oss_object", "oss.ListObjects", "Id", _objects, _send_object)
UPLOAD = Resource("oss_upload", "oss.ListMultipartUploads", "Id", _uploads, _send_upload)
