# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each scenario file has the effect that its meaning says, seen through the vendor's own clients."""

from __future__ import annotations

from typing import Any

import pytest
from integration.wire import calls, images, jobs
from support.scenario import play

from sandbox.faults.edits import DO
from sandbox.world.fault_rules import EDITS
from sandbox.world.scenario import FOLDER

pytestmark = pytest.mark.any_core

CHECKS = {**calls.CHECKS, **jobs.CHECKS, **images.CHECKS}
FAST = {"clock_rate": 20}


@pytest.mark.sandbox_world(FAST)
@pytest.mark.parametrize("stem", sorted(path.stem for path in FOLDER.glob("*.yml")))
def test_the_fault_shows_at_the_wire(sandbox: Any, stem: str) -> None:
    play(sandbox, stem)
    CHECKS[stem](sandbox)


def test_every_row_of_the_catalogue_has_a_file_and_every_file_a_check() -> None:
    stems = [path.stem for path in FOLDER.glob("*.yml")]
    assert {int(stem[:2]) for stem in stems} == set(range(1, 25))
    assert sorted(CHECKS) == sorted(stems)
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    assert set(DO) == set(EDITS)
    assert [name for name in EDITS if f"`{name}`" not in readme] == []
