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
        "03000200-0400-0500-0006-000700080009",
    }
)
"""DMI UUIDs of boards whose manufacturer did not set one: many machines share them."""

_MACHINE_ID = re.compile(r"[0-9a-f]{32}\Z")


def clean_machine_id(text: str) -> str:
    """Return the machine-id, or '' for an unset one (``uninitialized`` in images, zeros)."""
    value = text.strip().lower()
    return value if _MACHINE_ID.match(value) and value.strip("0") else ""


def clean_uuid(text: str) -> str:
    """Return the DMI UUID, or '' for one that does not identify a machine."""
    value = text.strip().lower()
    return value if _UUID.match(value) and value not in _PLACEHOLDERS else ""


def clean_key(text: str) -> str:
    """Return type and key of an SSH host public key without its comment, or ''."""
    words = text.split()
    return " ".join(words[:2]) if len(words) >= 2 else ""


def fingerprint(machine_id: str, dmi_uuid: str, ssh_keys: Iterable[str]) -> str:
    """Return the SHA-256 of the identifiers that exist, or '' without any.

    All of them count: cloned virtual machines often share machine-id and host keys, and differ only in the DMI UUID.
    The comment of a key and the order of the keys do not count.
    """
    parts = []
    if machine_id:
        parts.append(f"machine-id {machine_id}")
    if dmi_uuid:
        parts.append(f"dmi-uuid {dmi_uuid}")
    parts += [f"ssh {key}" for key in sorted(set(ssh_keys))]
    return hashlib.sha256("\n".join(parts).encode("utf-8")).hexdigest() if parts else ""
