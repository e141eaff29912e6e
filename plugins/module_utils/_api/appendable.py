# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Appendable objects of OSS: append at a position, and read from a position to the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import CloudError


@dataclass(frozen=True)
class Appended:
    """What an append has left: the length of the object and the CRC-64 of the whole, None if the answer had none."""

    length: int
    crc: int | None


@dataclass(frozen=True)
class Tail:
    """The content of an object from a position on, and what else is known of it.

    ``kind`` is what OSS calls the object type: Normal, Appendable, Multipart, Symlink. ``metadata`` has the x-oss-meta
    headers without that prefix.
    """

    kind: str
    length: int
    content: bytes
    crc: int | None
    metadata: Mapping[str, str]


class AppendableObjects:
    """The operations of a bucket on appendable objects; the class that has the connection inherits them."""

    name: str
    _connection: Any
    _bucket: Any

    def append(self, key: str, position: int, text: str) -> Appended | None:
        """Appends a text if the object has this length, in bytes; returns None when it has another one, or is no object
        that takes appends. An object that does not exist has the length 0.

        The class is always Standard: others bill 64 KiB for any smaller object, and for 30 days at least (facts 5).
        """
        headers = {"x-oss-storage-class": "Standard", "Content-Type": "application/x-ndjson"}
        try:
            made = self._connection.run(
                "AppendObject",
                lambda: self._bucket.append_object(key, position, text.encode(), headers=headers),
                repeatable=False,
            )
        except CloudError as error:
            if error.code in ("PositionNotEqualToLength", "ObjectNotAppendable"):
                return None
            raise
        return Appended(made.next_position, made.crc)

    def crc_of(self, content: bytes, before: int = 0) -> int:
        """Returns the CRC-64 of a content that follows one with the CRC-64 ``before``, as OSS computes it."""
        summed = self._connection.oss2.utils.Crc64(before)
        summed.update(content)
        crc: int = summed.crc
        return crc

    def read_from(self, key: str, position: int, limit: int) -> Tail | None:
        """Returns the content from a position to the end, None when there is no object. Refused with Object.TooLarge
        when that is more than ``limit`` bytes: nothing of it is read then.

        A position behind the end gives no content. Whether there is any is asked first: mostly nothing is new.
        """
        if position:
            head = self._empty_tail(key)
            if head is None or head.length <= position or head.kind != "Appendable":
                return head

        def read() -> Tail:
            span = {"x-oss-range-behavior": "standard"}
            found = self._bucket.get_object(key, byte_range=(position, None), headers=span)
            length = int(found.headers.get("Content-Range", "/0").rpartition("/")[2])
            if length - position > limit:
                found.resp.response.close()
                raise CloudError(
                    "oss.GetObject",
                    "Object.TooLarge",
                    f"oss://{self.name}/{key} has {length} bytes, at most {limit} are read",
                    hint="Something else writes to it. When no run of the migration is active, delete this object; or "
                    "use another bucket or another migration_name.",
                )
            body: bytes = found.read()
            return _tail(found, length, body)

        try:
            tail: Tail | None = self._connection.find("GetObject", read)
        except CloudError as error:
            if error.code != "InvalidRange":
                raise
            return self._empty_tail(key)
        return tail

    def _empty_tail(self, key: str) -> Tail | None:
        """Returns what an object without content from the wanted position on is."""
        found = self._connection.find("HeadObject", lambda: self._bucket.head_object(key))
        return found and _tail(found, found.content_length or 0, b"")


def _tail(found: Any, length: int, content: bytes) -> Tail:
    """Returns the Tail of an answer of oss2."""
    prefix = "x-oss-meta-"
    headers = {name.lower(): value for name, value in found.headers.items()}
    metadata = {name[len(prefix) :]: value for name, value in headers.items() if name.startswith(prefix)}
    return Tail(headers.get("x-oss-object-type", ""), length, content, found.server_crc, metadata)
