# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can only write to the bucket has nothing deleted but objects of exactly our form: notes, exports, uploads."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup import exports, oss
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from .cloud import Cloud
from .kit import MIGRATION, START, server, stamp
from .sweep import NOTE, SERVER, WAVE, exported, full, left, note, remove, similar, sweep


def test_notes_of_every_form_lead_to_nothing() -> None:
    cloud = Cloud()
    production = cloud.add_instance({})
    production["InstanceName"] = "production-db"
    cloud.add_instance(cloud.add_job(server(migration="another migration")))
    cloud.add_image("m-1", "production", (20,))
    named = {
        "ecs_instance": list(cloud.instances), "ecs_disk": list(cloud.disks), "security_group": list(cloud.groups),
        "ecs_image": list(cloud.images), "ecs_snapshot": list(cloud.snapshots), "smc_job": list(cloud.jobs),
    }  # fmt: skip
    for stage in ("release", "export", "proof"):
        cloud.objects[f"edgelift/{SERVER.id}/{stage}.json"] = note({"migration": MIGRATION, **named})
    line = {"ledger": f"{WAVE}.1", "by": "x", "n": 1, "at": 1, "until": 2, "calls": [[SERVER.id, "export", "m-1"]]}
    cloud.objects[naming.ledger_key(MIGRATION, 1)] = json.dumps(line).encode()
    outcome = remove(cloud)
    assert outcome.residual == []
    assert [name for name in cloud.mutations() if name != "oss.DeleteKeys"] == []
    assert named == {**named, "ecs_instance": list(cloud.instances), "ecs_image": list(cloud.images)}
    # Only a proof of the bucket has the name that this migration gives. The ledger is not this cleanup's to judge.
    forged = [f"edgelift/{SERVER.id}/{stage}.json" for stage in ("release", "export")]
    assert list(cloud.objects) == [*forged, naming.ledger_key(MIGRATION, 1)]


FORGED = [
    f"{SERVER.id}_m-1_evil.qcow2",
    f"{SERVER.id}_m-9_system.qcow2",
    f"{SERVER.id}_production",
    f"{SERVER.id}_",
    f"{server(77).id}_m-1_system.qcow2",
]


def test_objects_below_our_prefix_that_no_export_names_stay() -> None:
    cloud = full()
    cloud.objects.update(dict.fromkeys(FORGED, b"x"))
    outcome = sweep(cloud)
    assert set(cloud.objects) == set(FORGED)
    told = similar(outcome)
    assert all("no export task of ECS wrote it" in told[f"oss_object images/{key}"] for key in FORGED)
    assert outcome.residual == []


def test_a_failed_export_covers_only_what_was_written_while_it_ran() -> None:
    cloud = full()
    cloud.tasks.clear()
    cloud.objects.clear()
    cloud.uploads.clear()
    cloud.add_task("m-1", "Failed", prefix=SERVER.id, FinishedTime=stamp(START + timedelta(minutes=5)))
    times = {"before": -2, "within": 3, "after": 30}
    for word, minutes in times.items():
        key = f"{SERVER.id}_m-1_{word}"
        cloud.objects[key] = b"x"
        cloud.written[key] = START + timedelta(minutes=minutes)
        cloud.uploads.append({"key": key, "upload_id": "u-1"})
    sweep(cloud)
    stay = {f"{SERVER.id}_m-1_before", f"{SERVER.id}_m-1_after"}
    assert set(cloud.objects) == {row["key"] for row in cloud.uploads} == stay


def test_more_objects_than_an_export_writes_are_not_taken_for_its_own() -> None:
    cloud = full()
    cloud.tasks.clear()
    cloud.objects.clear()
    cloud.add_task("m-1", "Failed", prefix=SERVER.id, FinishedTime=stamp(START + timedelta(minutes=5)))
    cloud.objects.update({f"{SERVER.id}_m-1_{number}": b"x" for number in range(exports.MOST_PER_TASK + 1)})
    outcome = sweep(cloud)
    assert len(cloud.objects) == exports.MOST_PER_TASK + 1
    assert len([row for row in outcome.similar_names if row["kind"] == "oss_object"]) == oss.SHOWN + 1


def test_objects_are_found_when_a_cleanup_was_stopped_after_their_image_was_deleted() -> None:
    cloud = full()
    cloud.jobs.clear()
    cloud.images.clear()
    cloud.snapshots.clear()
    sweep(cloud)
    assert left(cloud, "objects", "uploads") == []


def test_exports_of_an_image_that_exists_and_is_not_ours_prove_nothing() -> None:
    """A user exports their own image with our id as the prefix, or writes such keys while it is exported."""
    cloud = Cloud()
    cloud.add_image("m-7", "production", (20,))
    exported(cloud, SERVER, "m-7")
    assert "no export task" in next(iter(similar(sweep(cloud)).values()))
    assert len(cloud.objects) == 1


def test_a_task_for_another_bucket_names_nothing_here(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = full()
    detail = cloud.ecs.describe_task_attribute

    def elsewhere(task_id: str) -> Any:
        return json.loads(json.dumps(detail(task_id), default=str).replace('"images"', '"their-bucket"'))

    monkeypatch.setattr(cloud.ecs, "describe_task_attribute", elsewhere)
    sweep(cloud)
    assert len(cloud.objects) == 1


def test_a_large_proof_of_a_bucket_is_not_read_and_stays() -> None:
    cloud = Cloud(objects={NOTE: b" " * (oss.LARGEST_PROOF + 1)})
    outcome = sweep(cloud)
    assert list(cloud.objects) == [NOTE]
    assert not cloud.calls["oss.GetText"]
    assert "a proof of a bucket has at most 65536 bytes, it has 65537" in similar(outcome)[f"oss_object images/{NOTE}"]


@pytest.mark.parametrize("body", [b"[" * 60_000, b'{"migration": "' + b"x" * 60_000 + b'"}', b'{"a": NaN}', b"\x00"])
def test_no_text_of_a_proof_stops_a_cleanup(body: bytes) -> None:
    cloud = Cloud(objects={NOTE: body})
    outcome = sweep(cloud)
    assert outcome.residual == []
    assert all(len(row["reason"]) < 400 for row in outcome.similar_names)


@pytest.mark.parametrize(
    "form",
    [
        "edgelift/{wave}{number:014x}/proof.json",
        "edgelift/{wave}{number:07d}",
        "{wave}{number:014x}_m-{number}_x",
    ],
)
@pytest.mark.parametrize("count", [20_000, pytest.param(1_000_000, marks=pytest.mark.long)])
def test_a_million_foreign_objects_are_counted_and_not_kept(
    monkeypatch: pytest.MonkeyPatch, form: str, count: int
) -> None:
    cloud = full()
    prefix = form.format(wave=WAVE, number=0)[: len(WAVE) + (9 if form.startswith("edgelift") else 0)]
    real = cloud.oss("images").each_key

    def each_key(asked: str) -> Iterator[dict[str, Any]]:
        yield from real(asked)
        if asked == prefix:
            for number in range(count):
                yield {"key": form.format(wave=WAVE, number=number), "size": 1, "modified": 0.0}

    monkeypatch.setattr(cloud.oss("images"), "each_key", each_key)
    monkeypatch.setattr(oss, "MOST", 100)
    tracemalloc.start()
    outcome = sweep(cloud)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 32 << 20
    rows = [row for row in outcome.similar_names if row["kind"] == "oss_object"]
    assert len(rows) <= 4 * (oss.SHOWN + 4)
    assert sum(int(row["reason"].split(": ")[1].split()[0]) for row in rows if row["id"].endswith("*")) > count - 1000
    assert not left(cloud, "jobs", "images", "snapshots", "uploads")
    assert f"{SERVER.id}_m-1_system.qcow2" not in cloud.objects
