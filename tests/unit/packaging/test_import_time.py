# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No file reads a clock while it is imported: signatures expire after 15 minutes, and a test run may last longer."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CLOCKS = {
    "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "now", "today", "utcnow", "gmtime", "localtime",
    "ctime", "formatdate", "http_date",
}
"""Names of the functions that read a clock, of ``time``, ``datetime``, ``email.utils`` and ``oss2.utils``."""

Later = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def run_at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that the import of a module evaluates: all but the bodies of functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Later):
            arguments = child.args
            decorators = [] if isinstance(child, ast.Lambda) else child.decorator_list
            defaults = [*arguments.defaults, *(default for default in arguments.kw_defaults if default)]
            for evaluated in [*decorators, *defaults]:
                yield evaluated
                yield from run_at_import(evaluated)
        else:
            yield child
            yield from run_at_import(child)


def clocks_read(source: str) -> list[str]:
    """Return the calls of a clock that the import of a module makes."""
    calls = [node for node in run_at_import(ast.parse(source)) if isinstance(node, ast.Call)]
    return [ast.unparse(call) for call in calls if ast.unparse(call.func).rpartition(".")[2] in CLOCKS]


def test_no_file_reads_a_clock_at_import(sources: Callable[..., list[str]]) -> None:
    found = {name: clocks_read((ROOT / name).read_text(encoding="utf-8")) for name in sources(".py")}
    assert {name: calls for name, calls in found.items() if calls} == {}


@pytest.mark.parametrize(
    "source",
    [
        "NOW = time.time()",
        "class Case:\n    began = datetime.datetime.now(datetime.timezone.utc)",
        "def wait(until=monotonic() + 5): ...",
        "@pytest.mark.parametrize('stamp', [iso(time.time() - 1000)])\ndef test(stamp): ...",
        "late = lambda begin=time.time(): begin",
    ],
)
def test_a_clock_read_at_import_is_found(source: str) -> None:
    assert clocks_read(source)


def test_a_clock_read_in_a_function_is_not_reported() -> None:
    assert clocks_read("def now():\n    return time.time()\nlate = lambda: time.time()\nclock = time.time") == []
