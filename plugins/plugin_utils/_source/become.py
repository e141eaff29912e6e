# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Why the become method did not start a script.

The messages of sudo are in the language of the login user. So it is called once more in the C locale and without a
password. The exit status and the output of this call decide.
"""

from __future__ import annotations

import re
import shlex
from typing import Any, Final

_ASK: Final = (
    'LC_ALL=C LANG=C LANGUAGE=C; export LC_ALL LANG LANGUAGE; {sudo} -n {user} true </dev/null 2>&1; echo "status $?"'
)
"""A sudo that wants a password or a terminal ends at once with -n and without input."""


_REFUSED: Final = re.compile(r"(incorrect|missing) [a-z0-9_.]+ password")


def question(become: Any) -> str:
    """Return the command that asks sudo, for the login user and without become."""
    user = become.get_option("become_user") or ""
    ask = _ASK.format(
        sudo=shlex.quote(become.get_option("become_exe") or "sudo"), user=f"-u {shlex.quote(user)}" if user else ""
    )
    return f"/bin/sh -c {shlex.quote(ask)}"


def reason(output: str, password: bool, refused: bool) -> str:
    """Return why sudo does not start a script and what to do, or '' where that is not known.

    ``output`` is the answer to the question, ``password`` whether the inventory has one for sudo, ``refused`` whether
    ansible-core reported that it failed.
    """
    lines = output.strip().split("\n")
    status = lines[-1].strip().removeprefix("status ")
    said = " ".join(lines[:-1])
    if status == "127":
        return "sudo is not installed on this host. Install it, set another ansible_become_method, or log in as root"
    if "must have a tty" in said:
        return "sudo on this host requires a terminal. Add 'Defaults:<login user> !requiretty' to its sudoers"
    if "not in the sudoers file" in said or "not allowed to" in said or "may not run" in said:
        return "sudo on this host does not allow the login user to run commands as root. Add the user to its sudoers"
    if "password is required" in said:
        # Without the password, this call shows only that sudo requires one. The message of the host is shown instead.
        if password and not refused:
            return ""
        if password:
            return "sudo on this host does not accept the password. Check ansible_become_password for this host"
        return "sudo on this host requires a password. Set ansible_become_password, or allow NOPASSWD in its sudoers"
    if status == "0" and refused:
        return (
            "sudo on this host did not start a shell within the time that ansible-core waits for it, and it requires "
            "no password. Check the name service (LDAP, SSSD) and the load of the host, or set a longer ansible_timeout"
        )
    if status == "0":
        return (
            "sudo on this host runs 'true', but not the shell of the script. Allow the login user to run /bin/sh as "
            "root in its sudoers"
        )
    return ""


def refusal(method: str, password: bool) -> str:
    """Return what to do about another become method than sudo that ansible-core reports as failed."""
    advice = "Check ansible_become_password for this host" if password else "Set ansible_become_password"
    return f"the become method {method} did not start a shell, or it does not accept the password. {advice}"


def waits(error: Exception) -> bool:
    """Return whether ansible-core reports that the become method failed. It writes these words in English only."""
    text = str(error).lower()
    return "privilege escalation" in text or bool(_REFUSED.search(text))
