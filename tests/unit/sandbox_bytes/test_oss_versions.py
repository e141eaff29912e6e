# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions of objects without HTTP: pages of them, also while they are being deleted."""
from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.state.buckets import Bucket, Buckets, StoredObject
from sandbox.state.versions import delete, delete_version, name_of, page_of


@pytest.fixture
def bucket(tmp_path: Path) -> Bucket:
    """A bucket with three versions of each of two keys, the oldest from before versioning."""
    buckets = Buckets(tmp_path / "oss")
    made = buckets.create_bucket("b", "cn-beijing", "1")
    for status in ("", "Enabled", "Enabled"):
        made.versioning = status
        for key in ("a", "a/b"):
            path = buckets.scratch()
            path.write_bytes(status.encode())
            made.add(StoredObject(key, path, len(status)))
    return made


def pages(bucket: Bucket, limit: int, remove: bool = False, **options: str) -> list[list[str]]:
    """The keys of each page; with `remove` what a page shows is deleted before the next one is asked for."""
    found, marker, version = [], "", ""
    while True:
        page = page_of(bucket, options.get("prefix", ""), options.get("delimiter", ""), marker, version, limit)
        found.append([item.key for item in page.items] + page.prefixes)
        for item in page.items if remove else []:
            delete_version(bucket, item.key, name_of(item))
        if not page.truncated:
            return found
        marker, version = page.next_key, page.next_version


@pytest.mark.parametrize("remove", [False, True], ids=["kept", "deleted"])
@pytest.mark.parametrize("limit", [1, 2, 4, 6, 10])
def test_pages_show_every_version_once(bucket: Bucket, limit: int, remove: bool) -> None:
    assert [key for page in pages(bucket, limit, remove) for key in page] == ["a", "a", "a", "a/b", "a/b", "a/b"]
    assert bool(bucket.objects) is not remove


def test_a_delimiter_folds_versions(bucket: Bucket) -> None:
    assert pages(bucket, 1, delimiter="/") == [["a"], ["a"], ["a"], ["a/"]]
    assert pages(bucket, 10, delimiter="/", prefix="a/") == [["a/b", "a/b", "a/b"]]


def test_a_deletion_hides_and_a_deleted_version_gives_way_to_the_next(bucket: Bucket) -> None:
    newest = name_of(bucket.objects["a"])
    marker = delete(bucket, "a").marker
    assert "a" not in bucket.objects
    assert delete_version(bucket, "a", marker).marker == marker
    assert name_of(bucket.objects["a"]) == newest
    assert [item.version_id for item in delete_version(bucket, "a", newest).ended] == [newest]
    assert bucket.objects["a"].version_id < newest
    assert list(bucket.keys()) == ["a", "a/b"]
    assert delete_version(bucket, "absent", "null").ended == []
