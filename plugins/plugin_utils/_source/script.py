# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The scripts that run on a source: how a script is composed, and how its answer is parsed."""

from __future__ import annotations

import secrets
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

COMMAND = "/bin/sh -c 'LOGIN_PATH=$PATH PATH=/usr/bin:/bin; eval \"$(cat)\"'"
"""Run a script from stdin. No program is searched in the PATH of the login user, which may name a folder that never
answers. The shell reads the whole script before it starts, so that no command of the script can
consume the rest. The script and its values appear on no command line."""

_HERE = Path(__file__).parent


def new_fence() -> str:
    """Return a random marker for one call, which no banner or login script prints."""
    return f"EDGELIFT-{secrets.token_hex(8)}"


def text(piece: str) -> str:
    """Return the text of the named script."""
    return (_HERE / f"{piece}.sh").read_text(encoding="utf-8")


def compose(
    fence: str, pieces: Iterable[str], values: Mapping[str, str], command: str = "", seconds: int | None = None
) -> str:
    """Return one script: ``values`` as variables, the named ``pieces``, then ``command``.

    With ``seconds`` it ends on the source after that time, whatever its commands wait for (guard.sh). What it says of
    errors is lost then: a process that cannot be killed would keep the session open.
    """
    # A value may replace TIMES (guard.sh); a variable of the host with this name does not.
    head = [f"FENCE={fence}", "TIMES=1", *(f"{name}={shlex.quote(value)}" for name, value in values.items())]
    body = [text("prelude"), *map(text, pieces), command]
    if seconds is None:
        rest = [*body, "guard_over"]
    else:
        head.append(f"LIMIT={max(1, seconds)}")
        rest = ["({", "guard_begin", *body, "guard_over", "} </dev/null 2>/dev/null & ) | guard_relay"]
    return "\n".join([*head, text("trust"), text("guard"), *rest, ""])
