# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A script on a source ends in its time, whatever it waits for, and says what it was."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._preflight import source
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import answers, look
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import script as _script
from support import PATIENCE
from support.shells import SHELLS

from .conftest import Host

pytestmark = pytest.mark.any_core
FENCE = "EDGELIFT-00"
FOREVER = "sleep 98765"


def run(shell: list[str], command: str, seconds: int) -> list[answers.Record]:
    """What a script says; fails when it was killed, or when something of it is left."""
    text = _script.compose(FENCE, [], {}, command, seconds)
    words = [*shell, "-c", 'eval "$(cat)"']
    done = subprocess.run(words, input=text.encode(), capture_output=True, check=False, timeout=PATIENCE)
    answer = answers.parse(FENCE, done.stdout.decode())
    assert answer is not None
    assert answer.complete
    assert done.stderr == b""
    gone(FOREVER)
    return answer.records


def gone(command: str) -> None:
    """Wait until no process with this command line exists."""
    end = time.monotonic() + PATIENCE
    while command in lines_of_processes():
        assert time.monotonic() < end, f"{command} still runs"
        time.sleep(0.05)


def lines_of_processes() -> set[str]:
    found = set()
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.add(file.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip())
        except OSError:
            continue
    return found


@pytest.mark.parametrize("shell", SHELLS)
def test_a_step_that_waits_without_end_is_stopped_and_the_others_are_kept(shell: list[str]) -> None:
    command = f"""
one() {{ say one; }}
two() {{ say begun; {FOREVER}; say never; }}
three() {{ say three; }}
step one 50 one; step two 1 two; step three 50 three
"""
    assert run(shell, command, 60) == [("one", ()), ("begun", ()), ("expired", ("two", "1")), ("three", ())]


def test_a_slow_host_has_a_multiple_of_the_time_of_each_step() -> None:
    assert [look.values("/smc", seconds=seconds)["TIMES"] for seconds in (5, 15, 29, 120)] == ["1", "1", "1", "8"]
    text = _script.compose(FENCE, [], {"TIMES": "2"}, "slow() { sleep 1.5; say slow; }\nstep slow 1 slow", 60)
    done = subprocess.run(["/bin/sh", "-c", text], capture_output=True, check=True, timeout=PATIENCE)
    assert b"\nexpired" not in b"\n" + done.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_a_step_that_is_killed_is_said(shell: list[str]) -> None:
    killed = "read -r own rest </proc/self/stat; kill -9 $own"
    command = f"one() {{ say begun; {killed}; }}\nfails() {{ (exit 255); }}\nstep one 50 one; step two 50 fails"
    assert run(shell, command, 60) == [("begun", ()), ("expired", ("one", "50"))]


@pytest.mark.parametrize("shell", SHELLS)
def test_what_a_step_has_started_ends_with_it(shell: list[str]) -> None:
    """Also processes that ignore every polite signal, and those further below."""
    command = f"deep() {{ ( trap '' TERM HUP INT; ( trap '' TERM; {FOREVER} | {FOREVER} ) ); }}\nstep deep 1 deep"
    assert run(shell, command, 60) == [("expired", ("deep", "1"))]


@pytest.mark.parametrize("shell", SHELLS)
def test_of_several_paths_the_one_that_does_not_answer_is_named(shell: list[str]) -> None:
    command = f'look() {{ for at in "$@"; do case $at in *bad) {FOREVER} ;; esac; say at "$at"; done; }}\n'
    rows = run(shell, f"{command}steps paths 1 look /a /bad '/c d'", 60)
    assert rows[-3:] == [("at", ("/a",)), ("expired", ("paths", "1", "/bad")), ("at", ("/c d",))]
    assert rows[:-3] in ([], [("at", ("/a",))])


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_ends_after_its_time_and_leaves_out_the_rest(shell: list[str]) -> None:
    command = f"one() {{ {FOREVER}; }}\nsay first; step one 300 one; step two 300 one; say last"
    assert run(shell, command, 1) == [
        ("first", ()),
        ("expired", ("one", "300")),
        ("expired", ("two", "0")),
        ("last", ()),
        ("expired", ("script", "1")),
    ]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_that_waits_outside_of_a_step_is_ended_too(shell: list[str], tmp_path: Path) -> None:
    """The shell itself waits, for a pipe that no process opens: no trap of it runs then."""
    os.mkfifo(tmp_path / "pipe")
    rows = run(shell, f"say first\nread -r line <{tmp_path}/pipe\nsay never", 1)
    assert rows == [("first", ()), ("expired", ("script", "1"))]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_that_is_quick_leaves_nothing(shell: list[str]) -> None:
    """Also the processes that watch over it: their sleeps would end by themselves only after their time."""
    assert run(shell, "quick() { say quick; }\nstep quick 86399 quick", 86397) == [("quick", ())]
    gone("sleep 86397")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_process_that_cannot_be_killed_delays_nothing(shell: list[str], tmp_path: Path) -> None:
    """A process in state D ends no earlier for SIGKILL. Here it is one that is out of the reach of the script."""
    stays = f"(setsid sh -c 'echo $$ >{tmp_path}/pid; exec sleep 77777' &) ; {FOREVER}"
    try:
        rows = run(shell, f"stays() {{ {stays}; }}\nstep stays 1 stays; say after", 60)
    finally:
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    assert rows == [("expired", ("stays", "1")), ("after", ())]


def test_a_finding_names_the_step_and_the_mount(host: Host) -> None:
    host.disk("vdb", 20, "/data")
    host.extra += ["expired\tspace\t1\t/data", "expired\tinitramfs\t10", "expired\tegress\t0"]
    host.extra += ["untouched\t/var/lib/mysql\t/nfs"]
    found = {item["id"]: item["evidence"] for item in source.judge(host.probe())}
    assert found["probe-expired"] == (
        "the step space at /data did not end within 1 s, or was killed; "
        "the step initramfs did not end within 10 s, or was killed; "
        "the step egress was left out"
    )
    assert found["not-looked-at"] == "/var/lib/mysql on /nfs"


@pytest.mark.parametrize("step", ["system", "blocks", "script"])
def test_no_server_is_clear_whose_system_or_disks_were_not_read(host: Host, step: str) -> None:
    host.uname = "" if step == "system" else host.uname
    host.extra.append(f"expired\t{step}\t4")
    found = source.judge(host.probe())
    assert (found[0]["id"], found[0]["severity"]) == ("probe-incomplete", "blocker")
    assert found[0]["evidence"] == f"not read in time: {step}"
    assert "not-linux" not in {item["id"] for item in found}
