# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The archive for support: texts without secrets, below a limit, with a list of what is in it."""

from __future__ import annotations

import io
import json
import tarfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _encode

from . import redact

MOST_BYTES: Final = 5_000_000
"""Bytes of the archive."""
BUDGET: Final = MOST_BYTES - 300_000
"""Bytes of the compressed contents. The rest is for the headers and the list."""
_HEADER: Final = 600
_MOST_READ: Final = 20_000_000
"""Bytes of one file that are read: the last ones."""
FOLDER: Final = "diagnostics"


@dataclass(frozen=True)
class Member:
    """One text of the archive, or why it is not there."""

    name: str
    text: str = ""
    problem: str = ""


def of_file(path: str, number: int) -> Member:
    """Return a file of the controller as a member: its last bytes, from the begin of a line on."""
    name = f"files/{number}-{_encode.file_name(Path(path).name)}"
    try:
        with Path(path).expanduser().open("rb") as file:
            size = file.seek(0, io.SEEK_END)
            file.seek(max(0, size - _MOST_READ))
            content = file.read()
    except (OSError, ValueError) as error:
        return Member(name, problem=f"cannot be read: {getattr(error, 'strerror', None) or error}")
    if b"\0" in content:
        return Member(name, problem="it is no text")
    content = content.partition(b"\n")[2] if size > _MOST_READ else content
    return Member(name, content.decode("utf-8", "replace"))


def of_data(name: str, data: Any) -> Member:
    """Return data as a member in JSON."""
    return Member(name, json.dumps(data, indent=2, default=str, sort_keys=True) + "\n")


def of_logs(hosts: Iterable[str], results: Mapping[str, Any]) -> list[Member]:
    """Return the ends of the client logs, and one list that says which host has answered what."""
    found, told = [], {}
    for host in hosts:
        result = results.get(host)
        result = result if isinstance(result, Mapping) else {}
        logs = [log for log in result.get("logs") or [] if isinstance(log, Mapping)]
        told[host] = (
            "unreachable" if result.get("unreachable")
            else str(result.get("msg") or "failed") if result.get("failed")
            else f"{len(logs)} log files" if "logs" in result
            else "not asked"
        )  # fmt: skip
        for number, log in enumerate(logs, 1):
            lines = [str(line) for line in log.get("lines") or []]
            text = "\n".join([f"# {_encode.one_line(log.get('path', ''))}", *lines, ""])
            found.append(Member(f"hosts/{_encode.file_name(host)}/{number}.log", text))
    return [of_data("hosts.json", told), *found]


def make(members: Sequence[Member], secrets: Iterable[str]) -> tuple[bytes, list[dict[str, Any]]]:
    """Return the archive and its list. Members that come first are kept first; a member that does not fit any more is
    left out, and the list says so."""
    known = redact.forms(secrets)
    listed: list[dict[str, Any]] = []
    used = 0
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=9) as archive:
        for member in members:
            name = redact.scrub(member.name, known)
            data = redact.scrub(member.text, known).encode("utf-8", "replace")
            size = len(zlib.compress(data, 6)) + _HEADER
            problem = redact.scrub(member.problem, known)
            if not problem and used + size > BUDGET:
                problem = "left out: the archive would be too large"
            if not problem:
                used += size
                _add(archive, name, data)
            listed.append({"name": name, "bytes": 0 if problem else len(data), "problem": problem})
        _add(archive, "contents.json", (json.dumps(_short(listed), indent=2) + "\n").encode())
    return out.getvalue(), listed


def _short(listed: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the list without the rows that would make it large: those of members that are there."""
    return list(listed) if len(listed) <= 1000 else [row for row in listed if row["problem"]][:1000]


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    row = tarfile.TarInfo(f"{FOLDER}/{name}")
    row.size, row.mode = len(data), 0o600
    archive.addfile(row, io.BytesIO(data))
