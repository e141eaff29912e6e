# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Intents: the first writer may make the call, everybody else looks first."""

from __future__ import annotations

import json
from datetime import timedelta, timezone

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._limits import INTENT_SETTLE_SECONDS
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import intents

from .cloud import START, Cloud

ID = "el3fa2b19c0d1e2f"
KEY = f"edgelift/{ID}/export.json"


def at(seconds: float) -> dict[str, str]:
    return {"at": (START + timedelta(seconds=seconds)).isoformat()}


def test_the_first_writer_wins_and_the_second_learns_of_the_first() -> None:
    cloud = Cloud()
    assert intents.write(cloud.oss("images"), ID, "export", "run-1", START, image_id="m-1")
    assert not intents.write(cloud.oss("images"), ID, "export", "run-2", START, image_id="m-1")
    assert intents.read(cloud.oss("images"), ID, "export") == {
        "run": "run-1",
        "at": "2026-11-24T08:00:00+00:00",
        "image_id": "m-1",
    }


def test_stages_and_servers_have_intents_of_their_own() -> None:
    cloud = Cloud()
    assert intents.write(cloud.oss("images"), ID, "export", "run", START)
    assert intents.write(cloud.oss("images"), ID, "import", "run", START)
    assert intents.write(cloud.oss("images"), ID[:-1] + "0", "export", "run", START)
    assert intents.read(cloud.oss("images"), ID[:-1] + "1", "export") is None


def test_the_time_is_written_in_utc() -> None:
    cloud = Cloud()
    intents.write(cloud.oss("images"), ID, "export", "run", START.astimezone(timezone(timedelta(hours=8))))
    assert json.loads(cloud.objects[KEY])["at"] == "2026-11-24T08:00:00+00:00"


def test_a_withdrawn_intent_can_be_written_again() -> None:
    cloud = Cloud()
    intents.write(cloud.oss("images"), ID, "export", "run-1", START)
    intents.withdraw(cloud.oss("images"), ID, "export")
    assert intents.write(cloud.oss("images"), ID, "export", "run-2", START)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"null", b"\xff\xfe"])
def test_an_unreadable_intent_is_an_intent_all_the_same(body: bytes) -> None:
    cloud = Cloud(objects={KEY: body})
    intent = intents.read(cloud.oss("images"), ID, "export")
    assert intent == {}
    # Nobody can say how old it is: it does not hold up the migration for ever.
    assert intents.settled(intent, START)


def test_without_an_intent_the_call_may_be_made() -> None:
    assert intents.settled(None, START)


@pytest.mark.parametrize(
    ("age", "settled"), [(0, False), (INTENT_SETTLE_SECONDS, False), (INTENT_SETTLE_SECONDS + 1, True), (-30, False)]
)
def test_an_intent_holds_until_its_result_would_have_shown(age: float, settled: bool) -> None:
    assert intents.settled(at(0), START + timedelta(seconds=age)) is settled


@pytest.mark.parametrize("text", ["2026-11-24T08:00:00Z", "2026-11-24T08:00:00", "2026-11-24T16:00:00+08:00"])
def test_every_way_to_write_the_time_is_understood(text: str) -> None:
    assert not intents.settled({"at": text}, START + timedelta(seconds=1))
    assert intents.settled({"at": text}, START + timedelta(hours=1))


@pytest.mark.parametrize("intent", [{}, {"at": ""}, {"at": None}, {"at": 5}, {"at": "yesterday"}])
def test_an_intent_without_a_time_does_not_hold(intent: dict[str, object]) -> None:
    assert intents.settled(intent, START)
