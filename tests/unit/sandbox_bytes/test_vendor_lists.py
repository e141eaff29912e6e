# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How ``make conformance`` judges a run of the vendor's tests."""
from __future__ import annotations

import json
from pathlib import Path

import pytest
from conformance import vendor

REPORT = """<testsuites><testsuite>
<testcase classname="tests.test_object.TestObject" name="test_good"/>
<testcase classname="tests.test_object.TestObject" name="test_bad"><failure/></testcase>
<testcase classname="tests.test_object.TestObject" name="test_unclean"/>
<testcase classname="tests.test_object.TestObject" name="test_unclean"><error/></testcase>
</testsuite></testsuites>"""


def test_a_test_whose_clean_up_failed_has_not_passed(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT, encoding="utf-8")
    outcome = vendor.read_report(report)
    assert outcome.passed == {"test_object.py::TestObject::test_good"}
    assert len(outcome.failed) == 2


def test_a_lost_test_is_a_failure_and_a_new_one_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    tests = [f"test_object.py::TestObject::test_{number}" for number in range(vendor.TESTS)]
    whole = vendor.Outcome(frozenset(tests[:200]), frozenset(tests[200:]))
    assert vendor.judge("v1", whole, frozenset(tests[1:200])) == []
    assert f"newly passing: {tests[0]}" in capsys.readouterr().out
    assert vendor.judge("v1", whole, frozenset(tests[:201])) == ["v1: 1 pinned tests do not pass any more"]
    assert f"LOST: {tests[200]}" in capsys.readouterr().out


def test_too_few_tests_are_a_failure_even_without_a_list() -> None:
    tests = [f"test_object.py::TestObject::test_{number}" for number in range(vendor.TESTS)]
    assert vendor.judge("v4", vendor.Outcome(frozenset(tests[:135]), frozenset(tests[135:])), frozenset()) == [
        "v4: 135 pass, 136 have to"]
    assert vendor.judge("v4", vendor.Outcome(frozenset(tests[:136]), frozenset()), frozenset()) == [
        "v4: 136 tests ran instead of 213"]


@pytest.mark.parametrize("signature", vendor.SIGNATURES)
def test_the_lists_hold_what_the_issue_wants(signature: str) -> None:
    pinned = vendor.pinned_of(signature)
    assert len(pinned) >= vendor.LEAST
    assert {test.partition(".py::")[0] for test in pinned} == {
        f"test_{name}" for name in (*vendor.FILES, *vendor.VERSIONS)}
    assert not pinned & vendor.RACES


def test_a_pinned_test_that_failed_is_tried_once_more_and_no_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[list[str]] = []

    def run(_archive: Path, _folder: Path, _signature: str, tests: list[str]) -> vendor.Outcome:
        asked.append(tests)
        if len(asked) == 1:
            return vendor.Outcome(frozenset({"a"}), frozenset({"b", "c", "d"}))
        return vendor.Outcome(frozenset({"b"}), frozenset({"c"}))

    monkeypatch.setattr(vendor, "run", run)
    monkeypatch.setattr(vendor, "pinned_of", lambda _signature: frozenset({"a", "b", "c"}))
    outcome = vendor.run_twice(Path(), Path(), "v1")
    assert asked[1:] == [["b", "c"]]
    assert outcome == vendor.Outcome(frozenset({"a", "b"}), frozenset({"c", "d"}))
    assert capsys.readouterr().out == "  passes under V1 only when tried again: b\n"


@pytest.mark.parametrize(("bodies", "reasons"), [
    (["", ""], 0), (["", "<Surprise/>"], 1), ([], 1)], ids=["right", "unknown-element", "none"])
def test_an_answer_that_differs_is_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], bodies: list[str], reasons: int,
) -> None:
    answers = tmp_path / "v1" / "answers"
    answers.mkdir(parents=True)
    line = {"product": "oss", "action": "PutBucket", "status": 200,
            "headers": {"x-oss-request-id": "65FBF1EF6CF4DEAE7A289C1F"}}
    (answers / "answers-1.jsonl").write_text(
        "".join(f"{json.dumps({**line, 'body': body})}\n" for body in bodies), encoding="utf-8")
    assert len(vendor.differences("v1", tmp_path)) == reasons
    said = capsys.readouterr().out
    assert f"  {len(bodies)} answers under V1" in said
    assert said.count("DIFFERENT") == reasons
