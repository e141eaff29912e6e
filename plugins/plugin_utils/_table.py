# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Text tables for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from . import _encode


def lines(head: Sequence[str], body: Sequence[Sequence[str]]) -> list[str]:
    """Return a table as lines: the head, a rule, and one line for each row, every column as wide as its widest cell.

    Whatever a cell contains, it stays in its line.
    """
    body = [[_encode.one_line(cell) for cell in row] for row in body]
    widths = [max(len(row[column]) for row in [head, *body]) for column in range(len(head))]
    rows = [head, ["-" * width for width in widths], *body]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
