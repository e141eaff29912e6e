# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Checks of the client's folder on a source, and of the names of its environment variables.

Each check returns the words after the name of the option, because a module and a role name it differently.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")

_SYSTEM: Final = frozenset(
    {
        "/bin",
        "/boot",
        "/dev",
        "/etc",
        "/home",
        "/lib",
        "/lib64",
        "/media",
        "/mnt",
        "/opt",
        "/proc",
        "/root",
        "/run",
        "/sbin",
        "/srv",
        "/sys",
        "/tmp",
        "/usr",
        "/usr/bin",
        "/usr/lib",
        "/usr/local",
        "/usr/sbin",
        "/var",
        "/var/lib",
        "/var/log",
        "/var/tmp",
    }
)


def named(option: str, words: str | None) -> str | None:
    """Return the problem of an option: its name, and the words of a check; None without a problem."""
    return words and f"{option} {words}"


def install_dir_problem(path: str) -> str | None:
    """Return why ``path`` cannot be the folder of the client, or None. The removal deletes everything below it."""
    if not path.startswith("/") or "\n" in path or "\t" in path:
        return f"is {path!r}, it must be an absolute path on the source, such as /smc"
    parts = path.rstrip("/").split("/")[1:]
    if not parts or any(part in ("", ".", "..") for part in parts):
        return f"is {path!r}, it must be a plain absolute path without '.', '..' or empty parts, such as /smc"
    if path.rstrip("/") in _SYSTEM:
        return f"is {path!r}, which is a system folder. Set a separate folder, such as /smc or /opt/smc"
    return None


def environment_problem(environment: Mapping[Any, Any]) -> str | None:
    """Return which name a shell cannot export, or None."""
    for name in environment:
        if not _VARIABLE.match(str(name)):
            return f"has {name!r}, which is not a valid name of an environment variable"
    return None
