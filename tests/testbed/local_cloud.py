# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox as a process of the demo: start, control calls, end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

from testbed.process import Process

START_SECONDS = 300
STOP_SECONDS = 120.0
CALL_SECONDS = 300


class LocalCloudError(RuntimeError):
    """The local cloud does not start or does not answer; the text says why."""


class LocalCloud:
    """A running sandbox; ``told`` is what it said at its start: endpoint, keys, bucket, client bundle."""

    def __init__(self, child: subprocess.Popen[str], told: dict[str, Any]) -> None:
        self.child = child
        self.told = told
        self.process = Process.of(child.pid)

    @classmethod
    def start(cls, world: Path, state: Path, log: Path, env: dict[str, str], *more: str) -> LocalCloud:
        """Start one on a free port, which ends when this process does; raises LocalCloudError with its own words."""
        words = [sys.executable, "-m", "sandbox", "--port", "0", "--fresh", "--world", str(world),
                 "--state", str(state), *more]
        with log.open("wb") as errors:
            child = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "--", *words],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        line = child.stdout.readline() if child.stdout else ""
        try:
            return cls(child, json.loads(line))
        except (ValueError, ProcessLookupError) as exc:
            child.kill()
            child.wait()
            last = log.read_text(errors="replace").strip().splitlines()
            raise LocalCloudError(f"the local cloud did not start: {last[-1] if last else 'no reason given'}") from exc

    def variables(self) -> dict[str, Any]:
        """The variables that make a playbook of the collection use it."""
        return {
            "alicloud_region": self.told["region"],
            "alicloud_endpoints": self.told["endpoints"],
            "alicloud_access_key": self.told["access_key"],
            "alicloud_secret_key": self.told["secret_key"],
            "migration_bucket": self.told["bucket"],
            "agent_url": self.told["agent"]["url"],
            "agent_sha256": self.told["agent"]["sha256"],
        }

    def get(self, path: str) -> Any:
        """The answer of a control call."""
        return self._call("GET", path)

    def advance(self, seconds: float) -> None:
        """Let virtual time pass."""
        self._call("POST", "clock", {"advance": seconds})

    def stop(self) -> None:
        """End it, by KILL when it does not want to."""
        self.child.terminate()
        try:
            self.child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        if self.child.stdout:
            self.child.stdout.close()

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        address = f"{self.told['endpoint']}/_sandbox/{path}"
        with requests.Session() as session:
            session.trust_env = False  # no proxy for loopback
            try:
                answer = session.request(method, address, json=body, timeout=CALL_SECONDS)
            except requests.RequestException as exc:
                raise LocalCloudError(f"{method} {address}: {exc}") from exc
        if answer.status_code != 200:
            raise LocalCloudError(f"{method} {address}: {answer.status_code} {answer.text[:200]}")
        return answer.json()


def write_variables(path: Path, variables: dict[str, Any]) -> None:
    """Write extra variables for Ansible, readable by their owner only, as they hold keys."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(variables, file, indent=2)  # JSON is YAML
