# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Encode text that the collection did not write (host names, answers of hosts and services) for what it is put into:
one line, Markdown, a cell of CSV, the name of a file."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Any, Final

LONGEST_NAME: Final = 100
"""Characters of a file name without its ending. Ansible adds about 20 while it writes, file systems take 255 bytes."""

_FILE_NAME: Final = re.compile(rf"[A-Za-z0-9_](?:[A-Za-z0-9._-]{{0,{LONGEST_NAME - 2}}}[A-Za-z0-9_-])?")
_READABLE: Final = 60
_HASH: Final = 16

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Unicode categories without a glyph: controls, bidirectional marks, surrogates, separators of lines."""

_FORMULA: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What the formula of a spreadsheet begins with, in half and full width."""

_LATER_FORMULA: Final = re.compile(r"""([;,|][\s"]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])""")
"""Where the formula begins for a spreadsheet that takes another character to part cells."""

_LINK: Final = re.compile(r"(?i)(?<=[a-z]):(?=//)|(?<=www)\.")
"""Where the bare address of a link, which GitHub and others make a link, can be broken."""

_MARKDOWN: Final = re.compile(r"[\\`*\[\]|~!#]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_HTML: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def one_line(value: Any) -> str:
    """Return the text in one line: every run of white space and of characters without a glyph becomes one space."""
    text = "".join(" " if unicodedata.category(char) in _HIDDEN else char for char in str(value))
    return " ".join(text.split())


def markdown(value: Any) -> str:
    """Return the text in one line, so that Markdown shows it as it is: no markup, no HTML, no link."""
    escaped = _LINK.sub(r"\\\g<0>", _MARKDOWN.sub(r"\\\g<0>", one_line(value)))
    text = "".join(_HTML.get(char, char) for char in escaped)
    # A line that begins like a list, a heading or a rule.
    return f"\\{text}" if text.startswith(("-", "+", "=")) else text


def csv_cell(value: Any) -> str:
    """Return the text in one line, with an apostrophe in front where a spreadsheet would calculate it."""
    text = _LATER_FORMULA.sub(r"\1'", one_line(value))
    return f"'{text}" if text.startswith(_FORMULA) else text


def file_name(host: str) -> str:
    """Return the name of the file of a host, without an ending.

    A name of letters, digits, ``.``, ``_`` and ``-`` is its own file name. From any other, or a long one, its readable
    part is taken, with ``~`` and a part of its SHA-256. No host name that is its own file name contains ``~``, so two
    hosts never share a file.
    """
    text = str(host)
    if _FILE_NAME.fullmatch(text):
        return text
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", plain).strip("-")[:_READABLE] or "host"
    return f"{readable}~{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:_HASH]}"
