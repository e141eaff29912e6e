# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where in a YAML text a field stands, for messages about it."""

from __future__ import annotations

from typing import Any

import yaml


def field_name(location: tuple[Any, ...]) -> str:
    """``sources[0].disks`` for a place in a document."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")


def line_of(root: yaml.Node | None, location: tuple[Any, ...]) -> int:
    """The line of a field in a composed document, or of the mapping that lacks it; lines count from 1."""
    node, line = root, 1 if root is None else int(root.start_mark.line) + 1
    for part in location:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = int(node.start_mark.line) + 1
        elif isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == str(part)]
            if not found:
                break
            line, node = int(found[0][0].start_mark.line) + 1, found[0][1]
    return line
