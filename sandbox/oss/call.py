# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every operation is given, and how it answers."""
from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import formatdate
from pathlib import Path

from sandbox.contracts.numbers import is_number
from sandbox.faults.wire import altered
from sandbox.state.buckets import Bucket, Buckets, StoredObject, checksum
from sandbox.state.cloud import Cloud
from sandbox.state.versions import find, is_version_id, name_of
from sandbox.world.fault_rules import Fault

from .answer import XML, Answer, Stretch
from .auth import Identity
from .errors import OssError
from .request import OssRequest
from .xml import Content, document


@dataclass(frozen=True)
class Call:
    """One operation under way."""

    cloud: Cloud
    request: OssRequest
    identity: Identity | None
    request_id: str
    provenance: str = "documented"
    fault: Fault | None = None
    told: dict[str, str] = field(default_factory=dict)
    """Headers that the answer will have."""
    noted: dict[str, str] = field(default_factory=dict)
    """What the request log will have beside bucket, key and query."""

    @property
    def buckets(self) -> Buckets:
        """All buckets."""
        return self.cloud.buckets

    @property
    def now(self) -> float:
        """The virtual time, in seconds."""
        return self.cloud.clock.time()

    @property
    def account(self) -> str:
        """The account of the local cloud."""
        return self.cloud.settings.account.id

    @property
    def bucket(self) -> Bucket:
        """The bucket that the request names, refused when there is none."""
        found = self.buckets.find(self.request.bucket)
        if found is None:
            raise OssError("NoSuchBucket", details={"BucketName": self.request.bucket})
        return found

    @property
    def version(self) -> str | None:
        """The version id that the request names, None when it names none."""
        return checked_version(self.request.query.get("versionId"))

    @property
    def object(self) -> StoredObject:
        """The object, or the version of it, that the request names, refused when there is none."""
        version = self.version
        found = find(self.bucket, self.request.key, version)
        if found is not None and found.marker:
            marks = {"x-oss-delete-marker": "true", "x-oss-version-id": name_of(found)}
            if version is None:
                raise OssError("NoSuchKey", details={"Key": self.request.key}, headers=marks)
            raise OssError("MethodNotAllowed", headers={"Allow": "DELETE", **marks},
                           details={"Method": self.request.method, "ResourceType": "DeleteMarker"})
        if found is None:
            raise OssError("NoSuchKey" if version is None else "NoSuchVersion", details={"Key": self.request.key})
        self.tell_version(found)
        return found

    def tell_version(self, item: StoredObject, header: str = "x-oss-version-id") -> None:
        """Let the answer name a version, where the bucket has or had versioning."""
        if self.bucket.versioning:
            self.told[header] = name_of(item)

    def resolved(self, item: StoredObject) -> StoredObject:
        """Return what is read when the object is: the target of a symbolic link, else the object itself."""
        if item.kind != "Symlink":
            return item
        target = self.bucket.objects.get(item.target)
        if target is None:
            raise OssError("SymlinkTargetNotExist", details={"Key": item.target})
        if target.kind == "Symlink":
            raise OssError("InvalidTargetType", details={"Key": item.target})
        return target

    async def summed(self, items: Iterable[StoredObject]) -> list[StoredObject]:
        """Return the objects once all of them have their entity tag and CRC-64."""
        items = list(items)
        for item in items:
            if item.crc64 is None:
                await asyncio.to_thread(checksum, item)
        return items

    def headers(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the headers that every answer has, and these."""
        return altered(self.fault, {"Server": "AliyunOSS", "Date": formatdate(self.cloud.clock.time(), usegmt=True),
                                    "x-oss-request-id": self.request_id,
                                    "x-sandbox-provenance": self.provenance, **self.told, **(more or {})})

    def empty(self, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
        """Return an answer without a body."""
        return Answer(status, self.headers(headers))

    def xml(self, tag: str, content: Content, headers: Mapping[str, str] | None = None) -> Answer:
        """Return an answer with an XML document."""
        return self.document(document(tag, content), headers)

    def document(self, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """Return an answer with a finished XML document."""
        return Answer(headers=self.headers({**XML, **(headers or {})}), body=body)

    def file(self, path: Path, start: int, length: int, status: int, headers: Mapping[str, str],
             compress: bool = False) -> Answer:
        """Return an answer with a stretch of a file, gzipped on its way if wanted."""
        return Answer(status, self.headers(headers), stretch=Stretch(path, start, length, compress))

    def owner(self) -> Content:
        """Return the content of an Owner element."""
        return [("ID", self.account), ("DisplayName", self.account)]


def checked_version(text: str | None) -> str | None:
    """Return a version id as it was given; one that cannot be any is refused."""
    if text is not None and not is_version_id(text):
        raise OssError("InvalidArgument", "Invalid version id specified.",
                       details={"ArgumentName": "versionId", "ArgumentValue": text})
    return text


def iso_time(seconds: float) -> str:
    """Return a time as OSS writes it in XML."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def http_time(seconds: float) -> str:
    """Return a time as HTTP headers have it."""
    return formatdate(int(seconds), usegmt=True)


def whole_number(text: str, name: str, low: int, high: int) -> int:
    """Return a query parameter or header as a number between `low` and `high`; InvalidArgument names it otherwise."""
    if not is_number(text) or not low <= int(text) <= high:
        raise OssError("InvalidArgument", f"Argument {name} must be an integer between {low} and {high}.",
                       details={"ArgumentName": name, "ArgumentValue": text})
    return int(text)
