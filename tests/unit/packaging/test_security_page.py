# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/security.md has the rules of proof of the code, kind by kind and word for word."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup import proof
from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup.order import ORDER
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stages import STAGES

PAGE = Path(__file__).resolve().parents[3] / "docs" / "security.md"


def rules(text: str) -> dict[str, str]:
    """Return the rules in the table of the page, by kind."""
    return dict(re.findall(r"^\| `([a-z_]+)` \| (.+) \|$", text, re.MULTILINE))


def test_the_table_has_the_rule_of_every_kind() -> None:
    assert rules(PAGE.read_text(encoding="utf-8")) == proof.RULES


def test_the_rules_cover_what_the_cleanup_deletes_and_what_the_stages_leave() -> None:
    deleted = {kind.name for kind in ORDER}
    assert deleted == set(proof.RULES)
    assert {leaves.kind for stage in STAGES for leaves in stage.leaves} <= deleted


def test_a_rule_that_is_missing_or_reworded_is_noticed() -> None:
    text = PAGE.read_text(encoding="utf-8")
    line = next(row for row in text.splitlines() if row.startswith("| `vpc` "))
    assert rules(text.replace(line, "")) != proof.RULES
    assert rules(text.replace(line, line.replace("its tag", "its name"))) != proof.RULES


def test_the_parties_and_the_boundaries_are_named() -> None:
    text = PAGE.read_text(encoding="utf-8")
    titles = [
        "Data flow", "What each party can do", "Who is who", "Rules of proof", "Rights", "Secrets",
        "Report a vulnerability",
    ]
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == titles
