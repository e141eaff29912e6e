# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write tests/locks: every package that tools/venv.sh installs, with its version and the SHA-256 of each of its files.

usage: lock.py UV, the program uv. It resolves requirements.txt and tests/requirements.txt with each ansible-core for
all Pythons at once, at the newest versions of the index that pip has (index-url, or PyPI). common.txt has
what is the same for every ansible-core, 2.NN.txt and newest.txt have the rest; importer.txt, docs.txt, build.txt,
sbom.txt, pyinfra.txt and uv.txt are complete. runtime.txt has what requirements.txt needs alone: make sbom lists it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ROOT / "tests" / "locks"
HEAD = "# Written by make lock. Each package with the SHA-256 of its files; tools/venv.sh installs nothing else.\n"

# ansible-core, and the lowest Python that it runs on; below it, the lock has any ansible-core.
CORES = {"2.16": 10, "2.17": 10, "2.18": 11, "2.19": 11, "2.20": 12, "2.21": 12, "2.22": 13}
IMPORTER = ("galaxy-importer>=0.4.30",)
DOCS = ("ansible-core>=2.20", "antsibull-docs>=2.20", "myst-parser>=4", "sphinx>=8", "sphinx-ansible-theme>=0.10",
        "sphinxcontrib-mermaid>=1")
"""What builds the documentation site (tools/docs.sh)."""
SBOM = ("cyclonedx-bom>=7",)
"""What lists the packages (make sbom)."""
PYINFRA = ("pyinfra==3.10.*",)
"""What make bench-probe compares the probe with."""
BUILD = ("setuptools", "wheel")
"""What builds the packages that have no wheel."""


def wanted(core: str) -> str:
    """Return the requirement for one ansible-core, pre-releases included."""
    marker = f' ; python_full_version >= "3.{CORES[core]}"'
    return f"ansible-core>={core}.0b1,<2.{int(core.partition('.')[2]) + 1}" + (marker if CORES[core] > 10 else "")


def configured(name: str) -> str:
    """Return a setting of pip, "" when there is none."""
    asked = [sys.executable, "-m", "pip", "config", "get", f"global.{name}"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def resolve(uv: str, requirements: tuple[str, ...], files: tuple[str, ...], lowest: int, known: str = "") -> str:
    """Return the lock of some requirements, for every Python from 3.`lowest` on; `known` has versions to prefer."""
    # An extra index may have some files of a version only: the lock would lack the hashes of the others.
    index = configured("index-url")
    known_to_uv = {name: value for name, value in os.environ.items() if name not in ("UV_EXTRA_INDEX_URL", "UV_INDEX")}
    with tempfile.TemporaryDirectory() as folder:
        given, lock = Path(folder, "given.in"), Path(folder, "lock.txt")
        given.write_text("\n".join(requirements) + "\n", encoding="utf-8")
        lock.write_text(known, encoding="utf-8")
        subprocess.run(
            [uv, "pip", "compile", "--quiet", "--universal", "--python-version", f"3.{lowest}", "--generate-hashes",
             "--no-header", "--no-annotate", "--output-file", str(lock), *files, str(given)],
            cwd=ROOT, check=True, env={**known_to_uv, **({"UV_INDEX_URL": index} if index else {})})
        return lock.read_text(encoding="utf-8")


def entries(lock: str) -> list[str]:
    """Return the entries of a lock: a requirement and its hashes."""
    return [entry.rstrip() for entry in re.split(r"\n(?=\S)", lock) if entry.strip()]


def write(name: str, lock: list[str]) -> None:
    """Write one file."""
    (LOCKS / name).write_text("\n".join([HEAD, *lock]) + "\n", encoding="utf-8")
    print(f"tests/locks/{name}: {len(lock)} entries")


def main() -> None:
    """Resolve everything and write the files."""
    uv, files = sys.argv[1], ("requirements.txt", "tests/requirements.txt")
    newest = resolve(uv, ("ansible-core>=2.16.0",), files, 10)
    locks = {"newest": entries(newest)}
    for core in CORES:
        locks[core] = entries(resolve(uv, (wanted(core),), files, 10, newest))
    common = [entry for entry in locks["newest"] if all(entry in lock for lock in locks.values())]
    LOCKS.mkdir(exist_ok=True)
    write("common.txt", common)
    for name, lock in locks.items():
        write(f"{name}.txt", [entry for entry in lock if entry not in common])
    write("importer.txt", entries(resolve(uv, IMPORTER, (), 11)))
    write("docs.txt", entries(resolve(uv, DOCS, (), 12)))
    write("build.txt", entries(resolve(uv, BUILD, (), 10)))
    write("sbom.txt", entries(resolve(uv, SBOM, (), 10)))
    write("pyinfra.txt", entries(resolve(uv, PYINFRA, (), 10)))
    write("runtime.txt", entries(resolve(uv, (), ("requirements.txt",), 10, newest)))
    write("uv.txt", entries(resolve(uv, ("uv",), (), 10)))


if __name__ == "__main__":
    main()
