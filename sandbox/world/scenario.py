# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scenario: one line of meaning, fault rules and lifecycle failures; an error names file, line and field."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import Field

from . import documents
from .documents import Strict
from .fault_rules import Rule
from .schema import Failure

FOLDER = Path(__file__).resolve().parents[1] / "scenarios"


class Scenario(Strict):
    """Faults and failures that belong together."""

    meaning: str = Field(min_length=1)
    faults: list[Rule] = []
    failures: list[Failure] = []

    @property
    def digest(self) -> str:
        """The SHA-256 of the content: equal for equal scenarios."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def load_scenario(path: Path) -> Scenario:
    """The scenario in a YAML file; WorldError names file, line and field."""
    return parse_scenario(documents.read(path), str(path))


def parse_scenario(text: str, origin: str) -> Scenario:
    """The scenario in YAML or JSON text; WorldError names ``origin``, line and field."""
    document, root = documents.load(text, origin)
    return documents.validated(Scenario, document, origin, root)
