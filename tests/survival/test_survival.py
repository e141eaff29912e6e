# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole wave under each scenario: one ENS image per server or a clear reason, and nothing left that bills.

The fault catalogue's last column, file by file (local-cloud 6). `make scenarios` runs this and shows the table.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from survival.drivers import DRIVERS, one, with_role
from survival.pace import (
    RATE,
    WORLD,
    Outcome,
    Pace,
    ens_images,
    foreign_losses,
    made,
    migrate,
    put_foreign,
    still,
    sweep,
    twice,
)

from sandbox.world.scenario import FOLDER, load_scenario

# Whoever has asked for an export looks for two minutes until it shows. A busy machine must not make a lag longer here.
RATES = {"05-stale-answers": 200.0, "22-two-controllers": 300.0}
FILES = sorted(FOLDER.glob("*.yml"))
TABLE = Path(__file__).resolve().parents[2] / "build" / "scenarios.md"
HEAD = "| scenario | what goes wrong | servers | why | made | left at first | s |\n|---|---|---|---|---|---|---|\n"


@dataclass(frozen=True)
class End:
    """How a wave ends that cannot succeed: how many of the two servers fail, and what their reasons say; whether the
    trouble keeps the first cleanup from its end too."""

    failed: int
    why: str
    left: bool = False


MIGRATED = End(0, "")
ENDS = {
    "08-balance-used-up": End(2, r"NotEnoughBalance\. Top up the account"),
    "08-job-fails-for-good": End(2, r"NotEnoughBalance\. Top up the account.*kept and billed"),
    "10-image-deleted-before-export": End(1, r"was deleted outside this migration"),
    "10-image-deleted-while-exporting": End(1, r"was deleted outside this migration|InvalidImageId.NotFound"),
    "13-export-quota-of-the-week": End(2, r"WeeklyQuotaExceed.*weekly quota is used up"),
    "15-disk-not-exported": End(1, r"there are 2 objects for 3 disks.*It was exported 2 times"),
    "16-oss-no-such-bucket": End(2, r"NoSuchBucket.*Create the bucket", left=True),
    "16-oss-access-denied": End(2, r"AccessDenied.*Grant the caller access"),
    "16-oss-signature": End(2, r"SignatureDoesNotMatch.*Check the secret key", left=True),
    "16-oss-token-expired": End(2, r"SecurityTokenExpired.*Get a new STS token", left=True),
    "18-import-refused": End(2, r"CallInterface"),
    "18-import-name-taken": End(2, r"The image name exists"),
    "18-import-fails": End(1, r"is Upload_failed"),
    "18-import-unavailable": End(1, r"is Unavailable"),
    "20-clock-skew": End(2, r"Correct the clock", left=True),
    "23-cleanup-fails": End(0, "", left=True),
}
# One server's first export fails in these, and its image is exported again.
EXPORTED_AGAIN = frozenset(path.stem for path in FILES if path.stem.startswith("15-")) | {"14-export-fails"}


@pytest.fixture(scope="module")
def table() -> Iterator[list[str]]:
    """The rows of the table, written at the end."""
    rows: list[str] = []
    yield rows
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(HEAD + "".join(rows), encoding="utf-8")


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_a_wave_survives(sandbox: Any, monkeypatch: pytest.MonkeyPatch, table: list[str], path: Path) -> None:
    began, end = time.monotonic(), ENDS.get(path.stem, MIGRATED)
    sandbox.reset({**WORLD, "clock_rate": RATES.get(path.stem, RATE)})
    put_foreign(sandbox)
    Pace(sandbox).keep(monkeypatch)
    sandbox.post("faults", path.read_text(encoding="utf-8"))

    first = DRIVERS.get(path.stem, one)(sandbox)
    assert len(first.failed) == end.failed, first
    for host in first.failed:
        assert re.search(end.why, first.reasons[host]), first.reasons[host]
    assert [what.split()[0] for what in twice(sandbox)] == ["ExportImage"] * (path.stem in EXPORTED_AGAIN)
    summary = made(sandbox)
    left = sweep(sandbox, first)
    assert all(row["reason"] for row in left)
    assert bool(left) == end.left, left
    assert ens_images(sandbox) == dict.fromkeys(sorted({"db-01", "web-01"} - set(first.failed)), 1)
    if not left:
        assert still(sandbox)
    assert [rule for rule in sandbox.get("faults")["faults"] if not rule["hits"]] == []
    lost = foreign_losses(sandbox)

    the_trouble_is_over(sandbox)
    assert sweep(sandbox, first) == []
    assert still(sandbox)
    Pace(sandbox).keep(monkeypatch)
    # The sweep has ended the migration.
    again = migrate(sandbox, restart=True)
    assert again.failed == [], again
    assert ens_images(sandbox) == {"db-01": 1, "web-01": 1}
    assert sweep(sandbox, again) == []
    assert still(sandbox)
    assert lost == []
    table.append(row(path, first, summary, len(left), time.monotonic() - began))


def test_a_wave_with_the_role_of_a_profile_outlives_its_tokens(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sandbox.reset({**WORLD, "clock_rate": RATE})
    Pace(sandbox).keep(monkeypatch)
    sandbox.post("faults", (FOLDER / "19-token-expires.yml").read_text(encoding="utf-8"))
    outcome = with_role(sandbox, tmp_path, monkeypatch)
    assert outcome.failed == [], outcome
    assert [rule["hits"] for rule in sandbox.get("faults")["faults"]] == [1]
    # One at the beginning, one after the refusal, and as many as an hour's validity asks for.
    assert sum(row["action"] == "AssumeRole" and row["status"] == 200 for row in sandbox.requests()) >= 2
    assert twice(sandbox) == []
    assert sweep(sandbox, outcome) == []
    assert still(sandbox)


def the_trouble_is_over(sandbox: Any) -> None:
    """End the faults, and put money into the account."""
    sandbox.delete("faults")
    sandbox.post("seed", {"account": WORLD["account"]})


def row(path: Path, first: Outcome, summary: str, left: int, seconds: float) -> str:
    """The row of the table for one scenario."""
    reasons = "; ".join(sorted({re.sub(r"\b(j|m|t|s|i)-[a-z0-9]{20}\b|, request \w[\w-]*", r"\1", why)
                                for host, why in first.reasons.items() if host in first.failed}))
    ends = "all migrated" if not first.failed else f"{', '.join(first.failed)} failed"
    cells = (path.stem, load_scenario(path).meaning, ends, reasons, summary, f"{left} things" if left else "nothing",
             f"{seconds:.1f}")
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |\n"
