# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python tools/error_codes.py`` writes docs/error-codes.md from the table of error codes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.error_codes import PAGES, TABLE, ErrorCode

TARGET = Path(__file__).resolve().parents[1] / "docs" / "error-codes.md"


def lines() -> Iterator[str]:
    """Yield the page line by line."""
    yield "# Error codes"
    yield ""
    yield "What the services of Alibaba Cloud report, what it means, and what to do."
    yield "Modules return the remedy as `error.hint`."
    yield ""
    yield "*Retry*: `automatic` means that the migration continues without you: it retries the call or the job, waits"
    yield "for a quota, or creates the job again with larger disks."
    yield "`after the fix` means that a retry fails again until the cause is removed."
    yield ""
    yield "Written by `python tools/error_codes.py` from `plugins/module_utils/_rules/error_codes.py`."
    yield ""
    yield "| code or words of the message | cause | remedy | retry | source |"
    yield "|---|---|---|---|---|"
    yield from map(row, sorted(TABLE, key=lambda item: name(item).lower().strip("`*.")))


def name(item: ErrorCode) -> str:
    """Return the codes and words of a row."""
    return ", ".join([*(f"`{code}`" for code in item.codes), *([f"\"{item.words}\""] if item.words else [])])


def row(item: ErrorCode) -> str:
    """Return a row of the table."""
    retry = "automatic" if item.automatic else "after the fix"
    source = item.source or "this collection"
    linked = f"[{source}]({PAGES[source]})" if source in PAGES else source
    return f"| {name(item)} | {item.cause} | {item.remedy} | {retry} | {linked} |"


def page() -> str:
    """Return the whole page."""
    return "\n".join(lines()) + "\n"


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
