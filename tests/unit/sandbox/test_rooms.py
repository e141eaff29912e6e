# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who of the sandbox knows HTTP's library, and who reads a real clock: never what carries an action out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3] / "sandbox"

# The program on the source servers is another process, with a clock of its own.
FILES = sorted(path for path in ROOT.rglob("*.py") if "client" not in path.relative_to(ROOT).parts)
HTTP = {
    "__main__.py", "server/agent_routes.py", "server/app.py", "server/control.py",
    "server/middleware/check_invariants.py", "server/middleware/log_answers.py", "server/middleware/save_state.py",
    "transport/faults.py", "oss/service.py", "oss/wire.py",
}
"""The edge of the sandbox: what turns requests into calls, and answers into responses."""

CLOCKS = {
    "state/clock.py": "the virtual clock follows the real one",
    "server/app.py": "lets lifecycles go on ten times a real second",
    "oss/auth.py": "clients sign with the real time",
    "transport/rpc.py": "clients sign with the real time",
    "state/buckets.py": "the default of a store without a cloud",
    "transport/faults.py": "a fault delays an answer in real time",
    "oss/faults.py": "a fault delays an answer in real time",
}
"""Who may read a real clock or sleep, and why."""

_READS = {"time.time", "time.monotonic", "time.sleep", "datetime.now", "datetime.today", "datetime.utcnow",
          "asyncio.sleep"}


def imported(tree: ast.AST) -> Iterator[str]:
    """The packages that a module imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def clocks(tree: ast.AST) -> set[str]:
    """The clocks that a module reads, or hands on."""
    found = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found & _READS


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_edge_knows_http_and_few_read_a_clock(path: Path) -> None:
    name, tree = str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))
    assert ("aiohttp" in set(imported(tree))) == (name in HTTP)
    assert bool(clocks(tree)) == (name in CLOCKS)


def test_the_handlers_are_among_them() -> None:
    names = {str(path.relative_to(ROOT)) for path in FILES}
    assert {"services/smc_jobs.py", "oss/write_ops.py", "lifecycles/engine.py", "effects/export.py"} <= names
    assert HTTP | set(CLOCKS) <= names
