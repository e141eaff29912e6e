# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bucket of the FAKE cloud (see cloud.py): objects in its table, ledgers apart from them."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.appendable import Appended, Tail

from .kit import START, Row

if TYPE_CHECKING:
    from .cloud import Cloud


class Oss:
    """What the code uses of OssApi, for the one bucket."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.name = "images"
        self.told = 0.0
        """The Date of the newest answer to a call about a ledger."""
        self.ledgers: dict[str, bytes] = {}
        """The objects that take appends, or did so, apart from all others."""
        self.closed: dict[str, dict[str, str]] = {}
        """The objects that take no appends, with their metadata."""

    @property
    def clock(self) -> Any:
        return self

    def now(self) -> float:
        """The time of the service."""
        return self.told

    def skew(self) -> float:
        """Return how far the clock of the controller is ahead: not at all."""
        return 0.0

    def latest(self) -> float:
        """The time of the service, which this process knows exactly."""
        return self.cloud.now.timestamp()

    def append(self, key: str, position: int, text: str) -> Appended | None:
        def append() -> Appended | None:
            self.told = self.latest()
            known = self.ledgers.get(key, b"")
            if len(known) != position or key in self.closed:
                return None
            self.ledgers[key] = known + text.encode()
            return Appended(len(self.ledgers[key]), self.crc_of(self.ledgers[key]))

        return self.cloud.call("oss.AppendObject", key, append)

    def crc_of(self, content: bytes, before: int = 0) -> int:
        return zlib.crc32(content, before)

    def read_from(self, key: str, position: int, limit: int) -> Tail | None:
        def read() -> Tail | None:
            self.told = self.latest()
            known = self.ledgers.get(key)
            if known is None:
                return None
            kind = "Normal" if key in self.closed else "Appendable"
            return Tail(kind, len(known), known[position:], self.crc_of(known), self.closed.get(key, {}))

        return self.cloud.call("oss.ReadFrom", key, read)

    def put_empty(self, key: str, metadata: Mapping[str, str]) -> None:
        def put() -> None:
            self.ledgers[key] = b""
            self.closed[key] = dict(metadata)

        self.cloud.call("oss.PutEmpty", key, put)

    def put_text(self, key: str, text: str) -> None:
        self.cloud.call("oss.PutText", key, lambda: self.cloud.objects.update({key: text.encode()}))

    def get_text(self, key: str) -> str | None:
        def get() -> str | None:
            return self.cloud.objects[key].decode(errors="replace") if key in self.cloud.objects else None

        return self.cloud.call("oss.GetText", key, get)

    def head(self, key: str) -> Row | None:
        def head() -> Row | None:
            if key not in self.cloud.objects:
                return None
            written = self.cloud.written.get(key, START).timestamp()
            return {"size": len(self.cloud.objects[key]), "last_modified": written}

        return self.cloud.call("oss.Head", key, head)

    def read_start(self, key: str, length: int) -> Row | None:
        def read() -> Row | None:
            if key not in self.cloud.objects:
                return None
            written = self.cloud.written.get(key, START).timestamp()
            content = self.cloud.objects[key]
            return {"size": len(content), "last_modified": written, "content": content[:length]}

        return self.cloud.call("oss.ReadStart", key, read)

    def read_range(self, key: str, start: int, end_inclusive: int) -> bytes:
        return self.cloud.call("oss.ReadRange", key, lambda: self.cloud.objects[key][start : end_inclusive + 1])

    def list_keys(self, prefix: str) -> list[Row]:
        def show() -> list[Row]:
            shown = {**self.cloud.objects, **self.ledgers}
            return [{"key": key, "size": len(shown[key])} for key in sorted(shown) if key.startswith(prefix)]

        return self.cloud.call("oss.ListKeys", prefix, show)

    def each_key(self, prefix: str) -> Iterator[Row]:
        for row in self.list_keys(prefix):
            kind = "Appendable" if row["key"] in self.ledgers and row["key"] not in self.closed else "Normal"
            yield {**row, "modified": self.cloud.written.get(row["key"], START).timestamp(), "kind": kind}

    def each_hidden(self, prefix: str) -> Iterator[str]:
        return iter(())

    def has_key(self, key: str) -> bool:
        return self.cloud.call("oss.HasKey", key, lambda: key in self.cloud.objects)

    def delete_keys(self, keys: Iterable[str]) -> list[str]:
        wanted = list(keys)

        def delete() -> list[str]:
            for key in wanted:
                self.cloud.objects.pop(key, None)
            return []

        self.cloud.call("oss.DeleteKeys", wanted, delete)
        return wanted

    def list_uploads(self, prefix: str) -> list[Row]:
        def show() -> list[Row]:
            return [row for row in self.cloud.uploads if row["key"].startswith(prefix)]

        return self.cloud.call("oss.ListUploads", prefix, show)

    def each_upload(self, prefix: str) -> Iterator[Row]:
        for row in self.list_uploads(prefix):
            yield {**row, "begun": self.cloud.written.get(row["key"], START).timestamp()}

    def abort_upload(self, key: str, upload_id: str) -> None:
        gone = {"key": key, "upload_id": upload_id}
        self.cloud.call("oss.AbortUpload", gone, lambda: self.cloud.uploads.remove(gone))
