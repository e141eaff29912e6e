# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""A source as an action plugin reaches it: scripts and files go through the stdin of a shell, no more is needed."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from . import script

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_EVIDENCE_LENGTH = 300


class Action(Protocol):
    """What is used of ansible.plugins.action.ActionBase."""

    _connection: Any

    def _low_level_execute_command(self, cmd: str, *, in_data: bytes) -> dict[str, Any]:
        """Run a command on the host, with data for its standard input."""


class SourceError(Exception):
    """Something that could not be done on a source; its text is for the user."""


class Result(NamedTuple):
    """What came back from one script: its answer (None when it never began), and how the shell ended."""

    answer: script.Answer | None
    rc: int
    stdout: str
    stderr: str

    def evidence(self) -> str:
        """Return the end of what the host said, on one line, for a message."""
        said = " / ".join(line.strip() for line in (self.stderr or self.stdout).splitlines() if line.strip())
        return f"exit status {self.rc}" + (f": {said[-_EVIDENCE_LENGTH:]}" if said else ", and no output")


class Remote:
    """The shell of one source. The action's own connection and become settings apply."""

    def __init__(self, action: Action) -> None:
        self._action = action

    @property
    def windows(self) -> bool:
        """Return whether the inventory says that the host has a Windows shell."""
        return bool(getattr(self._action._connection._shell, "_IS_WINDOWS", False))

    def stdin_problem(self) -> str | None:
        """Say why nothing can be sent through stdin with this connection and become method, or return None."""
        connection = self._action._connection
        if not connection.has_pipelining:
            return (
                f"the connection plugin {connection.transport} cannot send data to a command; use ansible.builtin.ssh"
            )
        become = connection.become
        # ansible-core says it itself from 2.17 on; before that, su was the one method that wants a terminal.
        if become and not getattr(become, "pipelining", become.name != "su"):
            return f"the become method {become.name} cannot send data to a command; use sudo, or log in as root"
        return None

    def run(self, pieces: Iterable[str], values: Mapping[str, str], command: str = "") -> Result:
        """Run the named pieces and then ``command`` in one shell on the source, and return what it answered."""
        fence = script.new_fence()
        raw = self._exec(script.COMMAND, script.compose(fence, pieces, values, command).encode("utf-8"))
        answer = script.parse(fence, raw["stdout"])
        return Result(answer, raw["rc"], raw["stdout"], raw["stderr"])

    def work(
        self, pieces: Iterable[str], values: Mapping[str, str], command: str, purpose: str
    ) -> list[script.Record]:
        """Run pieces that need root, and return what they said; what they could not do is a SourceError.

        ``purpose`` says what root is needed for.
        """
        seen = self.run(pieces, values, command)
        if seen.answer is None or not seen.answer.complete:
            raise SourceError(f"the shell on this host did not finish: {seen.evidence()}")
        for key, fields in seen.answer.records:
            if key == "failed":
                raise SourceError(" ".join(fields))
            if key == "uid" and fields[0] != "0":
                raise SourceError(f"{purpose}, and this is uid {fields[0]}; set become: true")
        return seen.answer.records

    def put(self, data: bytes, path: str) -> None:
        """Write ``data`` to ``path`` on the source, readable by its owner alone; the folder is made when missing.

        The content goes through stdin as well: it needs no sftp or scp on the host, no temporary folder of the login
        user, and it is on no command line. A file that is there goes first: it may be readable by others.
        """
        target = shlex.quote(path)
        folder = shlex.quote(path.rpartition("/")[0])
        inner = f"umask 077 && mkdir -p {folder} && rm -f {target} && cat >{target}"
        raw = self._exec(f"/bin/sh -c {shlex.quote(inner)}", data)
        if raw["rc"] != 0:
            raise SourceError(f"cannot write {path}: {Result(None, raw['rc'], '', raw['stderr']).evidence()}")

    def _exec(self, command: str, data: bytes) -> dict[str, Any]:
        problem = self.stdin_problem()
        if problem:
            raise SourceError(problem)
        raw: dict[str, Any] = self._action._low_level_execute_command(command, in_data=data)
        if re.search(r"must have a tty", raw["stderr"]):
            raise SourceError(
                "sudo on this host demands a terminal; add 'Defaults:<login user> !requiretty' to its sudoers"
            )
        return raw
