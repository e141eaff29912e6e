# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of error codes, and the page that is written from it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import error_codes

ROOT = Path(__file__).resolve().parents[3]


def generator() -> Any:
    spec = importlib.util.spec_from_file_location("error_codes_page", ROOT / "tools" / "error_codes.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("row", error_codes.TABLE, ids=lambda row: (*row.codes, row.words)[0])
def test_a_row_is_complete(row: error_codes.ErrorCode) -> None:
    assert row.codes or row.words
    assert row.cause.endswith(".")
    assert row.remedy.endswith(".")


def test_pages_are_pages_of_the_vendor_that_a_row_names() -> None:
    assert set(error_codes.PAGES) <= {row.source for row in error_codes.TABLE}
    assert all(url.startswith("https://") for url in error_codes.PAGES.values())


def test_the_first_match_is_the_row_that_names_the_code() -> None:
    for row in error_codes.TABLE:
        for code in row.codes:
            assert error_codes.find(code.replace("*", "")) is row


def test_words_tell_more_than_a_code() -> None:
    found = error_codes.find("AccessDenied", "The bucket must be ADDRESSED using the specified endpoint.")
    assert found
    assert found.cause == "The bucket is in another region."


def test_nothing_is_known_of_another_code() -> None:
    assert error_codes.find("Something.New") is None
    assert error_codes.find_job("Something.New", "") is error_codes.UNKNOWN
    assert error_codes.UNKNOWN.retry


def test_the_page_is_current() -> None:
    page = generator()
    assert page.TARGET.read_text(encoding="utf-8") == page.page(), "run python tools/error_codes.py"
