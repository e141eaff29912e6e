# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A person who can write to the bucket puts objects there that are made to use up memory or time."""

from __future__ import annotations

import gzip
import struct
import tarfile
import tracemalloc
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.oss import OssApi
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.pool import Pool
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.store import LedgerStore
from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources.oss import delete_under
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import archive, checks, qcow2

from .cloud import Cloud
from .kit import BUCKET, MIGRATION, START

MIB = 1024**2


class Object(OssApi):
    """An object of any size whose end is zeros; it refuses to give more than is sensible at once."""

    def __init__(self, start: bytes) -> None:
        self.start, self.reads = start, 0

    def read_range(self, key: str, start: int, end_inclusive: int) -> bytes:
        assert end_inclusive - start < 8 * MIB
        self.reads += 1
        return self.start[start : end_inclusive + 1].ljust(end_inclusive - start + 1, b"\0")


def header(cluster_bits: int, clusters: int, version: int = 2, order: int = 4) -> bytes:
    fields = (version, 0, 0, cluster_bits, 20 << 30, 0, 1, 0, 4096, clusters, 0, 0)
    body = b"QFI\xfb" + struct.pack(">IQIIQIIQQIIQ", *fields)
    return body.ljust(96, b"\0") + struct.pack(">II", order, 104)


@pytest.mark.parametrize(("bits", "clusters"), [(21, 22_500), (21, 5), (16, 129), (9, 2**32 - 1)])
def test_a_refcount_table_that_no_export_has_is_not_read(bits: int, clusters: int) -> None:
    found = Object(header(bits, clusters))
    assert "refcount table" in str(qcow2.disk_size(found, "k", 1 << 50))
    assert found.reads == 1


@pytest.mark.parametrize("order", [7, 64, 2**32 - 1])
def test_refcounts_of_an_unknown_width_are_refused(order: int) -> None:
    found = Object(header(16, 1, version=3, order=order))
    assert "refcounts of 2^" in str(qcow2.disk_size(found, "k", 1 << 40))


def test_a_table_of_empty_refcounts_is_rejected() -> None:
    table = struct.pack(">Q", 1 << 30) * 8192
    found = Object(header(16, 1).ljust(4096, b"\0") + table)
    assert isinstance(qcow2.disk_size(found, "k", 1 << 40), str)
    assert found.reads < 100


def record(kind: bytes, size: int, body: bytes = b"") -> bytes:
    member = tarfile.TarInfo("disk.raw")
    member.size, member.type = size, kind
    return member.tobuf(tarfile.GNU_FORMAT) + body


def disk_size(body: bytes) -> int | str:
    return archive.disk_size(Cloud(objects={"k": body}).oss(BUCKET), "k", len(body))


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK])
def test_a_record_before_the_disk_that_is_a_bomb_is_not_unpacked(kind: bytes) -> None:
    size = 64 * MIB
    body = gzip.compress(record(kind, size, bytes(size)) + record(tarfile.REGTYPE, 20 << 30) + bytes(1024))
    tracemalloc.start()
    try:
        assert "is not a raw.tar.gz archive" in str(disk_size(body))
        assert tracemalloc.get_traced_memory()[1] < 16 * MIB
    finally:
        tracemalloc.stop()


def test_a_chain_of_records_is_rejected() -> None:
    body = gzip.compress(record(tarfile.XHDTYPE, 0) * 3000 + record(tarfile.REGTYPE, 20 << 30) + bytes(1024))
    assert "is not a raw.tar.gz archive" in str(disk_size(body))


def test_a_sparse_record_that_never_ends_is_rejected() -> None:
    pax = b"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n"
    records = record(tarfile.XHDTYPE, len(pax), pax.ljust(512, b"\0"))
    body = gzip.compress(records + record(tarfile.REGTYPE, 1 << 30, b"99\n".ljust(512, b"\n")) + bytes(16 * MIB))
    assert "is not a raw.tar.gz archive" in str(disk_size(body))


def test_a_short_record_before_the_disk_is_read() -> None:
    name = b"a" * 200
    long_name = record(tarfile.GNUTYPE_LONGNAME, len(name) + 1, name.ljust(512, b"\0"))
    assert disk_size(gzip.compress(long_name + record(tarfile.REGTYPE, 20 << 30) + bytes(1024))) == 20 << 30


def endless(asked: list[int]) -> Any:
    """Return a bucket that lists keys without end."""

    def each_key(prefix: str) -> Any:
        for number in count():
            asked[0] = number
            assert number < 100_000
            yield {"key": f"{prefix}!{number:06d}", "size": 0, "modified": None, "kind": "Normal"}

    clock = SimpleNamespace(now=START.timestamp, latest=START.timestamp)
    return SimpleNamespace(each_key=each_key, bucket_info=dict, name=BUCKET, clock=clock)


def test_a_ledger_among_very_many_objects_is_not_looked_for() -> None:
    store = LedgerStore(endless([0]), MIGRATION, 30.0)
    with pytest.raises(CloudError, match="more than 10000 objects") as error:
        store.run(store.session.open())
    assert error.value.code == "Ledger.NotAppendable"


def test_whether_a_bucket_may_be_listed_takes_one_row() -> None:
    asked = [0]
    clients: Any = SimpleNamespace(oss=lambda _name: endless(asked), pool=Pool())
    checks.bucket_info(clients, BUCKET)
    assert asked == [0]


def test_leftovers_are_deleted_page_by_page() -> None:
    cloud = Cloud(objects={f"p{number:04d}": b"" for number in range(2500)})
    delete_under(cloud.oss(BUCKET), "p")
    assert not cloud.objects
    assert cloud.calls["oss.DeleteKeys"] == 3


@pytest.mark.parametrize("at", ["junk", "nan", "1e999"])
def test_a_mark_without_a_time_is_no_mark_of_ours(at: str) -> None:
    cloud = Cloud()
    oss = cloud.oss(BUCKET)
    oss.put_empty(naming.ledger_key(MIGRATION, 1), {"edgelift-mark": "end", "edgelift-at": at})
    store = LedgerStore(oss, MIGRATION, 30.0)
    with pytest.raises(CloudError, match="not written by this collection") as error:
        store.run(store.session.open())
    assert error.value.code == "Ledger.NotAppendable"
