# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a run with everything that Ansible can write switched on, and search what it left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from conftest import Sandbox, launch
from support import CALM, PATIENCE
from support.source import beside
from support.wave_hosts import LEASE

from leaks.forms import files, hits
from leaks.runs import EVALUATED, HERE, KEY, KEYS, SECRETS, STS, Run
from leaks.watch import Watch

ROOT = HERE.parents[1]
_PLACES = ("home", "tmp", "ansible", "junit", "tree", "facts", "cache", "remote", "artifacts", "runner")
_OF_A_SOURCE = ("etc", "home", "opt", "root", "run", "smc", "srv", "tmp", "var")
_LONGEST = 12 * PATIENCE
"""Seconds after which a playbook is killed and counts as failed: an hour, for a busy machine."""


@dataclass(frozen=True)
class Found:
    """What one run left: how it ended, what was missing for its proof, how much was searched, and the hits."""

    name: str
    code: int
    wrong: list[str]
    files: int
    size: int
    samples: int
    secrets: int
    hits: list[str]


@contextmanager
def cloud(folder: Path) -> Iterator[Sandbox]:
    """A local cloud whose keys are the secrets of the runs."""
    sandbox = launch(
        folder / "state",
        {
            "buckets": [{"name": "migration-images", "region": "ap-southeast-1"}],
            "sources": [],
            "credentials": {
                KEY: {"secret": SECRETS["secret key"]},
                STS: {"secret": SECRETS["key of the token"], "token": SECRETS["security token"], "ttl": 86400},
            },
        },
    )
    try:
        yield sandbox
    finally:
        sandbox.stop()


def execute(run: Run, sandbox: Sandbox, inventory: str, folder: Path, source: Path | None = None) -> Found:
    """Make one run, and search what it left; also on its source, whose root folder that is.

    A controller that is killed leaves a client whose configuration has the activation code, for root alone: such a
    source is not searched.
    """
    left = folder / "left"
    for name in _PLACES:
        (left / name).mkdir(parents=True)
    (folder / "given.yml").write_text(yaml.safe_dump(_variables(run, sandbox, left)), encoding="utf-8")
    if run.profile:
        profile = {"name": "leaks", "mode": "AK", "access_key_id": KEY, "access_key_secret": SECRETS[run.profile]}
        (folder / "profile.json").write_text(json.dumps({"profiles": [profile]}), encoding="utf-8")
    if run.scenario:
        sandbox.post("faults", (ROOT / "sandbox" / "scenarios" / f"{run.scenario}.yml").read_text(encoding="utf-8"))
    since = sandbox.get("requests?since=0")["next"]
    state = Path(sandbox.greeting["state"])
    environment = {**os.environ, **CALM, **_environment(left, folder / "profile.json")}
    with Watch(state, left) as watch:
        code = _play(
            run, sandbox, _command(run, inventory, folder), {**environment, **_given_keys(run)}, left / "output"
        )
        wrong = _wrong(run, code, sandbox, since, left / "output")
        if run.then:
            # What a killed run has claimed is free after five minutes of the cloud.
            sandbox.advance(LEASE + 1)
            sandbox.delete("faults")
            after = _command(Run("then", run.then, (0,)), inventory, folder)
            ended = _play(
                Run("then", run.then, (0,)), sandbox, after, {**environment, **KEYS}, left / "output of the second"
            )
            wrong += [f"{run.then} ended with {ended}"] if ended else []
    secrets = {**SECRETS, **{f"activation code {number}": text for number, text in enumerate(sorted(watch.codes))}}
    there = [] if source is None or run.kill_after else [source / name for name in _OF_A_SOURCE]
    everything = list(files(left, state / "blobs", *there))
    return Found(
        run.name,
        code,
        wrong,
        len(everything),
        sum(path.stat().st_blocks * 512 for path in everything),
        watch.samples,
        len(secrets),
        [hit for path in everything for hit in hits(path, secrets)],
    )


def _wrong(run: Run, code: int, sandbox: Sandbox, since: int, output: Path) -> list[str]:
    """Return what shows that a run was not the one that it should be."""
    wrong = [] if code in run.ends else [f"exit code {code} instead of {' or '.join(map(str, run.ends))}"]
    # Ansible folds long lines.
    if run.shows.encode() not in b" ".join(output.read_bytes().split()):
        wrong.append(f"the output does not have {run.shows!r}")
    answered = {row["code"] for row in sandbox.requests(since=since)}
    wrong += [f"the cloud has not answered {name}" for name in run.codes if name not in answered]
    effective = sum(rule["hits"] > 0 for rule in sandbox.get("faults")["faults"])
    if effective < run.faults:
        wrong.append(f"{effective} instead of {run.faults} faults have occurred")
    return wrong


def _command(run: Run, inventory: str, folder: Path) -> list[str]:
    playbook = run.playbook if run.playbook.startswith("/") else str(ROOT / "playbooks" / run.playbook)
    given, left = f"@{folder / 'given.yml'}", folder / "left"
    programs = Path(sys.executable).parent
    if run.runner:
        places = ["--artifact-dir", str(left / "artifacts"), "--project-dir", str(Path(playbook).parent)]
        return [
            str(programs / "ansible-runner"),
            "run",
            str(left / "runner"),
            "--ident",
            "run",
            *places,
            "--inventory",
            inventory,
            f"--cmdline=-vvvv --diff -e {given}",
            "--playbook",
            playbook,
        ]
    command = [str(programs / "ansible-playbook"), "-vvvv", "--diff", "-i", inventory, "-e", given, playbook]
    if run.full_disk:
        small = 'mount -t tmpfs -o size=256k none "$0" && exec "$@"'
        return ["unshare", "--map-root-user", "--mount", "sh", "-c", small, str(left / "cache"), *command]
    return command


def _play(run: Run, sandbox: Sandbox, command: list[str], environment: dict[str, str], output: Path) -> int:
    since = sandbox.get("requests?since=0")["next"]
    end = time.monotonic() + _LONGEST
    with (
        output.open("wb") as file,
        beside(
            command, cwd=ROOT, env=environment, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        ) as process,
    ):
        while process.poll() is None and time.monotonic() < end:
            if run.kill_after and _done(run.kill_after, sandbox.requests(since=since)):
                break
            time.sleep(0.05)
    return int(process.returncode)


def _done(action: str, rows: list[dict[str, Any]]) -> bool:
    return any(row["action"] == action and row["status"] == 200 for row in rows)


def _environment(left: Path, profile: Path) -> dict[str, str]:
    return {
        # ansible-runner starts the ansible-playbook that it finds.
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(left / "home"),
        "TMPDIR": str(left / "tmp"),
        "ANSIBLE_HOME": str(left / "ansible"),
        "ANSIBLE_LOG_PATH": str(left / "ansible.log"),
        "ANSIBLE_LOCAL_TEMP": str(left / "tmp"),
        "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callbacks"),
        "ANSIBLE_CALLBACKS_ENABLED": "ansible.builtin.junit,ansible.builtin.tree,leaks_dump",
        "JUNIT_OUTPUT_DIR": str(left / "junit"),
        "ANSIBLE_CALLBACK_TREE_DIR": str(left / "tree"),
        "ANSIBLE_CACHE_PLUGIN": "jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(left / "facts"),
        "LEAKS_DUMP": str(left / "dump.jsonl"),
        "ANSIBLE_SSH_ARGS": "-C -o ControlMaster=no -o ControlPersist=no",
        "ALICLOUD_SHARED_CREDENTIALS_FILE": str(profile),
    }


def _given_keys(run: Run) -> Mapping[str, str]:
    if run.environment is not None:
        return run.environment
    if run.profile:
        return EVALUATED
    return {} if "alicloud_secret_key" in run.variables else KEYS


def _variables(run: Run, sandbox: Sandbox, left: Path) -> dict[str, Any]:
    more = dict(run.variables)
    endpoints = {name: url.replace(*more.get("endpoint", ("", ""))) for name, url in sandbox.endpoints.items()}
    more.pop("endpoint", None)
    signed = f"{sandbox.agent['url']}?OSSAccessKeyId=k&Signature={SECRETS['signature']}"
    intervals = ("migration", "agent", "transfer", "export", "ens_import", "cleanup")
    return {
        "alicloud_region": sandbox.region,
        "alicloud_endpoints": endpoints,
        **({"alicloud_profile": "leaks"} if run.profile else {}),
        "wrong_key": SECRETS["wrong key"],
        "seen": str(left / "processes"),
        "migration_name": f"leaks-{run.name}"[:40],
        "migration_bucket": sandbox.bucket,
        "migration_wait_timeout": int(4 * PATIENCE),
        "agent_url": signed,
        "agent_sha256": sandbox.agent["sha256"],
        "agent_cache_dir": str(left / "cache"),
        "agent_start_timeout": int(2 * PATIENCE),
        "agent_available_timeout": int(2 * PATIENCE),
        **{f"report_{kind}": str(left / "artifacts" / f"report.{kind}") for kind in ("receipt", "html", "csv")},
        **{f"{name}_poll_interval": 1 for name in intervals},
        **more,
    }


def table(found: list[Found]) -> str:
    """Return what was done, as lines."""
    lines = [
        f"{row.name:34} exit {row.code:4}  {row.files:6} files {row.size >> 10:8} KiB  "
        f"{row.samples:5} looks at processes  {row.secrets:2} secrets  {len(row.hits)} hits"
        for row in found
    ]
    wrong = [f"{row.name}: {text}" for row in found for text in row.wrong]
    total = (
        f"{len(found)} runs, {len(wrong)} not as they should be, {sum(row.files for row in found)} files, "
        f"{sum(row.size for row in found) >> 20} MiB, {sum(len(row.hits) for row in found)} hits"
    )
    return "\n".join([*lines, total, *wrong, *(hit for row in found for hit in row.hits)])
