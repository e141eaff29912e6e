# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RunInstances has no ClientToken: one thing happens to a run at each of its steps, and there is one instance."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from random import Random
from typing import Any

import pytest
from races.cloud import no_bytes
from races.controller import Controller, Fate, FateKind, Run, virtual
from races.race import LEASE, SETTLE, _folder
from races.schedule import Process
from races.world import MIGRATION, World

pytestmark = pytest.mark.any_core
HOST, NODE, TYPE = "web-1", "cn-dalian-unicom", "ens.sn1.tiny"
CALL = 14
"""The step at which a run sends RunInstances."""
KINDS: tuple[FateKind, ...] = ("kill before", "kill after", "kill in flight", "lost after", "late", "stop")
WAIT = {"wait": True, "wait_timeout": 20_000, "poll_interval": 20.0}


def launch(world: World, run: Run, process: Process, **options: Any) -> None:
    """Run the module in a process of the world."""
    controller = process.controller = Controller(world, process, run)
    controller.module(
        "ens_instance", name=MIGRATION, host=HOST, ens_region_id=NODE, instance_type=TYPE, password_inherit=True,
        restart=False, **{**WAIT, **options},
    )


def instances_after(kind: FateKind, step: int) -> list[Any]:
    """Let something happen to a run at a step, another run begin beside it, and a last one finish; then release. Return
    the instances before that."""
    fate = Fate(kind, step, LEASE + 30 if kind == "stop" else 0.0)
    first, *others = (Run(f"c{number}.1", "play", (HOST,), fates=(fate,) * (number == 1)) for number in (1, 2, 3, 4))
    with ExitStack() as stack:
        folder = stack.enter_context(_folder())
        world = World(folder, 1, 1, False)
        stack.callback(world.local.close)
        stack.callback(world.schedule.drop)
        stack.enter_context(no_bytes())
        stack.enter_context(virtual(Random("ids"), folder))
        (name,) = world.images.values()
        # A copy of an image of the world, as an import would have made it.
        (like, *_rest) = world.cloud.ens_images
        world.cloud.ens_images.add({**like, "id": "m-racelaunch", "name": name, "created": world.start})
        world.schedule.start("c1.1", partial(launch, world, first), world.start)
        world.schedule.start("c2.1", partial(launch, world, others[0]), world.start + 45)
        world.schedule.run()
        world.schedule.start("c3.1", partial(launch, world, others[1]), world.local.now + SETTLE)
        world.schedule.run()
        found = list(world.cloud.ens_instances)
        assert others[1].results[0]["instance"]["status"] == "Running", world.written()
        sent = [text for _when, who, text in world.trace if who == "c1.1" and not text.startswith("--")]
        assert step != CALL or kind != "kill after" or sent[-1].startswith("ens.RunInstances"), world.written()
        world.schedule.start("c4.1", partial(launch, world, others[2], state="absent"), world.local.now + 1)
        world.schedule.run()
        assert list(world.cloud.ens_instances) == []
        assert [text for text in world.billed_of_us() if "ens_instance" in text] == [], world.written()
        return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "steps",
    [pytest.param((CALL,), id="call"), pytest.param(range(1, 21), id="every step", marks=pytest.mark.long)],
)
def test_something_that_happens_to_a_run_leaves_one_instance(kind: FateKind, steps: Sequence[int]) -> None:
    for step in steps:
        assert len(instances_after(kind, step)) == 1, (kind, step)
