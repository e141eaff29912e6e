# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The SMC client on a source: what is known of it, and what has to be done for a wanted state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ._remote import SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._script import Record

Step = Literal["remove", "install", "register", "start", "wait"]
"""One thing done on the source, in the order of a plan; ``register`` is a start with the activation code."""


@dataclass
class Agent:
    """The client as a look at the source found it."""

    dirs: list[str] = field(default_factory=list)
    pids: list[int] = field(default_factory=list)
    source_ids: list[str] = field(default_factory=list)
    bundle_sha256: str | None = None
    owned_dir: str | None = None
    traces: bool = False

    @property
    def ours(self) -> bool:
        """Return whether this collection installed the client."""
        return self.owned_dir is not None

    @property
    def installed(self) -> bool:
        """Return whether a folder of the client is there."""
        return bool(self.dirs)

    @property
    def dir(self) -> str | None:
        """Return the folder of the client: ours before one that was there already."""
        return self.owned_dir or (self.dirs[0] if self.dirs else None)

    @property
    def alive(self) -> bool:
        """Return whether the client runs."""
        return bool(self.pids)

    @property
    def source_id(self) -> str | None:
        """Return the one source id that the client reported; None for none and for several."""
        return self.source_ids[0] if len(self.source_ids) == 1 else None

    def as_dict(self) -> dict[str, Any]:
        """Return the agent as results show it."""
        return {
            "installed": self.installed,
            "ours": self.ours,
            "alive": self.alive,
            "dir": self.dir,
            "pid": self.pids[0] if self.pids else None,
            "source_id": self.source_id,
            "source_ids": self.source_ids,
            "bundle_sha256": self.bundle_sha256,
        }


def parse_agent(records: Sequence[Record]) -> Agent:
    """Return the agent that the records of agent_state.sh describe."""
    agent = Agent()
    for key, fields in records:
        if key == "agent-dir":
            agent.dirs.append(fields[0])
        elif key == "agent-pid" and int(fields[1]) not in agent.pids:
            agent.pids.append(int(fields[1]))
        elif key == "agent-id" and fields[1] not in agent.source_ids:
            agent.source_ids.append(fields[1])
        elif key == "agent-own":
            agent.traces = True
        elif key == "agent-bundle":
            name, _space, value = fields[0].partition(" ")
            if name == "sha256":
                agent.bundle_sha256 = value
            elif name == "dir":
                agent.owned_dir = value
    return agent


@dataclass(frozen=True)
class Wish:
    """What the user wants of the client on one source."""

    state: Literal["present", "started", "absent"]
    sha256: str = ""
    credentials: bool = False
    force: bool = False


def plan(agent: Agent, wish: Wish) -> list[Step]:
    """Return the steps from the agent as it is to the wished state; a state that cannot be reached safely is refused.

    A live client is never stopped unless ``force`` says so: a replication may be running through it (facts 2.2).
    A client that has registered keeps its files when it is restarted: they attach it to its source again.
    """
    if wish.state == "absent":
        return ["remove"] if agent.traces or (agent.installed and wish.force) else []
    if len(agent.source_ids) > 1 and not wish.force:
        raise SourceError(
            f"the client in {', '.join(agent.dirs)} reported several source ids: {' and '.join(agent.source_ids)}. "
            "Which of them is this host cannot be told; remove the wrong source, and set force to install anew"
        )
    if wish.force:
        fresh: list[Step] = ["remove", "install"] if agent.installed else ["install"]
    elif not agent.installed:
        fresh = ["install"]
    elif agent.alive or agent.source_ids or (agent.ours and agent.bundle_sha256 == wish.sha256):
        fresh = []
    elif agent.ours:
        fresh = ["remove", "install"]
    else:
        raise SourceError(
            f"{', '.join(agent.dirs)} was not installed by this collection, and no client runs or has registered "
            "from it. Remove it, or set force to replace it"
        )
    if wish.state == "present":
        return fresh
    if not fresh and agent.alive:
        return [] if agent.source_id else ["wait"]
    if agent.source_ids and not fresh:
        return ["start", "wait"]
    if not wish.credentials:
        raise SourceError(
            "access_token_id and access_token_code are needed: no client on this host has registered as a source yet"
        )
    return [*fresh, "register", "wait"]
