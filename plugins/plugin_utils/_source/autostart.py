# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The files that start the client after a restart of the source, for every kind of init system."""

from __future__ import annotations

import hashlib
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from . import script

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAME: Final = "edgelift-smc-client"
"""Name of the unit or script."""

_START: Final = """\
#!/bin/sh
# Starts the SMC client of a migration after a restart. Created by edgelift.ens_migration, and removed with the client.
umask 077
LC_ALL=C
export LC_ALL
{trust}
{exports}own={own}
secure "$own/console.log" && secure "$own/bundle" || {{ echo "$WHY" >&2; exit 1; }}
home=$(sed -n 's/^dir //p' "$own/bundle")
[ -x "$home/go2aliyun_client" ] || exit 0
secure "$home/go2aliyun_client" && secure_tree "$home" || {{ echo "$WHY" >&2; exit 1; }}
for file in /proc/[0-9]*; do runs_from "${{file#/proc/}}" "$home" && exit 0; done
cd "$home" || exit 1
set -- "$home/go2aliyun_client" {arguments}
command -v setsid >/dev/null 2>&1 && set -- setsid "$@"
trap '' HUP
"$@" </dev/null >>"$own/console.log" 2>&1 &
"""

# The client may or may not go to the background, so the unit tracks the script and not the client. Stopping
# the unit does not stop the client, because it may be replicating; the role agent stops it.
_UNIT: Final = """\
[Unit]
Description=SMC client of a migration (edgelift.ens_migration)
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
KillMode=process
ExecStart={start}

[Install]
WantedBy=multi-user.target
"""

_INIT: Final = """\
#!/bin/sh
### BEGIN INIT INFO
# Provides:          {name}
# Required-Start:    $remote_fs $network
# Required-Stop:
# Default-Start:     2 3 4 5
# Default-Stop:
# Short-Description: SMC client of a migration (edgelift.ens_migration)
### END INIT INFO
# chkconfig: 2345 99 01
# description: SMC client of a migration (edgelift.ens_migration)
case ${{1:-start}} in
start) [ ! -x {start} ] || exec {start} ;;
esac
exit 0
"""


@dataclass(frozen=True)
class Boot:
    """The files of one client. ``start`` contains its environment, so only root may read it. No file contains an
    activation code."""

    start: str
    unit: str
    init: str

    @property
    def digest(self) -> str:
        """Return the digest of the files. If it changes, the files must be written again."""
        return hashlib.sha256("\0".join((self.start, self.unit, self.init)).encode("utf-8")).hexdigest()[:16]


def make_boot(install_dir: str, arguments: Sequence[str], environment: Mapping[str, str]) -> Boot:
    """Return the files for the client below ``install_dir``."""
    own = f"{install_dir.rstrip('/')}/.edgelift"
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items())
    words = " ".join(shlex.quote(item) for item in arguments)
    start = f"{own}/start"
    return Boot(
        start=_START.format(trust=script.text("trust"), exports=exports, own=shlex.quote(own), arguments=words),
        unit=_UNIT.format(start=_unit_word(start)),
        init=_INIT.format(name=NAME, start=shlex.quote(start)),
    )


def _unit_word(path: str) -> str:
    """Return a path as one quoted argument of ExecStart (systemd.service, command lines)."""
    for char, escaped in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%"), ("$", "$$")):
        path = path.replace(char, escaped)
    return f'"{path}"' if any(char in path for char in " \\'\"") else path
