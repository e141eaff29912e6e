# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What stands in a client's way on a source and can be put right, and undone: the faults, and how one is gone about."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .remote import Remote, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .script import Record

FAULTS: Final = ("clock", "rsync", "selinux", "virtio")
"""Every fault, in the order in which they are put right: certificates of an archive need a clock that is right."""

STATE_DIR: Final = "/var/lib/edgelift/remediation"
"""Where a source keeps the journal and the copies of what was changed; root alone reads it."""


@dataclass
class Seen:
    """What a look at a source found: per fault its status (ok, needed, impossible) and detail, and the journal."""

    faults: dict[str, tuple[str, str]] = field(default_factory=dict)
    journal: list[tuple[str, ...]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, dict[str, str]]:
        """Return the faults as results show them."""
        return {fault: {"status": status, "detail": detail} for fault, (status, detail) in self.faults.items()}

    def details(self) -> dict[str, str]:
        """Return the faults as a diff shows them."""
        return {fault: detail for fault, (_status, detail) in self.faults.items()}

    def needed(self) -> list[str]:
        """Return the faults to put right, in their order."""
        return [fault for fault in FAULTS if self.faults.get(fault, ("", ""))[0] == "needed"]

    def undoable(self) -> list[str]:
        """Return what would be undone, for people: one line per file, package or switch of the journal."""
        kinds = {"kept": "restore", "made": "remove", "packages": "remove the packages", "enforce": "enforce through"}
        return [
            f"{kinds[kind]} {rest[-1].strip() if kind == 'packages' else rest[0]}"
            for _fault, kind, *rest in self.journal
            if kind in kinds
        ]


def parse_seen(records: Iterable[Record]) -> Seen:
    """Return what the records of remedy_look.sh or remedy_undo.sh describe."""
    seen = Seen()
    for key, fields in records:
        if key == "remedy":
            seen.faults[fields[0]] = (fields[1], " ".join(fields[2:]))
        elif key == "journal":
            seen.journal.append(fields)
        elif key == "left":
            seen.left.append(" ".join(fields[1:]))
    return seen


def refuse_impossible(seen: Seen) -> None:
    """Refuse, with every reason, when something that was asked for cannot be put right on this source."""
    reasons = [f"{fault}: {detail}" for fault, (status, detail) in seen.faults.items() if status == "impossible"]
    if reasons:
        raise SourceError(f"nothing was changed, because this cannot be put right here: {'; '.join(reasons)}")


@dataclass(frozen=True)
class Wanted:
    """What is switched on. ``tolerance`` is in seconds, ``rsync_src`` a file of the controller or empty."""

    faults: Sequence[str] = FAULTS
    rsync_src: str = ""
    tolerance: int = 60
    environment: Mapping[str, str] = field(default_factory=dict)


class Remediation:
    """One source's faults."""

    def __init__(self, remote: Remote, wanted: Wanted, clock: Callable[[], float] = time.time) -> None:
        self._remote = remote
        self._wanted = wanted
        self._clock = clock

    def look(self) -> Seen:
        """Return the faults as they are now."""
        return parse_seen(self._run(["remedy_look"], "remedy_look"))

    def put_right(self, fault: str) -> None:
        """Put one fault right; SourceError with the words of the tool that could not."""
        if fault == "rsync" and self._wanted.rsync_src:
            self._remote.put(read_file(self._wanted.rsync_src), self._file_at())
        exports = [f"export {name}={shlex.quote(value)}" for name, value in self._wanted.environment.items()]
        command = "\n".join([*exports, f"remedy_do {fault}", 'rm -f "$RSYNC_AT"'])
        self._run(["remedy_look", "remedy_do"], command)

    def undo(self) -> Seen:
        """Undo everything in the journal and return what is left of it."""
        return parse_seen(self._run(["remedy_look", "remedy_undo"], "remedy_undo"))

    def _file_at(self) -> str:
        return f"{STATE_DIR}/file-{Path(self._wanted.rsync_src).name}"

    def _run(self, pieces: Sequence[str], command: str) -> list[Record]:
        values = {
            "STATE_DIR": STATE_DIR,
            "FAULTS": " ".join(self._wanted.faults),
            "RSYNC_FILE": Path(self._wanted.rsync_src).name,
            "RSYNC_AT": self._file_at(),
            "TOLERANCE": str(self._wanted.tolerance),
            "EPOCH": str(int(self._clock())),
        }
        return self._remote.work(pieces, values, command, "only root can put something right")


def read_file(path: str) -> bytes:
    """Return the content of a file of the controller; one that cannot be read is refused."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise SourceError(f"cannot read {path} on the controller: {error.strerror or error}") from error


def outcome(after: Seen, steps: Sequence[str]) -> dict[str, Any]:
    """Return the result of putting right; a fault that is still there is refused by name."""
    still = [f"{fault}: {after.faults[fault][1]}" for fault in steps if after.faults[fault][0] != "ok"]
    if still:
        raise SourceError(f"what was done did not help: {'; '.join(still)}")
    return {"changed": bool(steps), "steps": list(steps), "faults": after.as_dict(), "undo": after.undoable()}
