# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sudo that does not start a script says so in the language of the login user: the advice is the same in each.

Reports: https://github.com/ansible/ansible/pull/3792 (the words of sudo are translated),
https://github.com/ansible/ansible/issues/17867 (a Chinese prompt ends in a timeout),
https://github.com/apache/dolphinscheduler-website/pull/116 (requiretty in Chinese),
https://github.com/RexOps/Rex/issues/859 (requiretty is taken for a missing interpreter).
"""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import become
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source.remote import Remote, SourceError

# What sudo says in each language: it wants a terminal, it wants a password, the user is not listed.
TERMINAL = (
    "sudo: Entschuldigung, Sie benötigen ein TTY, um sudo zu verwenden",
    "sudo: désolé, vous devez avoir un terminal tty pour exécuter sudo",
    "sudo: すみませんが、sudo を実行するには tty が必要です",
    "sudo\uff1a抱歉\uff0c您必须拥有一个终端来执行 sudo",
    "sudo: sorry, you must have a tty to run sudo",
)
PASSWORD = (
    "sudo: Ein Passwort ist notwendig",
    "sudo: il est nécessaire de saisir un mot de passe",
    "sudo: パスワードが必要です",
    "sudo: 需要密码",
    "sudo: a password is required",
)
# The same in the C locale, which the second question sets, with the exit status.
ASKED = {
    TERMINAL: ("sudo: sorry, you must have a tty to run sudo\nstatus 1\n", "requires a terminal"),
    PASSWORD: ("sudo: a password is required\nstatus 1\n", "requires a password"),
    ("ops ist nicht in der sudoers-Datei.",): ("ops is not in the sudoers file.\nstatus 1\n", "does not allow"),
    ("sh: 1: sudo: nicht gefunden",): ("sh: 1: sudo: not found\nstatus 127\n", "not installed"),
    ("Leider darf der Benutzer ops »/bin/sh« nicht ausführen",): ("status 0\n", "but not the shell"),
}
CASES = [(said, *ASKED[group]) for group in ASKED for said in group]


class Sudo:
    """A become method with its options."""

    name = "sudo"
    pipelining = True

    def __init__(self, password: str = "") -> None:
        self.options = {"become_pass": password, "become_user": "root", "become_exe": ""}

    def get_option(self, name: str) -> str:
        return self.options[name]


class Doas(Sudo):
    """Another become method, as community.general has it for ansible-core 2.16."""

    name = "community.general.doas"


class Su(Sudo):
    """The become method su of ansible-core."""

    name = "su"
    pipelining = False


class Connection:
    """A connection whose command does nothing."""

    has_pipelining = True
    transport = "ssh"

    def __init__(self, method: Sudo | None) -> None:
        self.become = method

    def exec_command(self, *_args: Any, **_kwargs: Any) -> tuple[int, bytes, bytes]:
        return 0, b"", b""


class Action:
    """An action whose host answers with become in its language, and without become to the question."""

    def __init__(self, said: str | Exception, asked: str | Exception, method: Sudo | None) -> None:
        self._connection = Connection(method)
        self.said, self.asked = said, asked
        self.commands: list[str] = []

    def _low_level_execute_command(self, cmd: str, sudoable: bool = True, *, in_data: bytes) -> dict[str, Any]:
        answer = self.said if sudoable else self.asked
        self.commands += [] if sudoable else [cmd]
        if isinstance(answer, Exception):
            raise answer
        return {"rc": 1, "stdout": "" if sudoable else answer, "stderr": answer if sudoable else ""}


@pytest.mark.parametrize(("said", "asked", "advice"), CASES)
def test_the_advice_does_not_depend_on_the_language(said: str, asked: str, advice: str) -> None:
    action = Action(said, asked, Sudo())
    with pytest.raises(SourceError, match=advice):
        Remote(action).run([], {})
    [command] = action.commands
    assert "LC_ALL=C" in command
    assert "sudo -n -u root true" in command


@pytest.mark.parametrize(
    "error",
    [
        AnsibleConnectionFailure("Timeout (12s) waiting for privilege escalation prompt: "),
        AnsibleError("Timeout (12s) waiting for privilege escalation prompt: Passwort: "),
        AnsibleError("Incorrect sudo password"),
    ],
)
def test_a_wrong_password_is_no_host_that_cannot_be_reached(error: Exception) -> None:
    action = Action(error, ASKED[PASSWORD][0], Sudo("wrong"))
    with pytest.raises(SourceError, match="does not accept the password"):
        Remote(action).run([], {})


def test_a_sudo_that_is_slow_is_no_sudo_that_refuses() -> None:
    """A name service that waits for a server makes each sudo as slow."""
    error = AnsibleError("Timeout (12s) waiting for privilege escalation prompt: ")
    with pytest.raises(SourceError, match="set a longer ansible_timeout"):
        Remote(Action(error, "status 0\n", Sudo())).run([], {})


@pytest.mark.parametrize("password", ["wrong", ""])
@pytest.mark.parametrize(
    "error",
    [
        AnsibleConnectionFailure("Timeout (12s) waiting for privilege escalation prompt: 密码:"),
        AnsibleError("Incorrect community.general.doas password"),
        AnsibleError("Missing community.general.doas password"),
    ],
)
def test_another_method_that_wants_a_password_is_named_in_every_language(error: Exception, password: str) -> None:
    action = Action(error, "", Doas(password))
    with pytest.raises(SourceError, match=r"community\.general\.doas did not start a shell") as found:
        Remote(action).run([], {})
    assert str(found.value).endswith("for this host" if password else "Set ansible_become_password")
    assert action.commands == []


def test_what_another_method_says_is_the_evidence() -> None:
    seen = Remote(Action("doas: Authentifizierung fehlgeschlagen", "", Doas("wrong"))).run([], {})
    assert seen.evidence() == "exit status 1: doas: Authentifizierung fehlgeschlagen"


def test_su_which_needs_a_terminal_is_refused_before_the_host_is_asked() -> None:
    action = Action("", "", Su("wrong"))
    with pytest.raises(SourceError, match=r"the become method su cannot send data to a command\. Use sudo"):
        Remote(action).run([], {})
    assert action.commands == []


def test_a_password_that_was_not_refused_is_not_the_reason() -> None:
    """Without the password, sudo says only that it needs one, whatever ended the script."""
    seen = Remote(Action("sh: Killed", ASKED[PASSWORD][0], Sudo("right"))).run([], {})
    assert seen.evidence() == "exit status 1: sh: Killed"


def test_a_host_that_cannot_be_reached_is_asked_nothing_more() -> None:
    action = Action(AnsibleConnectionFailure("Connection refused"), "", Sudo())
    with pytest.raises(AnsibleConnectionFailure, match="Connection refused"):
        Remote(action).run([], {})
    assert action.commands == []


@pytest.mark.parametrize("asked", ["", "garbage", "sudo: illegal option `-n'\nstatus 1\n", AnsibleError("gone")])
def test_what_sudo_does_not_explain_stays_as_the_host_said_it(asked: str | Exception) -> None:
    seen = Remote(Action("sudo: etwas anderes", asked, Sudo())).run([], {})
    assert seen.evidence() == "exit status 1: sudo: etwas anderes"


def test_without_sudo_nothing_more_is_asked() -> None:
    action = Action("sh: not found", "", None)
    assert Remote(action).run([], {}).answer is None
    assert action.commands == []


def test_a_name_of_a_user_is_one_word_of_the_question() -> None:
    method = Sudo()
    method.options |= {"become_user": "a b;id", "become_exe": "/opt/my sudo"}
    assert become.question(method).count("true") == 1
    assert "'a b;id'" in become.question(method).replace("'\"'\"'", "'")
