# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The forms in which a secret may be left behind, and the files that are searched for them."""

from __future__ import annotations

import base64
import gzip
import os
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

_CHUNK = 1 << 24


def forms(secret: str) -> dict[str, bytes]:
    """Return a secret raw, for URLs, in base64 at its three offsets, in hex and reversed."""
    data = secret.encode()
    found = {
        "raw": data,
        "url": quote(secret, safe="").encode(),
        "url form": quote_plus(secret).encode(),
        "hex": data.hex().encode(),
        "HEX": data.hex().upper().encode(),
        "reversed": data[::-1],
    }
    for offset in range(3):
        coded = base64.b64encode(b"\0" * offset + data)
        # Characters that bytes before or behind the secret share are left out.
        begin, end = -(-offset * 8 // 6), (offset + len(data)) * 8 // 6
        found[f"base64 {offset}"] = coded[begin:end]
        found[f"base64 url {offset}"] = coded[begin:end].replace(b"+", b"-").replace(b"/", b"_")
    return found


def files(*folders: Path) -> Iterator[Path]:
    """Yield every regular file below the folders; links are not followed."""
    for folder in folders:
        for place, _folders, names in os.walk(folder):
            for name in names:
                path = Path(place, name)
                if path.is_file() and not path.is_symlink():
                    yield path


def hits(path: Path, secrets: Mapping[str, str]) -> list[str]:
    """Return ``file: secret (form)`` for each secret in a file, or in its name."""
    wanted = [(f"{name} ({form})", data) for name, secret in secrets.items() for form, data in forms(secret).items()]
    longest = max((len(data) for _name, data in wanted), default=1)
    found: set[str] = {name for name, data in wanted if data in os.fsencode(str(path))}
    kept = b""
    for data in _content(path):
        window = kept + data
        found.update(name for name, form in wanted if form in window)
        kept = window[-longest:]
    return [f"{path}: {name}" for name in sorted(found)]


def _content(path: Path) -> Iterator[bytes]:
    file = os.open(path, os.O_RDONLY)
    try:
        zipped = os.pread(file, 2, 0) == b"\x1f\x8b"
        size, place = os.fstat(file).st_size, 0
        while place < size:
            try:
                begin = os.lseek(file, place, os.SEEK_DATA)
            except OSError:
                # Behind the last data of a sparse file, such as a disk, there is a hole.
                break
            place = os.lseek(file, begin, os.SEEK_HOLE)
            while begin < place and (data := os.pread(file, min(_CHUNK, place - begin), begin)):
                begin += len(data)
                yield data
    finally:
        os.close(file)
    if zipped:
        try:
            with gzip.open(path) as archive:
                while data := archive.read(_CHUNK):
                    yield data
        except (OSError, EOFError, zlib.error):
            return
