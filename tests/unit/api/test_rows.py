# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reader of API answers: types, tables, and what the vendor's own models know of the fields."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows import account, ecs, ens, reader, smc, vpc
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import Field, Malformed, Table

UTC = timezone.utc
TABLES = [
    value for module in (smc, ecs, ens, vpc, account) for value in vars(module).values() if isinstance(value, Table)
]


@pytest.mark.parametrize(
    ("value", "found"),
    [(20, 20), (42.5, 42.5), ("20", 20), (" 42.5 ", 42.5), ("42%", 42), ("87.5 %", 87.5), ("-1", -1), ("1e2", 100)],
)
def test_a_number_is_read_however_it_is_written(value: Any, found: float) -> None:
    assert reader.number(value) == found


@pytest.mark.parametrize(
    "value", ["soon", "nan", "inf", "", "%", "1,5", float("nan"), 10**400, True, None, [], {}, b"1"]
)
def test_what_is_no_number_is_malformed(value: Any) -> None:
    with pytest.raises(Malformed, match="not a number"):
        reader.number(value)


@pytest.mark.parametrize(("value", "found"), [(20, 20), ("20", 20), (20.0, 20), ("20.0", 20), ("20%", 20)])
def test_a_whole_number_is_read_however_it_is_written(value: Any, found: int) -> None:
    assert reader.whole(value) == found
    assert isinstance(reader.whole(value), int)


@pytest.mark.parametrize("value", [20.5, "20.5", "many", None])
def test_what_is_no_whole_number_is_malformed(value: Any) -> None:
    with pytest.raises(Malformed):
        reader.whole(value)


@pytest.mark.parametrize(("value", "found"), [(True, True), (False, False), ("true", True), ("False", False)])
def test_a_boolean_is_read_however_it_is_written(value: Any, found: bool) -> None:
    assert reader.flag(value) is found


@pytest.mark.parametrize("value", [0, 1, "yes", "", None, []])
def test_what_is_no_boolean_is_malformed(value: Any) -> None:
    with pytest.raises(Malformed, match="not a boolean"):
        reader.flag(value)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("2026-11-24T08:00:00Z", datetime(2026, 11, 24, 8, tzinfo=UTC)),
        ("2026-11-24T08:00:00", datetime(2026, 11, 24, 8, tzinfo=UTC)),
        ("", None),
        (None, None),
        ("soon", None),
        (5, None),
    ],
)
def test_a_time_is_read_in_utc(value: Any, found: datetime | None) -> None:
    assert reader.moment(value) == found


@pytest.mark.parametrize(
    "rows",
    [
        {"Tag": [{"Key": "k", "Value": "v"}, {"TagKey": "x", "TagValue": None}]},
        [{"Key": "k", "Value": "v"}, {"Key": "x"}],
    ],
)
def test_tags_are_read_in_both_spellings(rows: Any) -> None:
    assert vpc.VPC.value({"VpcId": "vpc-1", "Tags": rows}, "tags") == {"k": "v", "x": ""}


def test_an_absent_field_reads_as_its_default_and_never_as_that_of_another_row() -> None:
    row = smc.SOURCE.facts({"SourceId": "s-1", "State": "Available"})
    row["tags"]["mine"] = "yes"
    row["data_disks"].append({})
    again = smc.SOURCE.facts({"SourceId": "s-1", "State": "Available"})
    assert (again["tags"], again["data_disks"], again["name"], again["system_disk_size"]) == ({}, [], "", 0)


@pytest.mark.parametrize("path", ["A", "A.B", "A.B.C"])
@pytest.mark.parametrize("row", [
    {}, {"A": None}, {"A": {"B": {"C": [1]}}}, {"A": {"B": []}}, {"A": {"B": None}}, {"A": "text"}, {"A": [{"B": 1}]},
    {"A": {"B": {"C": None}}}, {"A": {"B": {"C": ""}}}, {"A": 0}, {"A": {"B": False}},
])
def test_names_alone_are_found_as_jmespath_finds_them(path: str, row: dict[str, Any]) -> None:
    assert reader._search(path, False)(row) == reader.compiled(path).search(row)
    assert reader._search(path, True)(row) == reader.compiled(reader._steps(path)).search(row)


def test_an_error_shows_no_text_that_may_be_a_secret() -> None:
    answer = {"AccessTokenId": "at-1", "AccessTokenCode": {"secret": "value"}}
    with pytest.raises(Malformed, match=r"^AccessTokenCode is an object, not text$"):
        smc.NEW_ACCESS_TOKEN.read(answer)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.action)
def test_a_table_is_complete(table: Table) -> None:
    assert table.action.partition(".")[0] in ("smc", "ecs", "ens", "vpc", "sts", "ram", "bss")
    assert bool(table.rows) == bool(table.key)
    assert not set(table.fields) & set(table.more)
    if table.key:
        assert any(field.path == table.key and field.required for field in table.fields.values())
    assert all(isinstance(field, Field) for field in (*table.fields.values(), *table.more.values()))


@pytest.mark.parametrize(
    ("policy", "services"),
    [
        ('{"Statement": [{"Effect": "Allow", "Principal": {"Service": ["ecs.aliyuncs.com", "a"]}}]}',
         ["a", "ecs.aliyuncs.com"]),
        ('{"Statement": {"Effect": "Allow", "Principal": {"Service": "ecs.aliyuncs.com"}}}', ["ecs.aliyuncs.com"]),
        ('{"Statement": [{"Effect": "Deny", "Principal": {"Service": ["ecs.aliyuncs.com"]}}]}', []),
        ('{"Statement": [{"Effect": "Allow", "Principal": {"RAM": ["acs:ram::1:root"]}}]}', []),
        ('{"Statement": ["x", 5, null, {"Effect": "Allow", "Principal": "x"}]}', []),
        ("[]", []),
        ('"text"', []),
        ("not json", []),
        ("", []),
    ],
)  # fmt: skip
def test_the_services_of_a_trust_policy(policy: str, services: list[str]) -> None:
    assert account.trusted(policy) == services


@pytest.mark.parametrize(("value", "found"), [("100.00", 100), ("10,000.50", 10000.5), ("-3", -3)])
def test_an_amount_of_money_has_commas(value: str, found: float) -> None:
    assert account.amount(value) == found
