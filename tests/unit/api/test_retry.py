# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.retry import Retry


def failing(*errors: CloudError) -> tuple[list[int], object]:
    """A call that raises the errors one after another, and then returns "done"; and how often it was called."""
    calls: list[int] = []
    script = list(errors)

    def call() -> str:
        calls.append(1)
        if script:
            raise script.pop(0)
        return "done"

    return calls, call


def error(code: str, retryable: bool = True, retry_after: float | None = None) -> CloudError:
    return CloudError("p.A", code, "m", retryable=retryable, retry_after=retry_after)


def retry(sleeps: list[float], **options: float) -> Retry:
    settings = {"attempts": 4, "base": 1.0, "cap": 3.0, **options}
    return Retry(sleep=sleeps.append, clock=lambda: sum(sleeps), rng=lambda: 0.5, **settings)  # type: ignore[arg-type]  # attempts is an int


def test_a_repeatable_call_is_repeated_with_growing_pauses(sleeps: list[float]) -> None:
    calls, call = failing(error("ServiceUnavailable"), error("Connection.Lost"), error("Throttling"))
    assert retry(sleeps).run(call, repeatable=True) == "done"
    assert len(calls) == 4
    assert sleeps == [0.75, 1.5, 2.25]


@pytest.mark.parametrize("code", ["ServiceUnavailable", "InternalError", "Connection.Lost", "Answer.Unreadable"])
def test_a_call_that_may_have_had_its_effect_is_not_repeated(sleeps: list[float], code: str) -> None:
    calls, call = failing(error(code))
    with pytest.raises(CloudError) as raised:
        retry(sleeps).run(call, repeatable=False)
    assert (len(calls), sleeps, raised.value.code) == (1, [], code)


@pytest.mark.parametrize("code", ["Throttling.User", "Connection.Refused"])
def test_a_call_that_cannot_have_had_an_effect_is_repeated_whatever_it_is(sleeps: list[float], code: str) -> None:
    calls, call = failing(error(code))
    assert retry(sleeps).run(call, repeatable=False) == "done"
    assert len(calls) == 2


def test_a_final_answer_is_final(sleeps: list[float]) -> None:
    calls, call = failing(error("Forbidden.RAM", retryable=False))
    with pytest.raises(CloudError):
        retry(sleeps).run(call, repeatable=True)
    assert (len(calls), sleeps) == (1, [])


def test_attempts_and_budget_end_it(sleeps: list[float]) -> None:
    calls, call = failing(*[error("Throttling")] * 9)
    with pytest.raises(CloudError):
        retry(sleeps).run(call, repeatable=True)
    assert len(calls) == 4
    sleeps.clear()
    calls, call = failing(*[error("Throttling")] * 9)
    with pytest.raises(CloudError):
        retry(sleeps, budget=2.0).run(call, repeatable=True)
    assert (len(calls), sleeps) == (2, [0.75])


def test_the_service_may_ask_for_a_longer_pause(sleeps: list[float]) -> None:
    call = failing(error("Throttling", retry_after=7.5))[1]
    retry(sleeps).run(call, repeatable=True)
    assert sleeps == [7.5]


def test_pauses_are_random_within_half_and_whole() -> None:
    low = Retry(rng=lambda: 0.0, base=4.0).delay(1, error("Throttling"))
    high = Retry(rng=lambda: 1.0, base=4.0).delay(1, error("Throttling"))
    assert (low, high) == (2.0, 4.0)


def test_one_attempt_means_no_repetition(sleeps: list[float]) -> None:
    calls, call = failing(error("Throttling"))
    with pytest.raises(CloudError):
        retry(sleeps, attempts=1).run(call, repeatable=True)
    assert len(calls) == 1
