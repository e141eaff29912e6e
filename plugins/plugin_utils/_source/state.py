# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What a host does, from the lines of probe_state.sh: users, sockets that listen, running services, default routes, and
its file systems with errors."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any, Final

from .answers import integer

if TYPE_CHECKING:
    from .rows import Rows

_SOCKET: Final = re.compile(r"(?P<address>[0-9A-F]{8}|[0-9A-F]{32}):(?P<port>[0-9A-F]{4})")
_WORD: Final = 8
"""Hexadecimal digits of a word. The kernel prints each word of an address in the byte order of the processor."""
_PROCESSORS: Final = re.compile(r"kworker|ksoftirqd|migration/|rcu_|watchdog/")
"""Threads of an old kernel that are children of the first process."""


def state(rows: Rows) -> dict[str, Any]:
    """Return what a booted copy of the host is compared with. What is not known is empty."""
    routes = [(*fields, "", "")[:2] for fields in rows.all("route")]
    listening = {found for text in rows.words("listen") if (found := _socket(text))}
    return {
        "users": [{"name": row[0], "uid": integer(row[1])} for row in rows.all("user") if len(row) > 1],
        "listening": [{"address": address, "port": port} for port, address in sorted(listening)],
        "running_by": rows.first("running-by") or None,
        "running": sorted(name for name in rows.words("running") if not _PROCESSORS.match(name)),
        "routes": [{"device": device, "gateway": _address(gateway)} for device, gateway in routes],
        "file_systems_with_errors": sorted(rows.words("fs-errors")),
        "cut": sorted(rows.words("state-cut")),
    }


def _socket(text: str) -> tuple[int, str] | None:
    found = _SOCKET.fullmatch(text)
    return (int(found["port"], 16), _address(found["address"])) if found else None


def _address(text: str) -> str:
    """Return an address that the kernel prints in hexadecimal digits, '' for any other text."""
    if not re.fullmatch(r"[0-9A-F]{8}|[0-9A-F]{32}", text):
        return ""
    words = (text[start : start + _WORD] for start in range(0, len(text), _WORD))
    packed = b"".join(bytes.fromhex(word)[::-1] for word in words)
    return str(ipaddress.ip_address(packed))
