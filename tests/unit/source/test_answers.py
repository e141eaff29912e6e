# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of hosts that send anything: limits, characters, form, and the time that their evaluation takes."""

from __future__ import annotations

import contextlib
import json
import random
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._preflight import source
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import (
    agent,
    answers,
    deadline,
    facts,
    remedy,
)
from support import PATIENCE

from .conftest import FENCE, Host

MEGABYTE = 1024**2
SCRIPTS = Path(answers.__file__).parent.glob("*.sh")
KEYS = sorted(
    {
        key.strip("'\"").split(" ")[0]
        for path in SCRIPTS
        for key in re.findall(r"\b(?:say|lines) (\"[a-z-]+ |[a-z-]+)", path.read_text(encoding="utf-8"))
    }
)
"""The first word of every record that a script sends."""


def answer(*lines: str, **limits: int) -> answers.Answer:
    text = "\n".join([f"{FENCE} BEGIN", *lines, f"{FENCE} END", ""])
    found = answers.parse(FENCE, text, answers.Limits(**limits))
    assert found is not None
    return found


def test_the_keys_of_all_scripts_are_known_here() -> None:
    assert {"uname", "mount", "block", "agent-pid", "egress", "initramfs", "journal", "release", "dmi"} <= set(KEYS)


CONTROLS = (0, 7, 8, 0x0B, 13, 27, 127, 0x85, 0x9B, 0x061C, 0x200E, 0x202E, 0x2028, 0x2066)


@pytest.mark.parametrize("character", [chr(code) for code in CONTROLS])
def test_control_characters_are_removed(character: str) -> None:
    found = answer(f"uname\tLinux{character} web")
    assert found.records == [answers.Record("uname", ("Linux web",))]


def test_a_number_has_ascii_digits_and_no_more_than_a_system_counts() -> None:
    for number in ("\u0661\u0662", "\u00b2", "1" * 21, "-1", "0x10", "1_0", " 1"):
        with pytest.raises(answers.UnreadableError, match="instead of a number"):
            answer(f"epoch\t{number}")
    assert answer("epoch\t", "epoch\t18446744073709551615").complete


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("agent-pid\t/smc", "agent-pid has 1 fields instead of 2"),
        ("agent-pid\t/smc\tx", "agent-pid has 'x' instead of a number"),
        ("agent-id\t/smc\ts-1; DROP", "agent-id has 's-1; DROP' instead of the ID of a source"),
        ("agent-id\t/smc\t", "agent-id has '' instead of the ID of a source"),
        ("luks", "luks has 0 fields instead of 1"),
        ("remedy\tclock", "remedy has 1 fields instead of 3"),
        ("uid\tzero", "uid has 'zero' instead of a number"),
    ],
)
def test_wrong_fields_are_named(line: str, reason: str) -> None:
    with pytest.raises(answers.UnreadableError, match=re.escape(reason)):
        answer(line)


def test_size_length_and_number_of_lines_are_limited() -> None:
    for lines, limits, reason in (
        (["x" * 4096], {}, None),
        (["x" * 4097], {}, "line 1 is longer than 4096 bytes"),
        (["\u00e9" * 2049], {}, "line 1 is longer than 4096 bytes"),
        (["x" * 4097], {"max_line": 5000}, None),
        (["x" * 4000] * 1100, {}, "larger than 4194304 bytes"),
        (["mount\ta\tb\tc\td"] * 2049, {}, "more than 2048 lines 'mount'"),
        ([f"k{number}" for number in range(20_001)], {}, "more than 20000 lines"),
    ):
        if reason is None:
            assert answer(*lines, **limits).complete
        else:
            with pytest.raises(answers.UnreadableError, match=reason):
                answer(*lines, **limits)


def test_bytes_are_counted_and_not_characters() -> None:
    lines = [f"k{number}\t" + "\u00e9" * 1000 for number in range(40)]
    assert answer(*lines, max_bytes=100_000).complete
    with pytest.raises(answers.UnreadableError, match="larger than 70000 bytes"):
        answer(*lines, max_bytes=70_000)


def test_a_line_full_of_markers_costs_no_more_than_linear_time() -> None:
    """For each marker in the line, the rest of the line was copied: gigabytes of a line of one megabyte."""

    class Counting(str):
        copied = 0

        def __getitem__(self, key: Any) -> str:
            part = super().__getitem__(key)
            Counting.copied += len(part)
            return part

    line = f" {FENCE} END" * (MEGABYTE // len(f" {FENCE} END"))
    text = Counting(f"{line}\n{FENCE} BEGIN\r\nuid\t0\n{line}\n{FENCE} END\r\n")
    found = answers._marker(text, f"{FENCE} END", 0)
    assert (str(text)[found:], Counting.copied < 2 * MEGABYTE) == (f"{FENCE} END\r\n", True)


def test_only_the_options_that_are_too_small_are_refused() -> None:
    given = {name: row["default"] for name, row in answers.LIMIT_SPEC.items()}
    assert answers.problem(given) is None
    for name in given:
        assert f"{name} is 0, it must be at least" in (answers.problem({**given, name: 0}) or "")


PATTERNS = ("a", "1", " ", "@", "://", "proxy", '"TYPE="', "virtio_", "1.", "release ", "\\040", "/", "-", "=:", ",")


LONG = 128 * 1024
CPU_SECONDS = 30.0
"""All fields of this length take less than a second. One that costs more than linear time takes minutes."""


@contextlib.contextmanager
def processor_time(seconds: float) -> Iterator[None]:
    """Fail a block that needs more time of the processor: on a busy machine, it needs no more than on an idle one."""

    def end(number: int, frame: Any) -> None:
        raise AssertionError(f"more than {seconds:g} s of processor time")

    former = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, former)


@pytest.mark.any_core
@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_long_text_in_any_field_costs_no_more_than_linear_time(pattern: str) -> None:
    """The limits of lines are raised, so that all of it is read."""
    text = (pattern * LONG)[:LONG]
    most = {"max_bytes": 1024 * MEGABYTE, "max_line": 64 * MEGABYTE}
    with deadline.guarded(10 * PATIENCE, 4096 * MEGABYTE), processor_time(CPU_SECONDS):
        for key in KEYS:
            for position in range(3):
                fields = ["1", "1", "1", "1", "1", "1", "1", "1"]
                fields[position] = text
                for name in [f"{key} redhat-release", f"{key} SuSE-release"] if key == "release" else [key]:
                    evaluate(["\t".join([name, *fields])], most)


def evaluate(lines: list[str], limits: dict[str, int]) -> str:
    """What an answer is turned into: the facts and findings, or why it is not understood."""
    base = [line for line in Host().text().split("\n") if line and not line.startswith(FENCE)]
    kept = [line for line in base if line.split("\t")[0] not in {row.split("\t")[0] for row in lines}]
    try:
        records = answer(*kept, *lines, **limits).records
    except answers.UnreadableError as error:
        return str(error)
    probe = facts.build_probe(records)
    agent.parse_agent(records)
    seen = remedy.parse_seen(records)
    return json.dumps([probe, source.judge(probe), seen.undoable(), seen.as_dict()])


def test_no_answer_of_any_form_raises_an_error() -> None:
    """The seed is fixed: what fails once fails again."""
    dice = random.Random(20261129)
    plain = (
        "|0|1|-1|/|/dev/vda1|vda|vda1|dm-0|md0|254:0| vda vdb|LVM-x|CRYPT-LUKS2|ro,noexec|nameserver|read|0-3,8|1.5"
        "|kept|http_proxy=http://u:p@h|Linux h 1 x86_64|packages|enforce|needed|impossible|file /x|digest|how|dir /smc"
        '|\\777|a 1 2 3 4% /|/dev/x: TYPE="y"|VIRTIO|PATCHLEVEL = 3|SUSE|release 6|ID=|VERSION_ID=1|SELINUX=x|s-1'
    )
    words = [*plain.split("|"), "\u0661", "9" * 20, "x" * 300]
    understood = 0
    for _round in range(1500):
        lines: list[str] = []
        while len(lines) < 20:
            key = dice.choice(KEYS)
            if key in ("release", "dmi"):
                key = f"{key} {dice.choice(['redhat-release', 'SuSE-release', 'debian_version', 'product_uuid'])}"
            line = "\t".join([key, *(dice.choice(words) for _field in range(dice.randrange(9)))])
            with contextlib.suppress(answers.UnreadableError):
                lines += [line] if answer(line) and dice.random() < 0.99 else []
        understood += evaluate(lines, {}).startswith("[")
    assert understood > 1000


def test_devices_that_are_made_of_each_other_end() -> None:
    rows = [f"block\tdm-{number}\t8\t0\t\t253:{number}\t\t\tdm-{(number + 1) % 50} dm-{number}" for number in range(50)]
    probe: dict[str, Any] = json.loads(evaluate([*rows, "mount\t/dev/dm-1\t/\text4\trw"], {}))[0]
    assert probe["root"]["disks"] == []
