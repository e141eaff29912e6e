# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Buckets with versioning, through the vendor's oss2 and through the collection's own room for OSS."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import oss2
import pytest
from oss2 import models
from support.wave import WEB, run, utils

pytestmark = pytest.mark.any_core
LEDGER = utils("_rules.naming").ledger_key("wave", 1)


def bucket_of(sandbox: Any, status: str = "Enabled") -> oss2.Bucket:
    """The sandbox's bucket, with versioning."""
    bucket = oss2.Bucket(oss2.AuthV4(sandbox.access_key, sandbox.secret_key), sandbox.endpoint, "migration-images",
                         region="ap-southeast-1")
    if status:
        bucket.put_bucket_versioning(models.BucketVersioningConfig(status))
    return bucket


def refusal(call: Callable[[], Any]) -> tuple[int, str, str | None]:
    """(HTTP status, code, x-oss-delete-marker) of a refused call."""
    with pytest.raises(oss2.exceptions.ServerError) as error:
        call()
    return error.value.status, error.value.code, error.value.headers.get("x-oss-delete-marker")


def listed(bucket: oss2.Bucket, **options: Any) -> list[tuple[str, str, bool]]:
    """(key, version id, is it a delete marker) of all versions, page by page, in the order of each page's lists."""
    rows, marker, version = [], "", ""
    while True:
        page = bucket.list_object_versions(key_marker=marker, versionid_marker=version, **options)
        rows += [(row.key, row.versionid, False) for row in page.versions]
        rows += [(row.key, row.versionid, True) for row in page.delete_marker]
        if not page.is_truncated:
            return rows
        marker, version = page.next_key_marker, page.next_versionid_marker


def test_every_version_can_be_read_until_it_is_deleted_by_its_id(sandbox: Any) -> None:
    bucket = bucket_of(sandbox, "")
    bucket.put_object("k", b"before")
    bucket = bucket_of(sandbox)
    first, second = bucket.put_object("k", b"one").versionid, bucket.put_object("k", b"two and more").versionid
    assert bucket.get_object("k").read() == b"two and more"
    assert bucket.get_object("k", params={"versionId": first}).read() == b"one"
    assert bucket.get_object("k", params={"versionId": "null"}).read() == b"before"
    assert bucket.head_object("k").versionid == second

    gone = bucket.delete_object("k")
    assert (gone.delete_marker, len(gone.versionid)) == (True, len(second))
    assert refusal(lambda: bucket.get_object("k")) == (404, "NoSuchKey", "true")
    assert refusal(lambda: bucket.get_object("k", params={"versionId": gone.versionid})) == (
        405, "MethodNotAllowed", "true")
    assert [item.key for item in oss2.ObjectIteratorV2(bucket)] == []
    assert refusal(bucket.delete_bucket)[:2] == (409, "BucketNotEmpty")
    assert listed(bucket, max_keys=1) == [
        ("k", gone.versionid, True), ("k", second, False), ("k", first, False), ("k", "null", False)]
    assert bucket.get_bucket_stat().delete_marker_count == 1

    bucket.delete_object("k", params={"versionId": gone.versionid})
    assert bucket.get_object("k").read() == b"two and more"
    bucket.delete_object("k", params={"versionId": second})
    assert bucket.get_object("k").read() == b"one"
    assert refusal(lambda: bucket.get_object("k", params={"versionId": second}))[:2] == (404, "NoSuchVersion")
    done = bucket.delete_object_versions(models.BatchDeleteObjectVersionList(
        [models.BatchDeleteObjectVersion("k", "null"), models.BatchDeleteObjectVersion("k", first)]))
    assert [(row.key, row.versionid) for row in done.delete_versions] == [("k", "null"), ("k", first)]
    assert listed(bucket) == []
    assert sandbox.get("meter")["running"] == []
    bucket.delete_bucket()


def test_while_suspended_there_is_one_null_version(sandbox: Any) -> None:
    bucket = bucket_of(sandbox)
    kept = bucket.put_object("k", b"kept").versionid
    bucket_of(sandbox, "Suspended")
    assert bucket.get_bucket_info().versioning_status == "Suspended"
    assert bucket.put_object("k", b"null").versionid == "null"
    bucket.put_object("k", b"null again")
    assert listed(bucket) == [("k", "null", False), ("k", kept, False)]
    assert bucket.delete_object("k").versionid == "null"
    assert listed(bucket) == [("k", kept, False), ("k", "null", True)]
    bucket.delete_object("k", params={"versionId": "null"})
    assert bucket.get_object("k").read() == b"kept"


def test_forbid_overwrite_means_nothing_where_nothing_is_overwritten(sandbox: Any) -> None:
    bucket = bucket_of(sandbox)
    once = {"x-oss-forbid-overwrite": "true"}
    assert bucket.put_object("k", b"1", headers=once).versionid != bucket.put_object("k", b"2", headers=once).versionid


def test_copies_links_and_parts_have_versions_too(sandbox: Any) -> None:
    bucket = bucket_of(sandbox)
    old = bucket.put_object("a", b"old").versionid
    bucket.put_object("a", b"new")
    copy = bucket.copy_object("migration-images", "a", "b", params={"versionId": old})
    assert copy.headers["x-oss-copy-source-version-id"] == old
    assert bucket.get_object("b").read() == b"old"
    bucket.put_object_tagging("a", oss2.models.Tagging(), params={"versionId": old})
    upload = bucket.init_multipart_upload("a").upload_id
    part = bucket.upload_part("a", upload, 1, b"third")
    whole = bucket.complete_multipart_upload("a", upload, [models.PartInfo(1, part.etag)])
    assert [row[0] for row in listed(bucket, prefix="a")] == ["a", "a", "a"]
    assert whole.versionid == bucket.head_object("a").versionid
    appended = bucket.append_object("log", 0, b"x").versionid
    assert bucket.append_object("log", 1, b"y").versionid == appended
    page = bucket.list_object_versions(delimiter="o", max_keys=10)
    assert (page.common_prefix, {row.key for row in page.versions}) == (["lo"], {"a", "b"})


def test_versions_outlive_the_process_and_each_is_billed(start_sandbox: Callable[..., Any]) -> None:
    first = start_sandbox()
    bucket = bucket_of(first)
    one, two = (bucket.put_object("k", content).versionid for content in (b"1", b"22"))
    marker = bucket.delete_object("k").versionid
    running = {row["id"] for row in first.get("meter")["running"]}
    assert running == {f"migration-images/k?versionId={version}" for version in (one, two)}
    bucket.put_object_acl("k", oss2.OBJECT_ACL_PUBLIC_READ, params={"versionId": one})
    assert first.stop() == 0
    second = start_sandbox(state=first.greeting["state"])
    bucket = bucket_of(second, "")
    assert bucket.get_object_acl("k", params={"versionId": one}).acl == oss2.OBJECT_ACL_PUBLIC_READ
    assert {row["version_id"] for row in second.get("state")["older_versions"]} == {one, two, marker}
    assert listed(bucket) == [("k", two, False), ("k", one, False), ("k", marker, True)]
    bucket.delete_object("k", params={"versionId": marker})
    assert bucket.get_object("k").read() == b"22"
    assert bucket.put_object("k", b"333").versionid > two


def test_a_sweep_leaves_no_version_in_a_bucket_with_versioning(sandbox: Any) -> None:
    bucket = bucket_of(sandbox)
    bucket.put_object("photos/web-01.jpg", b"theirs")
    bucket.put_object("photos/web-01.jpg", b"theirs, newer")
    theirs = listed(bucket)
    run(sandbox, "ens_migration", name="wave", servers=[WEB])
    for key in {row[0] for row in listed(bucket) if row not in theirs and row[0] != LEDGER}:
        bucket.put_object(key, b"written over")
        bucket.delete_object(key)
        bucket.put_object(key, b"written again")
    swept = run(sandbox, "smc_cleanup", name="wave")["cleanup"]
    assert swept["residual"] == []
    # The empty object that ends the ledger stays.
    assert [row for row in listed(bucket) if row[0] != LEDGER] == theirs
    assert {row["key"] for row in sandbox.get("state")["older_versions"]} == {"photos/web-01.jpg"}


def room_of(sandbox: Any) -> Any:
    """The collection's own room for the bucket, of another controller each time."""
    params = {"region": sandbox.region, "access_key": sandbox.access_key, "secret_key": sandbox.secret_key,
              "endpoints": sandbox.endpoints}
    return utils("_api.clients").make_clients(params).oss("migration-images")


def test_a_sweep_finds_what_a_plain_deletion_has_hidden(sandbox: Any) -> None:
    bucket = bucket_of(sandbox)
    run(sandbox, "ens_migration", name="wave", servers=[WEB])
    (key,) = {row[0] for row in listed(bucket)} - {LEDGER}
    bucket.put_object("photos/web-01.jpg", b"x")
    for name in (key, "photos/web-01.jpg"):
        bucket.delete_object(name)
    told = run(sandbox, "smc_cleanup", name="wave", state="reported")["cleanup"]
    assert f"migration-images/{key}" in [row["id"] for row in told["residual"]]
    assert run(sandbox, "smc_cleanup", name="wave")["cleanup"]["residual"] == []
    assert {row[0] for row in listed(bucket)} - {LEDGER} == {"photos/web-01.jpg"}


def test_a_bucket_with_suspended_versioning_carries_a_migration(sandbox: Any) -> None:
    bucket = bucket_of(sandbox, "Suspended")
    migrated = run(sandbox, "ens_migration", name="wave", servers=[WEB])["migration"]
    assert [row["verdict"] for row in migrated["servers"]] == ["migrated"]
    assert run(sandbox, "smc_cleanup", name="wave", resources=migrated["resources"])["cleanup"]["residual"] == []
    assert {row[0] for row in listed(bucket)} - {LEDGER} == set()


def test_only_the_very_keys_lose_their_versions(sandbox: Any) -> None:
    bucket = bucket_of(sandbox)
    for key in ("el1_a", "el1_ab", "el1_a"):
        bucket.put_object(key, b"x")
    bucket.delete_object("el1_a")
    assert room_of(sandbox).delete_keys(["el1_a", "absent"]) == ["el1_a", "absent"]
    assert [row[0] for row in listed(bucket)] == ["el1_ab"]
