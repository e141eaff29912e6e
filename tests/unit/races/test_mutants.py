# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of mutants fits the code, and one that nothing finds is reported. ``make mutants`` runs them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from races import mutants

pytestmark = pytest.mark.any_core


def test_every_row_fits_the_code() -> None:
    rows = mutants.table()
    assert mutants.problems(rows) == []
    assert len(rows) >= 20
    assert len({row.name for row in rows}) == len(rows)
    assert all(row.found_by for row in rows)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"before": "no such text"}, "has the text before 0 times"),
        ({"before": "return"}, "not once"),
        ({"after": "return ("}, "is no Python"),
        ({"found_by": ("tests/unit/nowhere",)}, "does not exist"),
        ({"file": "plugins/nowhere.py"}, "nowhere.py"),
    ],
)
def test_a_row_that_does_not_fit_is_an_error(change: dict[str, str], problem: str) -> None:
    (found, *_more) = mutants.problems([replace(mutants.table()[0], **change)])
    assert problem in found


def test_a_mutant_is_found_by_a_test_that_fails_and_by_no_other(tmp_path: Path) -> None:
    passes, fails = tmp_path / "test_passes.py", tmp_path / "test_fails.py"
    passes.write_text("def test_it():\n    pass\n", encoding="utf-8")
    fails.write_text("def test_it():\n    assert not 'found'\n", encoding="utf-8")
    row = mutants.table()[0]
    collections = mutants.ROOT / "build/collections"
    assert mutants.find(replace(row, found_by=(str(passes),)), collections) == ""
    assert mutants.find(replace(row, found_by=(str(passes), str(fails))), collections) == str(fails)
    with pytest.raises(mutants.TableError, match="could not run"):
        mutants.find(replace(row, found_by=(str(tmp_path / "test_nowhere.py"),)), collections)
