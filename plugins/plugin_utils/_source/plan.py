# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""A plan: what one file configures for one device of a source."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Plan:
    """What a file configures for one device.

    ``name`` is its name or a pattern, ``mac`` its hardware address, ``driver`` its driver; where all are empty, every
    device is meant. ``kind`` is ethernet, bond, bridge, vlan or other.
    """

    manager: str
    file: str
    name: str = ""
    mac: str = ""
    driver: str = ""
    kind: str = "ethernet"
    dhcp: bool = False
    auto: bool = True
    member: bool = False
    addresses: list[str] = field(default_factory=list)
    gateway: str = ""
    dns: list[str] = field(default_factory=list)
