# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client: imports this server once, sends heartbeats, and sends the disks when a job needs them."""
from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .folder import Folder
from .log import Log
from .service import Service, ServiceRefused, ServiceUnreachable
from .system import SystemProblem, disks
from .transfer import Transfer, TransferBroken, TransferStopped, Work

GONE = "SourceId.NotFound"
"""The service's code for a source server that was deleted in SMC."""

FIRST_TRIES = 4
"""How often the first import tries to reach the service before it fails."""

LONGEST_PAUSE = 15.0
"""Seconds between two tries of something that keeps failing."""

SLOW_PAUSE = 30.0
"""Seconds between two questions after the source server was deleted in SMC."""


@dataclass
class Credentials:
    """What imports this server: an activation code, or an access key pair; empty once imported."""

    token_id: str = ""
    token_code: str = ""
    access_id: str = ""
    secret_key: str = ""

    def usable(self) -> bool:
        """Return whether one of the two ways is complete."""
        return bool((self.token_id and self.token_code) or (self.access_id and self.secret_key))


class NotImported(Exception):
    """The import failed, and a retry does not help; the text is the reason."""


class Daemon:
    """The one running client of a folder; `run` returns when `stop` is set."""

    def __init__(self, folder: Folder, service: Service, log: Log, report: Callable[[], dict[str, Any]],
                 root: Path = Path("/")) -> None:
        self.stop = threading.Event()
        self._folder = folder
        self._service = service
        self._log = log
        self._report = report
        self._root = root
        self._source_id = ""
        self._agent_key = ""
        self._interval = 1.0
        self._trouble = ""
        self._failures = 0
        self._transfer: _Running | None = None
        self._wanted: Work | None = None
        self._done: Work | None = None
        self._attempt = 0
        self._retry_at = 0.0

    def start(self, credentials: Credentials) -> None:
        """Import this server, or attach it again to the source server that client_data names; else NotImported."""
        data = self._folder.data()
        self._source_id, self._agent_key = str(data.get("source_id", "")), str(data.get("agent_key", ""))
        if self._source_id:
            if self._attach() or not credentials.usable():
                return
            self._log.info("The source server was deleted in SMC: importing this server again")
        if not credentials.usable():
            raise NotImported("no credentials: give --accesstokenid and --accesstokencode, or --accessid and "
                              "--secretkey, or put them into user_config.json")
        answer = self._import(credentials)
        self._source_id, self._agent_key = str(answer["source_id"]), str(answer["agent_key"])
        self._folder.update_data(source_id=self._source_id, agent_key=self._agent_key)
        self._folder.blank_credentials()
        self._interval = float(answer["interval"])
        self._log.info(f"Import Source Server [{self._source_id}] Successfully!")

    def run(self) -> None:
        """Poll until stopped; whatever fails is logged once and tried again."""
        while not self.stop.wait(self._poll()):
            pass
        self._end_transfer()

    def _attach(self) -> bool:
        """Return False when the source server is gone; a service that cannot be reached is asked again by polling."""
        try:
            answer = self._service.attach(self._source_id, self._agent_key, self._report())
        except ServiceUnreachable as error:
            self._complain(str(error))
            return True
        except ServiceRefused as error:
            if error.code != GONE:
                raise NotImported(str(error)) from error
            self._complain(_gone(self._source_id))
            return False
        self._interval = float(answer["interval"])
        self._log.info(f"Source Server [{self._source_id}] is attached again")
        return True

    def _import(self, credentials: Credentials) -> dict[str, Any]:
        report = self._report()
        for number in range(FIRST_TRIES):
            try:
                if credentials.token_id:
                    return self._service.register_with_code(credentials.token_id, credentials.token_code, report)
                return self._service.register_with_key(credentials.access_id, credentials.secret_key, report)
            except ServiceRefused as error:
                raise NotImported(str(error)) from error
            except ServiceUnreachable as error:
                trouble = error
                if self.stop.wait(0.5 * 2 ** number):
                    break
        raise NotImported(str(trouble))

    def _poll(self) -> float:
        """Ask the service once, act on the answer, and return the seconds until the next question."""
        try:
            answer = self._service.poll(self._source_id, self._agent_key)
        except ServiceUnreachable as error:
            self._complain(str(error))
            self._failures += 1
            return min(self._interval * float(2 ** min(self._failures, 10)), LONGEST_PAUSE)
        except ServiceRefused as error:
            self._complain(_gone(self._source_id) if error.code == GONE else str(error))
            self._end_transfer()
            return SLOW_PAUSE
        if self._trouble:
            self._log.info("The service answers again")
        self._trouble, self._failures = "", 0
        self._interval = float(answer["interval"])
        self._follow(Work.of(answer["work"]) if answer.get("work") else None)
        return self._interval

    def _follow(self, work: Work | None) -> None:
        """Start, keep or end the transfer so that it is the one that the service wants."""
        if work != self._wanted:
            self._wanted, self._attempt, self._retry_at = work, 0, 0.0
        running = self._transfer
        if running is not None and (running.work != work or not running.thread.is_alive()):
            self._end_transfer()
            if running.finished:
                self._done = running.work
            elif running.work == work:
                self._retry_at = time.monotonic() + min(0.5 * 2 ** min(self._attempt, 10), LONGEST_PAUSE)
                self._attempt += 1
        if work is not None and work != self._done and self._transfer is None and time.monotonic() >= self._retry_at:
            self._transfer = _Running(work, self._source_id, self._log, self._root, self._folder.bandwidth_limit())

    def _end_transfer(self) -> None:
        if self._transfer is not None:
            self._transfer.stop.set()
            self._transfer.thread.join()
            self._transfer = None

    def _complain(self, trouble: str) -> None:
        """Log a trouble when it begins, not each time that it is met again."""
        if trouble != self._trouble:
            self._trouble = trouble
            self._log.error(trouble)


class _Running:
    """A transfer in a separate thread, so that heartbeats continue."""

    def __init__(self, work: Work, source_id: str, log: Log, root: Path, bandwidth_limit: int) -> None:
        self.work = work
        self._bandwidth_limit = bandwidth_limit
        self.stop = threading.Event()
        self.finished = False
        self._log = log
        self._source_id = source_id
        self._root = root
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        self._log.info(f"Job [{self.work.job}]: sending the disks to {self.work.instance}, {self.work.ip} "
                       f"ports {self.work.control} and {self.work.data}")
        try:
            transfer = Transfer(self.work, self._source_id, disks(self._root), self.stop, self._log.info,
                                self._bandwidth_limit)
            transfer.run()
        except (TransferBroken, SystemProblem) as error:
            self._log.error(f"Job [{self.work.job}]: {error}")
        except TransferStopped:
            self._log.info(f"Job [{self.work.job}]: stopped")
        else:
            self.finished = True
            self._log.info(f"Job [{self.work.job}]: all disks are there, {transfer.sent_bytes} bytes were sent")


def _gone(source_id: str) -> str:
    return (f"the source server [{source_id}] was deleted in SMC; to import this server again, run the client with "
            f"--abort and then with an activation code")
