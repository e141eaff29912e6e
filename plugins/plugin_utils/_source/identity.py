# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The identity of a machine: a digest that two hosts of the inventory share only if they are the same machine."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_PLACEHOLDERS: Final = frozenset(
    {
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "01010101-0101-0101-0101-010101010101",
        "03000200-0400-0500-0006-000700080009",
        "00010203-0405-0607-0809-0a0b0c0d0e0f",
        "01020304-0506-0708-090a-0b0c0d0e0f10",
        "12345678-1234-5678-90ab-cddeefaabbcc",
    }
)
"""DMI UUIDs of boards whose manufacturer did not set one: many machines share them."""

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}\Z")
_MACHINE_ID = re.compile(r"[0-9a-f]{32}\Z")


def parse_uname(text: str) -> tuple[str, str, str, str]:
    """Return system, host name, release and machine of ``uname -snrm``. A host name may be empty or contain blanks."""
    words = text.split(" ")
    if len(words) < 4:
        words = [*words, *[""] * (4 - len(words))]
    return words[0], " ".join(words[1:-2]).strip(), words[-2], words[-1]


def clean_machine_id(text: str) -> str:
    """Return the machine-id, or '' for an unset one (``uninitialized`` in images, zeros)."""
    value = text.strip().lower()
    return value if _MACHINE_ID.match(value) and value.strip("0") else ""


def clean_uuid(text: str) -> str:
    """Return the DMI UUID, or '' for one that does not identify a machine.

    Kernels and dmidecode print its first three groups in one of two byte orders, and a kernel update may change which
    (Linux 3.10, SMBIOS 2.6). The smaller of both identifies the machine.
    """
    value = text.strip().lower()
    if not _UUID.match(value) or value in _PLACEHOLDERS:
        return ""
    turned = [bytes.fromhex(group)[::-1].hex() for group in value.split("-")[:3]]
    other = "-".join([*turned, *value.split("-")[3:]])
    return "" if other in _PLACEHOLDERS else min(value, other)


def clean_mac(text: str) -> str:
    """Return the address of a network device, or '' for one that is not given by a manufacturer or a hypervisor."""
    value = text.strip().lower()
    return value if _MAC.match(value) and value not in ("00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff") else ""


def clean_key(text: str) -> str:
    """Return type and key of an SSH host public key without its comment, or ''."""
    words = text.split()
    return " ".join(words[:2]) if len(words) >= 2 else ""


def fingerprint(machine_id: str, dmi_uuid: str, ssh_keys: Iterable[str], macs: Iterable[str] = ()) -> str:
    """Return the SHA-256 of the identifiers that exist, or '' without any.

    All of them count: cloned virtual machines often share machine-id and host keys, and differ only in the DMI UUID.
    The comment of a key and the order of the keys do not count. The addresses of network devices count only where no
    UUID tells clones apart: a machine may get another network device.
    """
    parts = []
    if machine_id:
        parts.append(f"machine-id {machine_id}")
    if dmi_uuid:
        parts.append(f"dmi-uuid {dmi_uuid}")
    parts += [f"ssh {key}" for key in sorted(set(ssh_keys))]
    if parts and not dmi_uuid:
        parts += [f"mac {mac}" for mac in sorted(set(macs))[:1]]
    return hashlib.sha256("\n".join(parts).encode("utf-8")).hexdigest() if parts else ""
