# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The callback edgelift.ens_migration.events: sends the events of migrations to a webhook."""

from __future__ import annotations

DOCUMENTATION = r"""
name: events
type: notification
short_description: Send the events of a migration to a webhook
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Sends one JSON object for each server that is migrated, blocked, failed or cannot be reached, for leftover
    resources, and for the end of the run. Event-Driven Ansible (C(ansible.eda.webhook)), chat and ticket systems can
    receive them.
  - The plugin is off until it is enabled, and until O(url) and O(secret) are set.
  - The header C(X-Hub-Signature-256) has the HMAC (SHA-256) of the body, with O(secret) as key, as C(sha256=HEX).
  - A receiver that is slow, cannot be reached or refuses an event changes nothing in the run. The run waits for it
    O(drain) seconds at its end at most, and then shows one warning.
  - An event has names of hosts, statuses, reasons, and IDs of resources. Texts that look like secrets, and the secrets
    in the environment, are replaced by C(***).
  - The same event can be received twice. Its C(id) is the same then.
notes:
  - The event of a server is sent while the module M(edgelift.ens_migration.ens_migration) runs on the controller, or
    with the result of the role P(edgelift.ens_migration.report#role).
  - "The fields of an event: C(schema) (V(edgelift.ens_migration/event/1)), C(id), C(time) (UTC), C(type) (V(server),
    V(leftovers) or V(run)), C(problem) (a boolean), C(migration), and C(run) with C(id), C(playbook), C(check_mode) and
    C(job_id) (of AWX)."
  - "An event V(server) has C(server): C(host), C(status), C(reasons), C(ens_image_id)."
  - "An event V(leftovers) has C(leftovers): C(count), and C(resources), at most 20 with C(kind), C(id), C(host) and
    C(reason)."
  - "An event V(run) has C(result): C(servers) with a number for each status, C(leftovers), C(failed_hosts),
    C(unreachable_hosts)."
requirements:
  - Enable it with C(callbacks_enabled = edgelift.ens_migration.events) in C(ansible.cfg), or with
    E(ANSIBLE_CALLBACKS_ENABLED).
options:
  url:
    description:
      - The address of the webhook. It begins with C(https://). A loopback address may begin with C(http://).
      - Messages show scheme and host only.
    type: str
    default: ''
    ini:
      - section: callback_ens_migration_events
        key: url
    env:
      - name: EDGELIFT_EVENTS_URL
  secret:
    description:
      - The key of the signature. It is read from the environment only.
    type: str
    default: ''
    env:
      - name: EDGELIFT_EVENTS_SECRET
  send:
    description:
      - V(problems) sends the events that a person has to look at, whose C(problem) is true. V(all) sends every event.
    type: str
    default: problems
    choices: [problems, all]
    ini:
      - section: callback_ens_migration_events
        key: send
    env:
      - name: EDGELIFT_EVENTS_SEND
  timeout:
    description:
      - Seconds to wait for the receiver. An event is tried three times at most.
    type: float
    default: 5
    ini:
      - section: callback_ens_migration_events
        key: timeout
    env:
      - name: EDGELIFT_EVENTS_TIMEOUT
  drain:
    description:
      - Seconds to wait at the end of the run for events that are not sent yet.
    type: float
    default: 10
    ini:
      - section: callback_ens_migration_events
        key: drain
    env:
      - name: EDGELIFT_EVENTS_DRAIN
  ca_bundle:
    description:
      - A file with the certificates of the authorities to trust, in place of those of the system.
    type: path
    ini:
      - section: callback_ens_migration_events
        key: ca_bundle
    env:
      - name: EDGELIFT_EVENTS_CA_BUNDLE
"""

import json
import os
import threading
import uuid
from datetime import datetime, timezone
from typing import Any

from ansible import context
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.progress import Follower
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._diagnostics import redact
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._events import sender
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._events.events import Events
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._follow import Following
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._progress import LOOK_SECONDS


class CallbackModule(Following):
    """Sends what the module and the report have found. A problem of the receiver does not affect the run."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "edgelift.ens_migration.events"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._events = Events()
        self._sender: sender.Sender | None = None
        self._run: dict[str, Any] = {}

    def v2_playbook_on_start(self, playbook: Any) -> None:
        """Check the options, and begin to send."""
        url, secret = self.get_option("url"), self.get_option("secret")
        if not url:
            return
        if reason := sender.wrong(url, secret):
            self._display.warning(f"edgelift.ens_migration.events: no event is sent, because {reason}.")
            return
        name = os.path.basename(getattr(playbook, "_file_name", "") or "")
        self._run = {"id": str(uuid.uuid4()), "playbook": name, "check_mode": bool(context.CLIARGS.get("check")),
                     "job_id": os.environ.get("JOB_ID", "")}  # fmt: skip
        self._events = Events(frozenset(redact.forms({*redact.values(os.environ), secret})))
        self._sender = sender.Sender(url, secret, self.get_option("timeout"), self.get_option("ca_bundle"))

    def follow(self, path: str, ended: threading.Event) -> None:
        """Send what the module writes, until its task has ended."""
        fresh: list[str] = []
        follower = Follower(path, fresh.append)
        over = False
        while not over:
            over = ended.wait(LOOK_SECONDS)
            follower.look()
            for line in fresh:
                self._send(self._events.of_line(line))
            fresh.clear()

    def v2_runner_on_ok(self, result: Any, **_options: Any) -> None:
        """Send what the report or a cleanup has found."""
        super().v2_runner_on_ok(result)
        self._send(self._events.of_result(result._result))

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False, **_options: Any) -> None:  # noqa: ARG002  Ansible names it
        """Send what a cleanup that failed has left."""
        super().v2_runner_on_failed(result)
        self._send(self._events.of_result(result._result))

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Send the end of the run, and wait for the receiver a short time."""
        super().v2_playbook_on_stats(stats)
        self._send([self._events.ended(stats.failures, stats.dark)])
        if self._sender is None:
            return
        self._sender.close(self.get_option("drain"))
        missing = self._sender.put_count - self._sender.sent
        if missing:
            self._display.warning(
                f"edgelift.ens_migration.events: {missing} of {self._sender.put_count} events were not sent to "
                f"{sender.place(self.get_option('url'))} ({self._sender.error or 'no answer yet'}). "
                "The run is not affected."
            )

    def _send(self, events: list[dict[str, Any]]) -> None:
        for event in events:
            if self._sender and (event["problem"] or self.get_option("send") == "all"):
                now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
                whole = {"id": str(uuid.uuid4()), "time": now, "run": self._run, **event}
                self._sender.put(json.dumps(whole, sort_keys=True).encode("utf-8"))
