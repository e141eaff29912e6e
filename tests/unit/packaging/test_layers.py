# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The imports of the code follow its layers; in the sandbox, few modules use the HTTP library or a real clock."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CLONE = Path(__file__).resolve().parents[3]
ROOT = CLONE / "sandbox"

# The program on the source servers is another process, with another clock.
FILES = sorted(path for path in ROOT.rglob("*.py") if "client" not in path.relative_to(ROOT).parts)
HTTP = {
    "__main__.py", "server/agent_routes.py", "server/app.py", "server/control.py",
    "server/middleware/check_invariants.py", "server/middleware/check_origin.py", "server/middleware/limit_bodies.py",
    "server/middleware/log_answers.py", "server/middleware/save_state.py",
    "transport/faults.py", "oss/service.py", "oss/wire.py",
}
"""The modules of the sandbox that turn requests into calls, and answers into responses."""

CLOCKS = {
    "state/clock.py": "the virtual clock follows the real one",
    "server/app.py": "takes the due lifecycle steps ten times per real second",
    "oss/auth.py": "clients sign with the real time",
    "transport/rpc.py": "clients sign with the real time",
    "state/buckets.py": "the default of a store without a cloud",
    "transport/faults.py": "a fault delays an answer in real time",
    "oss/faults.py": "a fault delays an answer in real time",
    "guests/hypervisor.py": "a guest that is killed ends in real time",
}
"""The modules that may read a real clock or sleep, and why."""

_READS = {"time.time", "time.monotonic", "time.sleep", "datetime.now", "datetime.today", "datetime.utcnow",
          "asyncio.sleep"}


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the packages that a module imports, at any place."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def clocks(tree: ast.AST) -> set[str]:
    """Return the clocks that a module reads or passes on."""
    found = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found & _READS


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_listed_modules_use_http_or_a_real_clock(path: Path) -> None:
    name, tree = str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))
    assert ("aiohttp" in set(imported(tree))) == (name in HTTP)
    assert bool(clocks(tree)) == (name in CLOCKS)


def test_the_lists_name_files_that_exist() -> None:
    names = {str(path.relative_to(ROOT)) for path in FILES}
    assert {"services/smc_jobs.py", "oss/write_ops.py", "lifecycles/engine.py", "effects/export.py"} <= names
    assert HTTP | set(CLOCKS) <= names


def test_imports_follow_the_layers(tmp_path: Path) -> None:
    """Check the contracts of pyproject.toml with import-linter."""
    command = [Path(sys.executable).with_name("lint-imports"), "--config", CLONE / "pyproject.toml", "--no-cache"]
    # The link gives the sources their names below ansible_collections, whatever is installed.
    collection = tmp_path / "ansible_collections" / "edgelift" / "ens_migration"
    collection.mkdir(parents=True)
    (collection / "plugins").symlink_to(CLONE / "plugins")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(CLONE)])}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken." in done.stdout
