# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What a stage is: one object with one signature, over the context that a fleet gives to every stage.

A stage looks at the cloud for all its servers at once (``observe``), decides for each server without any call
(``decide``), and makes one call (``act``). It declares what it needs from earlier stages, what it leaves behind and
which calls have no ClientToken. The fleet refuses a stage whose declaration is not true.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Protocol

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import ResourcesSeen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Decision, Policy, Seen, Server

GIVEN = frozenset({"smc_source"})
"""The kinds of resources that exist before the first stage: the role agent registers the sources."""


@dataclass
class Clock:
    """Time as the fleet needs it; tests put their own in."""

    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = field(default=lambda: datetime.now(timezone.utc))


class Announcements(Protocol):
    """The record of calls that have no ClientToken: announced before the call, so that any controller sees it."""

    def last(self, identity: str, stage: str) -> Mapping[str, Any] | None:
        """Return the last announcement for a server in a stage, or None."""

    def announce(self, stage: str, calls: Sequence[tuple[Server, Mapping[str, Any]]]) -> dict[str, Mapping[str, Any]]:
        """Announce calls, each with its facts, and return by migration id those that this run may make now. The result
        of a call that is not returned may still be listed: another controller, or an earlier run, has announced it."""

    def record(self, stage: str, outcomes: Mapping[str, Outcome | CloudError]) -> None:
        """Record what the announced calls returned. A call that the service rejected, or that was not made, may be
        announced again."""


@dataclass
class Context:
    """What every stage works with: clients, the policy of the wave, the clock, and what the run has seen."""

    clients: Clients
    policy: Policy
    announcements: Announcements
    clock: Clock = field(default_factory=Clock)
    check_mode: bool = False
    resources: ResourcesSeen = field(default_factory=ResourcesSeen)

    @property
    def now(self) -> datetime:
        """The present time in UTC."""
        return self.clock.now()


@dataclass(frozen=True)
class Outcome:
    """What a call came to: the ids that the service returned, or why it has to be asked again later."""

    held: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Leaves:
    """A kind of resource that a stage leaves behind, and whether it is billed while it exists."""

    kind: str
    billed: bool


@dataclass(frozen=True)
class Slots:
    """How many servers a service handles at once in a stage. A start beyond that waits; the largest disks go first."""

    most: int
    taken: Callable[[Seen], bool]
    starts: frozenset[str]
    text: str
    """Why a server waits; ``{running}`` is the number of slots that are taken."""


@dataclass(frozen=True)
class Stage:
    """One stage of a migration. The functions take (context, …) and mutate nothing but what was seen of the servers."""

    name: str
    observe: Callable[[Context, Sequence[Server], dict[str, Seen]], None]
    decide: Callable[[Context, Server, Seen], Decision]
    act: Callable[[Context, Server, Seen, str], Outcome]
    needs: frozenset[str] = frozenset()
    """The kinds of resources without which it cannot start."""
    leaves: tuple[Leaves, ...] = ()
    announced: Mapping[str, Callable[[Server, Seen], Mapping[str, Any]]] = field(default_factory=dict)
    """The actions without ClientToken, each with the facts that its announcement names."""
    slots: Slots | None = None
    settled: Callable[[Seen], bool] | None = None
    """For a stage whose result may exist before any stage has run: whether it exists. Such a stage is observed first,
    and a server that has its result needs no other stage."""

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of resources that it may report."""
        return self.needs | {row.kind for row in self.leaves}


def check(stages: Sequence[Stage], given: Iterable[str] = GIVEN) -> None:
    """Raise for a stage that needs what no earlier stage leaves, or for two stages of one name."""
    known = set(given)
    for number, stage in enumerate(stages):
        if stage.name in {other.name for other in stages[:number]}:
            raise _defect(stage.name, "another stage has this name")
        missing = sorted(stage.needs - known)
        if missing:
            raise _defect(stage.name, f"it needs {', '.join(missing)}, and no earlier stage leaves that")
        known |= {row.kind for row in stage.leaves}


def check_report(stage: Stage, kinds: Iterable[str]) -> None:
    """Raise when a stage has reported resources of kinds that it does not declare: a cleanup would not expect them."""
    undeclared = sorted(set(kinds) - stage.kinds)
    if undeclared:
        raise _defect(stage.name, f"it reported {', '.join(undeclared)} and does not declare that")


def _defect(name: str, text: str) -> CloudError:
    return CloudError(
        f"Stage {name}", "Stage.Undeclared", text, hint="This is a defect of the collection. Please report it."
    )
