# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The operating system of a source, from os-release or from the release files that came before it."""

from __future__ import annotations

import re
from typing import Final

_VERSION = re.compile(r"\d[\w.]*", re.ASCII)
_IDS: Final = (
    ("centos", "centos"),
    ("red hat", "rhel"),
    ("oracle", "ol"),
    ("enterprise linux", "ol"),
    ("scientific", "scientific"),
    ("fedora", "fedora"),
    ("amazon", "amzn"),
    ("alibaba", "alinux"),
    ("aliyun", "alinux"),
    ("opensuse", "opensuse"),
    ("suse", "sles"),
)
"""Words in release texts, and the os-release ID of the family. The first match counts."""


RELEASE_FILES: Final = ("oracle-release", "redhat-release", "SuSE-release", "debian_version")
"""Files in /etc that name the system if there is no os-release, the more specific ones first."""


def parse_os(os_release: list[str], release_files: dict[str, list[str]]) -> dict[str, str]:
    """Return ``id``, ``version`` and ``name`` of the operating system; each is empty if it is unknown."""
    values = dict(line.split("=", 1) for line in os_release if "=" in line and not line.startswith("#"))
    known = {key.strip(): value.strip().strip("\"'") for key, value in values.items()}
    if known.get("ID"):
        return {
            "id": known["ID"].lower(),
            "version": known.get("VERSION_ID", ""),
            "name": known.get("PRETTY_NAME") or known.get("NAME", known["ID"]),
        }
    for name in RELEASE_FILES[:-1]:
        text = next(iter(release_files.get(name, [])), "").strip()
        found = _version_in(text)
        if found:
            return {"id": _id(text), "version": _version(found, release_files.get(name, [])), "name": text}
    version = next(iter(release_files.get("debian_version", [])), "").strip()
    if version:
        return {"id": "debian", "version": version, "name": f"Debian {version}"}
    return {"id": "", "version": "", "name": ""}


def _version_in(text: str) -> str:
    """Return the version in ``NAME release VERSION``, or in a text of SUSE its first version; '' for another text."""
    words = text.split()
    lowered = [word.lower() for word in words]
    for index in range(1, len(words) - 1):
        if lowered[index] == "release" and (found := _VERSION.match(words[index + 1])):
            return found[0]
    suse = next((index for index, word in enumerate(lowered) if "suse" in word), len(words))
    return next((found[0] for word in words[suse + 1 :] if (found := _VERSION.match(word))), "")


def _id(text: str) -> str:
    lowered = text.lower()
    return next((value for begin, value in _IDS if begin in lowered), lowered.split()[0])


def _version(version: str, lines: list[str]) -> str:
    """Return the version with the service pack, which SuSE-release has on a separate line."""
    for line in lines:
        name, _equals, value = line.partition("=")
        if name.strip() == "PATCHLEVEL" and value.strip().isdigit() and "." not in version:
            return f"{version}.{value.strip()}"
    return version
