# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Buckets, objects and uploads as rows of the state file; their bytes are files beside it.

Every public attribute of a Bucket has to be JSON-able; objects, uploads and parts are dataclasses of JSON-able fields.
"""
from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.state.buckets import Bucket, Buckets, Part, StoredObject, Upload
from sandbox.state.tables import Change, Row

BUCKET, OBJECT, OLDER, UPLOAD = "oss.bucket", "oss.object", "oss.older", "oss.upload"
_NOT_SAVED = frozenset({"folder", "objects", "older", "uploads", "changed", "saved_uploads"})


def changes(buckets: Buckets) -> list[Change]:
    """The rows of everything that was touched since ``buckets.changed`` was last emptied."""
    found: list[Change] = []
    for kind, bucket_name, name in sorted(buckets.changed):
        bucket = buckets.find(bucket_name)
        if kind == "bucket":
            found.append((BUCKET, bucket_name, 0, None if bucket is None else json.dumps(_bucket_row(bucket))))
        elif kind == "object":
            item = bucket.objects.get(name) if bucket else None
            found.append((OBJECT, f"{bucket_name}/{name}", 0, None if item is None else _object_row(bucket_name, item)))
        elif kind == "older":
            items = bucket.older.get(name) if bucket else None
            found.append((OLDER, f"{bucket_name}/{name}", 0,
                          None if items is None else _older_row(bucket_name, name, items)))
        else:
            upload = bucket.uploads.get(name) if bucket else None
            found.append((UPLOAD, f"{bucket_name}/{name}", 0,
                          None if upload is None else _upload_row(bucket_name, upload)))
    return found


def touch(buckets: Buckets) -> None:
    """Mark everything as changed, before the state file is rewritten."""
    for bucket in buckets.all():
        buckets.changed.add(("bucket", bucket.name, ""))
        buckets.changed.update(("object", bucket.name, key) for key in bucket.objects)
        buckets.changed.update(("older", bucket.name, key) for key in bucket.older)
        buckets.changed.update(("upload", bucket.name, upload_id) for upload_id in bucket.uploads)


def load(buckets: Buckets, rows: Mapping[str, list[Row]]) -> None:
    """Load the rows whose files exist; files without a row are removed.

    An object whose file is not the one that the row was written for was being replaced when the process ended: it is
    the new one, with its size, and its sums are computed when they are needed.
    """
    for row in rows.get(BUCKET, []):
        bucket = buckets.attach(row["name"], row["region"], row["owner"])
        vars(bucket).update(row)
    for row in rows.get(OBJECT, []):
        _load_object(buckets, row)
    for row in rows.get(OLDER, []):
        _load_older(buckets, row)
    for row in rows.get(UPLOAD, []):
        _load_upload(buckets, row)
    _remove_unknown(buckets)
    buckets.changed.clear()


def _bucket_row(bucket: Bucket) -> Row:
    return {name: value for name, value in vars(bucket).items() if not name.startswith("_") and name not in _NOT_SAVED}


def _object_row(bucket: str, item: StoredObject) -> str:
    return json.dumps({"bucket": bucket, "stamp": _stamp(item.path), **_plain(item)})


def _older_row(bucket: str, key: str, items: list[StoredObject]) -> str:
    return json.dumps({"bucket": bucket, "key": key, "items": [_plain(item) for item in items]})


def _upload_row(bucket: str, upload: Upload) -> str:
    plain = {**_plain(upload), "template": _plain(upload.template),
             "parts": [_plain(part) for part in upload.parts.values()]}
    return json.dumps({"bucket": bucket, **plain})


def _plain(item: Any) -> dict[str, Any]:
    values = {field.name: getattr(item, field.name) for field in dataclasses.fields(item)}
    return {name: value.name if isinstance(value, Path) else value for name, value in values.items()}


def _stamp(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def _load_object(buckets: Buckets, row: Row) -> None:
    values = dict(row)
    bucket, stamp = buckets.find(values.pop("bucket")), values.pop("stamp")
    if bucket is None:
        return
    path = bucket.folder / values["path"]
    if not path.is_file():
        return
    item = StoredObject(**{**values, "path": path})
    if _stamp(path) != stamp or path.stat().st_size != item.size:
        item.size, item.etag, item.crc64 = path.stat().st_size, None, None
    bucket.keep(item)


def _load_older(buckets: Buckets, row: Row) -> None:
    bucket = buckets.find(row["bucket"])
    if bucket is None:
        return
    items = [StoredObject(**{**item, "path": Path() if item["marker"] else bucket.folder / item["path"]})
             for item in row["items"]]
    bucket.keep_older(row["key"], [item for item in items if item.marker or item.path.is_file()])
    bucket.promote(row["key"])


def _load_upload(buckets: Buckets, row: Row) -> None:
    bucket = buckets.find(row["bucket"])
    if bucket is None:
        return
    parts = [Part(**{**part, "path": buckets.scratch_folder / part["path"]}) for part in row["parts"]]
    template = StoredObject(**{**row["template"], "path": Path(row["template"]["path"])})
    bucket.uploads[row["upload_id"]] = Upload(
        row["upload_id"], row["key"], row["initiated"], template,
        {part.number: part for part in parts if part.path.is_file() and part.path.stat().st_size == part.size})


def _remove_unknown(buckets: Buckets) -> None:
    known = {part.path for bucket in buckets.all() for upload in bucket.uploads.values()
             for part in upload.parts.values()}
    known |= {item.path for bucket in buckets.all() for item in bucket.objects.values()}
    known |= {item.path for bucket in buckets.all() for items in bucket.older.values() for item in items}
    for path in buckets.root.glob("*/*"):
        if path not in known and path.is_file():
            path.unlink()
