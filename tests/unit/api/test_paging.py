# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.paging import (
    by_number,
    by_token,
    chunks,
    rows_at,
)

PATH = ("Images", "Image")


def pages_of(rows: list[dict[str, Any]], total: Any = None, log: list[dict[str, Any]] | None = None) -> Any:
    def call(params: dict[str, Any]) -> dict[str, Any]:
        if log is not None:
            log.append(params)
        start = (params["PageNumber"] - 1) * params["PageSize"]
        page = rows[start : start + params["PageSize"]]
        return {"TotalCount": len(rows) if total is None else total, "Images": {"Image": page}}

    return call


def numbered(count: int) -> list[dict[str, Any]]:
    return [{"ImageId": f"m-{n}"} for n in range(count)]


def test_all_pages_are_read() -> None:
    log: list[dict[str, Any]] = []
    assert by_number(pages_of(numbered(123), log=log), {"X": 1}, PATH, "ImageId") == numbered(123)
    assert [(call["PageNumber"], call["PageSize"], call["X"]) for call in log] == [(1, 50, 1), (2, 50, 1), (3, 50, 1)]


def test_exactly_one_page_needs_one_call() -> None:
    log: list[dict[str, Any]] = []
    assert len(by_number(pages_of(numbered(50), log=log), {}, PATH, "ImageId")) == 50
    assert len(log) == 1


def test_total_may_be_a_string_and_may_be_too_high() -> None:
    assert len(by_number(pages_of(numbered(11), total="11"), {}, PATH, "ImageId", size=10)) == 11
    log: list[dict[str, Any]] = []
    assert len(by_number(pages_of(numbered(11), total="999", log=log), {}, PATH, "ImageId", size=10)) == 11
    assert len(log) == 3


def test_a_row_that_moves_between_pages_comes_once() -> None:
    rows = numbered(10) + numbered(1) + [{"ImageId": "m-10"}]
    found = by_number(pages_of(rows), {}, PATH, "ImageId", size=10)
    assert [row["ImageId"] for row in found] == [f"m-{n}" for n in range(11)]


def test_tokens_are_followed_until_there_is_none() -> None:
    answers = {"": ("t1", 0), "t1": ("t2", 1), "t2": ("", 2)}
    seen: list[str] = []

    def call(params: dict[str, Any]) -> dict[str, Any]:
        token = params.get("NextToken", "")
        seen.append(token)
        following, n = answers[token]
        return {"NextToken": following, "Images": {"Image": [{"ImageId": f"m-{n}"}]}}

    assert [row["ImageId"] for row in by_token(call, {}, PATH, "ImageId")] == ["m-0", "m-1", "m-2"]
    assert seen == ["", "t1", "t2"]


def test_a_token_that_repeats_itself_ends_the_reading() -> None:
    assert len(by_token(lambda params: {"NextToken": "t", "Images": {"Image": numbered(1)}}, {}, PATH, "ImageId")) == 1


def test_ids_go_in_lots_of_fifty_each_once() -> None:
    ids = [f"j-{n}" for n in range(120)]
    lots = list(chunks([*ids, "j-0", "j-7"]))
    assert [len(lot) for lot in lots] == [50, 50, 20]
    assert [item for lot in lots for item in lot] == ids
    assert list(chunks([])) == []


def test_both_shapes_of_lists_are_read() -> None:
    assert rows_at({"TaskSet": {"Task": [{"a": 1}]}}, ("TaskSet", "Task")) == [{"a": 1}]
    assert rows_at({"TaskSet": [{"a": 1}]}, ("TaskSet", "Task")) == [{"a": 1}]
    assert rows_at({}, ("TaskSet", "Task")) == []
    assert rows_at({"TaskSet": None}, ("TaskSet", "Task")) == []
