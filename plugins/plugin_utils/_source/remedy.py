# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The fixes on a source for common migration blockers: how they are found, applied and reverted."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from . import script
from .remote import Remote, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .answers import Record

FAULTS: Final = ("clock", "rsync", "selinux", "virtio", "cloud_init", "dhcp")
"""Every fault, in the order of the fixes: the certificates of a package archive need a correct clock."""

STATE_DIR: Final = "/var/lib/edgelift/remediation"
"""The folder on the source for the journal and for copies of changed files. Only root can read it."""


LOCKED_SECONDS: Final = 600
"""Seconds that a fix waits for another program, such as an automatic update, to release the lock of the packages."""

_LOOK: Final = ("remedy_look", "remedy_net")

# The unit may take as long as the instance waits for its network; a DHCP client that it starts stays.
_DHCP_UNIT: Final = """\
[Unit]
Description=DHCP for the first virtio device after a migration (edgelift.ens_migration)
After=network.target NetworkManager.service systemd-networkd.service wicked.service cloud-init.service

[Service]
Type=oneshot
RemainAfterExit=yes
KillMode=process
TimeoutStartSec=600
ExecStart=/bin/sh /etc/edgelift-dhcp/run

[Install]
WantedBy=multi-user.target"""

_DHCP_INIT: Final = """\
#!/bin/sh
### BEGIN INIT INFO
# Provides:          edgelift-dhcp
# Required-Start:    $remote_fs $network
# Required-Stop:
# Default-Start:     2 3 4 5
# Default-Stop:
# Short-Description: DHCP for the first virtio device after a migration (edgelift.ens_migration)
### END INIT INFO
# chkconfig: 2345 99 01
# description: DHCP for the first virtio device after a migration (edgelift.ens_migration)
case ${1:-start} in
start) /bin/sh /etc/edgelift-dhcp/run >/dev/null 2>&1 </dev/null & ;;
esac
exit 0"""

_CLOUD_CONFIG: Final = """\
# Written by the role remediate of edgelift.ens_migration (remediate_cloud_init). cloud-init leaves the network, the SSH
# host keys and the logins of this server as they are. What a platform sends for an instance still counts.
network: {config: disabled}
ssh_deletekeys: false
disable_root: false
ssh_pwauth: unchanged"""


@dataclass
class Seen:
    """The faults of a source, each with its status (ok, needed, impossible) and a detail, and the journal."""

    faults: dict[str, tuple[str, str]] = field(default_factory=dict)
    journal: list[tuple[str, ...]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, dict[str, str]]:
        """Return the faults in the form of the module results."""
        return {fault: {"status": status, "detail": detail} for fault, (status, detail) in self.faults.items()}

    def details(self) -> dict[str, str]:
        """Return the faults in the form of a diff."""
        return {fault: detail for fault, (_status, detail) in self.faults.items()}

    def needed(self) -> list[str]:
        """Return the faults to fix, in their order."""
        return [fault for fault in FAULTS if self.faults.get(fault, ("", ""))[0] == "needed"]

    def undoable(self) -> list[str]:
        """Return what a revert would change: one line for each file, package or switch of the journal."""
        kinds = {"kept": "restore", "made": "remove", "packages": "remove the packages", "enforce": "set enforcing in"}
        kinds["masked"] = "mask again"
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
    """Raise SourceError with every reason if a requested fix is not possible on this source."""
    reasons = [f"{fault}: {detail}" for fault, (status, detail) in seen.faults.items() if status == "impossible"]
    if reasons:
        raise SourceError(f"no fix was applied, because these are not possible on this host: {'; '.join(reasons)}")


@dataclass(frozen=True)
class Wanted:
    """The enabled fixes. ``tolerance`` is in seconds, ``rsync_src`` a file on the controller or empty."""

    faults: Sequence[str] = FAULTS
    rsync_src: str = ""
    tolerance: int = 60
    environment: Mapping[str, str] = field(default_factory=dict)


class Remediation:
    """The fixes of one source."""

    def __init__(self, remote: Remote, wanted: Wanted, clock: Callable[[], float] = time.time) -> None:
        self._remote = remote
        self._wanted = wanted
        self._clock = clock

    def look(self) -> Seen:
        """Return the current faults."""
        return parse_seen(self._run([*_LOOK], "remedy_look"))

    def fix(self, fault: str) -> None:
        """Fix one fault. Raise SourceError with the output of the tool that failed."""
        if fault == "rsync" and self._wanted.rsync_src:
            self._remote.put(read_file(self._wanted.rsync_src), _file_at(self._wanted))
        exports = [f"export {name}={shlex.quote(value)}" for name, value in self._wanted.environment.items()]
        command = "\n".join([*exports, f"remedy_do {fault}", 'secure "$RSYNC_AT" && rm -f "$RSYNC_AT"'])
        self._run([*_LOOK, "remedy_do"], command)

    def undo(self) -> Seen:
        """Revert everything in the journal and return what could not be reverted."""
        return parse_seen(self._run([*_LOOK, "remedy_undo"], "remedy_undo"))

    def _run(self, pieces: Sequence[str], command: str) -> list[Record]:
        given = values(self._wanted, self._clock())
        return self._remote.work(pieces, given, command, "a fix needs root")


def values(wanted: Wanted, now: float) -> dict[str, str]:
    """Return the variables of the scripts. ``now`` is the time of the controller, in seconds since 1970 UTC."""
    return {
        "STATE_DIR": STATE_DIR,
        "FAULTS": " ".join(wanted.faults),
        "RSYNC_FILE": Path(wanted.rsync_src).name,
        "RSYNC_AT": _file_at(wanted),
        "TOLERANCE": str(wanted.tolerance),
        "EPOCH": str(int(now)),
        "LOCKED_SECONDS": str(LOCKED_SECONDS),
        "DHCP_RUN": script.text("dhcp_fallback").rstrip("\n"),
        "DHCP_UNIT": _DHCP_UNIT,
        "DHCP_INIT": _DHCP_INIT,
        "CLOUD_CONFIG": _CLOUD_CONFIG,
    }


def _file_at(wanted: Wanted) -> str:
    return f"{STATE_DIR}/file-{Path(wanted.rsync_src).name}"


def read_file(path: str) -> bytes:
    """Return the content of a file of the controller; one that cannot be read is refused."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise SourceError(f"cannot read {path} on the controller: {error.strerror or error}") from error


def outcome(after: Seen, steps: Sequence[str]) -> dict[str, Any]:
    """Return the result of the fixes. Raise SourceError with the faults that still exist."""
    still = [f"{fault}: {after.faults[fault][1]}" for fault in steps if after.faults[fault][0] != "ok"]
    if still:
        raise SourceError(f"these fixes had no effect: {'; '.join(still)}")
    return {"changed": bool(steps), "steps": list(steps), "faults": after.as_dict(), "undo": after.undoable()}
