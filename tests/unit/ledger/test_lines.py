# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of a ledger and the state that they add up to."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger import decide
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.lines import (
    Call,
    Line,
    Result,
    Who,
    format_line,
    parse_line,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.state import (
    LATE,
    LEASE,
    NOT_HELD,
    SKEW,
    State,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits

WAVE = "el000000"
NOW = 1_700_000_000.0


def line(by: str = "a", number: int = 1, at: float = NOW, **more: Any) -> Line:
    more.setdefault("until", at + LEASE)
    return Line(ledger=f"{WAVE}.0", by=by, number=number, at=at, **more)


def folded(*lines: Line | bytes, now: float = NOW) -> State:
    state = State(WAVE)
    for one in lines:
        state.fold(one if isinstance(one, bytes) else format_line(one).encode() + b"\n", now)
    return state


FULL = line(
    who=Who("a", "awx-1", 7, NOW - 5), claim=("s1", "s2"), calls=(Call("s1", "export", "m-1"),),
    results=(Result("s2", "export", "done", "t-1"),), mark="end",
)


def test_a_line_comes_back_as_it_was_written() -> None:
    assert parse_line(format_line(FULL).encode()) == FULL
    assert "\n" not in format_line(FULL)


@pytest.mark.parametrize("change", [
    {"by": ""}, {"by": 1}, {"by": "x" * 300}, {"by": "a\u0000b"}, {"n": -1}, {"n": True}, {"n": "1"}, {"at": "now"},
    {"at": -1}, {"until": None}, {"claim": "s1"}, {"claim": [1]}, {"calls": [["s1", "export"]]},
    {"results": [["s1", "export", "perhaps", ""]]}, {"mark": "later"}, {"mark": []}, {"pid": "7"}, {"ledger": 5},
    {"started": 1e300}, {"at": 1e300}, {"n": 10**30}, {"pid": 10**20},
])
def test_garbage_is_no_line(change: dict[str, Any]) -> None:
    row = {**json.loads(format_line(FULL)), **change}
    assert parse_line(json.dumps(row).encode()) is None


@pytest.mark.parametrize("text", [
    b"", b"null", b"[]", b"{", b"\xff\xfe", b"{}", b'{"at":NaN}', b"[" * 100_000, b'"' + b"x" * (2 << 20) + b'"',
])
def test_other_bytes_are_no_line(text: bytes) -> None:
    assert parse_line(text) is None


def test_the_state_has_owners_claims_and_calls() -> None:
    call = Call("s1", "export", "m")
    state = folded(line(who=Who("a", "awx-1", 7), claim=("s1", "s2")), line(number=2, calls=(call,)))
    assert state.claims == {"s1": "a", "s2": "a"}
    assert state.owners["a"].who.host == "awx-1"
    announced = state.calls["s1", "export"]
    assert (announced.outcome, announced.times, announced.call.about) == ("", 1, "m")
    state.fold(format_line(line(number=3, claim=("s2",), results=(Result("s1", "export", "done", "t"),))).encode(), NOW)
    assert state.claims == {"s2": "a"}
    assert (state.calls["s1", "export"].outcome, state.calls["s1", "export"].id) == ("done", "t")


def test_a_line_tells_of_the_servers_that_it_releases() -> None:
    later = NOW + LEASE
    state = folded(
        line(claim=("s1",), calls=(Call("s1", "export"),)), line("b", at=later, claim=("s1",)),
        line("b", number=2, at=later, claim=(), results=(Result("s1", "export", "error", "released"),)), now=later,
    )
    assert state.claims == {}
    assert state.calls["s1", "export"].outcome == "error"
    assert not state.skipped


def test_calls_that_were_refused_or_not_sent_do_not_count() -> None:
    call = (Call("s1", "export"),)
    state = folded(
        line(claim=("s1",), calls=call), line(number=2, results=(Result("s1", "export", "error", "Throttling"),)),
        line(number=3, calls=call), line(number=4, results=(Result("s1", "export", "unknown"),)),
        line(number=5, calls=call),
    )
    assert state.calls["s1", "export"].times == 2


def test_a_late_result_of_a_former_owner_does_not_touch_a_newer_announcement() -> None:
    late = NOW + LEASE + 1
    state = folded(line(claim=("s1",), calls=(Call("s1", "export"),)))
    state.fold(format_line(line("b", at=late, claim=("s1",), calls=(Call("s1", "export"),))).encode() + b"\n", late)
    state.fold(format_line(line(number=2, at=late, results=(Result("s1", "export", "unsent"),))).encode() + b"\n", late)
    assert (state.calls["s1", "export"].by, state.calls["s1", "export"].outcome) == ("b", "")
    assert dict(state.skipped) == {LATE: 1}


@pytest.mark.parametrize(("text", "reason"), [
    (b"hello\n", "not readable"),
    (b"\xff\x00\n", "not readable"),
    (format_line(line(at=NOW + SKEW + 5, until=NOW + SKEW + 5)).encode() + b"\n", "from the future"),
    (format_line(line(until=4_000_000_000.0)).encode() + b"\n", "from the future"),
    (format_line(Line("el999999.0", "a", 1, NOW, NOW)).encode() + b"\n", "of another migration"),
])
def test_what_is_not_believed_is_counted(text: bytes, reason: str) -> None:
    state = folded(text)
    assert dict(state.skipped) == {reason: 1}
    assert (state.owners, state.claims, state.position) == ({}, {}, len(text))


def test_lines_of_another_ledger_and_old_numbers_are_skipped() -> None:
    stray = Line(f"{WAVE}.9", "z", 1, NOW, NOW + 10, claim=("s1",))
    state = folded(line(claim=("s1",)), stray, line(claim=("s9",)))
    assert state.claims == {"s1": "a"}
    assert dict(state.skipped) == {"of another ledger": 1, "out of order": 1}


def test_a_line_behind_an_unfinished_one_is_read() -> None:
    state = folded(line(claim=("s1",)), b"garbage without an end")
    assert state.ragged
    state.fold(b"\n" + format_line(line(number=2, claim=("s2",))).encode() + b"\n", NOW)
    assert state.claims == {"s2": "a"}
    assert not state.ragged


def test_the_rest_of_an_unfinished_line_is_no_line() -> None:
    state = folded(b"gar")
    state.fold(format_line(line(claim=("s1",))).encode() + b"\n", NOW)
    assert state.claims == {}


def test_a_claim_ends_with_its_lease_and_not_before() -> None:
    state = folded(line(claim=("s1",)))
    assert decide.divide(state, "b", ["s1", "s2"], NOW + LEASE)[0] == ("s2",)
    assert decide.divide(state, "b", ["s1", "s2"], NOW + LEASE + 0.1)[0] == ("s1", "s2")
    assert decide.divide(state, "a", ["s1"], NOW)[0] == ("s1",)


def test_the_margin_is_left_before_the_lease_ends() -> None:
    assert decide.may_send(NOW, NOW + 90, 90)
    assert not decide.may_send(NOW + 0.1, NOW + 90, 90)


def test_an_unanswered_call_is_looked_for_as_long_as_a_list_may_lag() -> None:
    state = folded(line(claim=("s1",), calls=(Call("s1", "export"),)))
    settled = NOW + LEASE + limits.CALL_SETTLE_SECONDS
    step = decide.next_step(state, "s1", "export", settled)
    assert (step.kind, step.until) == ("look", settled)
    assert decide.next_step(state, "s1", "export", settled + 1).kind == "make"
    assert decide.next_step(state, "s1", "import", NOW).kind == "make"


@pytest.mark.parametrize(("outcome", "kind"), [
    ("done", "follow"), ("error", "make"), ("unsent", "make"), ("unknown", "look"),
])
def test_what_a_result_allows(outcome: Any, kind: str) -> None:
    state = folded(line(claim=("s1",), calls=(Call("s1", "export"),)),
                   line(number=2, results=(Result("s1", "export", outcome, "t-1"),)))
    assert decide.next_step(state, "s1", "export", NOW).kind == kind


def test_an_id_that_has_failed_is_not_followed() -> None:
    state = folded(line(claim=("s1",), calls=(Call("s1", "export"),)),
                   line(number=2, results=(Result("s1", "export", "done", "t-1"),)))
    assert decide.next_step(state, "s1", "export", NOW, failed="t-0").id == "t-1"
    assert decide.next_step(state, "s1", "export", NOW, failed="t-1").kind == "make"


def test_a_known_id_is_followed_for_ever() -> None:
    state = folded(line(claim=("s1",), calls=(Call("s1", "export"),)),
                   line(number=2, results=(Result("s1", "export", "done", "t-1"),)))
    step = decide.next_step(state, "s1", "export", NOW + 10 * limits.CALL_SETTLE_SECONDS)
    assert (step.kind, step.id, step.until) == ("follow", "t-1", NOW + limits.CALL_SETTLE_SECONDS)


def test_an_announcement_about_something_else_does_not_count() -> None:
    state = folded(line(claim=("s1",), calls=(Call("s1", "export", "m-1"),)))
    kinds = {about: decide.next_step(state, "s1", "export", NOW, about=about).kind for about in ("m-1", "m-2", "")}
    assert kinds == {"m-1": "look", "m-2": "make", "": "look"}
    unannounced = folded(line(claim=("s1",)), line(number=2, results=(Result("s1", "export", "done", "t-1"),)))
    assert decide.next_step(unannounced, "s1", "export", NOW, about="m-2").kind == "follow"


def test_the_calls_whose_end_is_not_known_are_named() -> None:
    calls = tuple(Call(f"s{number}", "export") for number in range(1, 5))
    state = folded(line(claim=("s1", "s2", "s3", "s4"), calls=calls), line(number=2, results=(
        Result("s1", "export", "done", "t-1"), Result("s2", "export", "error"), Result("s3", "export", "unknown"))))
    assert [known.call.server for known in decide.open_calls(state, NOW)] == ["s3", "s4"]
    assert decide.open_calls(state, NOW + LEASE + limits.CALL_SETTLE_SECONDS + 1) == []


@pytest.mark.parametrize(("early", "believed"), [(0.0, True), (0.2, False), (100.0, False)])
def test_a_claim_before_the_end_of_another_one_is_not_believed(early: float, believed: bool) -> None:
    at = NOW + LEASE - early
    state = folded(line(claim=("s1", "s2")), line("b", at=at, claim=("s1",)), now=at)
    assert state.claims == {"s1": "b" if believed else "a", "s2": "a"}
    assert bool(state.skipped) is not believed


def test_a_call_is_announced_by_the_owner_of_its_server_alone() -> None:
    state = folded(line(claim=("s1",)), line("b", calls=(Call("s1", "export"), Call("s2", "export"))))
    assert state.calls == {}
    assert state.skipped == {NOT_HELD: 2}


def test_a_ledger_is_closed_when_no_other_owner_uses_it() -> None:
    close = line("b", mark="close", until=0.0)
    assert folded(line(claim=("s1",)), close).marked is None
    assert folded(line(claim=("s1",)), line(number=2, claim=(), until=0.0), close).marked is not None
    # The mark of a cleanup counts beside runs: they end.
    assert folded(line(claim=("s1",)), line("b", mark="end", until=0.0)).marked is not None
