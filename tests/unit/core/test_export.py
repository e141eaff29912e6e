# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stage export: one call for one image, and objects that are looked into before anybody relies on them."""

from __future__ import annotations

import gzip
import io
import random
import tarfile
from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Policy, Requested, Seen
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import states
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import export

from .cloud import Cloud
from .kit import GIB, START, context, policy, qcow2, refused, requested, server, stamp

SERVER = server()
ONCE = {"export_retries": 0}
IMAGE = {"ImageId": "m-1", "Status": "Available"}
JOB = {"JobId": "j-1", "ImageId": "m-1", "EndTime": stamp(START - timedelta(hours=1))}


def task(status: str) -> dict[str, str]:
    return {"TaskId": "t-1", "TaskStatus": status}


def detail(*steps: dict[str, Any]) -> dict[str, Any]:
    return {"OperationProgressSet": {"OperationProgress": list(steps)}}


REASON = detail({"ErrorCode": "NoSetRole", "ErrorMsg": "no role"}, {"ErrorCode": None, "ErrorMsg": ""})


@pytest.mark.parametrize(
    ("seen", "kind", "words"),
    [
        (Seen(job=JOB), "fail", "m-1 of web-01 was deleted outside"),
        (Seen(job={**JOB, "EndTime": ""}), "fail", "was deleted outside"),
        (Seen(job={**JOB, "EndTime": "soon"}), "fail", "was deleted outside"),
        (Seen(), "fail", "was deleted outside"),
        (Seen(job={**JOB, "EndTime": stamp(START)}), "wait", "is not listed yet"),
        (Seen(image=IMAGE), "act", "Available"),
        (Seen(image=IMAGE, requested={"export": requested(10)}), "wait", "is not listed yet"),
        (Seen(image=IMAGE, requested={"export": requested(0)}), "wait", "is not listed yet"),
        (Seen(image=IMAGE, requested={"export": requested(-1)}), "act", "Available"),
        (Seen(image=IMAGE, requested={"export": requested(10, "t-1")}), "wait", "is not listed yet"),
        (Seen(image=IMAGE, requested={"export": requested(-1, "t-1")}), "fail", "ECS does not show task t-1"),
        (Seen(image=IMAGE, requested={"import": requested(10)}), "act", "Available"),
        (Seen(image=IMAGE, task=task("Finished")), "done", "t-1"),
        (Seen(image=IMAGE, task=task("Finished"), requested={"export": requested(-1, "t-1")}), "done", "t-1"),
        (Seen(image=IMAGE, task=task("Finished"), exports=1, object_problem="x is empty"), "fail", "but x is empty"),
        (Seen(image=IMAGE, task=task("Failed"), exports=1, task_detail=REASON), "fail", "Failed: NoSetRole no role."),
        (Seen(image=IMAGE, task=task("Failed"), exports=1), "fail", "ECS gives no reason"),
        (Seen(image=IMAGE, task=task("Cancelled"), exports=1, task_detail=detail()), "fail", "no reason"),
        (Seen(image=IMAGE, task={"TaskId": "t-1"}), "wait", "t-1"),
    ],
)
def test_every_state_has_its_next_step(seen: Seen, kind: str, words: str) -> None:
    decision = export.decide(context(None, **ONCE), SERVER, seen)
    assert decision.kind == kind
    assert words in decision.text


@pytest.mark.parametrize(
    "bad",
    [{"task": task("Failed"), "task_detail": REASON}, {"task": task("Finished"), "object_problem": "x is empty"}],
    ids=["failed", "object"],
)
@pytest.mark.parametrize(
    ("exports", "known", "kind", "words"),
    [
        (1, None, "act", "the image is exported again"),
        (1, requested(-1), "act", "the image is exported again"),
        (1, requested(10), "wait", "another export follows"),
        (1, requested(-1, "t-2"), "fail", "ECS does not show task t-2"),
        (2, None, "act", "the image is exported again"),
        (3, None, "fail", "It was exported 3 times."),
    ],
)
def test_an_export_that_failed_is_repeated_as_often_as_the_policy_allows(
    bad: dict[str, Any], exports: int, known: Requested | None, kind: str, words: str
) -> None:
    seen = Seen(image=IMAGE, exports=exports, requested={"export": known} if known is not None else {}, **bad)
    decision = export.decide(context(None, export_retries=2), SERVER, seen)
    assert (decision.kind, decision.action) == (kind, "export" if kind == "act" else "")
    assert decision.text.startswith(("export task t-1 is ", "ECS does not show task t-2"))
    assert words in decision.text


@pytest.mark.parametrize("status", sorted(states.EXPORT_TASK))
def test_every_task_status_has_its_meaning(status: str) -> None:
    kinds = {"pending": "wait", "success": "done", "failure": "fail"}
    found = export.decide(context(None, **ONCE), SERVER, Seen(image=IMAGE, task=task(status), exports=1))
    assert found.kind == kinds[states.EXPORT_TASK[status]]


@pytest.mark.parametrize("status", sorted(states.ECS_IMAGE))
def test_every_image_status_has_its_meaning(status: str) -> None:
    kinds = {"pending": "wait", "success": "act", "failure": "fail"}
    found = export.decide(context(None, **ONCE), SERVER, Seen(image={**IMAGE, "Status": status}))
    assert found.kind == kinds[states.ECS_IMAGE[status]]
    assert found.kind == "act" or status in found.text


# ---- the objects ----
def verify(
    objects: dict[str, bytes], sizes: list[int], keys: list[str] | None = None, using: Policy | None = None
) -> tuple[list[Any], str]:
    return export.verify(Cloud(objects=objects).oss("images"), keys or list(objects), sizes, using or policy())


def test_a_good_object_is_described() -> None:
    found, problem = verify({"k": qcow2(20)}, [20 * GIB])
    assert problem == ""
    assert found == [{"index": 0, "bucket": "images", "key": "k", "size": 2048, "virtual_size": 20 * GIB}]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (None, "is missing although the export is finished"),
        (b"", "is empty"),
        (b"Q", "is not a qcow2 file"),
        (b"QFI", "is not a qcow2 file"),
        # Cut in the header, in the refcount table, in the refcounts, and before the last cluster that is in use.
        *((qcow2(20)[:size], "is cut off") for size in (31, 103, 700, 1100, 1536)),
        (qcow2(20)[:4] + b"\0\0\0\x01" + qcow2(20)[8:], "is a qcow2 file of version 1"),
        (qcow2(20, magic=b"KDMV"), "is not a qcow2 file"),
        (bytes(512), "is not a qcow2 file"),
        (qcow2(19), f"contains {19 * GIB} bytes, the disk must have {20 * GIB}"),
    ],
)
def test_a_bad_object_is_named_with_its_disk(body: bytes | None, words: str) -> None:
    found, problem = verify({} if body is None else {"k": body}, [20 * GIB], ["k"])
    assert found == []
    assert problem.startswith(f"oss://images/k (disk 0) {words}")


def test_the_last_cluster_may_be_written_in_part() -> None:
    assert verify({"k": qcow2(20)[:1537]}, [20 * GIB])[1] == ""


@pytest.mark.parametrize("count", [0, 1, 3])
def test_another_number_of_objects_than_disks_is_refused(count: int) -> None:
    objects = {f"k{number}": qcow2(20) for number in range(count)}
    found, problem = verify(objects, [20 * GIB] * 2)
    assert found == []
    assert problem.startswith(f"there are {count} objects for 2 disks: ")


def test_without_known_disks_any_number_and_size_is_taken_but_none() -> None:
    assert verify({"a": qcow2(7), "b": qcow2(8)}, [])[1] == ""
    assert verify({}, [])[1] == "no object is named"


def test_the_first_bad_object_ends_the_look() -> None:
    found, problem = verify({"a": qcow2(20), "b": b"", "c": qcow2(20)}, [20 * GIB] * 3)
    assert [item["key"] for item in found] == ["a"]
    assert "oss://images/b (disk 1) is empty" in problem


def archive(size: int, name: str = "disk.raw", kind: bytes = tarfile.REGTYPE) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.type = size, kind
    return gzip.compress(member.tobuf(tarfile.GNU_FORMAT) + bytes(1024))


def sparse_archive(extents: int, size: int) -> bytes:
    """Return a GNU sparse archive as ``tar --sparse`` writes it: its map continues for many blocks after the header."""

    def octal(number: int) -> bytes:
        return number.to_bytes(12, "big") if number >= 8**11 else b"%011o\0" % number

    chance = random.Random(7)
    pairs = [(chance.randrange(size), 0) for _extent in range(extents)]
    entries = [octal(offset | (1 << 95 if offset >= 8**11 else 0)) + octal(0) for offset, _length in pairs]
    header = bytearray(512)
    header[0:8] = b"disk.raw"
    header[100:108] = header[108:116] = header[116:124] = b"0000644\0"
    header[124:136], header[136:148] = octal(0), octal(0)
    header[156:157] = b"S"
    header[257:265] = b"ustar  \0"
    header[386:482] = b"".join(entries[:4]).ljust(96, b"\0")
    header[482] = len(entries) > 4
    header[483:495] = (size | 1 << 95).to_bytes(12, "big")
    header[148:156] = b"%06o\0 " % (sum(header[:148]) + sum(header[156:]) + 8 * 32)
    blocks = [bytes(header)]
    rest = entries[4:]
    while rest:
        blocks.append(b"".join(rest[:21]).ljust(504, b"\0") + bytes([len(rest) > 21]) + bytes(7))
        rest = rest[21:]
    return gzip.compress(b"".join(blocks) + bytes(1024))


RAW = policy(image_format="raw")


def test_a_raw_export_is_an_archive_that_says_the_size_of_its_disk() -> None:
    found, problem = verify({"k": archive(20 * GIB)}, [20 * GIB], using=RAW)
    assert problem == ""
    assert found[0]["virtual_size"] == 20 * GIB


@pytest.mark.parametrize("extents", [0, 3, 4, 5, 60, 4000])
def test_the_map_of_a_sparse_disk_may_be_long(extents: int) -> None:
    found, problem = verify({"k": sparse_archive(extents, 40 * GIB)}, [40 * GIB], using=RAW)
    assert problem == ""
    assert found[0]["virtual_size"] == 40 * GIB


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (qcow2(20), "is not a raw.tar.gz archive"),
        (b"\x1f\x8b", "is not a raw.tar.gz archive"),
        (archive(20 * GIB)[:40], "is not a raw.tar.gz archive"),
        (gzip.compress(b"no archive" * 100), "is not a raw.tar.gz archive"),
        # The second is what tarfile makes of it up to Python 3.10.
        (gzip.compress(bytes(10240)), ("contains no disk file", "is not a raw.tar.gz archive")),
        (archive(0, kind=tarfile.DIRTYPE), "contains no disk file"),
        (archive(19 * GIB), f"contains {19 * GIB} bytes"),
    ],
    ids=["qcow2", "only magic", "cut", "no tar", "zeros", "folder", "other size"],
)
def test_a_bad_archive_is_refused(body: bytes, words: str | tuple[str, ...]) -> None:
    problem = verify({"k": body}, [20 * GIB], using=RAW)[1]
    assert problem.removeprefix("oss://images/k (disk 0) ").startswith(words)


def noisy_archive(size: int) -> bytes:
    """Return an archive of a disk that cannot be compressed."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as made:
        member = tarfile.TarInfo("disk.raw")
        member.size = size
        made.addfile(member, io.BytesIO(random.Random(1).randbytes(size)))
    return file.getvalue()


def test_only_both_ends_of_an_archive_are_read() -> None:
    size = 8 * 1024**2
    cloud = Cloud(objects={"k": noisy_archive(size)})
    assert export.verify(cloud.oss("images"), ["k"], [size], RAW)[1] == ""
    assert cloud.calls["oss.ReadRange"] <= 4


@pytest.mark.parametrize("lost", [1, 3, 4, 1000, 200_000])
def test_an_archive_without_its_end_is_refused(lost: int) -> None:
    problem = verify({"k": noisy_archive(300_000)[:-lost]}, [300_000], using=RAW)[1]
    assert problem.startswith("oss://images/k (disk 0) is cut off")


@pytest.mark.parametrize("call", ["oss.ReadStart", "oss.ReadRange"])
def test_an_error_of_oss_is_no_bad_archive(call: str) -> None:
    size = 8 * 1024**2
    cloud = Cloud(objects={"k": noisy_archive(size)})
    cloud.fail(call, refused("AccessDenied"))
    with pytest.raises(CloudError, match="AccessDenied"):
        export.verify(cloud.oss("images"), ["k"], [size], RAW)


@pytest.mark.parametrize(
    ("keys", "ordered"),
    [
        (["x_data_xvdc.q", "x_system.q", "x_data_xvdb.q"], ["x_system.q", "x_data_xvdb.q", "x_data_xvdc.q"]),
        (["m_xvdb_data.raw.tar.gz", "m_system.raw.tar.gz"], ["m_system.raw.tar.gz", "m_xvdb_data.raw.tar.gz"]),
        (["x_b", "x_a"], ["x_a", "x_b"]),
        ([], []),
    ],
)
def test_the_system_disk_comes_first_and_data_disks_by_device(keys: list[str], ordered: list[str]) -> None:
    assert export.disk_order(keys) == ordered
