# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that does not answer costs its time once in a run: then it has a short second chance, then none."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import answers, remote, silence
from support import PATIENCE

FULL = 120


class Hanging:
    """An action whose host never answers, or answers nothing at once."""

    def __init__(self, hangs: bool = True) -> None:
        shell = SimpleNamespace(_IS_WINDOWS=False)
        self._connection: Any = SimpleNamespace(
            has_pipelining=True, become=None, transport="test", _shell=shell, exec_command=None, close=lambda: None
        )
        self.hangs = hangs
        self.asked = 0

    def _low_level_execute_command(self, cmd: str, *, in_data: bytes) -> dict[str, Any]:
        self.asked += 1
        if self.hangs:
            time.sleep(PATIENCE)
        return {"rc": 0, "stdout": "", "stderr": ""}


def silent(folder: Path, host: str = "web-01", second: int = 1) -> silence.Silence:
    return silence.Silence(host, second, str(folder))


def test_the_first_time_is_the_whole_one_then_a_short_one_then_none(tmp_path: Path) -> None:
    limits = answers.Limits(seconds=2)
    action = Hanging()
    for text in ("no complete answer within 2 s", "no complete answer within 1 s"):
        with pytest.raises(remote.NoAnswerError, match=text):
            # Each task of a run has a separate process and connection.
            remote.Remote(action, limits, silent(tmp_path)).put(b"", "/smc/x")
    with pytest.raises(remote.NoAnswerError, match="did not answer earlier in this run and was not asked again"):
        remote.Remote(action, limits, silent(tmp_path)).run(["agent_state"], {})
    assert action.asked == 2


def test_a_task_that_must_not_be_given_up_soon_is_not_begun(tmp_path: Path) -> None:
    silent(tmp_path).add()
    action = Hanging(hangs=False)
    with pytest.raises(remote.NoAnswerError, match="was not asked again"):
        remote.Remote(action, answers.Limits(seconds=FULL), silent(tmp_path, second=0)).run([], {})
    assert action.asked == 0


def test_one_host_says_nothing_of_another_one_and_one_run_nothing_of_another_one(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    silent(tmp_path).add()
    assert silent(tmp_path).seconds(FULL) == 1
    assert silent(tmp_path, "web-02").seconds(FULL) == FULL
    assert silent(tmp_path / "run").seconds(FULL) == FULL
    assert silent(tmp_path, "../\udcff\n").seconds(FULL) == FULL


def test_a_host_that_answers_keeps_its_time(tmp_path: Path) -> None:
    action = Hanging(hangs=False)
    for _task in range(3):
        remote.Remote(action, answers.Limits(seconds=FULL), silent(tmp_path)).put(b"", "/smc/x")
    assert (action.asked, silent(tmp_path).seconds(FULL)) == (3, FULL)


def test_without_a_folder_one_task_remembers_it_nevertheless(tmp_path: Path) -> None:
    known = silent(tmp_path / "missing")
    assert known.seconds(FULL) == FULL
    known.add()
    assert known.seconds(FULL) == 1


def test_the_folder_of_the_run_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(silence.constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    silence.of({"inventory_hostname": "db-01"}).add()
    assert silence.of({"inventory_hostname": "db-01"}).times == 1
    assert silence.of({"inventory_hostname": "web-01"}).times == 0
