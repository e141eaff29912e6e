# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What faults add to answers: the header that names the fault, the page of a gateway, and other headers."""

from __future__ import annotations

from sandbox.world.fault_rules import Fault

MARK = "x-sandbox-fault"
HTML = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
_CRC = "x-oss-hash-crc64ecma"


def altered(fault: Fault | None, headers: dict[str, str]) -> dict[str, str]:
    """Return the headers of an answer with those of a fault; the kind ``crc`` makes the checksum wrong."""
    if fault is None:
        return headers
    more = {**fault.headers, MARK: fault.kind}
    if fault.kind == "crc" and _CRC in headers:
        more[_CRC] = str(int(headers[_CRC]) ^ 1)
    return {**headers, **more}
