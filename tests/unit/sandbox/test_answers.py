# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a test session ends whose sandboxes have left these answers."""
from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support import answers
from support.oss_roundtrip import unvalidated as unvalidated_oss
from support.roundtrip import Validated, unvalidated

GOOD = {"RequestId": "0B1F8A1D-8A8B-4A0E-9C1B-1A2B3C4D5E6F", "PageNumber": 1}


def session(folder: Path, monkeypatch: pytest.MonkeyPatch, status: int = 0, **options: Any) -> SimpleNamespace:
    """A session that has run every test, unless its options narrow it, and ended with this status."""
    monkeypatch.setenv(answers.VARIABLE, str(folder))
    monkeypatch.delenv("ANSWERS", raising=False)
    monkeypatch.setattr(answers, "VALIDATED", Validated())
    option = {"keyword": "", "markexpr": "", "ignore": None, "deselect": None, "collectonly": False, **options}
    config = SimpleNamespace(
        option=SimpleNamespace(**option), args_source=pytest.Config.ArgsSource.TESTPATHS,
        pluginmanager=SimpleNamespace(get_plugin=lambda _name: None))
    return SimpleNamespace(config=config, exitstatus=status, testsfailed=0)


def leave(folder: Path, body: dict[str, Any]) -> None:
    """One answer, as a sandbox leaves it."""
    folder.mkdir()
    line = {"product": "smc", "action": "DescribeReplicationJobs", "status": 200, "body": body}
    (folder / "answers-1.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("body", "options", "status", "failed"),
    [
        (GOOD, {"keyword": "some"}, 0, 0),
        (GOOD, {}, 0, 1),
        (GOOD, {"markexpr": "not long"}, 0, 1),
        (GOOD, {}, 1, 0),
        ({**GOOD, "PageNumber": "1"}, {"keyword": "some"}, 0, 1),
    ],
    ids=["narrowed", "whole-with-actions-unseen", "without-the-long-ones", "failed-anyway", "wrong-type"],
)
def test_a_session_fails_on_a_difference_and_a_whole_one_on_actions_without_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: dict[str, Any], options: dict[str, Any], status: int,
    failed: int,
) -> None:
    folder = tmp_path / "answers"
    leave(folder, body)
    ended = session(folder, monkeypatch, status, **options)
    answers.finish(ended)  # type: ignore[arg-type]  # as much of a session as is looked at
    assert (ended.testsfailed, ended.exitstatus) == (failed, status or failed)
    assert folder.exists() is bool(failed)


@pytest.mark.parametrize(("body", "left_out", "failed"), [
    ("", "", 0), ("", "oss:GetBucketCors", 1), ("<Surprise/>", "", 1)], ids=["all", "one-unseen", "unknown-element"])
def test_a_session_fails_on_an_answer_of_oss_and_on_an_operation_without_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, left_out: str, failed: int,
) -> None:
    folder = tmp_path / "answers"
    folder.mkdir()
    line = {"product": "oss", "action": "PutBucket", "status": 200, "body": body,
            "headers": {"x-oss-request-id": "65FBF1EF6CF4DEAE7A289C1F"}}
    (folder / "answers-1.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    ended = session(folder, monkeypatch)
    answers.VALIDATED.kinds = {*unvalidated(()), *unvalidated_oss(())} - {left_out, "oss:PutBucket"}
    answers.finish(ended)  # type: ignore[arg-type]  # as much of a session as is looked at
    assert (ended.testsfailed, ended.exitstatus) == (failed, failed)
