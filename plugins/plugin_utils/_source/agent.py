# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The SMC client on a source: its state, and the steps to a wanted state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from .answers import integer
from .remote import SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .answers import Record

Step = Literal["scrub", "stop", "remove", "install", "register", "start", "wait", "enable", "disable"]
"""One step on the source, in the order of a plan.

``register`` starts the client with the activation code. ``scrub`` removes a code that an interrupted run left in the
configuration of the client. ``enable`` and ``disable`` control the start after a restart of the source.
"""


@dataclass
class Agent:
    """The state of the client on the source."""

    dirs: list[str] = field(default_factory=list)
    pids: list[int] = field(default_factory=list)
    source_ids: list[str] = field(default_factory=list)
    bundle_sha256: str | None = None
    owned_dir: str | None = None
    traces: bool = False
    machine: str = ""
    code_in: list[str] = field(default_factory=list)
    code_ids: list[str] = field(default_factory=list)
    boot: str | None = None
    boot_digest: str | None = None
    boot_gone: list[str] = field(default_factory=list)
    unsafe: str | None = None

    @property
    def ours(self) -> bool:
        """Return whether this collection installed the client."""
        return self.owned_dir is not None

    @property
    def installed(self) -> bool:
        """Return whether a folder of the client exists."""
        return bool(self.dirs)

    @property
    def dir(self) -> str | None:
        """Return the folder of the client, preferably of the one that this collection installed."""
        return self.owned_dir or (self.dirs[0] if self.dirs else None)

    @property
    def alive(self) -> bool:
        """Return whether the client runs."""
        return bool(self.pids)

    @property
    def source_id(self) -> str | None:
        """Return the source id that the client reported, or None if it reported none or several."""
        return self.source_ids[0] if len(self.source_ids) == 1 else None

    def as_dict(self) -> dict[str, Any]:
        """Return the agent in the form of the module results."""
        return {
            "installed": self.installed,
            "ours": self.ours,
            "alive": self.alive,
            "dir": self.dir,
            "pid": self.pids[0] if self.pids else None,
            "source_id": self.source_id,
            "source_ids": self.source_ids,
            "bundle_sha256": self.bundle_sha256,
            "code_ids": self.code_ids,
            "start_on_boot": None if self.boot == "none" else self.boot,
            "unsafe": self.unsafe,
        }


def parse_agent(records: Sequence[Record]) -> Agent:
    """Return the agent that the records of agent_state.sh describe."""
    agent = Agent()
    for key, fields in records:
        if key == "agent-dir":
            agent.dirs.append(fields[0])
        elif key == "agent-pid":
            pid = integer(fields[1])
            agent.pids += [pid] if pid and pid not in agent.pids else []
        elif key == "agent-id" and fields[1] not in agent.source_ids:
            agent.source_ids.append(fields[1])
        elif key == "agent-unsafe":
            agent.unsafe = fields[0]
        elif key == "agent-own":
            agent.traces = True
        elif key == "agent-machine":
            agent.machine = fields[0]
        elif key == "agent-code":
            agent.code_in.append(fields[0])
        elif key in ("agent-bundle", "agent-boot"):
            _own_note(agent, key, *fields[0].partition(" ")[::2])
    return agent


def _own_note(agent: Agent, key: str, name: str, value: str) -> None:
    """Read one line of the files in which this collection records what it created."""
    if (key, name) == ("agent-bundle", "sha256"):
        agent.bundle_sha256 = value
    elif (key, name) == ("agent-bundle", "dir"):
        agent.owned_dir = value
    elif (key, name) == ("agent-bundle", "code"):
        # agent_state.sh reads the file twice.
        agent.code_ids += [value] if value not in agent.code_ids else []
    elif (key, name) == ("agent-boot", "how"):
        agent.boot = value
    elif (key, name) == ("agent-boot", "digest"):
        agent.boot_digest = value
    elif (key, name) == ("agent-boot", "gone"):
        agent.boot_gone.append(value)
    elif key == "agent-boot" and name in ("file", "line"):
        # The digest is the last line. Without it, the step was interrupted, and its files must be removed too.
        agent.boot_digest = agent.boot_digest or ""


@dataclass(frozen=True)
class Wish:
    """The wanted state of the client on one source.

    With an empty ``sha256``, any bundle is accepted. ``boot_digest`` identifies the files that start the client after a
    restart of the source; with an empty one, nothing starts it.
    """

    state: Literal["present", "started", "stopped", "absent"]
    sha256: str = ""
    credentials: bool = False
    force: bool = False
    boot_digest: str = ""


def plan(agent: Agent, wish: Wish) -> list[Step]:
    """Return the steps to the wanted state. Raise SourceError if it cannot be reached safely.

    A running client is stopped only with ``stopped``, ``absent`` or ``force``: it may be replicating (facts 2.2). A
    registered client keeps its files at a restart: they connect it to its source again.
    """
    if wish.state == "absent":
        return ["remove"] if agent.traces or (agent.installed and wish.force) else []
    if wish.state == "stopped":
        return _stop(agent, wish)
    if len(agent.source_ids) > 1 and not wish.force:
        raise SourceError(
            f"the client in {', '.join(agent.dirs)} reported several source ids: {' and '.join(agent.source_ids)}. "
            "Set force to install the client again. Delete a source only if the SMC console itself shows "
            "that it is this host"
        )
    fresh = _fresh(agent, wish)
    if wish.state == "present":
        return fresh
    steps = [*_scrub(agent, fresh), *fresh, *_run(agent, wish, fresh)]
    return [*steps, *_boot(agent, wish, fresh)]


def _stop(agent: Agent, wish: Wish) -> list[Step]:
    """Return the steps that stop a client and keep its files. Another installer's client needs ``force``."""
    if agent.alive and not agent.ours and not wish.force:
        raise SourceError(
            f"the client in {', '.join(agent.dirs)} was not installed by this collection. Set force to stop it"
        )
    steps = _scrub(agent, [])
    if agent.alive:
        steps.append("stop")
    if agent.boot_digest is not None:
        steps.append("disable")
    return steps


def _fresh(agent: Agent, wish: Wish) -> list[Step]:
    """Return the steps that install the files of the client, or none if the installed files are suitable."""
    if wish.force:
        return ["remove", "install"] if agent.installed else ["install"]
    if not agent.installed:
        return ["install"]
    if agent.alive or agent.source_ids or (agent.ours and wish.sha256 in ("", agent.bundle_sha256)):
        return []
    if agent.ours:
        return ["remove", "install"]
    raise SourceError(
        f"{', '.join(agent.dirs)} was not installed by this collection, and no client runs in it or has registered "
        "from it. Remove it, or set force to replace it"
    )


def _run(agent: Agent, wish: Wish, fresh: Sequence[Step]) -> list[Step]:
    """Return the steps that start the client and register it."""
    if not fresh and agent.alive:
        return [] if agent.source_id else ["wait"]
    if agent.source_ids and not fresh:
        return ["start", "wait"]
    if not wish.credentials:
        raise SourceError(
            "access_token_id and access_token_code are required, because no client on this host has registered yet"
        )
    return ["register", "wait"]


def _scrub(agent: Agent, fresh: Sequence[Step]) -> list[Step]:
    """Return the step that removes an activation code with which the client has already registered."""
    return ["scrub"] if agent.owned_dir in agent.code_in and agent.source_ids and not fresh else []


def _boot(agent: Agent, wish: Wish, fresh: Sequence[Step]) -> list[Step]:
    """Return the step for the start after a restart. There is none for a client that another installer installed."""
    if not wish.boot_digest:
        return ["disable"] if agent.boot_digest is not None and not fresh else []
    if not fresh and (not agent.ours or (agent.boot_digest == wish.boot_digest and not agent.boot_gone)):
        return []
    return ["enable"]
