# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
import yaml
from support.local_cloud import LocalCloud

from sandbox.state.clock import VirtualClock
from sandbox.state.meter import RATE_CARD, Meter, RateCardError, load_rate_card


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(start=0.0, rate=0)


def test_seconds_and_amount_grow_with_virtual_time(clock: VirtualClock) -> None:
    meter = Meter(clock)
    meter.start("instance", "i-1")
    meter.start("disk", "d-1", 100)
    clock.advance(3600)
    report = meter.report()
    assert report["seconds"] == {"instance": 3600, "disk": 3600, "snapshot": 0, "oss_object": 0, "oss_part": 0,
                                 "ens_instance": 0}
    assert report["total_seconds"] == 7200
    assert report["amount"] == pytest.approx(0.012 + 100 * 0.00006)
    assert [entry["id"] for entry in report["running"]] == ["i-1", "d-1"]
    assert report["rate_card"]["illustrative"] is True


def test_nothing_runs_after_stop_and_the_sum_stays(clock: VirtualClock) -> None:
    meter = Meter(clock)
    meter.start("snapshot", "s-1", 20)
    clock.advance(10)
    meter.stop("snapshot", "s-1")
    meter.stop("snapshot", "s-1")
    before = meter.report()
    clock.advance(1000)
    after = meter.report()
    assert after["running"] == []
    assert (before["total_seconds"], before["amount"]) == (after["total_seconds"], after["amount"]) == (10, 0.000002)


def test_changed_units_are_billed_from_the_change_on(clock: VirtualClock) -> None:
    meter = Meter(clock)
    meter.start("oss_part", "b/k", 1)
    clock.advance(3600)
    meter.start("oss_part", "b/k", 3)
    clock.advance(3600)
    assert meter.report()["amount"] == pytest.approx(4 * 0.000027)


def test_an_unknown_kind_is_refused(clock: VirtualClock) -> None:
    with pytest.raises(KeyError, match="ens_image is not one of instance"):
        Meter(clock).start("ens_image", "m-1")


def lifetimes(local: Any, table: str) -> float:
    """Virtual seconds that rows of a table existed, by their timeline: nothing of the meter is in it."""
    now = local.cloud.clock.time()
    begun: dict[str, float] = {}
    total = 0.0
    for step in local.cloud.tables.timeline.steps:
        if step["table"] == table:
            begun.setdefault(step["id"], step["at"])
            if step["state"] == "gone":
                total += step["at"] - begun.pop(step["id"])
    return total + sum(now - moment for moment in begun.values())


@pytest.mark.parametrize("profile", ["fast", "realistic"])
def test_instance_seconds_equal_instance_lifetimes(tmp_path: Any, profile: str) -> None:
    sources = [{"name": f"web{n}", "id": f"s-unitweb{n:05}", "disks": [{"gib": 20}, {"gib": 30}],
                "bandwidth_mbps": 0.001 if n == 3 else 1000} for n in (1, 2, 3)]
    local = LocalCloud(tmp_path, {"profile": profile, "sources": sources})
    local.finished(1)
    stopped = local.started(2)
    local.advance(181)
    released = local.started(3)
    local.advance(200)
    (instance,) = local.cloud.instances.where(job_id=released)
    local.cloud.clock.advance(17)
    local.ok("ecs", "DeleteInstance", InstanceId=instance["id"], Force="true")
    local.advance(4000)
    assert local.show(stopped)
    seconds = local.cloud.meter.report()["seconds"]
    assert seconds["instance"] == pytest.approx(lifetimes(local, "instances"), abs=0.01)
    assert seconds["instance"] > 1
    assert seconds["disk"] == pytest.approx(lifetimes(local, "disks"), abs=0.01)
    assert seconds["snapshot"] == pytest.approx(lifetimes(local, "snapshots"), abs=0.01)


def test_a_job_in_error_is_billed_for_as_long_as_it_keeps_its_instance(tmp_path: Any) -> None:
    local = LocalCloud(tmp_path, {"job_errors": {"web1": "Do Grub Failed"}})
    job_id = local.started(1)
    local.finish()
    assert local.show(job_id)["Status"] == "InError"
    local.advance(3600)
    local.ok("smc", "DeleteReplicationJob", JobId=job_id)
    local.finish()
    report = local.cloud.meter.report()
    assert report["running"] == []
    assert report["seconds"]["instance"] == pytest.approx(lifetimes(local, "instances"), abs=0.01)
    assert report["seconds"]["instance"] > 3600


def test_the_bill_of_one_migration_is_asked_by_name_tag_or_prefix(tmp_path: Any) -> None:
    local = LocalCloud(tmp_path, {})
    tags = {"Tag__1__Key": "edgelift:migration", "Tag__1__Value": "el1"}
    first = local.finished(1, **tags)
    local.finished(2)
    local.ok("ecs", "ExportImage", ImageId=first["ImageId"], OSSBucket="images-sg", OSSPrefix="el1",
             ImageFormat="qcow2")
    local.cloud.object_stored("images-sg", "el1-intent", 1024**3)
    local.advance(3600)
    meter = local.cloud.meter
    whole, by_name = meter.report(), meter.report("job-1")
    assert {row["migration"] for row in by_name["resources"]} == {"job-1"}
    assert {row["kind"] for row in by_name["resources"]} == {
        "instance", "disk", "snapshot", "oss_object", "oss_part"}
    for other in (first["JobId"], "image-1", "web1", "edgelift:migration=el1"):
        assert meter.report(other)["amount"] == by_name["amount"], other
    extra = {row["id"] for row in meter.report("el1")["resources"]} - {row["id"] for row in by_name["resources"]}
    assert extra == {"images-sg/el1-intent"}
    assert set(whole["migrations"]) == {"", "job-1", "job-2"}
    parts = sum(part["amount"] for part in whole["migrations"].values())
    assert whole["amount"] == pytest.approx(parts, abs=1e-5)
    assert whole["amount"] == pytest.approx(sum(row["amount"] for row in whole["resources"]), abs=1e-6)
    assert meter.report("nobody")["resources"] == []


def test_another_rate_card_takes_the_place_of_ours(tmp_path: Any, clock: VirtualClock) -> None:
    card = yaml.safe_load(RATE_CARD.read_text(encoding="utf-8"))
    card["currency"], card["rates"]["instance"]["per_hour"] = "EUR", 1
    path = tmp_path / "card.yml"
    path.write_text(yaml.safe_dump(card), encoding="utf-8")
    meter = Meter(clock, path)
    meter.start("instance", "i-1")
    clock.advance(1800)
    assert (meter.report()["amount"], meter.report()["rate_card"]["currency"]) == (0.5, "EUR")


@pytest.mark.parametrize(("change", "message"), [
    ({"dated": 2026}, "dated: a string is required"),
    ({"rates": {}}, "rates.disk.per_hour: a number of 0 or more is required"),
    ({"rates": {"water": {}}}, "rates.disk"),
    ({"rates": None}, "rates: a mapping is required"),
])
def test_a_wrong_rate_card_names_file_and_field(tmp_path: Any, change: dict[str, Any], message: str) -> None:
    card = {**yaml.safe_load(RATE_CARD.read_text(encoding="utf-8")), **change}
    path = tmp_path / "card.yml"
    path.write_text(yaml.safe_dump(card), encoding="utf-8")
    with pytest.raises(RateCardError) as refused:
        load_rate_card(path)
    assert str(refused.value).startswith(f"{path}: {message}")
