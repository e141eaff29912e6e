# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of others in a line, in Markdown, in a cell of CSV and in the name of a file."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from typing import Any

import pytest
import yaml
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _encode, _receipt, _table
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._preflight import classes, report, summary

NAMES = (
    "DB/Berlin-01",
    "..",
    ".",
    "",
    " ",
    "/etc/passwd",
    "../../x",
    "a/../b",
    "-rf",
    "x\ny",
    "x\0y",
    "b\u00fccher-01",
    "\u6570\u636e\u5e93",
    "a" * 101,
    "a" * 5000,
    "CON",
    "web 01",
    "web~01",
    "x.",
    ".hidden",
    "$HOME",
    "`id`",
    "{{ 7 * 7 }}",
    "a:b",
    "a\\b",
    "\ud800",
    "<script>",
    "=1+1",
    "web-01\u202e",
    "DB-Berlin-01",
)


@pytest.mark.parametrize("host", ["web-01", "web-01.example.org", "10.0.0.1", "DB_1", "a", "A" * 100, "_x"])
def test_an_ordinary_host_name_is_its_own_file_name(host: str) -> None:
    assert _encode.file_name(host) == host


@pytest.mark.parametrize("host", NAMES)
def test_a_file_name_stays_in_its_folder(host: str) -> None:
    name = _encode.file_name(host)
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.~-]{0,99}", name)
    assert not name.startswith(".")
    assert ".." not in name
    assert _encode.file_name(name) != name or "~" not in name


def test_file_names_are_readable_and_do_not_collide() -> None:
    assert _encode.file_name("DB/Berlin-01").startswith("DB-Berlin-01~")
    assert _encode.file_name("b\u00fccher-01").startswith("bucher-01~")
    near = ["".join(parts) for parts in itertools.product("aA", "/\\ :~\n.-_", "b1")]
    near += [_encode.file_name(name) for name in near]
    assert len({_encode.file_name(name) for name in set(near)}) == len(set(near))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nb\tc\x1b[2Jd\u202ee\u2028f\x85g\ud800h", "a b c [2Jd e f g h"),
        ("  x  ", "x"),
        (7, "7"),
        (None, "None"),
        ("b\u00fccher \u6570\u636e", "b\u00fccher \u6570\u636e"),
    ],
)
def test_text_of_others_stays_in_one_line(text: Any, expected: str) -> None:
    assert _encode.one_line(text) == expected


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
@pytest.mark.parametrize("before", ["", "\t", "\r", "\n", " ", "\u202e"])
def test_a_cell_is_never_a_formula(before: str, first: str) -> None:
    assert _encode.csv_cell(f"{before}{first}cmd|' /C calc'!A1") == f"'{first}cmd|' /C calc'!A1"
    assert _encode.csv_cell("a=1") == "a=1"
    for mark in ";,|":
        assert _encode.csv_cell(f"x{mark}{before}{first}1") == f"x{mark}{' ' if before else ''}'{first}1"
        assert _encode.csv_cell(f'x{mark}"{first}1') == f"x{mark}\"'{first}1"


def test_markdown_shows_what_was_written() -> None:
    assert _encode.markdown("web-01: disk vda_1 has 20 GiB (50%)") == "web-01: disk vda_1 has 20 GiB (50%)"
    hostile = "# x <img src=x onerror=alert(1)> [a](javascript:1) ![b](c) **d** `e` _f_ ~~g~~ | &lt; \\"
    shown = _encode.markdown(hostile)
    assert "<" not in shown
    assert ">" not in shown
    # Every mark that Markdown reads has a backslash in front, and that backslash none.
    unescaped = re.sub(r"\\[\\`*\[\]|~!#_]", "", shown)
    assert not re.search(r"[\\`*\[\]|~!#]", unescaped)
    linked = _encode.markdown("https://a.example HTTP://a.example ftp://a.example www.a.example WWW.a.example")
    assert linked == r"https\://a.example HTTP\://a.example ftp\://a.example www\.a.example WWW\.a.example"
    assert [_encode.markdown(text) for text in ("- a", "+ a", "=== ")] == ["\\- a", "\\+ a", "\\==="]


EVIDENCE = "=1 <b>x</b>\r\nremediate_rsync: true\x1b[2J\u2028---\ud800 [a](b)"
HOST = "../../x\n- y: z\n# <script>"


@pytest.fixture
def finding() -> dict[str, Any]:
    item = classes.ALL["rsync-missing"].finding(EVIDENCE)
    return {**item, "waived": {"reason": EVIDENCE, "expires": "2199-01-01"}}


def test_the_variables_of_a_hostile_host_are_data_only(finding: dict[str, Any]) -> None:
    text = report.variables([finding], HOST)
    assert yaml.safe_load(text) == {"remediate_rsync": False}
    assert '"../../x\\n- y: z\\n# <script>"' in text
    assert all(line.startswith(("#", "---", "remediate_")) or not line for line in text.splitlines())


def test_the_report_of_a_hostile_host_has_the_lines_of_any_other(finding: dict[str, Any]) -> None:
    text = report.host_report([finding], HOST)
    plain = report.host_report([{**finding, "evidence": "x", "waived": {"reason": "x", "expires": "x"}}], "web-01")
    assert len(text.splitlines()) == len(plain.splitlines())
    assert "<script>" not in text
    assert "<b>" not in text
    assert text.startswith("# ../../x - y: z \\# &lt;script&gt;\n")


def test_the_tables_and_the_csv_of_a_hostile_host_have_a_row_each(finding: dict[str, Any]) -> None:
    rows = report.wave(
        [HOST], {HOST: {"preflight_findings": [finding], "preflight_verdict": "clear", "preflight_reasons": [EVIDENCE]}}
    )
    text = report.as_csv(rows)
    assert len(text.splitlines()) == 2
    [line] = csv.DictReader(io.StringIO(text))
    assert (line["host"], line["evidence"][:3]) == ("../../x - y: z # <script>", "'=1")
    for shown in (
        summary.lines(rows),
        _table.lines(("a",), [[EVIDENCE]]),
        _receipt.table(
            [{"host": HOST, "status": "failed", "disks": [], "ens_image_id": "", "seconds": 0.0, "reasons": [EVIDENCE]}]
        ),
    ):
        assert not [text for text in shown if len(text.splitlines()) > 1 or "\x1b" in text]


def test_json_is_ascii_and_keeps_everything(finding: dict[str, Any]) -> None:
    rows = report.wave([HOST], {HOST: {"preflight_findings": [finding], "preflight_verdict": "clear"}})
    text = report.as_json(rows)
    assert text.isascii()
    assert json.loads(text)["servers"][0]["findings"][0]["evidence"] == EVIDENCE
