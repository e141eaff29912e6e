# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The interpreter that the client bundle carries: program, loader, libraries, modules, taken from this machine."""
from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import sandbox

COLLECT = Path(__file__).with_name("collect.py")

_LIBRARY = re.compile(r"^\s*(?:\S+ => )?(/\S+) \(0x[0-9a-f]+\)$", re.MULTILINE)
_MISSING = re.compile(r"^\s*(\S+) => not found$", re.MULTILINE)


class RuntimeProblem(Exception):
    """This machine's interpreter cannot be carried; the text says why."""


def interpreter() -> Path:
    """Return the real program behind this process's interpreter: a virtual environment leads to its base."""
    return Path(getattr(sys, "_base_executable", None) or sys.executable).resolve()


def collect(program: Path) -> dict[str, tuple[bytes, int]]:
    """Return the files of the carried interpreter: {path inside runtime/: (content, mode)}.

    ld.so, python, lib/*.so*, lib/pythonXY.zip with the needed modules, lib/pythonX.Y/lib-dynload with extensions.
    """
    with tempfile.TemporaryDirectory(prefix="go2aliyun-") as folder:
        archive = Path(folder) / "modules.zip"
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0",
                       "PYTHONPATH": str(Path(sandbox.__file__).parents[1])}
        extensions = [Path(path) for path in
                      json.loads(_output([str(program), "-S", "-s", "-B", str(COLLECT), str(archive)], environment))]
        version = _output([str(program), "-S", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]).strip()
        files = {f"lib/python{version.replace('.', '')}.zip": (archive.read_bytes(), 0o644)}
    for extension in extensions:
        files[f"lib/python{version}/lib-dynload/{extension.name}"] = (_stripped(extension), 0o644)
    # The folder must be there even when everything is built in: the interpreter looks for it.
    files.setdefault(f"lib/python{version}/lib-dynload/README", (b"Extension modules.\n", 0o644))
    for library in _libraries([program, *extensions]):
        if library.name.startswith("ld-linux"):
            files["ld.so"] = (library.read_bytes(), 0o755)
        else:
            files[f"lib/{library.name}"] = (_stripped(library), 0o644)
    files["python"] = (_stripped(program), 0o755)
    if "ld.so" not in files:
        raise RuntimeProblem(f"{program} has no dynamic loader: a statically linked interpreter cannot be carried")
    return files


def _libraries(programs: list[Path]) -> list[Path]:
    """Return what the programs are linked with, the loader included, each by the name that it is asked for."""
    found: dict[str, Path] = {}
    for program in programs:
        listing = _output(["ldd", str(program)])
        missing = _MISSING.findall(listing)
        if missing:
            raise RuntimeProblem(f"{program} needs {', '.join(missing)}, which ldd does not find")
        for path in _LIBRARY.findall(listing):
            found.setdefault(Path(path).name, Path(path))
    return [found[name] for name in sorted(found)]


def _stripped(path: Path) -> bytes:
    """Return the file without its symbols where binutils are installed, else as it is: larger, and as good."""
    strip = shutil.which("strip")
    if strip is None:
        return path.read_bytes()
    with tempfile.TemporaryDirectory(prefix="go2aliyun-") as folder:
        copy = Path(folder) / "copy"
        done = subprocess.run([strip, "--strip-unneeded", "-o", copy, path], capture_output=True, check=False)
        return (copy if done.returncode == 0 else path).read_bytes()


def _output(command: list[str], environment: dict[str, str] | None = None) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    except FileNotFoundError as error:
        raise RuntimeProblem(f"{command[0]} is not installed") from error
    except subprocess.CalledProcessError as error:
        words = (error.stderr or error.stdout or "").strip().splitlines()
        raise RuntimeProblem(f"{command[0]} failed: {words[-1] if words else error.returncode}") from error
