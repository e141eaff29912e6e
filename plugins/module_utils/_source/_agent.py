# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The SMC client on a source: what is known of it, and what has to be done for a wanted state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._script import Record

Step = Literal["stop", "remove", "install", "start", "wait"]
"""One thing done on the source; steps run in the order of a plan."""


@dataclass
class Agent:
    """The client as a look at the source found it."""

    dirs: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    pids: list[int] = field(default_factory=list)
    source_ids: list[str] = field(default_factory=list)
    bundle_sha256: str | None = None

    @property
    def installed(self) -> bool:
        """Return whether a folder of the client is there."""
        return bool(self.dirs)

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
            "alive": self.alive,
            "dir": self.dirs[0] if self.dirs else None,
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
        elif key == "agent-data":
            agent.data.append(fields[0])
        elif key == "agent-pid" and int(fields[1]) not in agent.pids:
            agent.pids.append(int(fields[1]))
        elif key == "agent-id" and fields[1] not in agent.source_ids:
            agent.source_ids.append(fields[1])
        elif key == "agent-bundle" and len(fields[0]) == 64:
            agent.bundle_sha256 = fields[0]
    return agent
