# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads world files and scenarios (YAML): an error names file, line and field."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

UNION_TAGS = frozenset({"call rule", "state rule"})
"""The names that pydantic gives to the choices of a union in the location of an error; messages omit them."""


class WorldError(Exception):
    """A world or scenario that cannot be used; the message names file, line and field in one line."""


class Strict(BaseModel):
    """The base of every part of a document: an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


_MOST_NODES = 1_000_000

Model = TypeVar("Model", bound=BaseModel)


def read(path: Path) -> str:
    """The text of a file; WorldError when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as failed:
        raise WorldError(f"{path}: cannot be read: {failed.strerror}") from failed
    except UnicodeDecodeError as failed:
        raise WorldError(f"{path}: byte {failed.start} is not UTF-8") from failed


def load(text: str, origin: str) -> tuple[Any, yaml.Node | None]:
    """The YAML or JSON in a text and its tree, which knows the lines; WorldError names the line of what is broken."""
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        if tree is not None and _nodes(tree, {}) > _MOST_NODES:
            raise WorldError(f"{origin}: more than {_MOST_NODES} values; an alias counts as the value that it repeats")
        return yaml.safe_load(text), tree
    except RecursionError as failed:
        raise WorldError(f"{origin}: values are nested too deeply, or an alias contains itself") from failed
    except yaml.YAMLError as failed:
        mark = getattr(failed, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise WorldError(f"{origin}: {where}not valid YAML: {getattr(failed, 'problem', failed)}") from failed


def _nodes(node: yaml.Node, known: dict[int, int]) -> int:
    """The number of values in a tree, aliases expanded; RecursionError when one contains itself."""
    if id(node) not in known:
        below: list[yaml.Node] = []
        if isinstance(node, yaml.MappingNode):
            below = [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            below = node.value
        known[id(node)] = 1 + sum(_nodes(part, known) for part in below)
    return known[id(node)]


def validated(model: type[Model], document: Any, origin: str, root: yaml.Node | None = None) -> Model:
    """The model of a document; WorldError names ``origin`` and, for each problem, its field, and its line where the
    tree is given."""
    if not isinstance(document, dict):
        line = "line 1: " if root is not None else ""
        raise WorldError(f"{origin}: {line}the top level must be a mapping, found {type(document).__name__}")
    try:
        return model.model_validate(document)
    except ValidationError as failed:
        raise WorldError("; ".join(f"{origin}: {_problem(problem, root)}" for problem in failed.errors())) from failed


def _problem(problem: Any, root: yaml.Node | None) -> str:
    place = tuple(part for part in problem["loc"] if part not in UNION_TAGS)
    line = "" if root is None else f"line {_line(root, place)}: "
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    given = problem.get("input")
    shown = "" if isinstance(given, (dict, list)) or problem["type"] == "missing" else f" (found {given!r})"
    return f"{line}{where or 'the document'}: {problem['msg']}{shown}"


def _line(node: Any, place: tuple[Any, ...]) -> int:
    """The line of the field, or of the mapping that lacks it."""
    line = int(node.start_mark.line) + 1
    for part in place:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = int(node.start_mark.line) + 1
        elif isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == str(part)]
            if not found:
                break
            line, node = int(found[0][0].start_mark.line) + 1, found[0][1]
    return line
