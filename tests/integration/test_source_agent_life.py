# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the SMC client outlives on hosts behind real SSH, a restart or the death of the controller; and its bundles."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source.agent import Agent, parse_agent
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source.answers import parse
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source.autostart import NAME, make_boot
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source.script import compose
from support.source import FOLDER, ClientBundle, ask, client_pids, make_bundle, playing, run_moves, until
from support.wave_hosts import hosts_up
from testbed.hosts import Bed

pytestmark = pytest.mark.any_core

CODE = "Sup3r-Secret-Activation-Code"
DIR = f"/smc/{FOLDER}"
PROXY = {"environment": {"https_proxy": "http://192.0.2.1:3128"}}
REGISTER = {"access_token_id": "at-1", "access_token_code": CODE}

Moves = Callable[..., list[Any]]


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    broken = {"arm-01": ["arm64"]}
    with hosts_up(tmp_path_factory.mktemp("bed"), "web-01", "legacy-01", *broken, broken=broken) as bed:
        yield bed


@pytest.fixture
def bundle(tmp_path: Path) -> ClientBundle:
    return make_bundle(tmp_path, CODE)


@pytest.fixture
def agent(bed: Bed, tmp_path: Path) -> Iterator[Moves]:
    used: set[str] = set()

    def run(host: str, *rows: dict[str, Any] | str) -> list[Any]:
        used.add(host)
        return run_moves(bed, tmp_path, host, "smc_agent", rows)

    yield run
    for host in used:
        for pid in client_pids(bed, host):
            ask(bed, host, f"kill -9 {pid}")
        ask(bed, host, "rm -rf /smc /tmp/aborted /etc/init.d/*edgelift* /etc/rc?.d/*edgelift*")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The address of a server for the files of tmp_path."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(tmp_path)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_runs_that_have_one_host_in_the_same_second_start_one_client_and_remove_it(
    bed: Bed, agent: Moves, bundle: ClientBundle, tmp_path: Path
) -> None:
    """Two slices may have a host in common. None of them finds a half of what another one has sent."""

    def together(options: dict[str, Any]) -> list[dict[str, Any]]:
        folders = [tmp_path / f"{options['state']}-{number}" for number in range(2)]
        for folder in folders:
            folder.mkdir()
        with ThreadPoolExecutor(len(folders)) as runs:
            ended = [runs.submit(run_moves, bed, folder, "web-01", "smc_agent", [options]) for folder in folders]
        return [run.result()[0] for run in ended]

    given = {"src": str(bundle.path), "sha256": bundle.sha256, "state": "started", **PROXY, **REGISTER}
    begun = together(given)
    assert [row.get("msg", "") for row in begun] == [""] * len(begun)
    assert len({row["source_id"] for row in begun}) == 1
    assert len(client_pids(bed, "web-01")) == 1
    assert CODE not in ask(bed, "web-01", f"cat {DIR}/user_config.json")
    ended = together({"state": "absent"})
    assert [row.get("msg", "") for row in ended] == [""] * len(ended)
    assert client_pids(bed, "web-01") == []
    assert ask(bed, "web-01", "ls -d /smc 2>/dev/null || echo none") == "none"
    agent("web-01", {"state": "absent"})


def test_a_lock_of_a_run_that_died_is_taken_over(bed: Bed, agent: Moves, bundle: ClientBundle) -> None:
    ask(bed, "web-01", "mkdir -p -m 700 /smc/.edgelift && ln -s '1 1' /smc/.edgelift/lock")
    [first] = agent("web-01", {"src": str(bundle.path), "sha256": bundle.sha256, **PROXY, **REGISTER})
    assert first["source_id"]
    assert ask(bed, "web-01", "ls -A /smc/.edgelift | grep -c lock || true") == "0"


def test_a_stopped_client_keeps_its_source_and_a_restarted_host_its_client(
    bed: Bed, agent: Moves, bundle: ClientBundle
) -> None:
    """The host loses its power: what the init system would run brings the client back, and the next run finds it."""
    given = {"src": str(bundle.path), "sha256": bundle.sha256, **PROXY}
    [first] = agent("web-01", {**given, **REGISTER})
    assert (first["agent"]["start_on_boot"], first["source_id"]) == ("init.d", "s-test1")
    assert first["agent"]["code_ids"] == ["at-1"]
    bed.restart("web-01")
    assert client_pids(bed, "web-01") == []
    for _time in range(2):
        ask(bed, "web-01", "for link in /etc/rc3.d/S*edgelift*; do $link start; done")
    [pid] = client_pids(bed, "web-01")
    log = ask(bed, "web-01", f"cat {DIR}/Logs/client.log").splitlines()
    assert log[-3] == "environment: http://192.0.2.1:3128"
    found, _broken, mended, links, stopped, left, idle, again = agent(
        "web-01",
        given,
        "rm /etc/rc3.d/S*edgelift*",
        given,
        "ls /etc/rc[2345].d/S99edgelift-smc-client | wc -l",
        {"state": "stopped"},
        "find /etc -name *edgelift*",
        {"state": "stopped"},
        {**given, "start_on_boot": False},
    )
    assert (found["changed"], found["agent"]["pid"], found["source_id"]) == (False, int(pid), "s-test1")
    assert (mended["steps"], links) == (["enable"], "4")
    assert (stopped["steps"], stopped["agent"]["alive"], left) == (["stop", "disable"], False, "")
    assert stopped["agent"]["source_id"] == "s-test1"
    assert idle["changed"] is False
    assert (again["steps"], again["source_id"]) == (["start", "wait"], "s-test1")
    assert again["agent"]["code_ids"] == ["at-1"]


BOOTS = {
    "systemd": ("mkdir -p /run/systemd/system", "/etc/systemd/system/edgelift-smc-client.service", "ExecStart="),
    "local.d": ("mkdir -p /etc/local.d", "/etc/local.d/edgelift-smc-client.start", "exec /smc/.edgelift/start"),
    "rcS": (
        "mkdir -p /etc/init.d; >/etc/init.d/rcS",
        "/etc/init.d/S99edgelift-smc-client",
        "exec /smc/.edgelift/start",
    ),
    "rc.local": ("printf '#!/bin/sh\\nexit 0\\n' >/etc/rc.local", "/etc/rc.local", "'/smc/.edgelift/start' #"),
}


@pytest.mark.parametrize("how", BOOTS)
def test_each_init_system_gets_what_it_reads_and_is_left_as_it_was(bed: Bed, how: str) -> None:
    there, file, content = BOOTS[how]
    made = make_boot("/smc", [], {})
    values = {"INSTALL_DIR": "/smc", "BOOT_NAME": NAME, "DIGEST": made.digest}
    values |= {"START": made.start, "UNIT": made.unit, "INIT": made.init}

    def run(command: str) -> Agent:
        script = compose("F", ["agent_state", "agent_boot"], values, command)
        answer = parse("F", ask(bed, "legacy-01", f"mkdir -p /smc/.edgelift\n{script}"))
        assert answer is not None
        assert answer.complete
        return parse_agent(answer.records)

    ask(bed, "legacy-01", there)
    listing = "find /etc -type f -exec md5sum {} + | sort"
    before = ask(bed, "legacy-01", listing)
    try:
        agent = run("agent_boot_on")
        assert (agent.boot, agent.boot_digest, agent.boot_gone) == (how, made.digest, [])
        assert content in ask(bed, "legacy-01", f"cat {file}")
        run("agent_boot_off; agent_state")
        assert ask(bed, "legacy-01", listing) == before
        assert ask(bed, "legacy-01", "ls -A /smc/.edgelift") == ""
    finally:
        ask(bed, "legacy-01", "rm -rf /run/systemd /etc/systemd /etc/local.d /etc/init.d /etc/rc.local /smc")


def test_a_client_continues_after_its_controller_was_killed(bed: Bed, agent: Moves, tmp_path: Path) -> None:
    """Killed between start and registration, it could not take the code out of the configuration; the next run does."""
    slow = make_bundle(tmp_path, CODE, "slow")
    given = {"src": str(slow.path), "sha256": slow.sha256}
    options = {**given, **REGISTER}
    with playing(bed, tmp_path, "legacy-01", "smc_agent", options):
        until(lambda: len(client_pids(bed, "legacy-01")) == 1)
    assert CODE in ask(bed, "legacy-01", f"cat {DIR}/user_config.json")
    until(lambda: "Successfully" in ask(bed, "legacy-01", f"cat {DIR}/Logs/client.log"))
    [row] = agent("legacy-01", given)
    assert (row["steps"], row["source_id"]) == (["scrub", "enable"], "s-test1")
    config = json.loads(ask(bed, "legacy-01", f"cat {DIR}/user_config.json"))
    assert (config["access_token_code"], config["data_disks"]) == ("", [])
    assert ask(bed, "legacy-01", f"ls -l {DIR}/user_config.json | cut -c1-10") == "-rw-------"


def test_a_bundle_from_an_address_and_one_for_another_machine(agent: Moves, bundle: ClientBundle, served: str) -> None:
    [row] = agent("arm-01", {"src": str(bundle.path), "state": "present"})
    assert "is for x86_64" in row["msg"]
    assert "this host is aarch64" in row["msg"]
    address = {"url": f"{served}/{bundle.path.name}", "state": "present"}
    wrong, bare, waived = agent(
        "legacy-01", {**address, "sha256": "0" * 64}, address, {**address, "allow_unverified": True}
    )
    assert f"its SHA-256 is {bundle.sha256}, expected {'0' * 64}" in wrong["msg"]
    assert "sha256 is required with url" in bare["msg"]
    assert (waived["steps"], waived["agent"]["bundle_sha256"]) == (["install"], bundle.sha256)
