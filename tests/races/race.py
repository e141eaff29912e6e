# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A race: what the controllers of a seed are to do and what happens to them, and the run of it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from support.wave import utils

from .cloud import no_bytes
from .controller import Controller, Fate, FateKind, Run, virtual
from .schedule import Endless
from .world import MIGRATION, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .schedule import Process

LEASE = 300.0
"""Seconds after which another controller may take over, as the collection documents it."""

SETTLE = 1800.0
"""Seconds for which a call whose answer was lost is looked for."""

_FATES: tuple[tuple[FateKind, float], ...] = (
    ("kill before", 0.14), ("kill after", 0.14), ("kill in flight", 0.14), ("stop", 0.25), ("orphan", 0.12),
    ("lost before", 0.07), ("lost after", 0.07), ("late", 0.07),
)
_ATTEMPTS = 6


@dataclass(frozen=True)
class Plan:
    """What a seed says: how many servers there are, how fast the cloud is, what each controller does, and the end."""

    servers: int
    realistic: bool
    controllers: tuple[tuple[float, tuple[Run, ...]], ...]
    """Of each controller: when it begins, and its runs one after the other."""
    ending: str
    pause: float
    """Seconds between the end of the race and the last run."""


def plan(seed: int) -> Plan:
    """Return the plan of a seed."""
    rng = Random(f"plan {seed}")
    servers = rng.choice((1, 2, 2, 3))
    hosts = [f"web-{number}" for number in range(1, servers + 1)]
    realistic = rng.random() < 0.4
    ends = rng.random() < 0.45
    together = rng.random() < 0.3
    controllers = []
    for number in range(rng.choice((2, 2, 3, 4))):
        begin = 0.0 if together else rng.uniform(0, 2400 if realistic else 400)
        runs = []
        for place in range(rng.choice((1, 1, 2, 3))):
            kind = "end" if ends and rng.random() < 0.3 else "play"
            runs.append(_run(rng, f"c{number + 1}.{place + 1}", kind, hosts, ends))
        controllers.append((begin, tuple(runs)))
    ending = rng.choice(("finish", "finish", "clean"))
    return Plan(servers, realistic, tuple(controllers), ending, rng.choice((0.0, LEASE + 120, 2 * SETTLE)))


def _run(rng: Random, name: str, kind: Any, hosts: list[str], ends: bool) -> Run:
    some = rng.sample(hosts, rng.randint(1, len(hosts)))
    return Run(
        name, kind, tuple(sorted(some)), wait=rng.random() < 0.75, restart=ends and rng.random() < 0.5,
        interval=rng.choice((20.0, 60.0, 120.0)), skew=rng.choice((0.0, 0.0, 0.0, -600.0, 600.0)),
        fates=_fates(rng), gap=rng.choice((0.0, 5.0, 60.0, 400.0, 2500.0)),
    )


def _fates(rng: Random) -> tuple[Fate, ...]:
    found = []
    for _number in range(rng.choice((0, 0, 1, 1, 1, 2))):
        (kind,) = rng.choices([name for name, _weight in _FATES], [weight for _name, weight in _FATES])
        step = rng.randint(1, rng.choice((15, 40, 120)))
        seconds = rng.choice((100.0, LEASE + 30, LEASE + 30, 1000.0, 3600.0)) if kind == "stop" else 0.0
        found.append(Fate(kind, step, seconds))
    return tuple(found)


@dataclass
class Verdict:
    """What came of a seed: the violations, the trace, and figures."""

    seed: int
    violations: list[str]
    trace: str
    calls: int = 0
    seconds: float = 0.0
    epochs: int = 0
    happened: list[str] = field(default_factory=list)


class Race:
    """The controllers of one plan in one world."""

    def __init__(self, world: World, plan: Plan) -> None:
        self.world = world
        self.plan = plan

    def run(self) -> None:
        """Let every controller do what it is to do, then let the last one finish or clean up, and judge the end."""
        world = self.world
        for begin, runs in self.plan.controllers:
            self._spawn(runs, world.start + begin)
        world.schedule.run()
        world.note("end", f"-- {self.plan.ending}")
        last = world.local.now + self.plan.pause
        world.schedule.start("end", partial(self._last, self.plan.ending == "finish"), last)
        world.schedule.run()

    # ---- the controllers ----
    def _spawn(self, runs: tuple[Run, ...], at: float | None = None) -> None:
        if runs:
            begin = self.world.local.now + runs[0].gap if at is None else at
            self.world.schedule.start(runs[0].name, partial(self._runs, runs), begin)

    def _runs(self, runs: tuple[Run, ...], process: Process) -> None:
        for number, run in enumerate(runs):
            following = runs[number + 1 :]
            if number:
                process.pause(run.gap)
            controller = self._enter(process, run)
            controller.on_death = partial(self._spawn, following)
            self._carry_out(controller, run)

    def _enter(self, process: Process, run: Run) -> Controller:
        controller = Controller(self.world, process, run)
        process.controller = controller
        run.began = self.world.local.now
        self.world.ends += run.kind == "end"
        what = f"{run.kind} {' '.join(run.hosts)} wait={run.wait} restart={run.restart}"
        self.world.note(run.name, f"-- begins: {what}")
        return controller

    def _carry_out(self, controller: Controller, run: Run) -> None:
        if run.kind == "end":
            self._end(controller, run)
        else:
            self._play(controller, run)
        self.world.note(run.name, "-- ends")

    def _end(self, controller: Controller, run: Run) -> bool:
        """The playbook cleanup: everything of the migration."""
        return clean_all(controller, run)

    def _play(self, controller: Controller, run: Run) -> dict[str, Any]:
        """The playbook migrate: the wave of these hosts, then the cleanup of those that it has settled."""
        return play(controller, run)

    # ---- the end ----
    def _last(self, finish: bool, process: Process) -> None:
        world = self.world
        hosts = tuple(world.servers)
        for attempt in range(_ATTEMPTS):
            run = Run(f"end.{attempt}", "play" if finish else "end", hosts, restart=True)
            controller = self._enter(process, run)
            if not finish:
                if self._end(controller, run):
                    break
                process.pause(LEASE)
                continue
            result = self._play(controller, run)
            rows = (result.get("migration") or {}).get("servers") or []
            migrated = len(rows) == len(hosts) and all(row["verdict"] == "migrated" for row in rows)
            if migrated and not world.billed_of_us():
                break
            code = (result.get("error") or {}).get("code", "")
            if code == "Migration.Ended" or (migrated and attempt):
                # A cleanup was killed: as the messages say, it has to be finished by another one.
                again = replace(run, name=f"{run.name}c", kind="end")
                self._end(self._enter(process, again), again)
            process.pause(LEASE)
        else:
            world.rules.violated("no end", f"{_ATTEMPTS} last runs have not come to their end")
        # What a run may still have needed is left to the next one, which has nothing else to do.
        process.pause(SETTLE + LEASE)
        if finish:
            run = Run("end.after", "play", hosts)
            self._play(self._enter(process, run), run)
        world.judge_end(finish)


def play(controller: Controller, run: Run) -> dict[str, Any]:
    """Do what the playbook migrate does on the controller: migrate, then clean up what was settled."""
    world = controller.world
    registered = _agent(controller, run)
    # The role excludes hosts that could not register.
    hosts = [host for identity, host in world.hosts.items()
             if host in run.hosts and (world.rules.migrated(identity) or _source(world, host) is not None)]
    entries = [dict(world.servers[host]) for host in hosts]
    if run.orphaned or not entries:
        return registered
    result = controller.module(
        "ens_migration", name=MIGRATION, servers=entries, wait=run.wait, poll_interval=run.interval,
        wait_timeout=utils("_rules.limits").WAVE_TIMEOUT, restart=run.restart,
    )
    migration = result.get("migration") or {}
    rows = {row["host"]: row for row in migration.get("servers") or []}
    told = {host: f"{row['verdict']}{'*' if row['settled'] else ''} {row['reasons']}" for host, row in rows.items()}
    world.note(run.name, f"-- {result.get('msg', '')} {told}")
    world.rules.crashed(run, result)
    settled = [host for host, row in rows.items() if row["settled"]]
    for host in settled:
        if rows[host]["verdict"] == "failed":
            run.failed.add(host)
            world.rules.gave_up(run, host, rows[host]["reasons"])
    if run.orphaned:
        return result
    cleanup = controller.module(
        "smc_cleanup", name=MIGRATION, scope="servers", servers=[dict(world.servers[host]) for host in settled],
        resources=[row for row in migration.get("resources") or [] if row["host"] in settled],
        poll_interval=20.0, wait_timeout=utils("_rules.limits").CLEANUP_TIMEOUT,
    )
    _tell(world, run, cleanup)
    if settled and not run.orphaned:
        # The role agent removes the clients, and the code of this run.
        gone = controller.module(
            "smc_access_token", migration=MIGRATION, state="absent", name="", description="", count=1, ttl_days=7,
            rotate=False, keep_others=True, id=(registered.get("access_token") or {}).get("id", ""),
        )
        world.rules.crashed(run, gone)
    return result


def clean_all(controller: Controller, run: Run) -> bool:
    """Do what the playbook cleanup does; return whether it has reported that nothing is left."""
    world = controller.world
    result = controller.module(
        "smc_cleanup", name=MIGRATION, scope="migration", servers=[], delete_sources=False, poll_interval=20.0,
        wait_timeout=utils("_rules.limits").CLEANUP_TIMEOUT,
    )
    _tell(world, run, result)
    return world.rules.cleaned(run, result)


def _tell(world: World, run: Run, result: dict[str, Any]) -> None:
    world.rules.crashed(run, result)
    cleanup = result.get("cleanup") or {}
    world.note(run.name, f"-- {result.get('msg', '')} residual {cleanup.get('residual')} kept {cleanup.get('kept')}")


def _agent(controller: Controller, run: Run) -> dict[str, Any]:
    """Do what the role agent does: register the servers whose clients do not run, with an activation code of this run.
    Return the result of the module that makes the code, an empty one when none was needed."""
    world, naming = controller.world, utils("_rules.naming")
    wanted = {identity: host for identity, host in world.hosts.items() if host in run.hosts}
    due = [host for identity, host in wanted.items()
           if not world.rules.migrated(identity) and _source(world, host) is None]
    if not due:
        return {}
    since = world.local.now
    result = controller.module(
        "smc_access_token", migration=MIGRATION, state="present", name="", description="", count=len(due), ttl_days=7,
        rotate=True, keep_others=True, id=None, restart=run.restart,
    )
    world.rules.crashed(run, result)
    code = result.get("access_token") or {}
    if not code.get("code"):
        world.note(run.name, f"-- no code: {result.get('msg', '')}")
        return result
    for identity, host in wanted.items():
        if host not in due:
            continue
        controller.sleep(world.rng.uniform(1, 90))
        if not world.local.register(world.servers[host], code):
            world.note(run.name, f"-- {host} could not register")
            # A cleanup of the whole migration deletes every code, the others those of runs that were held up for long.
            if not world.ends and world.local.now - since < utils("_rules.limits").CODE_IN_USE_SECONDS:
                world.rules.violated("registering", f"{run.name} {host}: the activation code of this run is gone")
            continue
        tags = {row["Key"]: row["Value"] for row in naming.tags(MIGRATION, host, identity)}
        source_id = world.servers[host]["source_id"]
        controller.module("smc_source", state="present", source_id=source_id, name=None, description=None, tags=tags)
    return result


def _source(world: World, host: str) -> Any:
    return world.cloud.sources.get(world.servers[host]["source_id"])


@contextmanager
def _folder() -> Iterator[Path]:
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="races-", dir=memory if memory.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def race(
    seed: int,
    made: Callable[[int], Plan] = plan,
    planted: Callable[[], AbstractContextManager[Any]] = nullcontext,
) -> Verdict:
    """Run one seed and return what came of it; ``planted`` plants a bug."""
    planned = made(seed)
    with ExitStack() as stack:
        folder = stack.enter_context(_folder())
        world = World(folder, seed, planned.servers, planned.realistic)
        stack.callback(world.local.close)
        stack.callback(world.schedule.drop)
        stack.enter_context(no_bytes())
        stack.enter_context(virtual(Random(f"ids {seed}"), folder))
        stack.enter_context(planted())
        try:
            Race(world, planned).run()
        except Endless as endless:
            world.rules.violated("no end", str(endless))
        happened = [text for _when, _who, text in world.trace if text.startswith("-- ")]
        return Verdict(
            seed, world.rules.violations, world.written(), world.calls, world.local.now - world.start,
            world.rules.epoch, happened,
        )
