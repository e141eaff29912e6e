# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Listings of a bucket: objects, unfinished uploads and versions, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

MAX_KEYS = 1000
"""The service's own maximum, for listing and for deleting (facts 5)."""


class Listings:
    """What a bucket lists under a prefix. Others can put any number of objects there: what yields rows keeps none."""

    _connection: Any
    _bucket: Any

    def list_keys(self, prefix: str) -> list[dict[str, Any]]:
        """Returns key and size (bytes) of all objects under the prefix."""
        return [{"key": row["key"], "size": row["size"]} for row in self.each_key(prefix)]

    def each_key(self, prefix: str) -> Iterator[dict[str, Any]]:
        """Yields key, size (bytes), modified (seconds) and kind (as OSS calls the object type, such as Appendable) of
        the objects under the prefix, in the order of their keys: a bucket may hold more of them than fit into
        memory."""
        token = ""
        while True:
            page = self._connection.run(
                "ListObjectsV2",
                partial(self._bucket.list_objects_v2, prefix, continuation_token=token, max_keys=MAX_KEYS),
            )
            for row in page.object_list:
                yield {"key": row.key, "size": row.size, "modified": row.last_modified, "kind": row.type}
            if not page.is_truncated:
                return
            token = page.next_continuation_token

    def list_uploads(self, prefix: str) -> list[dict[str, Any]]:
        """Returns key and upload_id of unfinished multipart uploads: invisible in listings, but billed (facts 5)."""
        return [{"key": row["key"], "upload_id": row["upload_id"]} for row in self.each_upload(prefix)]

    def each_upload(self, prefix: str) -> Iterator[dict[str, Any]]:
        """Yields key, upload_id and begun (seconds) of the unfinished multipart uploads under the prefix."""
        marker, id_marker = "", ""
        while True:
            page = self._connection.run(
                "ListMultipartUploads",
                partial(
                    self._bucket.list_multipart_uploads,
                    prefix=prefix,
                    key_marker=marker,
                    upload_id_marker=id_marker,
                    max_uploads=MAX_KEYS,
                ),
            )
            for row in page.upload_list:
                yield {"key": row.key, "upload_id": row.upload_id, "begun": row.initiation_date}
            if not page.is_truncated:
                return
            marker, id_marker = page.next_key_marker, page.next_upload_id_marker

    def _version_pages(self, prefix: str) -> Iterator[Any]:
        """Yields every page of versions under a prefix; what a page shows may be deleted before the next is read."""
        marker, version_marker = "", ""
        while True:
            page = self._connection.run(
                "ListObjectVersions",
                partial(
                    self._bucket.list_object_versions,
                    prefix=prefix,
                    key_marker=marker,
                    versionid_marker=version_marker,
                    max_keys=MAX_KEYS,
                ),
            )
            yield page
            if not page.is_truncated:
                return
            marker, version_marker = page.next_key_marker, page.next_versionid_marker
