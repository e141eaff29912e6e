# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line, as far as the vendor documents it (facts 2.2)."""
from __future__ import annotations

import argparse
from dataclasses import dataclass

from . import VERSION


@dataclass(frozen=True)
class Options:
    """What was asked for on the command line; an option that was not given is empty or False."""

    accesstokenid: str = ""
    accesstokencode: str = ""
    accessid: str = ""
    secretkey: str = ""
    abort: bool = False
    rerun: bool = False
    cleardata: bool = False
    nocheckversion: bool = False
    noenterkey: bool = False


def parse(arguments: list[str]) -> Options:
    """Return the options; --help and --version print and exit 0, what is not known prints why and exits 2."""
    parser = argparse.ArgumentParser(
        prog="go2aliyun_client", allow_abbrev=False,
        formatter_class=lambda prog: argparse.HelpFormatter(prog, max_help_position=40, width=100),
        description="Import this server into Server Migration Center and send its disks when a job asks for them. "
                    "This is the stand-in for the vendor's client: it only talks to the local cloud that built it.")
    parser.add_argument("--version", action="version", version=f"go2aliyun_client {VERSION} (local cloud stand-in)")
    parser.add_argument("--accesstokenid", metavar="at-...", default="", help="id of an activation code")
    parser.add_argument("--accesstokencode", metavar="CODE", default="", help="the activation code")
    parser.add_argument("--accessid", metavar="AK", default="", help="AccessKey id, instead of an activation code")
    parser.add_argument("--secretkey", metavar="SK", default="", help="AccessKey secret")
    parser.add_argument("--abort", action="store_true", help="end the client that runs in the background")
    parser.add_argument("--rerun", action="store_true", help="end the running client, then start")
    parser.add_argument("--cleardata", action="store_true",
                        help="forget source server and progress; the running client ends")
    parser.add_argument("--nocheckversion", action="store_true", help="do not ask for a newer version")
    parser.add_argument("--noenterkey", action="store_true", help="do not wait for the Enter key at the end")
    return Options(**vars(parser.parse_args(arguments)))
