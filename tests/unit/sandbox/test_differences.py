# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from sandbox.contracts import CONTRACTS
from sandbox.contracts.errors import CATALOGUE
from sandbox.differences import TARGET, page
from sandbox.oss.service import OPERATIONS


def test_the_page_in_the_clone_is_current() -> None:
    assert TARGET.read_text(encoding="utf-8") == page(), "run python -m sandbox.differences"


def test_every_action_and_every_code_is_on_it() -> None:
    text = page()
    assert all(f"| {product} | " in text for product in CONTRACTS)
    assert all(f" | {name} | " in text for actions in CONTRACTS.values() for name in actions)
    assert all(f"| {code} | {entry.status} |" in text for code, entry in CATALOGUE.items())
    assert "| smc CreateReplicationJob | TargetType | ContainerImage, TargetInstance |" in text


def test_the_readme_counts_actions_and_operations() -> None:
    text = (TARGET.parents[1] / "sandbox" / "README.md").read_text(encoding="utf-8")
    operations = {operation.action for table in OPERATIONS.values() for operation in table.values()}
    assert f"{sum(map(len, CONTRACTS.values()))} RPC actions" in text
    assert f"{len(operations)} operations of OSS" in text
