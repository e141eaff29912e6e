# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The architecture of a client: the archive of a bundle that fits a source."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Final

from .remote import SourceError

_NAMES: Final = {
    "x86_64": ("x86_64", "amd64"),
    "i386": ("i386", "i486", "i586", "i686", "x86"),
    "arm64": ("aarch64", "arm64"),
}
"""Names of an architecture in the vendor's file names (facts 2.1), and other names of it."""

_IN_NAME: Final = re.compile(r"(?<![a-z0-9])(x86_64|amd64|i[3-6]86|aarch64|arm64)(?![a-z0-9])", re.IGNORECASE)
_INNER: Final = re.compile(r"(?:.*/)?(go2aliyun_client[^/]*)\.(?:zip|tar\.gz)\Z")


def architecture(machine: str) -> str:
    """Return the vendor's name of a machine as ``uname -m`` reports it; without one, the name stays as it is."""
    return next((name for name, others in _NAMES.items() if machine.lower() in others), machine)


def inner(name: str, raw: bytes, machine: str) -> bytes:
    """Return the client's archive for the machine from a zip of archives, and any other content unchanged."""
    if not zipfile.is_zipfile(io.BytesIO(raw)):
        return raw
    with zipfile.ZipFile(io.BytesIO(raw)) as outer:
        archives = {path: found[1] for path in outer.namelist() if (found := _INNER.match(path))}
        if not archives:
            return raw
        linux = {path: stem for path, stem in archives.items() if "win" not in stem.lower()}
        fitting = [path for path, stem in linux.items() if _named(stem) == architecture(machine)]
        if len(fitting) != 1:
            raise SourceError(
                f"the client bundle {name} must contain one archive for {machine or 'this host'}, "
                f"but it contains {', '.join(sorted(archives))}"
            )
        return outer.read(fitting[0])


def refuse_other(name: str, folder: str, machine: str) -> None:
    """Raise SourceError if the folder of the client names another architecture than that of the source."""
    named = _named(folder)
    if machine and named and named != architecture(machine):
        raise SourceError(f"the client bundle {name} is for {named} ({folder}), but this host is {machine}")


def _named(stem: str) -> str:
    """Return the architecture in a file name, empty for none."""
    found = _IN_NAME.search(stem.replace("x86_64", "-x86_64-").replace("_", "-").replace("x86-64", "x86_64"))
    return architecture(found[1]) if found else ""
