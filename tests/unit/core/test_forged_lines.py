# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines that a person with write access to the bucket appends to a ledger: each is not believed, or costs one server a
time that ends. Time is that of the fake cloud."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.state import LEASE, SKEW, State
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits, naming
from support import PATIENCE

from .cloud import Cloud
from .kit import MIGRATION, server
from .waves import cloud_with, fleet, run, verdicts

ONE = server(1)
TWO = server(2)
KEY = naming.ledger_key(MIGRATION, 1)
WAVE = naming.wave_id(MIGRATION)
HELD = LEASE + 2 * SKEW
"""The longest time for which one line claims a server, in seconds."""
SETTLES = limits.CALL_SETTLE_SECONDS + HELD


def ledger_of(cloud: Cloud) -> str:
    """Return the id that the lines of the ledger share."""
    first = cloud.oss("images").ledgers.get(KEY, b"").split(b"\n")[0]
    return str(json.loads(first)["ledger"]) if first else f"{WAVE}.forged-1"


def forge(cloud: Cloud, by: str = "mallory", key: str = KEY, **more: Any) -> None:
    """Append one line, as a person who can write to the bucket does."""
    now = cloud.now.timestamp()
    row = {
        "ledger": ledger_of(cloud), "by": by, "n": 1, "at": now + SKEW - 1, "until": now + SKEW - 1 + LEASE + SKEW - 1,
        "host": "evil", "pid": 1, "started": now, **more,
    }
    ledgers = cloud.oss("images").ledgers
    ledgers[key] = ledgers.get(key, b"") + json.dumps(row).encode() + b"\n"


def usual() -> float:
    """Return the seconds of a wave without any such line."""
    cloud = cloud_with(ONE, TWO)
    begun = cloud.now
    assert verdicts(run(fleet(cloud, ONE, TWO))) == ["migrated"] * 2
    return (cloud.now - begun).total_seconds()


def forged(lines: list[dict[str, Any]], during: bool, timeout: float = 20_000) -> tuple[Cloud, Any, float]:
    """Run a wave of two servers; the lines are there before it, or come while it runs."""
    cloud = cloud_with(ONE, TWO)
    made = fleet(cloud, ONE, TWO)
    ticks = 0

    def write() -> None:
        for number, line in enumerate(lines):
            forge(cloud, **{"n": number + 1, **line})

    def tick(_rows: Any) -> None:
        nonlocal ticks
        ticks += 1
        if ticks == 3:
            write()

    if during:
        made.on_tick = tick
    else:
        write()
    begun = cloud.now
    run(made, timeout=timeout)
    return cloud, made, (cloud.now - begun).total_seconds()


CALLS = [[ONE.id, stage, ""] for stage in ("transfer", "export", "import")]
DONE = [[ONE.id, stage, "done", f"forged-{stage}"] for stage in ("export", "import")]
NOT_BELIEVED: dict[str, list[dict[str, Any]]] = {
    "a claim far in the future": [{"claim": [ONE.id], "until": 9e9}],
    "a line of another time": [{"claim": [ONE.id], "at": 9e9, "until": 9e9}],
    "a start that is no date": [{"claim": [ONE.id], "started": 1e300}],
    "a line of another migration": [{"ledger": "el999999.x", "claim": [ONE.id]}],
    "announced calls of a server that it has not claimed": [{"calls": CALLS}],
    "an id of a server that it has not claimed": [{"results": DONE}],
    "the end of a call that it has not announced": [{"results": [[ONE.id, "import", "error", "x"]]}],
    "no line": [{"n": "x"}],
}
WHILE_IT_RUNS: dict[str, list[dict[str, Any]]] = {
    **NOT_BELIEVED,
    "a claim of a server that the run holds": [{"claim": [ONE.id]}],
    "a claim, calls and ids of a server that the run holds": [{"claim": [ONE.id], "calls": CALLS, "results": DONE}],
    "the end of a ledger that the run uses": [{"mark": "close", "until": 0}],
}


@pytest.mark.parametrize("kind", NOT_BELIEVED)
def test_before_a_run_these_lines_change_nothing(kind: str) -> None:
    cloud, made, seconds = forged(NOT_BELIEVED[kind], during=False)
    assert verdicts(made.rows) == ["migrated"] * 2
    assert seconds <= usual() + 1
    assert (cloud.calls["ecs.ExportImage"], cloud.calls["ens.ImportImage"]) == (2, 2)
    assert "something else writes to it" in " ".join(made.warnings)


@pytest.mark.parametrize("kind", WHILE_IT_RUNS)
def test_beside_a_run_these_lines_change_nothing(kind: str) -> None:
    cloud, made, seconds = forged(WHILE_IT_RUNS[kind], during=True)
    assert verdicts(made.rows) == ["migrated"] * 2
    assert seconds <= usual() + 60
    assert (cloud.calls["ecs.ExportImage"], cloud.calls["ens.ImportImage"]) == (2, 2)
    assert "something else writes to it" in " ".join(made.warnings)


@pytest.mark.parametrize(
    ("lines", "most"),
    [
        ([{"claim": [ONE.id]}], HELD),
        ([{"claim": [ONE.id], "calls": CALLS}], SETTLES),
        ([{"claim": [ONE.id], "calls": CALLS, "results": [[ONE.id, "import", "unknown", ""]]}], SETTLES),
        ([{"claim": [ONE.id], "results": [[ONE.id, "import", "error", "x"], [ONE.id, "export", "unsent", ""]]}], HELD),
    ],
    ids=["claim", "calls", "lost answers", "refused calls"],
)
def test_a_claim_before_a_run_holds_one_server_for_a_time_that_ends(lines: list[dict[str, Any]], most: float) -> None:
    cloud, made, seconds = forged(lines, during=False)
    assert verdicts(made.rows) == ["migrated"] * 2
    assert usual() <= seconds <= usual() + most + 60
    assert made.rows[1].seconds <= usual() + 1, "the other server does not wait"
    assert (cloud.calls["ecs.ExportImage"], cloud.calls["ens.ImportImage"]) == (2, 2)


@pytest.mark.parametrize("stage", ["export", "import"])
def test_a_forged_id_lets_one_server_fail_after_a_time_that_ends(stage: str) -> None:
    line = {"claim": [ONE.id], "results": [[ONE.id, stage, "done", f"forged-{stage}"]]}
    cloud, made, seconds = forged([line], during=False)
    assert verdicts(made.rows) == ["failed", "migrated"]
    assert f"forged-{stage}" in " ".join(made.rows[0].reasons)
    assert seconds <= usual() + SETTLES + 60
    assert cloud.calls["ens.ImportImage"] == 1, "nothing is imported for the server that fails"


def test_a_forged_end_refuses_the_run_at_once_with_its_host() -> None:
    with pytest.raises(CloudError, match="ended by a cleanup of evil") as error:
        forged([{"mark": "end", "until": 0}], during=False)
    assert error.value.code == "Migration.Ended"


def test_a_forged_close_before_a_run_begins_the_next_ledger() -> None:
    _cloud, made, seconds = forged([{"mark": "close", "until": 0}], during=False)
    assert verdicts(made.rows) == ["migrated"] * 2
    assert seconds <= usual() + 1


@pytest.mark.parametrize("number", [2, 17, 999_999])
def test_a_second_ledger_is_refused_with_both_keys(number: int) -> None:
    cloud = cloud_with(ONE)
    run(fleet(cloud, ONE), wait=False)
    later = naming.ledger_key(MIGRATION, number)
    forge(cloud, key=later, claim=[ONE.id])
    calls = cloud.calls["smc.CreateReplicationJob"]
    with pytest.raises(CloudError, match="is in use") as error:
        run(fleet(cloud, ONE))
    assert f"/{later}" in str(error.value)
    assert KEY in str(error.value)
    assert cloud.calls["smc.CreateReplicationJob"] == calls


IN_ITS_NAME: dict[str, dict[str, Any]] = {
    "it releases its servers": {"claim": [], "until": 0},
    "a call was refused": {"results": [[ONE.id, "import", "error", "x"], [ONE.id, "export", "error", "x"]]},
    "it closes the ledger": {"mark": "close", "until": 0},
    "the last number that a line may have": {"n": 253_402_300_799},
}


@pytest.mark.parametrize("kind", IN_ITS_NAME)
def test_a_line_in_the_name_of_a_run_neither_hangs_it_nor_ends_it_with_a_python_error(kind: str) -> None:
    cloud = cloud_with(ONE, TWO)
    made = fleet(cloud, ONE, TWO)
    ticks = 0

    def tick(_rows: Any) -> None:
        nonlocal ticks
        ticks += 1
        if ticks == 3:
            (me,) = {json.loads(line)["by"] for line in cloud.oss("images").ledgers[KEY].splitlines()}
            forge(cloud, **{"by": me, "n": 1000, **IN_ITS_NAME[kind]})

    made.on_tick = tick
    begun = cloud.now
    ends = "last number" in kind
    with pytest.raises(CloudError, match="no line could be appended") if ends else nullcontext():
        run(made, timeout=20_000)
    assert ends or verdicts(made.rows) == ["migrated"] * 2
    assert (cloud.now - begun).total_seconds() <= usual() + 120
    assert cloud.calls["ens.ImportImage"] <= 2


def many(count: int, line: Callable[[int], dict[str, Any]]) -> bytes:
    row = {"ledger": f"{WAVE}.0", "n": 1, "at": 1000.0, "until": 1000.0}
    return b"".join(json.dumps({**row, "by": f"b{number}", **line(number)}).encode() + b"\n" for number in range(count))


def test_claims_of_very_many_servers_and_very_many_lines_are_read_in_a_short_time() -> None:
    servers = [f"s{number}" for number in range(50_000)]
    state = State(WAVE)
    first = many(1, lambda _number: {"claim": servers, "by": "first"})
    begun = time.process_time()
    state.fold(first + many(50_000, lambda _number: {"claim": []}), 1000.0)
    assert time.process_time() - begun < PATIENCE / 10
    assert len(state.claims) == len(servers)
