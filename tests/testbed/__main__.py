# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m testbed up|down|stop|status|ssh``: source servers for tests and for looking around by hand."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from testbed.fleet import KINDS, KNOWN, TWIN, fleet
from testbed.hosts import Bed, BedError
from testbed.privilege import NoWayError, choose
from testbed.rootfs import rootfs
from testbed.workplace import CLONE

CACHE = CLONE / "build" / "cache"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m testbed", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--dir", type=Path, required=True, help="folder of the test bed")
    up = commands.add_parser("up", parents=[common], help="make disks and hosts; ends an earlier set in this folder")
    up.add_argument("--hosts", default=",".join(KNOWN), help="names, separated by commas (default: %(default)s)")
    up.add_argument("--port", type=int, default=2222, help="port of every sshd, 0: a free one (default: %(default)s)")
    up.add_argument("--cache", type=Path, default=CACHE, help="where the root file system is kept")
    up.add_argument(
        "--broken",
        action="append",
        default=[],
        metavar="HOST=KIND",
        help=f"make a host unfit: {', '.join(KINDS)}, {TWIN}<host>; may be given several times",
    )
    root = commands.add_parser("rootfs", help="build the root file system of the hosts, unless it is there")
    root.add_argument("--cache", type=Path, default=CACHE, help="where the root file system is kept")
    down = commands.add_parser("down", parents=[common], help="end the hosts and remove their files")
    down.add_argument("--keep-disks", action="store_true", help="leave the disk images")
    stop = commands.add_parser("stop", parents=[common], help="end one host as if its power failed")
    stop.add_argument("host")
    commands.add_parser("status", parents=[common], help="list the hosts that were started")
    ssh = commands.add_parser("ssh", parents=[common], help="log in to a host, or run a command on it")
    ssh.add_argument("host")
    ssh.add_argument("remote", nargs="*", metavar="COMMAND")
    return top


def broken(pairs: list[str]) -> dict[str, list[str]]:
    """The kinds per host name from HOST=KIND words; refuses words of another form."""
    kinds: dict[str, list[str]] = {}
    for pair in pairs:
        name, equals, kind = pair.partition("=")
        if not equals:
            raise ValueError(f"--broken {pair}: expected HOST=KIND")
        kinds.setdefault(name, []).append(kind)
    return kinds


def main(words: list[str] | None = None) -> int:
    """Run one command; the exit code, with one line on standard error when it failed."""
    args = parser().parse_args(words)
    started = time.monotonic()
    try:
        if args.command == "up":
            hosts = fleet(args.hosts.split(","), broken(args.broken))
            way = choose()
            print(way.line, flush=True)
            bed = Bed(args.dir, args.port)
            bed.up(hosts, rootfs(args.cache, way), way)
            print(
                f"{len(bed.status())} hosts up in {time.monotonic() - started:.1f} s: {bed.folder / 'inventory.json'}"
            )
        elif args.command == "rootfs":
            rootfs(args.cache, choose())
        elif args.command == "down":
            Bed(args.dir).down(keep_disks=args.keep_disks)
        elif args.command == "stop":
            Bed(args.dir).stop(args.host)
        elif args.command == "ssh":
            return subprocess.run([*Bed(args.dir).command(args.host), *args.remote], check=False).returncode
        else:
            for host in Bed(args.dir).status():
                print(f"{host.name:12} {host.address}:{host.port} pid {host.pid} {'up' if host.alive else 'ended'}")
    except (BedError, NoWayError, RuntimeError, ValueError) as exc:
        print(f"testbed: {exc}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
