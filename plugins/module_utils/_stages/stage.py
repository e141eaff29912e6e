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
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger import parent
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import ResourcesSeen, SharedNetwork
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.schedule import Copy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.driver import Driver
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import (
        Decision,
        Policy,
        Seen,
        Server,
    )

GIVEN = frozenset({"smc_source"})
"""The kinds of resources that exist before the first stage: the role agent registers the sources."""


@dataclass
class Clock:
    """Time as the fleet needs it; tests put their own in."""

    sleep: Callable[[float], None] = parent.sleep
    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = field(default=lambda: datetime.now(timezone.utc))


@dataclass(frozen=True)
class Outcome:
    """The result of a call: the ids that the service returned, why to repeat it later (``held``), or its error."""

    held: str = ""
    full: bool = False
    """Whether it is held because the service handles no more of such calls at once."""
    ids: Mapping[str, str] = field(default_factory=dict)
    error: CloudError | None = None

    @property
    def made_nothing(self) -> bool:
        """Whether it is certain that the call had no effect."""
        return not self.error.uncertain if self.error else bool(self.held)


@dataclass
class Context:
    """What every stage works with: clients, policy, the run's part in the ledger, clock, check mode and the resources
    seen."""

    clients: Clients
    policy: Policy
    driver: Driver
    clock: Clock = field(default_factory=Clock)
    check_mode: bool = False
    resources: ResourcesSeen = field(default_factory=ResourcesSeen)
    network: SharedNetwork = field(default_factory=SharedNetwork)

    @property
    def now(self) -> datetime:
        """The present time in UTC."""
        return self.clock.now()

    def of(self, stage: Stage) -> Context:
        """Return the same context for one stage, in which it can report only the kinds of resources it declares."""

        def check(kind: str) -> None:
            if kind not in stage.kinds:
                raise _defect(stage.name, f"it reported a resource of the kind {kind} and does not declare that kind")

        return replace(self, resources=self.resources.checked(check))


@dataclass(frozen=True)
class Leaves:
    """A kind of resource that a stage leaves behind, and the service that bills it while it exists ('' for none)."""

    kind: str
    billed_by: str = ""


def _never(_seen: Seen) -> bool:
    return False


def _plain(server: Server, _seen: Seen) -> Copy:
    return Copy(server.host, sum(disk.bytes for disk in server.disks))


@dataclass(frozen=True)
class Slots:
    """How many servers a service handles at once in a stage. A start beyond that waits (`schedule`)."""

    most: int | None
    """None where no document says it: the first refusal shows how many there are."""
    taken: Callable[[Seen], bool]
    text: str
    """Why a server waits; ``{running}`` is the number of slots that are taken."""
    copy: Callable[[Server, Seen], Copy] = _plain
    """What the schedule knows of a server."""
    shares_uplink: bool = False
    """Whether the servers send through the uplinks of their sites."""
    rests: Callable[[Seen], bool] = _never
    """Whether a server that waits for its turn is not looked at until then."""


def _no_facts(_seen: Seen) -> dict[str, str]:
    return {}


def _no_notes(_server: Server, _seen: Seen) -> list[str]:
    return []


def _nothing(_seen: Seen) -> str:
    return ""


@dataclass(frozen=True)
class Stage:
    """One stage of a migration. The functions take (context, …) and mutate nothing but what was seen of the servers."""

    name: str
    observe: Callable[[Context, Sequence[Server], dict[str, Seen]], None]
    """Look at the cloud for all servers at once. What fails for one server alone becomes ``Seen.trouble``."""
    decide: Callable[[Context, Server, Seen], Decision]
    """Return the next step of one server, without any call."""
    act: Callable[[Context, Server, Seen, str], Outcome]
    """Make the call of one action of ``decide``; raise CloudError when it fails."""
    needs: frozenset[str] = frozenset()
    """The kinds of resources without which it cannot start."""
    leaves: tuple[Leaves, ...] = ()
    announced: Mapping[str, Callable[[Server, Seen], str]] = field(default_factory=dict)
    """The actions without ClientToken, each with the object of its call, such as the id of the image."""
    follow: Callable[[Context, Server, Seen, str], None] | None = None
    """Look for the result with the id that an announced call has returned, when the list did not show it."""
    found: Callable[[Seen], str] = _nothing
    """The id of the result that a list shows, '' for none."""
    failed: Callable[[Seen], str] = _nothing
    """The id of a result that failed, '' for none: such a call may be made again."""
    worth: Callable[[Seen], str] = _nothing
    """The id of a result that took long to make, '' for none: when a later stage fails and no retry is left, it is
    kept with all that leads to it, and the next run continues from there."""
    starts: frozenset[str] = frozenset()
    """The actions that begin something new for a server: where there are slots, each start takes one."""
    lasting: frozenset[str] = frozenset()
    """The actions whose result takes minutes or hours: a run that does not wait does not look for it."""
    slots: Slots | None = None
    settles_first: Callable[[Seen], bool] | None = None
    """For a stage whose result may exist before any stage has run: whether it exists. Such a stage is observed first,
    and a server that has its result needs no other stage."""
    idle: Callable[[Seen], bool] = _never
    """Whether nothing new can be seen of a server that a stage with ``settles_first`` has looked at before: it is not
    looked at again until it reaches the stage, another run has driven it, or this run has made a call for it."""
    facts: Callable[[Seen], dict[str, str]] = _no_facts
    """The ids that a result shows of a server."""
    notes: Callable[[Server, Seen], list[str]] = _no_notes
    """What is unusual about the result of a server that was migrated all the same, as warnings for its user."""
    role: str = ""
    """The role that runs this stage alone, and registers its result as ``<role>_run``."""

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


def _defect(name: str, text: str) -> CloudError:
    return CloudError(
        f"Stage {name}", "Stage.Undeclared", text, hint="This is a defect of the collection. Please report it."
    )
