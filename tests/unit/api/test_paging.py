# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.paging import (
    by_number,
    by_token,
    chunks,
    rows_of,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import Field, Table, objects, required

FIELDS = {"id": required("ImageId")}
TABLE = Table("ecs.DescribeImages", FIELDS, rows="Images.Image", key="ImageId")
TENS = Table("ecs.DescribeImages", FIELDS, rows="Images.Image", key="ImageId", page=10)


def pages_of(rows: list[dict[str, Any]], total: Any = None, log: list[dict[str, Any]] | None = None) -> Any:
    def call(action: str, params: dict[str, Any], repeatable: bool) -> dict[str, Any]:
        assert (action, repeatable) == ("DescribeImages", True)
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
    assert by_number(pages_of(numbered(123), log=log), TABLE, {"X": 1}) == numbered(123)
    assert [(call["PageNumber"], call["PageSize"], call["X"]) for call in log] == [(1, 50, 1), (2, 50, 1), (3, 50, 1)]


def test_exactly_one_page_needs_one_call() -> None:
    log: list[dict[str, Any]] = []
    assert len(by_number(pages_of(numbered(50), log=log), TABLE, {})) == 50
    assert len(log) == 1


def test_total_may_be_a_string_and_may_be_too_high() -> None:
    assert len(by_number(pages_of(numbered(11), total="11"), TENS, {})) == 11
    log: list[dict[str, Any]] = []
    assert len(by_number(pages_of(numbered(11), total="999", log=log), TENS, {})) == 11
    assert len(log) == 3


def test_a_row_that_moves_between_pages_comes_once() -> None:
    rows = numbered(10) + numbered(1) + [{"ImageId": "m-10"}]
    found = by_number(pages_of(rows), TENS, {})
    assert [row["ImageId"] for row in found] == [f"m-{n}" for n in range(11)]


def test_tokens_are_followed_until_there_is_none() -> None:
    answers = {"": ("t1", 0), "t1": ("t2", 1), "t2": ("", 2)}
    seen: list[str] = []

    def call(action: str, params: dict[str, Any], repeatable: bool) -> dict[str, Any]:
        assert (action, repeatable) == ("DescribeImages", True)
        token = params.get("NextToken", "")
        seen.append(token)
        following, n = answers[token]
        return {"NextToken": following, "Images": {"Image": [{"ImageId": f"m-{n}"}]}}

    assert [row["ImageId"] for row in by_token(call, TABLE, {})] == ["m-0", "m-1", "m-2"]
    assert seen == ["", "t1", "t2"]


def test_a_token_that_repeats_itself_ends_the_reading() -> None:
    answer = {"NextToken": "t", "Images": {"Image": numbered(1)}}
    assert len(by_token(lambda *_call, **_options: answer, TABLE, {})) == 1


def test_ids_go_in_lots_of_fifty_each_once() -> None:
    ids = [f"j-{n}" for n in range(120)]
    lots = list(chunks([*ids, "j-0", "j-7"]))
    assert [len(lot) for lot in lots] == [50, 50, 20]
    assert [item for lot in lots for item in lot] == ids
    assert list(chunks([])) == []


def read(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return rows_of(lambda *_call, **_options: answer, TABLE)


@pytest.mark.parametrize(
    "answer",
    [
        {"Images": {"Image": [{"ImageId": "m-1"}]}},
        {"Images": [{"ImageId": "m-1"}]},
        {"Images": {"Image": [{"ImageId": "m-1", "Size": None}]}},
    ],
    ids=["documented", "without the inner name", "with a null"],
)
def test_both_shapes_of_lists_are_read(answer: dict[str, Any]) -> None:
    assert read(answer) == [{"ImageId": "m-1"}]


@pytest.mark.parametrize("answer", [{}, {"Images": None}, {"Images": {}}, {"Images": {"Image": None}}])
def test_a_list_that_is_missing_is_empty_only_where_the_total_is_zero(answer: dict[str, Any]) -> None:
    for total in (0, "0"):
        assert read({**answer, "TotalCount": total}) == []
    for total in (1, None, "", "none"):
        with pytest.raises(CloudError, match=r"Images\.Image is missing"):
            read({**answer, "TotalCount": total})


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"Images": "x"}, "Images.Image is text, not a list"),
        ({"Images": {"Image": 7}}, "Images.Image is a number, not a list"),
        ({"Images": {"Image": ["m-1"]}}, "Images.Image[0] is text, not an object"),
        ({"Images": {"Image": [{"ImageId": "m-1"}, {}]}}, "Images.Image[1].ImageId is missing"),
        ({"Images": {"Image": [{"ImageId": ""}]}}, "Images.Image[0].ImageId is empty"),
        ({"Images": {"Image": [{"ImageId": 5}]}}, "Images.Image[0].ImageId is a number, not text"),
        ({"Images": {"Image": [None]}}, "Images.Image[0] is null, not an object"),
    ],
)
def test_an_answer_of_another_form_is_an_error_with_action_request_and_field(
    answer: dict[str, Any], problem: str
) -> None:
    with pytest.raises(CloudError) as caught:
        read({"RequestId": "R-7", **answer})
    assert str(caught.value) == (
        f"ecs.DescribeImages failed: the answer does not have its documented form: {problem} "
        "(code Answer.Malformed, request R-7)"
    )
    assert caught.value.uncertain


@pytest.mark.parametrize("total", [None, "", "many", [], "12x", True, 1.5])
def test_a_total_that_is_no_number_is_an_error(total: Any) -> None:
    answer = {"Images": {"Image": numbered(1)}, "TotalCount": total}
    with pytest.raises(CloudError, match="TotalCount is"):
        by_number(lambda *_call, **_options: answer, TABLE, {})


def test_the_error_of_a_field_in_a_list_in_a_row_names_its_whole_path() -> None:
    disks = objects("Disks.Disk", tags=objects("Tags.Tag", key=Field("Key")))
    table = Table("ecs.DescribeImages", {"disks": disks}, rows="Images.Image", key="ImageId")
    answer = {"Images": {"Image": [{"Disks": {"Disk": [{}, {"Tags": {"Tag": [{"Key": 1}]}}]}}]}}
    with pytest.raises(CloudError, match=r"Images.Image\[0\].Disks.Disk\[1\].Tags.Tag\[0\].Key is a number, not text"):
        rows_of(lambda *_call, **_options: answer, table)
