# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moves the virtual clock. On a frozen clock, background work ends between two moments: its duration does not show.

What would depend on real time (has a conversion ended before this request?) is finished before the next step of the
clock and before the next answer. That makes the answers a function of seed and requests. Clients on real hosts stream
over their own sockets; their transfers are not waited for.
"""

from __future__ import annotations

import asyncio
import math

from .engine import Engine


async def settle(engine: Engine) -> int:
    """Wait for background work and take the steps that are due, until neither is left; return how many steps."""
    steps = 0
    while True:
        if running := engine.cloud.work.under_way():
            await asyncio.wait(running)
            continue
        taken = engine.tick()
        if not taken and not engine.cloud.work.under_way():
            return steps
        steps += taken


async def advance(engine: Engine, seconds: float) -> None:
    """Move virtual time forward; ValueError when ``seconds`` is negative.

    On a frozen clock every step happens at its own moment, with the bytes that it waits for. Otherwise the clock jumps,
    and what waits for bytes happens when they are there.
    """
    if engine.cloud.clock.rate or seconds < 0:
        engine.tick()
        engine.cloud.clock.advance(seconds)
        engine.tick()
        return
    target = engine.cloud.clock.time() + seconds
    await settle(engine)
    while (moment := engine.agenda.next_moment()) <= target:
        engine.cloud.clock.advance_to(moment)
        await settle(engine)
    engine.cloud.clock.advance_to(target)
    await settle(engine)


async def step(engine: Engine) -> None:
    """Move to the moment of the next lifecycle step; ValueError when there is none or the clock runs."""
    if engine.cloud.clock.rate:
        raise ValueError('step: the clock is running; freeze it first: {"rate": 0}')
    taken = await settle(engine)
    while not taken:
        moment = engine.agenda.next_moment()
        if moment == math.inf:
            raise ValueError("step: no lifecycle step waits for time")
        engine.cloud.clock.advance_to(moment)
        taken = await settle(engine)
