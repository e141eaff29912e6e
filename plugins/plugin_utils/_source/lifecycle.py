# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The lifecycle of the SMC client on one source: reads its state and executes the steps of a plan."""

from __future__ import annotations

import secrets
import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from . import autostart
from . import bundle as _bundle
from .agent import Agent, parse_agent
from .remote import Remote, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .agent import Step
    from .answers import Record

WATCH_SECONDS: Final = 10
"""Seconds that one call waits on the source for a starting client before the controller calls again."""

END_SECONDS: Final = 20
"""Seconds that agent_remove.sh waits for the end of one client."""

LOG_LINES: Final = 6
"""Lines of the client's own logs that a message quotes."""


@dataclass(frozen=True)
class Settings:
    """How the client is installed and started. ``arguments`` and ``environment`` are the client's own."""

    install_dir: str
    src: str = ""
    url: str = ""
    sha256: str = ""
    token_id: str = ""
    token_code: str = ""
    credentials_via: Literal["config", "arguments"] = "config"
    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    proxy: str = ""
    proxy_credentials: str = ""
    start_timeout: int = 120
    force: bool = False


class Lifecycle:
    """The client of one source."""

    def __init__(self, remote: Remote, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._remote = remote
        self._settings = settings
        self._clock = clock
        self._bundle: _bundle.Bundle | None = None
        self._config_sent = False

    def look(self) -> Agent:
        """Return the current state of the client. Raise SourceError where other users of the host can change it."""
        agent = parse_agent(self._run(["agent_state"], command='say uid "$(id -u)"; agent_state'))
        if agent.unsafe:
            raise SourceError(f"the SMC client must be in a folder that only root can change: {agent.unsafe}")
        return agent

    def prepare(self, steps: Iterable[Step], agent: Agent) -> None:
        """Read and check the bundle if a step needs it, so that a wrong bundle fails before any change."""
        if "install" in steps or "register" in steps:
            settings = self._settings
            name = settings.src or _bundle.bare(settings.url)
            raw = _bundle.read_file(settings.src) if settings.src else _bundle.download(settings.url)
            self._bundle = _bundle.read_bundle(name, raw, settings.sha256, agent.machine)

    def take(self, steps: Sequence[Step], agent: Agent) -> Agent:
        """Execute the steps and return the resulting state of the client."""
        try:
            for step in steps:
                agent = self._take(step, agent)
        finally:
            if self._config_sent:
                self._put(agent, _bundle.CONFIG, _bundle.without_credentials(self._checked_bundle().config))
        return agent

    def _take(self, step: Step, agent: Agent) -> Agent:
        """Execute one step and return the state of the client. A start does not read it; the wait that follows does."""
        if step == "remove":
            return self._end("agent_remove", agent)
        if step == "install":
            return self._install()
        if step == "register":
            self._start(agent, self._credentials(agent), self._settings.token_id)
        elif step == "start":
            self._start(agent, [])
        elif step == "wait":
            return self._wait(agent)
        elif step == "stop":
            return self._end("agent_stop", agent, "\nagent_state")
        elif step == "scrub":
            pieces = ["agent_state", "agent_scrub"]
            return parse_agent(self._run(pieces, command=f"agent_scrub {shlex.quote(self._folder(agent))}"))
        elif step == "enable":
            return self._enable()
        else:
            return parse_agent(self._run(["agent_state", "agent_boot"], command="agent_boot_off && agent_state"))
        return agent

    def boot(self) -> autostart.Boot:
        """Return the files that start the client after a restart of the source."""
        return autostart.make_boot(self._settings.install_dir, self._settings.arguments, self._settings.environment)

    def _enable(self) -> Agent:
        boot = self.boot()
        values = {
            "BOOT_NAME": autostart.NAME,
            "START": boot.start,
            "UNIT": boot.unit,
            "INIT": boot.init,
            "DIGEST": boot.digest,
        }
        return parse_agent(self._run(["agent_state", "agent_boot"], values, "agent_boot_on"))

    def _values(self) -> dict[str, str]:
        return {"INSTALL_DIR": self._settings.install_dir.rstrip("/")}

    def _run(
        self, pieces: Sequence[str], values: Mapping[str, str] | None = None, command: str = "", waits: float = 0
    ) -> list[Record]:
        given = {**self._values(), **(values or {})}
        return self._remote.work(pieces, given, command, "the SMC client runs as root", waits)

    def _end(self, function: str, agent: Agent, then: str = "") -> Agent:
        """Stop the clients of this collection, or with ``force`` all clients, and return the resulting state."""
        folders = [item for item in agent.dirs if self._settings.force or item == agent.owned_dir]
        command = " ".join([function, *(shlex.quote(item) for item in folders)]) + then
        pieces = ["agent_state", "agent_lock", "agent_boot", "agent_remove"]
        return parse_agent(self._run(pieces, command=command, waits=END_SECONDS * len(folders)))

    def _install(self) -> Agent:
        bundle = self._checked_bundle()
        own = f"{self._values()['INSTALL_DIR']}/.edgelift"
        # Another run may install the client of the same host at this moment.
        payload = f"{own}/payload-{secrets.token_hex(4)}"
        self._remote.put(bundle.payload, payload)
        values = {
            "PAYLOAD": payload,
            "PAYLOAD_SIZE": str(len(bundle.payload)),
            "PAYLOAD_SHA256": bundle.payload_sha256,
            "FOLDER": bundle.folder,
            "SHA256": bundle.sha256,
        }
        agent = parse_agent(self._run(["agent_state", "agent_lock", "agent_install"], values))
        if self._settings.proxy:
            data = _bundle.with_proxy(bundle.data, self._settings.proxy, self._settings.proxy_credentials)
            self._put(agent, _bundle.DATA, data)
        return agent

    def _credentials(self, agent: Agent) -> list[str]:
        """Pass the activation code to the client, and return the arguments for it."""
        settings = self._settings
        if settings.credentials_via == "arguments":
            return [f"--accesstokenid={settings.token_id}", f"--accesstokencode={settings.token_code}"]
        config = self._checked_bundle().config
        self._config_sent = True
        self._put(agent, _bundle.CONFIG, _bundle.with_credentials(config, settings.token_id, settings.token_code))
        return []

    def _start(self, agent: Agent, arguments: Sequence[str], code_id: str = "") -> None:
        exports = [f"export {name}={shlex.quote(value)}" for name, value in self._settings.environment.items()]
        words = [shlex.quote(item) for item in (*self._settings.arguments, *arguments)]
        command = "\n".join([*exports, " ".join(["agent_start", *words])])
        values = {"CLIENT_DIR": self._folder(agent), "CODE_ID": code_id}
        self._run(["agent_state", "agent_lock", "agent_start"], values, command)

    def _wait(self, agent: Agent) -> Agent:
        """Wait until the client has reported its source id, and return its state."""
        folder = self._folder(agent)
        deadline = self._clock() + self._settings.start_timeout
        while True:
            left = max(1, min(WATCH_SECONDS, int(deadline - self._clock())))
            values = {"CLIENT_DIR": folder, "SECONDS_LEFT": str(left)}
            records = self._run(["agent_state", "agent_wait"], values, "agent_wait", waits=left)
            agent = parse_agent(records)
            if len(agent.source_ids) > 1:
                raise SourceError(
                    f"the client in {folder} reported several source ids: {' and '.join(agent.source_ids)}. "
                    "Set force to install the client again. Delete a source only if the SMC console itself shows "
                    "that it is this host"
                )
            if agent.alive and agent.source_id:
                return agent
            log = " / ".join([fields[0] for key, fields in records if key == "log"][-LOG_LINES:]) or "empty"
            if not agent.alive:
                raise SourceError(f"the client in {folder} ended before it had registered. The end of its log: {log}")
            if self._clock() >= deadline:
                raise SourceError(
                    f"the client in {folder} runs (process {agent.pids[0]}) but has not registered within "
                    f"{self._settings.start_timeout} s. The end of its log: {log}"
                )

    def _put(self, agent: Agent, name: str, content: bytes) -> None:
        self._remote.put(content, f"{self._folder(agent)}/{name}")

    def _checked_bundle(self) -> _bundle.Bundle:
        if self._bundle is None:
            raise SourceError("the client bundle was not read before it was needed")
        return self._bundle

    def _folder(self, agent: Agent) -> str:
        if agent.dir is None:
            raise SourceError(f"no client is installed below {self._settings.install_dir}")
        return agent.dir
