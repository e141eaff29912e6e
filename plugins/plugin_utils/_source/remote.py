# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Access to a source from an action plugin: scripts and files are sent through the stdin of a shell."""

from __future__ import annotations

import contextlib
import shlex
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _untrusted

from . import answers, become, deadline, script
from .silence import Silence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_EVIDENCE_LENGTH = 300
_SLOW_BYTES_PER_SECOND: Final = 50_000
"""The slowest network for which a file that is sent extends the time for the answer."""
_RESET_SECONDS: Final = 10
_END_SECONDS: Final = 2
"""Seconds that a script on a source takes to end at its limit: the session ends before this side stops waiting."""

_PUT: Final = " ".join(
    (
        "umask 077; set -f; PATH=/usr/sbin:/usr/bin:/sbin:/bin; me=$(id -u);",
        "mkdir -p {folder} && cd -P {folder} || exit 1; p=$(pwd -P);",
        'while :; do set -- $(ls -ldn "${{p:-/}}");',
        "case $1,$3 in d????-??-*,0 | d????-??-*,$me) ;;",
        '*) echo "other users can change ${{p:-/}}" >&2; exit 1 ;; esac;',
        '[ -n "$p" ] || break; p=${{p%/*}}; done;',
        "rm -f {name}.$$ && set -C && cat >{name}.$$ && mv -f {name}.$$ {name}",
    )
)
"""Write standard input to a file in a folder that only root and the login user can change, with all its parents. The
scripts check it in the same way with more details; this check does not depend on them."""


class Action(Protocol):
    """The part of ansible.plugins.action.ActionBase that this module uses."""

    _connection: Any

    def _low_level_execute_command(self, cmd: str, sudoable: bool = True, *, in_data: bytes) -> dict[str, Any]:
        """Run a command on the host, with data for its standard input; ``sudoable`` with the become method."""


class SourceError(Exception):
    """An operation failed on a source. The text is for the user."""


class NotUnderstoodError(SourceError):
    """A host answered with something that no script of this collection sends."""


class NoAnswerError(SourceError):
    """A host did not answer in time, or it did not stop sending."""


class Result(NamedTuple):
    """The result of one script: its answer (None if it did not start), and the exit status and output of the shell."""

    answer: answers.Answer | None
    rc: int
    stdout: str
    stderr: str

    def evidence(self) -> str:
        """Return the exit status and the end of the output, on one line, for a message."""
        end = (self.stderr or self.stdout)[-2 * _EVIDENCE_LENGTH :].split("\n")
        said = " / ".join(line for line in (answers.clean(row).strip() for row in end) if line)
        return f"exit status {self.rc}" + (f": {said[-_EVIDENCE_LENGTH:]}" if said else ", and no output")


class Remote:
    """The shell of one source, with the connection and become settings of the action."""

    def __init__(self, action: Action, limits: answers.Limits | None = None, silence: Silence | None = None) -> None:
        self._action = action
        self._limits = limits or answers.Limits()
        self._silence = silence or Silence("this host", folder="")

    @property
    def windows(self) -> bool:
        """Return whether the inventory configures a Windows shell for the host."""
        return bool(getattr(self._action._connection._shell, "_IS_WINDOWS", False))

    def stdin_problem(self) -> str | None:
        """Return why the connection or the become method cannot send data through stdin, or None."""
        connection = self._action._connection
        if not connection.has_pipelining:
            return (
                f"the connection plugin {connection.transport} cannot send data to a command. Use ansible.builtin.ssh"
            )
        method = connection.become
        # ansible-core has the attribute from 2.17 on. Before that, only su needs a terminal.
        if method and not getattr(method, "pipelining", method.name != "su"):
            return f"the become method {method.name} cannot send data to a command. Use sudo, or log in as root"
        return None

    def run(
        self,
        pieces: Iterable[str],
        values: Mapping[str, str],
        command: str = "",
        waits: float = 0,
        seconds: int | None = None,
    ) -> Result:
        """Run the named scripts and then ``command`` in one shell on the source, and return the result.

        ``waits`` are the seconds that the scripts wait by themselves, ``seconds`` those after which they end on the
        source whatever they wait for. Without ``seconds``, they end shortly before the controller stops waiting.
        """
        fence = script.new_fence()
        ends = max(1, int(self._silence.seconds(self._limits.seconds + waits)) - _END_SECONDS)
        text = script.compose(fence, pieces, values, command, min(ends, seconds or ends))
        raw = self._exec(script.COMMAND, text.encode("utf-8"), waits)
        try:
            with deadline.guarded(self._limits.seconds, self._grown()):
                answer = answers.parse(fence, raw["stdout"], self._limits)
        except deadline.ExceededError as error:
            raise NotUnderstoodError(f"answer not understood: {error}") from error
        except answers.UnreadableError as error:
            raise NotUnderstoodError(f"answer not understood: {error}") from error
        if answer is None and raw["rc"] != 0:
            self._refuse_become(refused=False)
        return Result(answer, raw["rc"], raw["stdout"], raw["stderr"])

    def work(
        self, pieces: Iterable[str], values: Mapping[str, str], command: str, purpose: str, waits: float = 0
    ) -> list[answers.Record]:
        """Run scripts that need root, and return their records. Raise SourceError if one of them fails.

        ``purpose`` is the reason why root is needed, for the message.
        """
        seen = self.run(pieces, values, command, waits)
        if seen.answer is None or not seen.answer.complete:
            raise SourceError(f"the script on this host did not finish: {seen.evidence()}")
        for key, fields in seen.answer.records:
            if key == "expired":
                raise SourceError(f"the script on this host was ended after {fields[1]} s: it did not finish")
            if key == "failed":
                raise SourceError(" ".join(fields))
            if key == "uid" and fields[0] != "0":
                raise SourceError(f"{purpose}, but the login user has uid {fields[0]}. Set become: true")
        return seen.answer.records

    def put(self, data: bytes, path: str) -> None:
        """Write ``data`` to ``path`` on the source, readable only by its owner. Create the folder if it is missing.

        The content is sent through stdin: this needs no sftp or scp on the host and no temporary folder, and the
        content appears on no command line. It is written to a new file beside ``path``, which then replaces an existing
        file in one step: no reader sees a part of it, and the old permissions do not apply. Raise SourceError if users
        other than root and the login user can change the folder or one of its parents.
        """
        folder, _slash, name = path.rpartition("/")
        inner = _PUT.format(folder=shlex.quote(folder), name=shlex.quote(f"./{name}"))
        raw = self._exec(f"/bin/sh -c {shlex.quote(inner)}", data, len(data) / _SLOW_BYTES_PER_SECOND)
        if raw["rc"] != 0:
            raise SourceError(f"cannot write {path}: {Result(None, raw['rc'], '', raw['stderr']).evidence()}")

    def _exec(self, command: str, data: bytes, waits: float) -> dict[str, Any]:
        """Run a command. Close the connection and raise NoAnswerError if the host exceeds its time or its memory.

        A host that did not answer earlier in this run gets a short second chance, and is not asked after that.
        """
        problem = self.stdin_problem()
        if problem:
            raise SourceError(problem)
        seconds = self._silence.seconds(self._limits.seconds + waits)
        if not seconds:
            raise NoAnswerError("the host did not answer earlier in this run and was not asked again")
        try:
            with self._cut_off(), deadline.guarded(seconds, self._grown()):
                raw: dict[str, Any] = self._action._low_level_execute_command(command, in_data=data)
        except AnsibleError as failed:
            if become.waits(failed):
                self._refuse_become(refused=True)
            if not isinstance(failed, AnsibleConnectionFailure):
                raise
            # A host can write the words of its connection, also as the reason why it is unreachable.
            reason = "\n".join(map(answers.clean, str(failed)[: self._limits.max_line].split("\n")))
            raise AnsibleConnectionFailure(_untrusted.no_template(reason)) from failed
        except deadline.ExceededError as error:
            self._silence.add()
            self._close()
            raise NoAnswerError(f"the host got no more time, {error}. The connection was closed") from error
        return raw

    def _refuse_become(self, refused: bool) -> None:
        """Raise SourceError with why the become method does not start a script, if that is the reason."""
        method = self._action._connection.become
        if not method:
            return
        if method.name != "sudo":
            if refused:
                raise SourceError(become.refusal(method.name, bool(method.get_option("become_pass"))))
            return
        with contextlib.suppress(AnsibleError, deadline.ExceededError):
            with self._cut_off(), deadline.guarded(self._limits.seconds, self._grown()):
                told = self._action._low_level_execute_command(become.question(method), sudoable=False, in_data=b"")
            reason = become.reason(told["stdout"], bool(method.get_option("become_pass")), refused)
            if reason:
                raise SourceError(reason)

    def _grown(self) -> int:
        """Return by how much an answer may make this process larger: it is kept several times, as bytes and as text."""
        return max(deadline.GROWN_BYTES, 8 * self._limits.max_bytes)

    @contextlib.contextmanager
    def _cut_off(self) -> Iterator[None]:
        """Cut what the connection returns, before ansible-core makes texts and lists of lines of it."""
        connection = self._action._connection
        kept, original, most = dict(vars(connection)), connection.exec_command, self._limits.max_bytes

        def limited(*args: Any, **kwargs: Any) -> tuple[Any, ...]:
            rc, *streams = original(*args, **kwargs)
            return (rc, *(stream[: most + 1] if isinstance(stream, bytes) else stream for stream in streams))

        connection.exec_command = limited
        try:
            yield
        finally:
            if "exec_command" in kept:
                connection.exec_command = original
            else:
                del connection.exec_command

    def _close(self) -> None:
        """End the connection, also the one that OpenSSH keeps for the next task."""
        connection = self._action._connection
        with contextlib.suppress(Exception), deadline.guarded(_RESET_SECONDS):
            connection.close()
            if connection.transport == "ssh":
                connection.reset()
