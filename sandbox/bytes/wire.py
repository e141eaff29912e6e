# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The protocol between the sandbox's client and the intermediate instance; the vendor's own protocol is not public.

Control port (8080 in the real service): lines of JSON, one answer per line.
  {"op": "hello", "key", "job", "source"}          -> {"ok": true, "disks": [{"index", "size_bytes"}]}
  {"op": "progress", "disk", "done", "total"}      -> {"ok": true}
  {"op": "finish"}                                 -> {"ok": true} once every disk has been received
Data port (8703), one connection per disk: a line {"key", "disk", "size"}, answered by a line {"ok": true, "have": n}
and n records of what the instance already has, then frames, then the end frame, answered by a line
{"ok": true, "digest", "blocks"}.
A refused line is answered by {"ok": false, "error": "..."} and the connection is closed.
"""
from __future__ import annotations

import binascii
import hashlib
import json
import struct
from collections.abc import Mapping
from typing import Any

LINE_LIMIT = 64 * 1024
"""Bytes that a JSON line may have."""

END = 0xFFFFFFFF
"""The block index of the end frame; its payload is the digest of the whole disk."""

FRAME = struct.Struct(">III")
"""Header of a frame: block index, payload bytes, CRC-32 of the payload. No payload means: this block is zero."""

RECORD = struct.Struct(">I32s")
"""What the receiver has: block index and SHA-256 of the block."""


def encode_frame(index: int, payload: bytes) -> bytes:
    """Return one frame ready to be sent."""
    return FRAME.pack(index, len(payload), binascii.crc32(payload)) + payload


def encode_line(message: Mapping[str, Any]) -> bytes:
    """Return one JSON message as a line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def decode_line(line: bytes) -> dict[str, Any]:
    """Return the JSON object of a line; anything else is refused with ValueError."""
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError(f"expected a JSON object, got {line[:80]!r}")
    return message


def disk_digest(size: int, blocks: Mapping[int, bytes]) -> bytes:
    """Return the SHA-256 over the disk's size and the (index, SHA-256) of every block that is not zero."""
    digest = hashlib.sha256(b"%d\n" % size)
    for index in sorted(blocks):
        digest.update(RECORD.pack(index, blocks[index]))
    return digest.digest()
