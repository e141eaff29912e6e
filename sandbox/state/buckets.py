# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Buckets, objects and multipart uploads: plain files below one folder, and what is known about them in memory."""
from __future__ import annotations

import bisect
import hashlib
import itertools
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sandbox.bytes.crc64 import crc64

_LONGEST_NAME = 200
_COPY = 1 << 20
_SHOWN = ("name", "region", "owner", "acl", "storage_class", "created", "encrypted")
_ENCRYPTED = ("<?xml version='1.0' encoding='utf-8'?>\n<ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault>"
              "<SSEAlgorithm>{}</SSEAlgorithm></ApplyServerSideEncryptionByDefault></ServerSideEncryptionRule>")


@dataclass
class StoredObject:
    """One object. `etag` and `crc64` are None until they are needed for a file that was not uploaded through OSS.

    `target` is the key that a symbolic link leads to. An archived object can be read between the virtual times
    `restored_from` and `restored_until`. `version_id` is empty for what the vendor calls the null version; a `marker`
    records the deletion of the versions behind it and has no file.
    """

    key: str
    path: Path
    size: int
    etag: str | None = None
    crc64: int | None = None
    kind: str = "Normal"
    modified: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    acl: str = "default"
    storage_class: str = "Standard"
    tags: dict[str, str] = field(default_factory=dict)
    target: str = ""
    restored_from: float = 0.0
    restored_until: float = 0.0
    version_id: str = ""
    marker: bool = False

    @property
    def billed_name(self) -> str:
        """Return the name of this version in the meter: each version is billed separately."""
        return f"{self.key}?versionId={self.version_id}" if self.version_id else self.key


@dataclass
class Part:
    """One part of a multipart upload."""

    number: int
    path: Path
    size: int
    etag: str
    crc64: int
    modified: float


@dataclass
class Upload:
    """One multipart upload that was neither completed nor aborted."""

    upload_id: str
    key: str
    initiated: float
    template: StoredObject
    parts: dict[int, Part] = field(default_factory=dict)

    def size(self) -> int:
        """Return the bytes of all parts."""
        return sum(part.size for part in self.parts.values())


class Bucket:
    """One bucket with its objects in order of their keys."""

    def __init__(self, name: str, region: str, owner: str, acl: str, storage_class: str, folder: Path,
                 now: Callable[[], float]) -> None:
        self.name = name
        self.region = region
        self.owner = owner
        self.acl = acl
        self.storage_class = storage_class
        self._now = now
        self.created = now()
        self.configs: dict[str, str] = {}
        self.versioning = ""
        self.numbered = 0
        self.folder = folder
        self.objects: dict[str, StoredObject] = {}
        self.older: dict[str, list[StoredObject]] = {}
        self.uploads: dict[str, Upload] = {}
        self.changed: set[tuple[str, str, str]] = set()
        self.saved_uploads: set[str] = set()
        self._keys: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def encrypted(self) -> bool:
        """Return whether the bucket encrypts new objects."""
        return "encryption" in self.configs

    def add(self, item: StoredObject) -> None:
        """Put an object in place of the one with the same key, if there is one; its file moves to the bucket.

        With versioning it becomes a separate version, unless it was appended to, and the former one is kept.
        """
        current = self.objects.get(item.key)
        if self.versioning and current is not item:
            self.number(item)
            if current is not None and (current.version_id or item.version_id):
                self.put_aside(current)
            if not item.version_id:
                self.drop_null(item.key)
        target = self.folder / (f"%v{item.version_id}" if item.version_id else _file_name(item.key))
        os.replace(item.path, target)
        item.path, item.modified = target, self._now()
        self.keep(item)

    def keep(self, item: StoredObject) -> None:
        """Add an object whose file is in the bucket's folder already."""
        if item.key not in self.objects:
            bisect.insort(self._keys, item.key)
        self.objects[item.key] = item
        self.changed.add(("object", self.name, item.key))

    def remove(self, key: str) -> bool:
        """Delete an object; False when there is none."""
        item = self.objects.get(key)
        if item is None:
            return False
        self._hide(key)
        item.path.unlink(missing_ok=True)
        return True

    def number(self, item: StoredObject) -> None:
        """Give a new version its time and its id: ids count upwards, and are empty while versioning is suspended."""
        item.modified = self._now()
        if self.versioning == "Enabled":
            self.numbered += 1
            self.changed.add(("bucket", self.name, ""))
            sums = hashlib.md5(f"{self.name}/{item.key}/{self.numbered}".encode(), usedforsecurity=False)
            item.version_id = f"CAEQ{self.numbered:010d}{sums.hexdigest()}"

    def put_aside(self, item: StoredObject) -> None:
        """Make the current object of a key an older version of it."""
        self._hide(item.key)
        self.keep_older(item.key, [item, *self.older.get(item.key, [])])

    def drop_null(self, key: str) -> list[StoredObject]:
        """Delete the null version among the older ones of a key and return it, unless it is a delete marker."""
        nulls = [item for item in self.older.get(key, []) if not item.version_id]
        self.keep_older(key, [item for item in self.older.get(key, []) if item.version_id])
        for item in nulls:
            if not item.marker:
                item.path.unlink(missing_ok=True)
        return [item for item in nulls if not item.marker]

    def keep_older(self, key: str, items: list[StoredObject]) -> None:
        """Set the older versions of a key, the newest first."""
        if items:
            self.older[key] = items
        else:
            self.older.pop(key, None)
        self.changed.add(("older", self.name, key))

    def promote(self, key: str) -> None:
        """Make the newest of the older versions the current one, if there is no other and it is an object."""
        older = self.older.get(key, [])
        if key not in self.objects and older and not older[0].marker:
            self.keep(older[0])
            self.keep_older(key, older[1:])

    def _hide(self, key: str) -> None:
        del self.objects[key]
        del self._keys[bisect.bisect_left(self._keys, key)]
        self.changed.add(("object", self.name, key))

    def keys(self, prefix: str = "", after: str = "") -> Iterator[str]:
        """Yield the keys that begin with `prefix` and sort after `after`."""
        start = max(bisect.bisect_left(self._keys, prefix), bisect.bisect_right(self._keys, after) if after else 0)
        for key in itertools.islice(self._keys, start, None):
            if not key.startswith(prefix):
                return
            yield key


class Buckets:
    """All buckets below one folder."""

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)
        self._buckets: dict[str, Bucket] = {}
        self.now: Callable[[], float] = time.time
        """What time it is in this cloud: when buckets, objects and parts came to be."""
        self.scratch_folder = self.root / ".scratch"
        self.scratch_folder.mkdir(parents=True, exist_ok=True)
        self._numbers = itertools.count(1)
        self.changed: set[tuple[str, str, str]] = set()
        """(bucket, object or upload; bucket's name; key or upload id) of what the state file does not know yet."""

    def clear(self) -> None:
        """Remove all buckets and objects."""
        for name in list(self._buckets):
            self.delete_bucket(name)
        shutil.rmtree(self.root, ignore_errors=True)
        self.scratch_folder.mkdir(parents=True)

    def create_bucket(self, name: str, region: str, owner: str, acl: str = "private",
                      storage_class: str = "Standard", encryption: str | None = None) -> Bucket:
        """Make an empty bucket; a name that exists is refused with ValueError."""
        if name in self._buckets:
            raise ValueError(f"bucket {name} exists")
        bucket = self.attach(name, region, owner, acl, storage_class)
        if encryption:
            bucket.configs["encryption"] = _ENCRYPTED.format(encryption)
        self.changed.add(("bucket", name, ""))
        return bucket

    def attach(self, name: str, region: str, owner: str, acl: str = "private",
               storage_class: str = "Standard") -> Bucket:
        """Add a bucket, whose folder may exist already."""
        bucket = Bucket(name, region, owner, acl, storage_class, self.root / name, self._time)
        bucket.changed = self.changed
        self._buckets[name] = bucket
        return bucket

    def _time(self) -> float:
        # Cloud replaces `now` by its own clock; buckets may exist by then.
        return self.now()

    def touch(self, name: str, key: str, upload_id: str) -> None:
        """Note that a request may have changed a bucket, this object of it, this upload, or opened or ended others."""
        bucket = self._buckets.get(name)
        self.changed.add(("bucket", name, ""))
        self.changed.update((kind, name, item) for kind, item in (("object", key), ("upload", upload_id)) if item)
        if bucket is not None:
            if key in bucket.older:
                self.changed.add(("older", name, key))
            for other in bucket.saved_uploads ^ set(bucket.uploads):
                self.changed.add(("upload", name, other))
            bucket.saved_uploads = set(bucket.uploads)

    def find(self, name: str) -> Bucket | None:
        """Return the bucket, or None."""
        return self._buckets.get(name)

    def bucket(self, name: str) -> dict[str, Any] | None:
        """Return {"name", "region", "owner", "acl", "storage_class", "created", "encrypted"} of a bucket, or None."""
        bucket = self._buckets.get(name)
        if bucket is None:
            return None
        return {name: getattr(bucket, name) for name in _SHOWN}

    def all(self) -> list[Bucket]:
        """Return every bucket, sorted by name."""
        return [self._buckets[name] for name in sorted(self._buckets)]

    def delete_bucket(self, name: str) -> None:
        """Remove a bucket with all that is in it."""
        bucket = self._buckets.pop(name)
        self.changed.add(("bucket", name, ""))
        self.changed.update(("object", name, key) for key in bucket.objects)
        self.changed.update(("older", name, key) for key in bucket.older)
        self.changed.update(("upload", name, upload_id) for upload_id in bucket.uploads)
        shutil.rmtree(bucket.folder, ignore_errors=True)

    def scratch(self) -> Path:
        """Return the path of a new file, on the file system of the objects."""
        return next(path for number in self._numbers if not (path := self.scratch_folder / f"{number}").exists())

    def put_file(self, bucket: str, key: str, path: Path) -> None:
        """Move a finished file into a bucket as an object, as a service does that writes large objects in parts."""
        found, target, size = self._require(bucket), self.scratch(), path.stat().st_size
        shutil.move(path, target)
        found.add(StoredObject(key, target, size, kind="Multipart",
                               headers={"content-type": "application/octet-stream"}))

    def open_upload(self, bucket: str, key: str, upload_id: str, template: StoredObject | None = None) -> None:
        """Begin a multipart upload of an object like the template; a service that writes directly has none."""
        found = self._require(bucket)
        template = template or StoredObject(key, found.folder / ".none", 0, kind="Multipart")
        found.uploads[upload_id] = Upload(upload_id, key, self.now(), template)
        self.touch(bucket, key, upload_id)

    def has_upload(self, bucket: str, upload_id: str) -> bool:
        """Return whether the upload is open."""
        found = self._buckets.get(bucket)
        return found is not None and upload_id in found.uploads

    def add_part(self, bucket: str, upload_id: str, part: Part) -> int:
        """Take a part's file over into an upload, in place of one of its number; return the bytes of all parts."""
        upload = self._require(bucket).uploads[upload_id]
        if part.number in upload.parts:
            upload.parts[part.number].path.unlink(missing_ok=True)
        part.path, part.modified = part.path.rename(self.scratch()), self.now()
        upload.parts[part.number] = part
        self.touch(bucket, upload.key, upload_id)
        return upload.size()

    def end_upload(self, bucket: str, upload_id: str) -> None:
        """Remove an upload and its parts; an unknown upload is ignored."""
        upload = self._require(bucket).uploads.pop(upload_id, None)
        if upload is None:
            return
        for part in upload.parts.values():
            part.path.unlink(missing_ok=True)
        self.touch(bucket, upload.key, upload_id)

    def exists(self, bucket: str, key: str) -> bool:
        """Return whether the object exists."""
        found = self._buckets.get(bucket)
        return found is not None and key in found.objects

    def object_path(self, bucket: str, key: str) -> Path:
        """Return the object's file; it is never changed, only replaced. KeyError when there is no such object."""
        return self._require(bucket).objects[key].path

    def billed_name(self, bucket: str, key: str) -> str:
        """Return the name of the current version of a key in the meter."""
        return self._require(bucket).objects[key].billed_name

    def _require(self, name: str) -> Bucket:
        bucket = self._buckets.get(name)
        if bucket is None:
            raise KeyError(f"bucket {name} does not exist")
        return bucket


class Sums:
    """MD5 and CRC-64 of bytes that come in pieces."""

    def __init__(self, crc: int = 0) -> None:
        self.crc = crc
        self.size = 0
        self._md5 = hashlib.md5(usedforsecurity=False)

    def update(self, data: bytes) -> None:
        """Add the next bytes."""
        self.crc = crc64(data, self.crc)
        self.size += len(data)
        self._md5.update(data)

    @property
    def md5(self) -> bytes:
        """The MD5 of what came so far."""
        return self._md5.digest()

    @property
    def etag(self) -> str:
        """The entity tag as OSS writes it, without quotes."""
        return self._md5.hexdigest().upper()


def checksum(item: StoredObject) -> None:
    """Fill in the sums of an object that was put in as a file; it reads the file, so call it in a thread."""
    if item.crc64 is None:
        sums = Sums()
        with item.path.open("rb") as file:
            while data := file.read(_COPY):
                sums.update(data)
        item.crc64, item.etag = sums.crc, f"{sums.etag}-1"


def join(paths: list[Path], target: Path) -> Sums:
    """Write the files one after the other into `target` and return the sums of the whole; call it in a thread."""
    sums = Sums()
    with target.open("wb") as writer:
        for path in paths:
            with path.open("rb") as reader:
                while data := reader.read(_COPY):
                    sums.update(data)
                    writer.write(data)
    return sums


def _file_name(key: str) -> str:
    """Return the name of an object's file: the key as far as file names allow, else its digest."""
    name = quote(key, safe=" ")
    if len(name) > _LONGEST_NAME or name in (".", ".."):
        # No quoted key has a percent sign before another one.
        return "%%" + hashlib.sha256(key.encode()).hexdigest()
    return name
