# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the integration tests of the source side share: hosts behind real SSH, plays on them, and a client bundle."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from testbed.hosts import Bed
from testbed.process import descendants

from support import CALM, PATIENCE

MARK = "--- answer ---"
FOLDER = "go2aliyun_client2.6.5_linux_x86_64"

CLIENT = """\
#!/bin/sh
# A stand-in for tests, not the vendor's client: it prints the documented lines and does as the test told it in Mode.
home=${0%/*}
log=$home/Logs/client.log
mkdir -p "$home/Logs"
if [ "$1" = --abort ]; then
    echo aborted >>/tmp/aborted
    [ "$(cat "$home/Mode")" = stubborn ] || kill "$(cat "$home/client.pid")"
    exit
fi
trap : TERM
[ "$(cat "$home/Mode")" = stubborn ] || trap 'exit 0' TERM
echo $$ >"$home/client.pid"
cat /proc/[0-9]*/cmdline | tr '\\000' ' ' >"$home/Logs/processes"
echo "environment: $https_proxy" >>"$log"
printf 'Do you want to install rsync? (yes/no) '
read -r answer || echo 'nobody answered' >>"$log"
if [ ! -s "$home/registered" ]; then
    [ "$(cat "$home/Mode")" = slow ] && sleep 4
    code=$(cat "$home/user_config.json" | tr -d ' \\n'; echo " $*")
    case $code in *"$(cat "$home/Code")"*) ;; *) echo "Error: no activation code" >>"$log"; exit 1 ;; esac
    echo s-test1 >"$home/registered"
fi
echo "2026-11-24 Import Source Server [$(cat "$home/registered")] Successfully!" >>"$log"
[ "$(cat "$home/Mode")" = twice ] && echo "Import Source Server [s-test2] Successfully!"
while :; do sleep 1; done
"""


@dataclass(frozen=True)
class ClientBundle:
    """A bundle for tests on the controller."""

    path: Path
    sha256: str


def make_bundle(
    folder: Path, code: str, mode: str = "plain", padding: int = 0, modes: dict[str, int] | None = None
) -> ClientBundle:
    """Write a bundle whose client registers with ``code``.

    ``mode`` is plain, twice (two source ids), slow or stubborn; ``modes`` are those of files that are not 0644.
    """
    files = {
        "go2aliyun_client": CLIENT.encode(),
        "user_config.json": b'{"access_id": "", "secret_key": "", "data_disks": []}',
        "client_data": b"{}",
        "Mode": mode.encode(),
        "Code": code.encode(),
        "padding": os.urandom(padding),
    }
    path = folder / f"client-{mode}-{padding}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"{FOLDER}/{name}")
            member.size, member.mode, member.uid = len(content), (modes or {}).get(name, 0o644), 1000
            archive.addfile(member, io.BytesIO(content))
    return ClientBundle(path, hashlib.sha256(path.read_bytes()).hexdigest())


ACTIONS = {"ANSIBLE_ACTION_PLUGINS": str(Path(__file__).with_name("action"))}
"""For the environment of ansible-playbook: the actions of the tests."""

DEPRECATION = "[DEPRECATION WARNING]"
"""What ansible-core prints before the name of a function or a way of doing that it is going to remove."""


@dataclass(frozen=True)
class Played:
    """How ansible-playbook ended, what it printed, and what the hosts returned."""

    code: int
    output: str
    results: dict[str, dict[str, Any]]


def run_playbook(bed: Bed, folder: Path, play: dict[str, Any], *words: str) -> subprocess.CompletedProcess[str]:
    """Run one play on the hosts of the bed, with the ansible-playbook of this interpreter, and tests/support/action."""
    path = folder / "play.yml"
    path.write_text(yaml.safe_dump([play], sort_keys=False), encoding="utf-8")
    program = Path(sys.executable).parent / "ansible-playbook"
    command = [str(program), "-i", str(bed.folder / "inventory.json"), str(path), *words]
    env = {
        **os.environ, **CALM, "ANSIBLE_SSH_ARGS": "-o ControlMaster=auto -o ControlPersist=60s",
        **ACTIONS,
    }
    ended = subprocess.run(
        command, env=env, text=True, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=PATIENCE
    )
    assert DEPRECATION not in ended.stdout + ended.stderr
    return ended


@contextmanager
def beside(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A controller that runs beside the block, with these options of Popen.

    When the block ends first, the controller dies as in a power failure.
    """
    controller = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
    try:
        yield controller
    finally:
        # Ansible's workers and ssh have separate sessions, so a process group is not enough.
        for pid in [] if controller.poll() is not None else [controller.pid, *descendants(controller.pid)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        controller.wait()


@contextmanager
def playing(bed: Bed, folder: Path, host: str, name: str, options: dict[str, Any]) -> Iterator[None]:
    """Run one action on a host beside the block; when the block ends, the controller dies as in a power failure."""
    path = folder / "played.yml"
    task = {"name": "Run", f"edgelift.ens_migration.{name}": options}
    path.write_text(yaml.safe_dump([{"hosts": host, "gather_facts": False, "tasks": [task]}]), encoding="utf-8")
    command = [
        str(Path(sys.executable).parent / "ansible-playbook"),
        "-i",
        str(bed.folder / "inventory.json"),
        str(path),
    ]
    with beside(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        yield


def until(look: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait until ``look`` is true; a failure when it is not in time."""
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, f"not within {seconds} seconds"
        time.sleep(0.2)


def run_module(
    bed: Bed, folder: Path, hosts: list[str], name: str, options: dict[str, Any], *words: str, **task: Any
) -> Played:
    """Run one action on some hosts and return what each of them answered."""
    out = folder / "results.json"
    out.unlink(missing_ok=True)
    collected = "dict(ansible_play_hosts_all | zip(ansible_play_hosts_all | map('extract', hostvars, 'answer')))"
    play = {
        "hosts": ":".join(hosts),
        "gather_facts": False,
        "tasks": [
            {
                "name": "Run",
                f"edgelift.ens_migration.{name}": options,
                "register": "answer",
                "ignore_errors": True,
                "ignore_unreachable": True,
                **task,
            },
            {
                "name": "Write",
                "keep_on_controller": {
                    "content": "{{ %s | to_json }}" % collected,  # noqa: UP031  braces of Jinja
                    "dest": str(out),
                },
                "run_once": True,
            },
        ],
    }
    done = run_playbook(bed, folder, play, *words)
    results = json.loads(out.read_text()) if out.exists() else {}
    assert results, done.stdout + done.stderr
    return Played(done.returncode, done.stdout + done.stderr, results)


def run_moves(bed: Bed, folder: Path, host: str, name: str, rows: Sequence[dict[str, Any] | str]) -> list[Any]:
    """Make several moves on a host in one play: options of an action, or a command without ' for root's shell.

    Return the results of the action, also where it failed, and what the commands printed, which must not fail.
    ``check`` among the options is the task's.
    """
    out = folder / "answers.json"
    out.unlink(missing_ok=True)
    tasks: list[dict[str, Any]] = []
    for number, row in enumerate(rows):
        task: dict[str, Any] = {"register": f"answer_{number}", "ignore_errors": not isinstance(row, str), "diff": True}
        if isinstance(row, str):
            task["ansible.builtin.raw"] = f"/bin/sh -c '{row}'"
        else:
            options = {option: value for option, value in row.items() if option != "check"}
            task.update({f"edgelift.ens_migration.{name}": options, "check_mode": "check" in row})
        tasks.append(task)
    answers = "{{ [" + ", ".join(f"answer_{number}" for number in range(len(rows))) + "] | to_json }}"
    tasks.append({"keep_on_controller": {"content": answers, "dest": str(out)}})
    play = {"hosts": host, "gather_facts": False, "tasks": tasks}
    done = run_playbook(bed, folder, play)
    assert done.returncode == 0, done.stdout + done.stderr
    return [
        answer["stdout"].replace("\r", "").strip() if isinstance(row, str) else answer
        for row, answer in zip(rows, json.loads(out.read_text()), strict=True)
    ]


def ask(bed: Bed, host: str, command: str) -> str:
    """What a command prints on a host, as root."""
    words = bed.command(host)
    become = [] if words[-1].startswith("root@") else ["sudo", "-n"]
    # The login shell may print too.
    script = f"echo {MARK}\n{command}\n"
    done = subprocess.run(
        [*words, *become, "sh", "-s"], input=script, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 0, f"{host}: {command}: {done.stderr}"
    return done.stdout.partition(f"{MARK}\n")[2].strip()


def client_pids(bed: Bed, host: str) -> list[str]:
    """The process ids of the client, as the host's /proc shows them."""
    shown = "for p in /proc/[0-9]*; do echo ${p#/proc/} $(tr '\\000' ' ' <$p/cmdline 2>/dev/null); done"
    rows = [line.split() for line in ask(bed, host, shown).splitlines()]
    return [row[0] for row in rows if f"/smc/{FOLDER}/go2aliyun_client" in row]
