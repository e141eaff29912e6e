# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the schedule is worth, simulated with a clock that takes no time: a part of ``make bench-fleet``.

The makespans use the schedule and the simulation of the plan, the runs on a schedule and the large passes use the fleet
over the cloud of its unit tests, and the time left uses the callback's own estimate of copies whose rate varies.
"""

from __future__ import annotations

import heapq
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.schedule import Copy
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._live.wave import Server
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._plan.simulate import (
    Assumptions,
    Load,
    lower_bound,
    simulate,
)
from unit.core.cloud import Cloud
from unit.core.kit import policy, server
from unit.core.waves import cloud_with, fleet, run

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=timezone.utc)
SEEDS = 20
SPREADS = 0.5, 1.0
"""With 1.0 the longest copy bounds the wave, with 0.5 the slots do."""
SERVERS = 200
SLOTS = 50
RATE = 20e6
CALLS_AT_ONCE = 8

Row = list[str]


# ---- makespan ----
def sizes(seed: int, spread: float) -> list[float]:
    """Bytes of log-normal servers: the median has 20 GB, and ``spread`` is the sigma of the logarithms."""
    chance = random.Random(seed)
    return [20e9 * chance.lognormvariate(0, spread) for _server in range(SERVERS)]


def ordered(found: list[float]) -> tuple[float, float]:
    """Seconds of all copies in the order of the schedule, and the part of the slots that is idle while copies wait."""
    loads = [Load(Copy(f"h{number:03d}", size), 1) for number, size in enumerate(found)]
    times = simulate(loads, Assumptions(RATE, 1e18, 1e18, slots=SLOTS, image_seconds=0), NOW)
    spans = [((row.begins - NOW).total_seconds(), (row.copied - NOW).total_seconds()) for row in times.values()]
    return _judged(spans)


def unordered(found: list[float]) -> tuple[float, float]:
    """The same in the order of the inventory: one run per server, as strategy free with 50 forks makes them."""
    free, spans = [0.0] * SLOTS, []
    for size in found:
        begin = heapq.heappop(free)
        spans.append((begin, begin + size / RATE))
        heapq.heappush(free, begin + size / RATE)
    return _judged(spans)


def batches(found: list[float]) -> tuple[float, float]:
    """The same with serial: 50, where each batch waits for its slowest server."""
    now, spans = 0.0, []
    for start in range(0, len(found), SLOTS):
        part = found[start : start + SLOTS]
        spans += [(now, now + size / RATE) for size in part]
        now += max(part) / RATE
    return _judged(spans)


def _judged(spans: list[tuple[float, float]]) -> tuple[float, float]:
    last = max(begin for begin, _end in spans)
    busy = sum(min(end, last) - begin for begin, end in spans)
    return max(end for _begin, end in spans), 1 - busy / (SLOTS * last) if last else 0.0


def makespans() -> list[Row]:
    """Rows of the table: the worst of all seeds, and the mean."""
    ways: dict[str, Callable[[list[float]], tuple[float, float]]] = {
        "the schedule": ordered,
        "the order of the inventory (one run per server, 50 forks)": unordered,
        "`serial: 50`": batches,
    }
    rows = []
    for spread, (name, way) in ((spread, pair) for spread in SPREADS for pair in ways.items()):
        found = []
        for seed in range(SEEDS):
            bytes_of = sizes(seed, spread)
            loads = [Load(Copy(str(number), size), 1) for number, size in enumerate(bytes_of)]
            least = lower_bound(loads, Assumptions(RATE, 1e18, 1e18, slots=SLOTS))
            seconds, idle = way(bytes_of)
            found.append((seconds / least, idle))
        ratios, idles = [one for one, _idle in found], [idle for _one, idle in found]
        shown = [f"{ratio:.3f}" for ratio in (statistics.mean(ratios), max(ratios))]
        rows.append([f"{spread:g}", name, *shown, f"{100 * max(idles):.1f} %"])
    return rows


def packed(found: list[float]) -> list[int]:
    """The order of the best packing that MULTIFIT finds: the copies by the time at which they would begin in it."""
    places = sorted(range(len(found)), key=lambda place: -found[place])
    low = max(*found, sum(found) / SLOTS)
    high, best = 2 * low, [places]
    for _try in range(14):
        middle, slots = (low + high) / 2, list[list[int]]()
        for place in places:
            fits = (slot for slot in slots if sum(found[other] for other in slot) + found[place] <= middle)
            slot = next(fits, None)
            if slot is None:
                slots.append(slot := [])
            slot.append(place)
        low, high, best = (low, middle, slots) if len(slots) <= SLOTS else (middle, high, best)
    begins = {
        place: sum(found[other] for other in slot[:number]) for slot in best for number, place in enumerate(slot)
    }
    return sorted(begins, key=lambda place: (begins[place], -found[place]))


def with_errors() -> list[Row]:
    """Rows of the table: the makespans of two orders when the times of the copies differ from what was expected."""
    rows = []
    for error in (0.0, 0.05, 0.1, 0.2, 0.3):
        ratios: list[list[float]] = [[], []]
        for seed in range(SEEDS):
            expected, chance = sizes(seed, SPREADS[0]), random.Random(1000 + seed)
            real = [size * chance.lognormvariate(0, error) for size in expected]
            least = max(*real, sum(real) / SLOTS) / RATE
            longest = sorted(range(SERVERS), key=lambda place: -expected[place])
            for found, order in zip(ratios, (longest, packed(expected)), strict=True):
                found.append(unordered([real[place] for place in order])[0] / least)
        shown = [f"{ratio:.3f}" for found in ratios for ratio in (statistics.mean(found), max(found))]
        rows.append([f"{100 * error:.0f} %", *shown])
    return rows


# ---- runs on a schedule ----
def moved(cloud: Cloud) -> float:
    """Minutes of copying, exports and imports that the cloud has finished or begun."""
    total = 0.0
    for job in cloud.jobs.values():
        total += cloud.copy_seconds * (1 if job["Status"] == "Finished" else job.get("Progress", 0) / 100)
    total += cloud.export_seconds * sum(task["TaskStatus"] == "Finished" for task in cloud.tasks.values())
    total += cloud.import_seconds * sum(image["Status"] == "Available" for image in cloud.ens_images.values())
    return total / 60


def _cloud(wave: list[Any], copy_minutes: float, **more: Any) -> Cloud:
    return cloud_with(*wave, copy_seconds=60 * copy_minutes, export_seconds=300, import_seconds=300, **more)


def _run_for(cloud: Cloud, wave: list[Any], seconds: float) -> None:
    """A run that waits and is looked at after so many seconds."""
    fleet(cloud, *wave, using=policy(shared_network=True)).run(True, seconds, 15)


def scheduled(count: int, copy_minutes: float, every: float, passes: int) -> Row:
    """How far passes move a wave, beside one run that waits."""
    wave = [server(number) for number in range(count)]
    waits, ticks = _cloud(wave, copy_minutes), _cloud(wave, copy_minutes)
    _run_for(waits, wave, every * 60 * passes)
    end = ticks.now + timedelta(minutes=every * passes)
    for number in range(passes):
        run(fleet(ticks, *wave, using=policy(shared_network=True)), wait=False)
        ticks.sleep((end - ticks.now).total_seconds() - every * 60 * (passes - number - 1))
    for cloud in (waits, ticks):
        cloud.sleep(max(0.0, (end - cloud.now).total_seconds()))
        cloud._live()
    one, other = moved(waits), moved(ticks)
    return [f"{count}", f"{copy_minutes:g}", f"{every:g}", f"{passes}", f"{100 * (other / one - 1):+.1f} %"]


def passes_of(count: int, delay: float) -> list[Row]:
    """Seconds of passes over a wave, where only the calls take time."""
    wave = [server(number) for number in range(count)]
    cloud = _cloud(wave, 20, call_seconds=delay / CALLS_AT_ONCE)
    rows = []
    for number in range(1, 9):
        began, calls, cpu = cloud.now, cloud.calls.total(), time.process_time()
        made = fleet(cloud, *wave, using=policy(shared_network=True))
        run(made, wait=False)
        took = (cloud.now - began).total_seconds()
        phases = Counter(row.phase for row in made.rows)
        stages = ", ".join(f"{phases[phase]} {phase}" for phase in ("transfer", "export", "import", "done"))
        rows.append([
            f"{count}", f"{delay * 1000:.0f} ms", f"{number}", f"{took:.1f}", f"{cloud.calls.total() - calls}",
            f"{time.process_time() - cpu:.1f}", stages,
        ])
        cloud.sleep(300 - took)
    return rows


# ---- the time left ----
def eta_errors() -> list[float]:
    """The errors of the time left after 10 % are copied, as parts of the true time left. The rate of a copy follows a
    random walk around its mean, with a standard deviation of 30 % and a memory of ten minutes."""
    errors = []
    for seed in range(300):
        chance, done, now, wander = random.Random(seed), 0.0, 0.0, 0.0
        minutes = chance.uniform(30, 240)
        shown, guess, asked = Server("h"), None, 0.0
        while done < 100:
            wander = 0.9 * wander + chance.gauss(0, 0.3 * (1 - 0.9**2) ** 0.5)
            done += max(0.05, 1 + wander) * 100 / minutes / 4
            now += 15
            shown.first = shown.first or (now, done)
            shown.last = now, done
            if guess is None and done >= 10:
                guess, asked = shown.left(now), now
        if guess is not None:
            errors.append(abs(guess - (now - asked)) / (now - asked))
    return errors


def report(table: Callable[[Row, list[Row]], str], most: int) -> str:
    """The part of the page that is simulated."""
    errors = eta_errors()
    median, worst = statistics.median(errors), statistics.quantiles(errors, n=10)[-1]
    orders = ["sigma", "order", "makespan / lower bound, mean", "the worst", "slots idle while copies wait, the worst"]
    errors_head = ["error", "longest first, mean", "the worst", "packed, mean", "the worst"]
    rhythm = ["servers", "minutes of a copy", "minutes between passes", "passes", "difference"]
    passes = ["servers", "added to each call", "pass", "seconds", "calls", "CPU-s, cloud included", "servers by stage"]
    schedules = [
        scheduled(SERVERS, copy, every, count)
        for copy, every, count in ((60, 5, 10), (60, 5, 36), (60, 1, 180), (20, 5, 10), (20, 1, 50))
    ]
    return f"""Simulated: {SERVERS} servers of log-normal sizes, {SLOTS} copies at once, {SEEDS} seeds. The lower
bound is the longest copy (sigma 1), or all bytes spread over the slots (sigma 0.5).

{table(orders, makespans())}

Why the schedule does not pack the copies (sigma {SPREADS[0]:g}): makespan / lower bound, by how much the times of the
copies differ from what was expected (standard deviation). MULTIFIT packs with the expected times.

{table(errors_head, with_errors())}

Simulated: passes (`migration_wait: false`) beside one run that waits, by the minutes of cloud work after the same time.
A pass sees the end of a copy half an interval late on average.

{table(rhythm, schedules)}

Simulated: passes over {most} servers, five minutes apart, copies of 20 minutes. Nothing but the calls takes time,
and {CALLS_AT_ONCE} of them always overlap: a lower bound, because the looks of a tick follow each other.

{table(passes, passes_of(most, 0.2))}

Simulated: the time left of {len(errors)} copies of 30 to 240 minutes whose rate varies by 30 %, when 10 % are copied.
The error is {100 * median:.0f} % at the median, and {100 * worst:.0f} % or more for one in ten."""
