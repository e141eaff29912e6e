# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands as ansible-core sends them, where the login shell of the user is not a shell of POSIX.

Reports: https://github.com/ansible/ansible/issues/11314 and 13882 (fish), 14309 and 13942 (tcsh), 31793 (csh).
"""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import answers, become, look, remote
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import script as _script
from support import PATIENCE
from support.shells import LOGINS, library, program

from .test_become import Sudo

FENCE = "EDGELIFT-00"


def sent(login: str, command: str, data: bytes, sudo: bool) -> subprocess.CompletedProcess[bytes]:
    """What sshd starts for a command: the login shell with one text, with or without what a become method adds."""
    path = program(login)
    if path is None:
        pytest.skip(f"this machine has no {login}")
    if sudo:
        inner = f"echo BECOME-SUCCESS-abc ; {command}"
        command = f"env -u NOTHING /bin/sh -c {shlex.quote(inner)}"
    text = f"/bin/sh -c {shlex.quote(command)}"
    env = {**os.environ, **({"LD_LIBRARY_PATH": library()} if login == "fish" else {})}
    return subprocess.run([path, "-c", text], input=data, capture_output=True, check=False, timeout=PATIENCE, env=env)


@pytest.mark.parametrize("sudo", [False, True], ids=["plain", "sudo"])
@pytest.mark.parametrize("login", LOGINS)
def test_a_probe_runs_whatever_the_login_shell_is(login: str, sudo: bool) -> None:
    text = _script.compose(FENCE, look.PIECES, look.values("/smc"), 'probe_system; say at "$(pwd)"')
    done = sent(login, _script.COMMAND, text.encode(), sudo)
    answer = answers.parse(FENCE, done.stdout.decode("utf-8", "surrogateescape"))
    assert answer is not None, done.stderr
    assert answer.complete
    assert ("at", ("/",)) in answer.records


@pytest.mark.parametrize("sudo", [False, True], ids=["plain", "sudo"])
@pytest.mark.parametrize("login", LOGINS)
def test_a_file_arrives_whatever_the_login_shell_is(login: str, sudo: bool, private: Path) -> None:
    """csh and tcsh refuse a line break between quotes: no command may have one."""
    action = Sending(login, sudo)
    remote.Remote(action).put(b"\0data\n", f"{private}/it's a folder/file")
    assert (private / "it's a folder" / "file").read_bytes() == b"\0data\n"
    assert "\n" not in action.commands[0]


@pytest.mark.parametrize("login", LOGINS)
def test_the_question_to_sudo_runs_too(login: str) -> None:
    method = Sudo()
    method.options["become_exe"] = "/bin/echo"
    done = sent(login, become.question(method), b"", sudo=False)
    # echo takes -n for itself: no line break.
    assert done.stdout.decode() == "-u root truestatus 0\n"


@pytest.mark.parametrize("login", ["rksh", "rbash"])
def test_a_restricted_login_shell_says_why(login: str) -> None:
    done = sent(login, _script.COMMAND, b"", sudo=False)
    assert done.returncode != 0
    assert b"restricted" in done.stderr


class Sending:
    """An action whose connection is the login shell of this machine."""

    def __init__(self, login: str, sudo: bool) -> None:
        self._connection = Shell()
        self.login, self.sudo = login, sudo
        self.commands: list[str] = []

    def _low_level_execute_command(self, cmd: str, sudoable: bool = True, *, in_data: bytes) -> dict[str, object]:
        self.commands.append(cmd)
        done = sent(self.login, cmd, in_data, self.sudo)
        return {"rc": done.returncode, "stdout": done.stdout.decode(), "stderr": done.stderr.decode()}


class Shell:
    """A connection that can send data."""

    has_pipelining = True
    become = None
    transport = "ssh"

    def exec_command(self) -> None:
        """Nothing calls it: the action runs the command."""
