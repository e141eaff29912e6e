# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program: one of these runs per folder, in the foreground, until it is ended."""
from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path
from urllib.parse import urlsplit

from . import VERSION
from .daemon import Credentials, Daemon, NotImported
from .folder import Folder
from .log import Log
from .options import Options, parse
from .service import Service, ServiceRefused, ServiceUnreachable
from .system import SystemProblem, report

LOG = Path("Logs/go2aliyun_client.log")
"""The log file, inside the client's folder (facts 2.1)."""


def main(arguments: list[str], home: Path, root: Path = Path("/")) -> int:
    """Run the client of the folder `home` on the server whose files are below `root`; return the exit code."""
    options = parse(arguments)
    log = Log(home / LOG)
    try:
        return _main(options, Folder(home), log, root)
    except (NotImported, SystemProblem, ValueError, OSError) as error:
        log.error(str(error))
        log.info("Goto Aliyun Not Finished!")
        return 1
    finally:
        if not options.noenterkey and sys.stdin is not None and sys.stdin.isatty():
            with contextlib.suppress(EOFError):
                input("Press Enter to exit ...")


def _main(options: Options, folder: Folder, log: Log, root: Path) -> int:
    if os.geteuid() != 0:
        raise NotImported("the client must run as root")
    data = folder.data()
    service = Service(str(data.get("service", "")), data.get("proxy"))
    if options.abort or options.rerun or options.cleardata:
        pid = folder.end_running()
        log.info(f"The running client (process {pid}) was ended" if pid else "No client was running")
    if options.cleardata and data.get("source_id"):
        with contextlib.suppress(ServiceRefused, ServiceUnreachable):
            service.forget(data["source_id"], data.get("agent_key", ""))
        folder.clear_data()
    if options.abort or options.cleardata:
        return 0
    if not folder.lock():
        log.info(f"go2aliyun_client is already running (process {folder.running_pid()})")
        return 0
    try:
        return _run(options, folder, service, log, root)
    finally:
        folder.unlock()


def _run(options: Options, folder: Folder, service: Service, log: Log, root: Path) -> int:
    credentials = _credentials(options, folder)
    log.hide(credentials.token_code, credentials.secret_key, str(folder.data().get("agent_key", "")))
    log.info(f"go2aliyun_client {VERSION} starts, process {os.getpid()}")
    if not options.nocheckversion:
        with contextlib.suppress(ServiceRefused, ServiceUnreachable):
            newest = service.newest_version()
            if newest != VERSION:
                log.info(f"The newest version of the client is {newest}")
    host = urlsplit(str(folder.data()["service"])).hostname or ""
    daemon = Daemon(folder, service, log, lambda: report(host, root), root)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_args: daemon.stop.set())
    # The session that started the client may end: that is no reason to end with it.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    daemon.start(credentials)
    log.echo = False
    daemon.run()
    log.info("go2aliyun_client ends")
    return 0


def _credentials(options: Options, folder: Folder) -> Credentials:
    """Return what the command line gives, else what user_config.json contains: a file shows no secret in ``ps``."""
    given = Credentials(options.accesstokenid, options.accesstokencode, options.accessid, options.secretkey)
    if given.usable():
        return given
    config = folder.config()
    return Credentials(*(str(config.get(field) or "")
                         for field in ("access_token_id", "access_token_code", "access_id", "secret_key")))
