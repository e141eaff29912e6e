# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CRC-64 of x-oss-hash-crc64ecma: it is the one of the xz format, so liblzma has it at full speed."""
from __future__ import annotations

import ctypes
from collections.abc import Callable

_Update = Callable[[bytes, int], int]


def _from_liblzma() -> _Update | None:
    try:
        function = ctypes.CDLL("liblzma.so.5").lzma_crc64
    except (OSError, AttributeError):
        return None
    function.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64)
    function.restype = ctypes.c_uint64
    return lambda data, crc: int(function(data, len(data), crc))


def _from_crcmod() -> _Update:
    """Return crcmod's, which comes with oss2: fast only where its C extension was built."""
    import crcmod  # heavy, and only needed where liblzma is missing

    function = crcmod.mkCrcFun(0x142F0E1EBA9EA3693, initCrc=0, xorOut=0xFFFFFFFFFFFFFFFF, rev=True)
    return lambda data, crc: int(function(data, crc))


_update: _Update = _from_liblzma() or _from_crcmod()


def crc64(data: bytes, crc: int = 0) -> int:
    """Return the CRC-64 of `data`; `crc` is that of what came before it."""
    return _update(data, crc)
