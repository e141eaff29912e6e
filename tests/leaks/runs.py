# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runs: one playbook each, everything that Ansible can write switched on, and what goes wrong in it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from conftest import Sandbox, launch
from support import CALM, PATIENCE

from leaks.forms import files, hits
from leaks.watch import Watch

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = Path(__file__).with_name("sample.yml")

KEY, STS = "LTAI5tLeaks", "STS.Leaks"
SECRETS = {
    "secret key": "Zk+9/q=Wm%7Rt&Lp3vXc0a",
    "wrong key": "Wr0ng+K/9=x%2&QzLp7mYt",
    "key of the token": "St5/k+Uw=2%Np&Rb8xDfHj",
    "security token": "CAIS+t0/Ken=8%x&Bv4mQpLs",
    "signature": "S1gn4tureOfTheBundleX9z",
    "password of the proxy": "Pr0xyP4ssw0rdVb7Nm2Kq",
}
_PLACES = ("home", "tmp", "ansible", "junit", "tree", "facts", "cache", "remote", "artifacts")


@dataclass(frozen=True)
class Run:
    """A playbook, what is given to it, what goes wrong, and the exit codes that show that it did."""

    name: str
    playbook: str
    ends: tuple[int, ...]
    variables: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] | None = None
    """Keys and more; None for the ordinary keys, unless they are among the variables."""
    scenario: str = ""
    kill_after: str = ""
    """The call after whose effect the controller is killed."""
    full_disk: bool = False
    """The folder for the client bundle is too small for it."""


# Evaluated arguments of modules contain the keys that a play takes from variables: Ansible gives them to every
# callback. Keys of the environment are in no argument.
_IN_VARIABLES = {"alicloud_access_key": KEY, "alicloud_secret_key": SECRETS["secret key"]}


def _keys(key: str, secret: str, token: str = "") -> dict[str, str]:
    names = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN")
    return {
        **{name: SECRETS.get(text, text) for name, text in zip(names, (key, secret, token), strict=True) if text},
        "LEAKS_EVALUATED": "1",
    }


_KEYS, _WRONG = _keys(KEY, "secret key"), _keys(KEY, "wrong key")
_TEMPORARY = _keys(STS, "key of the token", "security token")
# The second of them completes what the first has left.
_CONTINUED = {"migration_name": "leaks-continued"}
_KILLED = {"migration_name": "leaks-killed"}
_PROXY = f"http://user:{SECRETS['password of the proxy']}@127.0.0.1:1"

SAMPLE_RUN = Run("controller only", str(SAMPLE), (0,), _IN_VARIABLES)
RUNS = (
    SAMPLE_RUN,
    Run("preflight", "preflight.yml", (0,)),
    Run("wrong key", "migrate.yml", (2,), environment=_WRONG),
    Run(
        "wrong key in a variable", "migrate.yml", (2,), {**_IN_VARIABLES, "alicloud_secret_key": SECRETS["wrong key"]}
    ),
    Run("expired token", "migrate.yml", (0, 2), _CONTINUED, _TEMPORARY, scenario="19-token-expires"),
    Run("throttled", "migrate.yml", (0,), _CONTINUED, scenario="01-throttling"),
    Run("dropped answers", "migrate.yml", (0, 2), scenario="03-lost-answers"),
    Run("TLS failure", "migrate.yml", (2,), {"endpoint": ("http:", "https:")}),
    # A proxy is not asked for a loopback address.
    Run(
        "proxy of the controller refuses",
        "migrate.yml",
        (2,),
        {"endpoint": ("http://127.0.0.1", "https://smc.invalid")},
        {**_KEYS, "http_proxy": _PROXY, "https_proxy": _PROXY},
    ),
    Run(
        "proxy of the source refuses",
        "migrate.yml",
        (2,),
        {"agent_proxy": "127.0.0.1:1", "agent_proxy_credentials": f"user:{SECRETS['password of the proxy']}"},
    ),
    Run("full disk", "migrate.yml", (2,), full_disk=True),
    Run("killed while the client starts", "migrate.yml", (-signal.SIGKILL,), _KILLED, kill_after="CreateAccessToken"),
    Run("killed while it copies", "migrate.yml", (-signal.SIGKILL,), _KILLED, kill_after="StartReplicationJob"),
    Run("cleanup after the kills", "cleanup.yml", (0,), _KILLED),
    Run("success", "migrate.yml", (0,)),
    Run("success with keys in variables", "migrate.yml", (0,), _IN_VARIABLES),
)


@dataclass(frozen=True)
class Found:
    """What one run left: how it ended, how much was searched, and the hits."""

    name: str
    code: int
    expected: bool
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


def execute(run: Run, sandbox: Sandbox, inventory: str, folder: Path) -> Found:
    """Make one run, and search what it left."""
    left = folder / "left"
    for name in _PLACES:
        (left / name).mkdir(parents=True)
    given = folder / "given.yml"
    given.write_text(yaml.safe_dump(_variables(run, sandbox, left)), encoding="utf-8")
    sandbox.delete("faults")
    if run.scenario:
        sandbox.post("faults", (ROOT / "sandbox" / "scenarios" / f"{run.scenario}.yml").read_text(encoding="utf-8"))
    playbook = run.playbook if run.playbook.startswith("/") else str(ROOT / "playbooks" / run.playbook)
    program = Path(sys.executable).with_name("ansible-playbook")
    command = [str(program), "-vvvv", "--diff", "-i", inventory, "-e", f"@{given}", playbook]
    if run.full_disk:
        small = 'mount -t tmpfs -o size=256k none "$0" && exec "$@"'
        command = ["unshare", "--map-root-user", "--mount", "sh", "-c", small, str(left / "cache"), *command]
    with Watch(Path(sandbox.greeting["state"]), left / "processes") as watch, (left / "output").open("wb") as output:
        code = _play(command, run, sandbox, {**os.environ, **CALM, **_environment(left), **_given_keys(run)}, output)
    secrets = {**SECRETS, **{f"activation code {number}": text for number, text in enumerate(sorted(watch.codes))}}
    everything = list(files(left, Path(sandbox.greeting["state"]) / "blobs"))
    return Found(
        run.name,
        code,
        code in run.ends,
        len(everything),
        sum(path.stat().st_blocks * 512 for path in everything),
        watch.samples,
        len(secrets),
        [hit for path in everything for hit in hits(path, secrets)],
    )


def _play(command: list[str], run: Run, sandbox: Sandbox, environment: dict[str, str], output: Any) -> int:
    since = sandbox.get("requests?since=0")["next"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        if run.kill_after:
            sandbox.until(
                lambda: (
                    process.poll() is not None
                    or any(
                        row["action"] == run.kill_after and row["status"] == 200
                        for row in sandbox.requests(since=since)
                    )
                )
            )
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        return process.wait(PATIENCE * 2)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _environment(left: Path) -> dict[str, str]:
    return {
        "HOME": str(left / "home"),
        "TMPDIR": str(left / "tmp"),
        "ANSIBLE_HOME": str(left / "ansible"),
        "ANSIBLE_LOG_PATH": str(left / "ansible.log"),
        "ANSIBLE_LOCAL_TEMP": str(left / "tmp"),
        "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).with_name("callbacks")),
        "ANSIBLE_CALLBACKS_ENABLED": "ansible.builtin.junit,ansible.builtin.tree,leaks_dump",
        "JUNIT_OUTPUT_DIR": str(left / "junit"),
        "ANSIBLE_CALLBACK_TREE_DIR": str(left / "tree"),
        "ANSIBLE_CACHE_PLUGIN": "jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(left / "facts"),
        "LEAKS_DUMP": str(left / "dump.jsonl"),
        "ANSIBLE_SSH_ARGS": "-C -o ControlMaster=no -o ControlPersist=no",
    }


def _given_keys(run: Run) -> Mapping[str, str]:
    if run.environment is not None:
        return run.environment
    return {} if "alicloud_secret_key" in run.variables else _KEYS


def _variables(run: Run, sandbox: Sandbox, left: Path) -> dict[str, Any]:
    more = dict(run.variables)
    endpoints = {name: url.replace(*more.get("endpoint", ("", ""))) for name, url in sandbox.endpoints.items()}
    more.pop("endpoint", None)
    signed = f"{sandbox.agent['url']}?OSSAccessKeyId=k&Signature={SECRETS['signature']}"
    intervals = ("migration", "agent", "transfer", "export", "ens_import", "cleanup")
    return {
        "alicloud_region": sandbox.region,
        "alicloud_endpoints": endpoints,
        "wrong_key": SECRETS["wrong key"],
        "migration_name": f"leaks-{run.name.replace(' ', '-')}"[:40],
        "migration_bucket": sandbox.bucket,
        "migration_wait_timeout": 240,
        "agent_url": signed,
        "agent_sha256": sandbox.agent["sha256"],
        "agent_cache_dir": str(left / "cache"),
        "agent_start_timeout": 30,
        "agent_available_timeout": 120,
        "report_receipt": str(left / "artifacts" / "receipt.json"),
        **{f"{name}_poll_interval": 1 for name in intervals},
        **more,
    }


def table(found: list[Found]) -> str:
    """Return what was done, as lines."""
    lines = [
        f"{row.name:34} exit {row.code:4}{'' if row.expected else ' (unexpected)'}  {row.files:6} files "
        f"{row.size >> 10:8} KiB  {row.samples:5} looks at processes  {row.secrets:2} secrets  {len(row.hits)} hits"
        for row in found
    ]
    total = sum(len(row.hits) for row in found)
    lines.append(
        f"{len(found)} runs, {sum(row.files for row in found)} files, "
        f"{sum(row.size for row in found) >> 20} MiB, {total} hits"
    )
    return "\n".join([*lines, *(hit for row in found for hit in row.hits)])
