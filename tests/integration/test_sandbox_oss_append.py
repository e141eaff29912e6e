# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AppendObject as it is documented: a compare-and-append, through the vendor's oss2, unmodified."""
from __future__ import annotations

import threading
import time
from email.utils import parsedate_to_datetime
from typing import Any

import oss2
import pytest
from oss2 import models
from support.oss_client import bucket as bucket_of
from support.oss_client import refusal

KEY = "edgelift/el000000/ledger"
DAY = 86400

pytestmark = pytest.mark.any_core


@pytest.fixture
def bucket(sandbox: Any) -> oss2.Bucket:
    return bucket_of(sandbox)


def refused(bucket: oss2.Bucket, position: int, key: str = KEY) -> tuple[int, str, str, str]:
    """(status, code, length that the refusal names, EC) of an append that must be refused."""
    with pytest.raises(oss2.exceptions.ServerError) as error:
        bucket.append_object(key, position, b"x")
    headers = error.value.headers
    return error.value.status, error.value.code, headers.get("x-oss-next-append-position", ""), headers.get(
        "x-oss-ec", "")


def unequal(length: int) -> tuple[int, str, str, str]:
    return 409, "PositionNotEqualToLength", str(length), "0026-00000016"


def test_position_must_be_the_length(bucket: oss2.Bucket) -> None:
    assert refused(bucket, 1) == unequal(0)
    assert not bucket.object_exists(KEY)
    first = bucket.append_object(KEY, 0, b"one\n", init_crc=0)
    assert first.next_position == 4
    assert refused(bucket, 0) == unequal(4)
    assert refused(bucket, 3) == unequal(4)
    assert refused(bucket, 5) == unequal(4)
    second = bucket.append_object(KEY, 4, b"two\n", init_crc=first.crc)
    assert (second.next_position, bucket.get_object(KEY).read()) == (8, b"one\ntwo\n")
    head = bucket.head_object(KEY)
    assert (head.object_type, head.headers["x-oss-next-append-position"]) == ("Appendable", "8")
    assert head.server_crc == second.crc


def test_of_several_at_one_position_exactly_one_wins(sandbox: Any) -> None:
    outcomes: list[str] = []
    barrier = threading.Barrier(8)

    def append(number: int) -> None:
        mine = bucket_of(sandbox)
        barrier.wait()
        try:
            mine.append_object(KEY, 0, f"controller {number}\n".encode())
            outcomes.append(f"controller {number}\n")
        except oss2.exceptions.PositionNotEqualToLength:
            outcomes.append("refused")

    threads = [threading.Thread(target=append, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("refused") == 7
    (winner,) = [outcome for outcome in outcomes if outcome != "refused"]
    assert bucket_of(sandbox).get_object(KEY).read().decode() == winner


def test_old_position_is_refused_after_a_deletion(bucket: oss2.Bucket) -> None:
    bucket.append_object(KEY, 0, b"one\n")
    bucket.delete_object(KEY)
    assert refused(bucket, 4) == unequal(0)
    assert bucket.append_object(KEY, 0, b"another\n").next_position == 8
    assert refused(bucket, 4) == unequal(8)


def test_a_normal_object_takes_no_append(bucket: oss2.Bucket) -> None:
    bucket.append_object(KEY, 0, b"one\n")
    bucket.put_object(KEY, b"", headers={"x-oss-meta-why": "ended"})
    for position in (0, 4):
        assert refused(bucket, position)[:2] == (409, "ObjectNotAppendable")
    head = bucket.head_object(KEY)
    assert (head.content_length, head.object_type, head.headers["x-oss-meta-why"]) == (0, "Normal", "ended")


@pytest.mark.parametrize("status", ["Enabled", "Suspended"])
def test_versions(bucket: oss2.Bucket, status: str) -> None:
    bucket.put_bucket_versioning(models.BucketVersioningConfig(status))
    begun = bucket.append_object(KEY, 0, b"one\n")
    since = bucket.head_object(KEY).last_modified
    time.sleep(1.1)
    assert bucket.append_object(KEY, 4, b"two\n").versionid == begun.versionid
    assert bucket.head_object(KEY).last_modified == since
    rows = bucket.list_object_versions(prefix=KEY).versions
    assert [(row.versionid, row.size) for row in rows] == [(begun.versionid, 8)]
    bucket.delete_object(KEY)
    # The newest version is a delete marker: only position 0 begins another version.
    assert refused(bucket, 8) == unequal(0)
    bucket.append_object(KEY, 0, b"three\n")
    assert refused(bucket, 8) == unequal(6)
    bucket.put_object(KEY, b"normal")
    assert refused(bucket, 6)[:2] == (409, "ObjectNotAppendable")


def test_ranges_tell_what_is_new(bucket: oss2.Bucket) -> None:
    bucket.append_object(KEY, 0, b"one\ntwo\n")
    strict = {"x-oss-range-behavior": "standard"}
    tail = bucket.get_object(KEY, byte_range=(4, None), headers=strict)
    assert (tail.status, tail.read(), tail.content_range) == (206, b"two\n", "bytes 4-7/8")
    with pytest.raises(oss2.exceptions.ServerError) as error:
        bucket.get_object(KEY, byte_range=(8, None), headers=strict)
    assert (error.value.status, error.value.code) == (416, "InvalidRange")


def test_every_answer_has_the_services_date(bucket: oss2.Bucket) -> None:
    answers = [bucket.append_object(KEY, 0, b"x"), bucket.head_object(KEY), bucket.get_object(KEY)]
    with pytest.raises(oss2.exceptions.ServerError) as error:
        bucket.append_object(KEY, 0, b"x")
    for headers in [answer.headers for answer in answers] + [error.value.headers]:
        assert abs(parsedate_to_datetime(headers["Date"]).timestamp() - time.time()) < 60


def test_classes(bucket: oss2.Bucket) -> None:
    for cold in ("ColdArchive", "DeepColdArchive"):
        with pytest.raises(oss2.exceptions.ServerError) as error:
            bucket.append_object(KEY, 0, b"x", headers={"x-oss-storage-class": cold})
        assert (error.value.status, error.value.headers["x-oss-ec"]) == (400, "0016-00000503")
    bucket.append_object(KEY, 0, b"x", headers={"x-oss-storage-class": "Archive"})
    bucket.append_object(KEY, 1, b"y")
    assert refusal(lambda: bucket.get_object(KEY)) == (403, "InvalidObjectState")


def test_a_key_of_ones_own_takes_no_append(bucket: oss2.Bucket) -> None:
    bucket.put_bucket_encryption(models.ServerSideEncryptionRule("KMS", "9468da86-3509-4f8d-a61e-6eab1eac0000"))
    assert refused(bucket, 0)[:2] == (400, "OperationNotSupported")
    bucket.put_bucket_encryption(models.ServerSideEncryptionRule("AES256"))
    assert bucket.append_object(KEY, 0, b"x").next_position == 1


def test_retention_lets_nothing_grow_or_go(sandbox: Any, bucket: oss2.Bucket) -> None:
    assert refusal(bucket.get_bucket_worm) == (404, "NoSuchWORMConfiguration")
    worm_id = bucket.init_bucket_worm(2).worm_id
    policy = bucket.get_bucket_worm()
    assert (policy.worm_id, policy.state, policy.retention_period_days) == (worm_id, "InProgress", 2)
    bucket.append_object(KEY, 0, b"one\n")
    immutable = (409, "FileImmutable")
    for call in (lambda: bucket.append_object(KEY, 4, b"two\n"), lambda: bucket.put_object(KEY, b""),
                 lambda: bucket.delete_object(KEY)):
        assert refusal(call) == immutable
    bucket.complete_bucket_worm(worm_id)
    assert refusal(bucket.abort_bucket_worm)[0] == 403
    sandbox.post("clock", {"advance": 2 * DAY + 1})
    bucket.append_object(KEY, 4, b"two\n")
    assert refusal(lambda: bucket.delete_object(KEY)) == immutable


def test_a_retention_policy_that_is_not_locked_ends(sandbox: Any, bucket: oss2.Bucket) -> None:
    bucket.init_bucket_worm(70)
    bucket.put_object("k", b"")
    assert refusal(lambda: bucket.delete_object("k")) == (409, "FileImmutable")
    sandbox.post("clock", {"advance": DAY + 1})
    bucket.delete_object("k")
    bucket.abort_bucket_worm()
    assert refusal(bucket.get_bucket_worm) == (404, "NoSuchWORMConfiguration")
