# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Which hosts of a wave may be tried again, and the file with their names for ``--limit @file``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from . import _encode

CONTINUE, AGAIN, FIX = "continue", "again", "fix"

NO_HOST: Final = "no-host-to-retry"
"""The only line of a file without hosts. Ansible takes an empty file for all hosts of the inventory."""
_NAME: Final = re.compile(r"\w[\w.:@+=-]*")
"""Names that Ansible never reads as a pattern, also if the inventory no longer has the host."""
_ALL: Final = ("all", "ungrouped")
_SHOWN: Final = 5


def of(status: str, settled: bool) -> str:
    """Return what a retry does: it continues the work of this run in the cloud (``continue``), it begins again because
    the cleanup has deleted that work (``again``), or it is refused until the reasons are fixed (``fix``). '' for a
    server that is migrated, or synced: its cutover is due. None of them repeats or overwrites anything that exists."""
    if status in ("migrated", "synced", "blocked"):
        return FIX if status == "blocked" else ""
    return AGAIN if status == "failed" and settled else CONTINUE


def file(rows: Iterable[Mapping[str, Any]], path: str = "") -> dict[str, Any]:
    """Return the content of the file, and the lines that say how to use it, for the servers of a receipt."""
    hosts = [str(row["host"]) for row in rows if row["retry"] in (CONTINUE, AGAIN)]
    named = [host for host in hosts if _NAME.fullmatch(host) and host not in _ALL]
    odd = [host for host in hosts if host not in named]
    lines = []
    if named and path:
        count = "1 server" if len(named) == 1 else f"{len(named)} servers"
        lines.append(f"To try {count} again, add this to the same command: --limit @{_encode.one_line(path)}")
    if odd and path:
        shown = ", ".join(repr(_encode.one_line(host)) for host in odd[:_SHOWN])
        more = f" and {len(odd) - _SHOWN} more" if len(odd) > _SHOWN else ""
        why = "Ansible could take the name for a pattern"
        lines.append(f"Not in {_encode.one_line(path)}, because {why}: {shown}{more}")
    return {"content": "".join(f"{host}\n" for host in named or [NO_HOST]), "lines": lines}
