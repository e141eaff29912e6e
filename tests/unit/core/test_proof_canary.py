# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of canaries in the bucket, which others can write too."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._canary import canary, record
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Server
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from .cloud import Cloud
from .kit import MIGRATION, START, policy
from .sweep import sweep


def put(cloud: Cloud, identity: str, row: dict[str, Any], written: float = 86_400.0) -> None:
    """Put a record into the bucket whose canary gave its last sign of life long ago, by any clock."""
    key = naming.canary_record_key(identity)
    cloud.objects[key] = json.dumps(row).encode()
    cloud.oss("images").told = START.timestamp()
    cloud.written[key] = datetime.fromtimestamp(written, timezone.utc)


@pytest.mark.parametrize("fingerprint", ["c" * 64, "machine of canary"])
def test_a_forged_record_never_names_the_result_of_a_server(fingerprint: str) -> None:
    """A server of the inventory may be called like the host of a canary; its image is the result of the migration."""
    server = Server(MIGRATION, record.HOST, fingerprint)
    cloud = Cloud()
    image = cloud.add_ens_image(server.image_name, "Available")
    forged = {"migration": MIGRATION, "run": fingerprint, "host": "x", "process": 1, "begun": 0.0,
              "images": {server.image_name: [image["ImageId"]]}}  # fmt: skip
    assert record.Record(MIGRATION, fingerprint).id == server.id
    put(cloud, server.id, forged)
    sweep(cloud)
    assert list(cloud.ens_images) == [image["ImageId"]]


def test_the_image_of_a_canary_goes_with_its_record() -> None:
    run = "0123456789abcdef"
    made = record.Record(MIGRATION, run)
    cloud = Cloud()
    name = f"canary-{made.id}"
    image = cloud.add_ens_image(name, "Available")
    told = {"migration": MIGRATION, "run": run, "host": "x", "process": 1, "begun": 0.0,
            "images": {name: [image["ImageId"]]}}  # fmt: skip
    put(cloud, made.id, told)
    sweep(cloud)
    assert list(cloud.ens_images) == []


@pytest.mark.parametrize("begun", [float("nan"), float("inf"), 1e300, -1.0, 9e9])
def test_a_record_from_no_time_or_from_the_future_is_none(begun: float) -> None:
    run = "0123456789abcdef"
    made = record.Record(MIGRATION, run)
    cloud = Cloud()
    name = f"canary-{made.id}"
    cloud.add_ens_image(name, "Available")
    told = {"migration": MIGRATION, "run": run, "host": "x", "process": 1, "begun": begun, "images": {name: []}}
    put(cloud, made.id, told, START.timestamp())
    sweep(cloud)
    assert len(cloud.ens_images) == 1
    assert list(record.each(cloud.oss("images"), MIGRATION)) == []


def test_of_very_many_records_some_are_dealt_with(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Cloud()
    for number in range(canary.MOST_LEFTOVERS + 10):
        run = f"{number:016x}"
        told = {"migration": MIGRATION, "run": run, "host": "x", "process": 1, "begun": 0.0, "images": {}}
        put(cloud, record.Record(MIGRATION, run).id, told)
    clients: Any = cloud
    made = canary.Canary(clients, lambda: clients.oss("images"), policy(), MIGRATION, cloud.clock(), 60, 5.0)
    swept: list[record.Record] = []
    monkeypatch.setattr(made, "_sweep", swept.append)
    made.remove_leftovers()
    assert len(swept) == canary.MOST_LEFTOVERS


def test_a_canary_that_ended_is_not_waited_for_whatever_else_is_in_the_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Cloud()
    runs = [f"{number:016x}" for number in range(20)]
    for run in runs:
        told = {"migration": MIGRATION, "run": run, "host": "x", "process": 1, "begun": 0.0, "images": {}}
        put(cloud, record.Record(MIGRATION, run).id, told, START.timestamp())
    clients: Any = cloud
    made = canary.Canary(clients, lambda: clients.oss("images"), policy(), MIGRATION, cloud.clock(), 60, 5.0)
    shown = list[str]()
    made.waits.tell = shown.append
    monkeypatch.setattr(made, "_sweep", lambda _record: None)
    bucket, read = cloud.oss("images"), list[str]()
    real = bucket.get_text
    monkeypatch.setattr(bucket, "get_text", lambda key: read.append(key) or real(key))

    def now() -> float:
        return cloud.now.timestamp()

    monkeypatch.setattr(bucket, "now", now)
    made.remove_leftovers()
    assert len(read) < 3 * len(runs) + record.CLAIM_SECONDS
    assert shown[0].startswith("waiting at most 240 s for the end of the canary of x (process 1)")


@pytest.mark.parametrize(
    "change",
    [{"host": "x\x1b[2J"}, {"host": "a\nb"}, {"host": 7}, {"images": {"a\u202eb": []}}, {"images": {"a": ["\x07"]}},
     {"images": {"a": [1]}}, {"images": {"x" * 300: []}}],
)  # fmt: skip
def test_a_record_with_text_that_a_terminal_obeys_is_none(change: dict[str, Any]) -> None:
    run = "0123456789abcdef"
    made = record.Record(MIGRATION, run)
    cloud = Cloud()
    told = {"migration": MIGRATION, "run": run, "host": "x", "process": 1, "begun": 0.0, "images": {}, **change}
    put(cloud, made.id, told)
    assert list(record.each(cloud.oss("images"), MIGRATION)) == []
