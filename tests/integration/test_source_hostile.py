# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host whose shell answers what it wants, beside one that works: it costs no more than its time and its memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import CALM, PATIENCE
from support.source import ACTIONS, ask, make_bundle, run_module, run_playbook
from support.wave_hosts import hosts_up
from testbed.hosts import Bed

pytestmark = pytest.mark.any_core

GOOD, EVIL = "web-01", "legacy-01"
# The login shell of root. It knows the marker of the call, as it reads the script like any shell.
SHELL = """#!/bin/sh
case "$*" in *eval*|*umask*) ;; *) exec /bin/sh "$@" ;; esac
case $(cat /evil.mode) in
silent) cat >/dev/null; sleep 3333 ;;
deaf) sleep 3333 ;;
endless) exec yes xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx ;;
breaks) exec yes '' ;;
line) exec tr '\\\\000' x </dev/zero ;;
errors) exec yes x >&2 ;;
records) fence=$(sed -n 's/^FENCE=//p' | head -n 1); echo "$fence BEGIN"; cat /evil.text; echo "$fence END" ;;
esac
"""
LIMITS = {"answer_timeout": 4}
NEVER = {"silent": "no complete answer within 4 s", "deaf": "no complete answer within 4 s"}
FLOODS = ("endless", "breaks", "line", "errors")


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    with hosts_up(tmp_path_factory.mktemp("bed"), GOOD, EVIL) as bed:
        login = "sed -i 's#^\\(root:.*\\):.*#\\1:/evil#' /etc/passwd"
        ask(bed, EVIL, f"cat >/evil <<'END'\n{SHELL}END\nchmod 755 /evil; {login}")
        yield bed


@pytest.fixture(scope="module")
def usual(bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> int:
    """The most memory that one process of a run uses for a host that answers."""
    behave(bed, "")
    return memory(bed, tmp_path_factory.mktemp("usual"))


def behave(bed: Bed, mode: str, text: str = "") -> None:
    ask(bed, EVIL, f"echo {mode} >/evil.mode; cat >/evil.text <<'END'\n{text}\nEND")


def probed(bed: Bed, folder: Path, **options: Any) -> dict[str, Any]:
    rows = run_module(bed, folder, [GOOD, EVIL], "source_probe", options).results
    assert rows[GOOD]["verdict"] == "clear", "the other host has its result"
    return rows[EVIL]


@pytest.mark.parametrize("mode", NEVER)
def test_a_host_that_never_answers_has_a_finding_and_leaves_no_connection(bed: Bed, tmp_path: Path, mode: str) -> None:
    behave(bed, mode)
    row = probed(bed, tmp_path, **LIMITS)
    assert [item["id"] for item in row["findings"]] == ["no-answer"]
    assert NEVER[mode] in row["findings"][0]["evidence"]
    assert row["verdict"] == "blocked"
    failed = run_module(bed, tmp_path, [EVIL], "source_remediation", {"rsync": True, **LIMITS}).results[EVIL]
    assert failed["failed"]
    assert NEVER[mode] in failed["msg"]


def test_a_host_that_did_not_answer_is_not_waited_for_again_in_the_same_run(bed: Bed, tmp_path: Path) -> None:
    """Each task of a run is a process of its own; the second one could wait for the host for hours."""
    behave(bed, "silent")
    out = tmp_path / "second.json"
    tasks: list[dict[str, Any]] = [
        {"edgelift.ens_migration.source_probe": LIMITS, "ignore_errors": True},
        {"edgelift.ens_migration.source_remediation": {"rsync": True, "answer_timeout": 10 * int(PATIENCE)},
         "register": "answer", "ignore_errors": True},
        {"ansible.builtin.copy": {"content": "{{ answer | to_json }}", "dest": str(out), "mode": "0600"},
         "delegate_to": "localhost", "become": False},
    ]  # fmt: skip
    run_playbook(bed, tmp_path, {"hosts": EVIL, "gather_facts": False, "tasks": tasks})
    assert "did not answer earlier in this run and was not asked again" in json.loads(out.read_text())["msg"]


@pytest.mark.parametrize("mode", FLOODS)
def test_a_host_that_never_stops_sending_costs_a_bounded_amount_of_memory(
    bed: Bed, usual: int, tmp_path: Path, mode: str, capsys: pytest.CaptureFixture[str]
) -> None:
    behave(bed, mode)
    flooded = memory(bed, tmp_path)
    answer = json.loads((tmp_path / "answer.json").read_text(encoding="utf-8"))
    assert [item["id"] for item in answer["findings"]] == ["no-answer"]
    with capsys.disabled():
        sys.stdout.write(f"\n{mode}: {(flooded - usual) // 1024**2} MiB more than without\n")
    assert flooded - usual < 100 * 1024**2, (usual, flooded)


def memory(bed: Bed, folder: Path) -> int:
    """The most that one process of a run has used, in bytes; the host's result is in answer.json."""
    write = {"content": "{{ answer | to_json }}", "dest": str(folder / "answer.json")}
    tasks: list[dict[str, Any]] = [
        {"edgelift.ens_migration.source_probe": {"answer_timeout": int(PATIENCE)}, "register": "answer"},
        {"keep_on_controller": write},
    ]
    path = folder / "play.yml"
    path.write_text(yaml.safe_dump([{"hosts": EVIL, "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
    program = Path(sys.executable).parent / "ansible-playbook"
    measured = (
        "import resource, subprocess, sys; code = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL).returncode; "
        "print('most', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(code)"
    )
    command = [sys.executable, "-c", measured, str(program), "-i", str(bed.folder / "inventory.json"), str(path)]
    done = subprocess.run(
        command, env={**os.environ, **CALM, **ACTIONS}, capture_output=True, text=True, check=False,
        timeout=5 * PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return int(done.stdout.rpartition("most ")[2]) * 1024


CLEAR = """uname	Linux liar 6.1 x86_64
uid	0"""
LIES = {
    "agent-pid	/smc	nine": "agent-pid has 'nine' instead of a number",
    "agent-id	/smc	s-1' or ''='": "instead of the ID of a source",
    "block	vda": "block has 1 fields instead of 8",
    "epoch	٣": "instead of a number",
    "x" * 5000: "is longer than 4096 bytes",
}


@pytest.mark.parametrize("lie", LIES)
def test_wrong_fields_are_a_finding_and_a_failure_with_their_reason(bed: Bed, tmp_path: Path, lie: str) -> None:
    behave(bed, "records", f"{CLEAR}\n{lie}")
    row = probed(bed, tmp_path)
    assert [item["id"] for item in row["findings"]] == ["answer-not-understood"]
    assert row["findings"][0]["evidence"].startswith("answer not understood: ")
    assert LIES[lie] in row["findings"][0]["evidence"]
    bundle = make_bundle(tmp_path, "code")
    failed = run_module(bed, tmp_path, [EVIL], "smc_agent", {"src": str(bundle.path)}).results[EVIL]
    assert LIES[lie] in failed["msg"]


def test_control_characters_reach_neither_a_result_nor_the_terminal(bed: Bed, tmp_path: Path) -> None:
    rows = [CLEAR.replace("liar", "li\x1b[31m\u202ear\x07\x9b"), "mount\t/dev/v\x08da\t/\x00\text4\trw"]
    behave(bed, "records", "\n".join(rows))
    done = run_module(bed, tmp_path, [GOOD, EVIL], "source_probe", {})
    assert done.results[EVIL]["probe"]["hostname"] == "li[31mar"
    assert not {"\x1b", "\u202e", "\x07", "\x9b", "\x08", "\x00"} & set(json.dumps(done.results, ensure_ascii=False))
