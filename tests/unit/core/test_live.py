# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The progress of a wave while it runs: from the module's file to lines, bars and a summary."""

from __future__ import annotations

import io
import json
import os
import random
import statistics
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.callback import wave as callback
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import progress
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _follow as follow
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._events.events import Events
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._live import bars, wave
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._progress import FOLLOWED

from .waves import cloud_with, fleet, run

FULL = "50 jobs are running, SMC runs 50 at once"


def told(at: float, *rows: dict[str, Any]) -> str:
    plain = {"phase": "transfer", "verdict": "pending", "state": "job j-1 is Syncing", "percent": None, "bytes": 1,
             "limited": False}
    return json.dumps({"at": at, "servers": [{**plain, **row} for row in rows]})


def test_the_file_of_the_module_has_every_change_with_its_percent(tmp_path: Path) -> None:
    cloud = cloud_with()
    path = tmp_path / "progress.jsonl"
    made = fleet(cloud)
    made.on_tick = progress.ProgressFile(str(path)).write
    run(made)
    found = wave.Wave()
    lines = [text for row in path.read_text(encoding="utf-8").splitlines() for text in wave.lines(found, [row], 0)]
    assert found.servers["web-01"].verdict == "migrated"
    assert any("transfer, job j-0001 is " in text for text in lines), lines
    assert lines[-1].startswith("web-01: migrated")
    assert found.summary(0) == "wave: 1 servers, 1 migrated"
    [sent] = [event for row in path.read_text(encoding="utf-8").splitlines() for event in Events().of_line(row)]
    assert sent["server"]["ens_image_id"] == made.rows[0].seen.ens_images[0]["ImageId"], "the event names the result"


def test_a_line_is_shown_for_a_change_of_state_and_not_for_percents() -> None:
    found = wave.Wave()
    first = wave.lines(found, [told(0, {"host": "a", "percent": 1.0}), told(60, {"host": "a", "percent": 3.0})], 60)
    assert first == ["a: transfer, job j-1 is Syncing, 3 %, 2.0 %/min, 48 min left"]
    assert wave.lines(found, [told(120, {"host": "a", "percent": 5.0})], 120) == []
    ended = wave.lines(found, [told(180, {"host": "a", "verdict": "failed", "state": "no space"})], 180)
    assert ended == ["a: failed, no space"]


def test_the_summary_counts_and_names_what_bounds_the_wave() -> None:
    found = wave.Wave()
    found.read(told(0, {"host": "a", "percent": 10.0}, {"host": "b", "state": FULL, "limited": True},
                    {"host": "c", "state": FULL, "limited": True}))
    found.read(told(600, {"host": "a", "percent": 20.0}, {"host": "d", "phase": "done", "verdict": "migrated"}))
    assert found.summary(600) == (
        "wave: 4 servers, 1 migrated, 3 transfer, 1 copies at 20 % on average, the last of them ends in about "
        f"1 h 20 min, 2 wait: {FULL}"
    )


def test_a_copy_that_begins_again_has_a_new_rate() -> None:
    found = wave.Wave()
    for at, percent in ((0, 50.0), (100, 60.0), (200, 2.0), (300, 4.0)):
        found.read(told(at, {"host": "a", "percent": percent}))
    assert found.servers["a"].rate == pytest.approx(0.02)
    assert found.left(300) == pytest.approx(4800)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"at": 1}', '{"at": "x", "servers": []}', '{"at": 1, "servers": [1]}',
                                  '{"at": 1, "servers": [{"host": "a"}]}', "null"])
def test_a_line_that_is_none_changes_nothing(text: str) -> None:
    found = wave.Wave()
    assert found.read(text) == []
    assert found.servers == {}
    assert found.left(0) is None


def test_the_estimate_is_right_to_fifteen_percent_after_a_tenth_under_a_varying_bandwidth() -> None:
    errors = []
    for seed in range(200):
        chance, found = random.Random(seed), wave.Wave()
        at = percent = 0.0
        history = []
        while percent < 100:
            # A new bandwidth every 15 seconds, from half to one and a half times of the mean.
            percent += chance.uniform(0.5, 1.5) * 0.5
            at += 15
            history.append((at, min(percent, 99.9)))
        for now, value in history:
            found.read(told(now, {"host": "a", "percent": value}))
            if value >= 10:
                left = found.servers["a"].left(now)
                assert left is not None
                errors.append(abs(left - (at - now)) / (at - now) if at > now else 0.0)
                break
    assert statistics.median(errors) <= 0.15


@pytest.mark.parametrize(
    ("display", "environ", "terminal", "drawn"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"JOB_ID": "7"}, True, False),
        ("auto", {"CI": "true"}, True, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("lines", {}, True, False),
        ("bars", {"CI": "true"}, False, True),
    ],
)
def test_bars_are_for_terminals_of_people(display: str, environ: dict[str, str], terminal: bool, drawn: bool) -> None:
    assert callback.wants_bars(display, environ, terminal) is drawn


def test_the_bars_show_every_server_and_the_wave() -> None:
    rich = pytest.importorskip("rich.console", reason="the package rich is optional")
    found = wave.Wave()
    found.read(told(0, *({"host": f"h{number:03d}", "percent": float(number)} for number in range(60))))
    found.read(told(60, *({"host": f"h{number:03d}", "percent": float(number) + 2} for number in range(60))))
    screen = io.StringIO()
    rich.Console(file=screen, width=160).print(bars.table(found, 60))
    text = screen.getvalue()
    assert "h000" in text
    assert "and 20 more" in text
    assert "2.0 %/min" in text
    assert "wave: 60 servers, 60 transfer" in text
    assert bars.available()


def test_the_callback_follows_the_file_of_its_task_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(callback, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(follow.constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    monkeypatch.setattr(wave, "SUMMARY_SECONDS", 0.0)
    plugin = callback.CallbackModule()
    monkeypatch.setattr(plugin, "get_option", lambda _name: "lines")
    monkeypatch.setattr(plugin, "_display", SimpleNamespace(display=shown.append))

    plugin.v2_playbook_on_task_start(SimpleNamespace(action="ansible.builtin.debug"), is_conditional=False)
    assert FOLLOWED not in os.environ
    plugin.v2_playbook_on_task_start(SimpleNamespace(action=follow.ACTIONS[0]), is_conditional=False)
    path = Path(os.environ[FOLLOWED])
    path.write_text(told(0, {"host": "a", "percent": 1.0}) + "\n", encoding="utf-8")
    plugin.v2_runner_on_ok(None)
    assert shown[0] == "  a: transfer, job j-1 is Syncing, 1 %"
    assert shown[-1].startswith("  wave: 1 servers")
    assert FOLLOWED not in os.environ
    assert list(tmp_path.iterdir()) == []
