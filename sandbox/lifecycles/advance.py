# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A clock that stands still: bytes arrive between two moments of it, so that nothing tells how long they really took.

What real time decides otherwise (has a conversion ended before this request?) is settled before the next step of the
clock and before the next answer. That makes the answers a function of seed and requests. Clients on real hosts stream
over sockets of their own: nobody waits for those.
"""

from __future__ import annotations

import asyncio
import math

from sandbox.state.cloud import Cloud

from .engine import agenda_of, tick


async def settle(cloud: Cloud) -> int:
    """Wait for background work and take the steps that are due, until neither is left; returns how many steps."""
    steps = 0
    while True:
        if running := cloud.work.under_way():
            await asyncio.wait(running)
            continue
        taken = tick(cloud)
        if not taken and not cloud.work.under_way():
            return steps
        steps += taken


async def advance(cloud: Cloud, seconds: float) -> None:
    """Let virtual time pass; ValueError when ``seconds`` is negative.

    On a frozen clock every step happens at its own moment, with the bytes that it waits for. Otherwise the clock jumps,
    and what waits for bytes happens when they are there.
    """
    if cloud.clock.rate or seconds < 0:
        tick(cloud)
        cloud.clock.advance(seconds)
        tick(cloud)
        return
    target = cloud.clock.time() + seconds
    await settle(cloud)
    while (moment := agenda_of(cloud).next_moment()) <= target:
        cloud.clock.advance_to(moment)
        await settle(cloud)
    cloud.clock.advance_to(target)
    await settle(cloud)


async def step(cloud: Cloud) -> None:
    """Go on to the moment of the next lifecycle step; ValueError when there is none or the clock runs."""
    if cloud.clock.rate:
        raise ValueError('step: the clock runs; freeze it first: {"rate": 0}')
    taken = await settle(cloud)
    while not taken:
        moment = agenda_of(cloud).next_moment()
        if moment == math.inf:
            raise ValueError("step: nothing waits for time")
        cloud.clock.advance_to(moment)
        taken = await settle(cloud)
