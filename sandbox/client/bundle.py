# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the client bundle for one service address: a tar.gz that unpacks and runs where there is only /bin/sh."""
from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from . import runtime

ARCHITECTURE = {"aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)

FOLDER = f"go2aliyun_client_linux_{ARCHITECTURE}"
"""The one folder in the bundle; the real one has the version in its name (facts 2.1)."""

NAME = f"{FOLDER}.tar.gz"

_KEPT = 4
_FILES = Path(__file__).with_name("files")
_PROGRAM = Path(__file__).with_name("go2aliyun") / "__main__.py"


@dataclass(frozen=True)
class Bundle:
    """A bundle on disk and its checksum."""

    path: Path
    sha256: str


def build_bundle(service: str, out_dir: Path, cache_dir: Path | None = None) -> Bundle:
    """Write the bundle whose client talks to `service` (``http://127.0.0.1:PORT/_agent``) into `out_dir`.

    Everything but the address is built once and kept in `cache_dir` (unset: `out_dir`). Same machine, same sources and
    same address give the same bytes. It takes two seconds the first time and blocks: call it in a thread.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    # Two gzip members are one stream to every unpacker: the large one is the same for every address.
    data = {"service": service, "proxy": {"ip_port": "", "user_pwd": ""}, "source_id": "", "agent_key": ""}
    address = _tar({f"{FOLDER}/client_data": ((json.dumps(data, indent=2) + "\n").encode(), 0o600)})
    content = _common(cache_dir or out_dir) + gzip.compress(address + bytes(2 * tarfile.BLOCKSIZE), 9, mtime=0)
    path = out_dir / NAME
    _replace(path, content)
    return Bundle(path, hashlib.sha256(content).hexdigest())


def _common(cache_dir: Path) -> bytes:
    program = runtime.interpreter()
    cached = cache_dir / f"go2aliyun-common-{_fingerprint(program)}.gz"
    if not cached.exists():
        cache_dir.mkdir(parents=True, exist_ok=True)
        _replace(cached, gzip.compress(_tar(_contents(program)), 6, mtime=0))
        # One per interpreter and state of the sources: the last few are enough.
        for old in sorted(cache_dir.glob("go2aliyun-common-*.gz"), key=lambda path: path.stat().st_mtime)[:-_KEPT]:
            old.unlink(missing_ok=True)
    return cached.read_bytes()


def _contents(program: Path) -> dict[str, tuple[bytes, int]]:
    files = {f"{FOLDER}/runtime/{name}": entry for name, entry in runtime.collect(program).items()}
    files[f"{FOLDER}/runtime/go2aliyun_client.py"] = (_PROGRAM.read_bytes(), 0o644)
    for name, inside, mode in (("go2aliyun_client", "go2aliyun_client", 0o755),
                               ("README.txt", "README.txt", 0o644),
                               ("user_config.json", "user_config.json", 0o600),
                               ("rsync_excludes_linux.txt", "Excludes/rsync_excludes_linux.txt", 0o644)):
        files[f"{FOLDER}/{inside}"] = ((_FILES / name).read_bytes(), mode)
    return files


def _fingerprint(program: Path) -> str:
    """Return what the common part depends on: the interpreter and every source file that goes in."""
    stat = program.stat()
    digest = hashlib.sha256(f"{program} {stat.st_size} {stat.st_mtime_ns}".encode())
    for path in _sources():
        digest.update(path.read_bytes())
    return digest.hexdigest()[:24]


def _sources() -> Iterator[Path]:
    here = Path(__file__).parent
    for folder in (here, here / "go2aliyun", _FILES, here.parent / "bytes"):
        yield from sorted(path for path in folder.iterdir() if path.is_file())


def _tar(files: Mapping[str, tuple[bytes, int]]) -> bytes:
    """Return the archive without its end mark: owner root, no times, folders before files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for folder in sorted({str(parent) for name in files for parent in Path(name).parents} - {"."}):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        for name in sorted(files):
            content, mode = files[name]
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
        end = tar.offset
    return buffer.getvalue()[:end]


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(content)
    os.replace(part, path)
