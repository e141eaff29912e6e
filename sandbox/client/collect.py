# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packs the modules that the client needs; run by the interpreter that the bundle will carry, never imported.

Usage: python collect.py ARCHIVE. Writes their byte code to the zip file ARCHIVE and prints, as JSON, the files of the
extension modules. What is needed is found by running the client's harmless paths and looking at what was imported.
"""
from __future__ import annotations

import contextlib
import io
import sys
import tempfile
from pathlib import Path

# The local cloud speaks plain HTTP, and the interpreter's own SHA-256 is enough: no OpenSSL, no compression libraries.
for absent in ("ssl", "_ssl", "_hashlib", "zlib", "bz2", "lzma", "_bz2", "_lzma"):
    sys.modules[absent] = None  # type: ignore[assignment]  # this is how an import is made to fail

import http.client  # noqa: E402  after the imports that must fail

from sandbox.client.go2aliyun import main as client  # noqa: E402  after the imports that must fail
from sandbox.client.go2aliyun import service, system  # noqa: E402  after the imports that must fail


def exercise() -> None:
    """Run what imports modules late: help, a refused start, a call without a listener, codecs."""
    for arguments in (["--help"], ["--version"], ["--unknown"], []):
        with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()), \
                contextlib.redirect_stderr(io.StringIO()), tempfile.TemporaryDirectory() as folder:
            client.main(arguments, Path(folder))
    with contextlib.suppress(service.ServiceUnreachable):
        service.Service("http://127.0.0.1:9").newest_version()
    with contextlib.suppress(system.SystemProblem):
        system.report("127.0.0.1", Path("/"))
    http.client.parse_headers(io.BytesIO(b"Content-Type: application/json\r\n\r\n"))
    for codec in ("idna", "ascii", "latin-1", "utf-8"):
        "x".encode(codec)


exercise()
needed = dict(sys.modules)

import importlib.machinery  # noqa: E402  only now: what follows is not part of the client
import importlib.util  # noqa: E402  only now: it is no part of the client
import json  # noqa: E402  only now: it is no part of the client
import marshal  # noqa: E402  only now: it is no part of the client

for absent in ("zlib", "bz2", "lzma"):
    del sys.modules[absent]
import zipfile  # noqa: E402  it needs zlib, which was missing until here


def source_of(name: str) -> Path | None:
    """Return the file that a module was loaded from, None for what is built into the interpreter."""
    spec = getattr(needed[name], "__spec__", None)
    folders = getattr(needed.get(name.rpartition(".")[0]), "__path__", None)
    if spec is not None and spec.name != name and folders is not None:
        # A module that put another in its own place, as collections.abc does: its file is beside its parent's.
        spec = importlib.machinery.PathFinder.find_spec(name, folders)
    origin = getattr(spec, "origin", None)
    return Path(origin) if spec is not None and spec.has_location and origin else None


extensions = []
with zipfile.ZipFile(sys.argv[1], "w") as archive:
    for name in sorted(needed):
        path = source_of(name)
        if path is None or name == "__main__":
            continue
        if path.suffix != ".py":
            extensions.append(str(path))
            continue
        inside = name.replace(".", "/") + ("/__init__" if path.name == "__init__.py" else "")
        code = compile(path.read_bytes(), f"{inside}.py", "exec", dont_inherit=True, optimize=2)
        # Version 2 writes no references, whose flags differ from run to run.
        # A hash-based header that is never checked: the sources are not there (PEP 552).
        content = importlib.util.MAGIC_NUMBER + bytes([1, 0, 0, 0]) + bytes(8) + marshal.dumps(code, 2)
        archive.writestr(zipfile.ZipInfo(f"{inside}.pyc", (1980, 1, 1, 0, 0, 0)), content)
print(json.dumps(extensions))
