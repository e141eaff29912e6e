# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import answers, facts, look
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import script as _script
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source.agent import parse_agent
from support import PATIENCE
from support.shells import SHELLS

pytestmark = pytest.mark.any_core
FENCE = "EDGELIFT-00"


def test_what_is_outside_of_the_fences_does_not_count() -> None:
    text = f"Welcome!\nuid\t7\n{FENCE} BEGIN\nuid\t0\n{FENCE} END\nuid\t8\n"
    answer = answers.parse(FENCE, text)
    assert answer is not None
    assert answer.records == [("uid", ("0",))]
    assert answer.complete


def test_line_ends_of_a_terminal_do_no_harm() -> None:
    answer = answers.parse(FENCE, f"{FENCE} BEGIN\r\nuid\t0\r\n{FENCE} END\r\n")
    assert answer is not None
    assert answer.records == [("uid", ("0",))]


def test_an_answer_without_end_is_incomplete() -> None:
    answer = answers.parse(FENCE, f"{FENCE} BEGIN\nuid\t0\n")
    assert answer is not None
    assert not answer.complete


@pytest.mark.parametrize(
    "text", ["", "sh: not found\n", "EDGELIFT-01 BEGIN\nEDGELIFT-01 END\n", f"echo {FENCE} BEGIN\n"]
)
def test_no_fence_is_no_answer(text: str) -> None:
    assert answers.parse(FENCE, text) is None


def test_bytes_that_are_no_text_become_replacement_characters() -> None:
    answer = answers.parse(FENCE, f"{FENCE} BEGIN\nmount\t/dev/sda1\t/caf\udce9\text4\trw\n{FENCE} END\n")
    assert answer is not None
    assert answer.records[0].fields[1] == "/caf\ufffd"


def test_every_call_has_its_own_fence() -> None:
    assert _script.new_fence() != _script.new_fence()


def run(shell: list[str], script: str, **more: Any) -> subprocess.CompletedProcess[bytes]:
    command = [*shell, "-c", 'eval "$(cat)"']
    return subprocess.run(command, input=script.encode(), capture_output=True, check=False, timeout=PATIENCE, **more)


@pytest.mark.parametrize("shell", SHELLS)
def test_values_survive_the_shell(shell: list[str], tmp_path: Path) -> None:
    nasty = "a b'c\"d$HOME`id`\\n;*"
    script = _script.compose(FENCE, [], {"VALUE_IN": nasty}, 'say got "$VALUE_IN"; read -r more || say eof')
    done = run(shell, script)
    assert done.returncode == 0
    answer = answers.parse(FENCE, done.stdout.decode())
    assert answer is not None
    assert answer.records == [("got", (nasty,)), ("eof", ())]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_probe_reads_this_machine_alike_in_every_shell(shell: list[str], tmp_path: Path) -> None:
    script = _script.compose(FENCE, look.PIECES, look.values(str(tmp_path / "smc")), look.COMMAND)
    done = run(shell, script, cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr == b""
    answer = answers.parse(FENCE, done.stdout.decode("utf-8", "surrogateescape"))
    assert answer is not None
    assert answer.complete
    probe = facts.build_probe(answer.records)
    uname = subprocess.run(["uname", "-m"], capture_output=True, text=True, check=True).stdout.strip()
    assert (probe["system"], probe["machine"]) == ("Linux", uname)
    assert any(mount["target"] == "/" for mount in probe["mounts"])
    assert probe["tools"]["cat"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("shell", SHELLS)
def test_the_probe_works_where_there_are_no_tools_at_all(shell: list[str], tmp_path: Path) -> None:
    """A shell with nothing but itself still answers: what is missing is empty, and nothing stops the script."""
    shell = [shutil.which(shell[0]) or shell[0], *shell[1:]]
    values = {**look.values("/smc"), "PATH": str(tmp_path)}
    script = _script.compose(FENCE, look.PIECES, values, look.COMMAND).replace(
        "PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin", ":"
    )
    done = run(shell, script)
    answer = answers.parse(FENCE, done.stdout.decode("utf-8", "surrogateescape"))
    assert answer is not None
    assert answer.complete
    assert facts.build_probe(answer.records)["tools"]["rsync"] is None


@pytest.fixture
def client(private: Path) -> Iterator[int]:
    """A script that runs as the client of private/smc, and programs that only have its path on their command lines."""
    folder = private / "smc" / "go2aliyun_client2.6.5_linux_x86_64"
    (folder / "Logs").mkdir(parents=True)
    (folder / "Logs" / "a.log").write_text("2026-11-24 Import Source Server [s-bp1abc] Successfully!\n")
    program = folder / "go2aliyun_client"
    program.write_text("#!/bin/sh\nread -r line\n")
    program.chmod(0o755)
    running = [
        subprocess.Popen([str(program), "--nocheckversion"], stdin=subprocess.PIPE),
        subprocess.Popen(["sh", "-c", "read -r line", f"{program}.log"], stdin=subprocess.PIPE),
        subprocess.Popen(["sh", "-c", "read -r line", f"{folder}/Logs/a.log"], stdin=subprocess.PIPE),
    ]
    yield running[0].pid
    for process in running:
        process.communicate(timeout=PATIENCE)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_client_is_told_from_programs_that_only_name_its_files(
    shell: list[str], private: Path, client: int
) -> None:
    done = run(shell, _script.compose(FENCE, ["agent_state"], {"INSTALL_DIR": str(private / "smc")}, "agent_state"))
    assert done.stderr == b""
    answer = answers.parse(FENCE, done.stdout.decode())
    assert answer is not None
    agent = parse_agent(answer.records)
    assert (agent.pids, agent.source_ids, agent.ours) == ([client], ["s-bp1abc"], False)


FORGED = """\
Copied: Import Source Server [s-forged1] Successfully!.txt
Copying "Import Source Server [s-forged2] Successfully!"
Copying /home/x/Import Source Server [s-forged3] Successfully!
Import Source Server [s-forged4; x] Successfully!
2026-11-24 Import Source Server [s-bp1abc] Successfully!\r
"""


@pytest.mark.parametrize("shell", SHELLS)
def test_the_name_of_a_file_in_a_log_is_no_source_id(shell: list[str], private: Path) -> None:
    folder = private / "smc" / "go2aliyun_client2.6.5_linux_x86_64"
    (folder / "Logs").mkdir(parents=True)
    (folder / "Logs" / "a.log").write_text(FORGED)
    done = run(shell, _script.compose(FENCE, ["agent_state"], {"INSTALL_DIR": str(private / "smc")}, "agent_state"))
    answer = answers.parse(FENCE, done.stdout.decode())
    assert answer is not None
    assert parse_agent(answer.records).source_ids == ["s-bp1abc"]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_folder_that_others_had_put_into_the_client_is_not_removed(shell: list[str], private: Path) -> None:
    """Whoever is in that folder can exchange what rm finds there, also when the way to it has been closed."""
    folder = private / "smc" / "go2aliyun_client2.6.5_linux_x86_64"
    (folder / "Check").mkdir(parents=True)
    (folder / "go2aliyun_client").touch()
    folder.chmod(0o755)
    (folder / "Check").chmod(0o777)
    pieces = ["agent_state", "agent_lock", "agent_boot", "agent_remove"]
    script = _script.compose(FENCE, pieces, {"INSTALL_DIR": str(private / "smc")}, f"agent_remove {folder}")
    said = run(shell, script).stdout.decode()
    assert f"failed\tother users can change {folder}/Check" in said
    assert (folder / "go2aliyun_client").exists()
    (folder / "Check").chmod(0o755)
    assert "failed" not in run(shell, script).stdout.decode()
    assert not folder.exists()


@pytest.mark.parametrize("shell", SHELLS)
def test_programs_start_in_a_folder_of_root(shell: list[str], tmp_path: Path) -> None:
    (tmp_path / "socket.py").write_text("")
    script = f"cd {tmp_path}\n" + _script.compose(FENCE, ["agent_state"], {"INSTALL_DIR": "/smc"}, 'say where "$(pwd)"')
    assert "where\t/\n" in run(shell, script).stdout.decode()


@pytest.mark.parametrize("shell", SHELLS)
def test_of_a_process_the_owner_is_looked_at_first(shell: list[str]) -> None:
    command = 'owned() { say asked "$1"; return 1; }\nruns_from 999999999 /smc || say no'
    said = run(shell, _script.compose(FENCE, ["agent_state"], {"INSTALL_DIR": "/smc"}, command)).stdout.decode()
    assert "asked\t999999999\nno\n" in said
