# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Send signed events to a webhook, in a thread. A slow receiver, or none, does not affect the run."""

from __future__ import annotations

import hashlib
import hmac
import queue
import threading
import urllib.error
from typing import Any, Final
from urllib.parse import urlsplit

from ansible.module_utils.urls import open_url
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.endpoints import is_loopback

SIGNATURE: Final = "X-Hub-Signature-256"
PAUSES: Final = (1.0, 3.0)
"""Seconds before the second and the third attempt to send an event."""
MOST: Final = 5000
"""Events that wait to be sent. More are not sent."""
PATIENCE: Final = 3
"""After so many events in a row that could not be sent, the others of the run are not tried."""


def wrong(url: str, secret: str) -> str:
    """Return why nothing can be sent to this address, '' if it can."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError as error:
        return f"the url is not valid: {error}"
    if not host or parts.scheme not in ("http", "https"):
        return "the url does not begin with https:// and a host"
    if parts.scheme == "http" and not is_loopback(host):
        return "the url begins with http://, which is allowed for a loopback address only. Use https://"
    return "" if secret else "no secret is set for its signature. Set EDGELIFT_EVENTS_SECRET"


def place(url: str) -> str:
    """Return scheme and host of an address: its path and query may contain a token."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}"


def signature(secret: str, body: bytes) -> str:
    """Return the value of the header with the signature of a body."""
    return f"sha256={hmac.new(secret.encode('utf-8'), body, hashlib.sha256).hexdigest()}"


class Sender:
    """A queue, and a thread that sends what is in it."""

    def __init__(self, url: str, secret: str, timeout: float, ca_path: str | None = None) -> None:
        self._url, self._secret, self._timeout, self._ca_path = url, secret, timeout, ca_path
        self._queue: queue.Queue[bytes | None] = queue.Queue(MOST)
        self._over = threading.Event()
        self._in_row = 0
        self.put_count = self.sent = 0
        self.error = ""
        """The last reason why an event could not be sent."""
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def put(self, body: bytes) -> None:
        """Take a body over, without waiting."""
        self.put_count += 1
        try:
            self._queue.put_nowait(body)
        except queue.Full:
            self.error = self.error or f"{MOST} events wait"

    def close(self, seconds: float) -> None:
        """Wait until everything was tried, and not longer than these seconds."""
        try:
            self._queue.put_nowait(None)
        except queue.Full:
            self._over.set()
        self._thread.join(seconds)
        self._over.set()

    def _work(self) -> None:
        while (body := self._queue.get()) is not None and not self._over.is_set():
            if self._in_row >= PATIENCE:
                continue
            if self._try(body):
                self.sent += 1
                self._in_row = 0
            else:
                self._in_row += 1

    def _try(self, body: bytes) -> bool:
        for pause in (*PAUSES, 0.0):
            again, error = self._post(body)
            if not error:
                return True
            self.error = error
            if not again or not pause or self._over.wait(pause):
                break
        return False

    def _post(self, body: bytes) -> tuple[bool, str]:
        """Return whether to try again, and what went wrong."""
        headers = {"Content-Type": "application/json", SIGNATURE: signature(self._secret, body)}
        options: dict[str, Any] = {"ca_path": self._ca_path} if self._ca_path else {}
        try:
            with open_url(self._url, data=body, headers=headers, method="POST", timeout=self._timeout,
                          follow_redirects="none", **options):  # fmt: skip
                return False, ""
        except urllib.error.HTTPError as error:
            return error.code in (408, 429) or error.code >= 500, f"HTTP status {error.code}"
        except Exception as error:  # noqa: BLE001  whatever it is, it must not end the thread
            return True, type(getattr(error, "reason", error)).__name__
