# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source.agent import Agent, Wish, parse_agent, plan
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source.answers import Record
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source.paths import install_dir_problem
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source.remote import SourceError

SHA = "a" * 64
DIR = "/smc/go2aliyun_client2.6.5_linux_x86_64"
READY = Wish("started", SHA, credentials=True)
BOOT = Wish("started", SHA, credentials=True, boot_digest="d1")
RUNS = {"pids": [1], "source_ids": ["s-1"]}


def installed(**more: Any) -> Agent:
    return Agent(dirs=[DIR], owned_dir=DIR, bundle_sha256=SHA, traces=True, **more)


def foreign(**more: Any) -> Agent:
    return Agent(dirs=[DIR], **more)


def test_the_agent_of_a_host_without_one() -> None:
    assert parse_agent([Record("uid", ("0",))]).as_dict() == {
        "installed": False,
        "ours": False,
        "alive": False,
        "dir": None,
        "pid": None,
        "source_id": None,
        "source_ids": [],
        "bundle_sha256": None,
        "code_ids": [],
        "start_on_boot": None,
        "unsafe": None,
    }


def test_the_agent_of_a_host_that_runs_one() -> None:
    rows = [("agent-dir", DIR), ("agent-pid", DIR, "4711"), ("agent-id", DIR, "s-1"), ("agent-own", "/smc/.edgelift")]
    rows += [("agent-bundle", f"dir {DIR}"), ("agent-bundle", f"sha256 {SHA}")]
    # agent_state.sh reads the file twice.
    rows += [("agent-bundle", f"code at-{number}") for number in (1, 2, 1, 2)]
    agent = parse_agent([Record(key, tuple(fields)) for key, *fields in rows])
    assert agent == installed(pids=[4711], source_ids=["s-1"], code_ids=["at-1", "at-2"])
    assert agent.source_id == "s-1"


@pytest.mark.parametrize(
    ("agent", "wish", "steps"),
    [
        (Agent(), READY, ["install", "register", "wait"]),
        (Agent(), Wish("present", SHA), ["install"]),
        (Agent(), Wish("absent"), []),
        (installed(), READY, ["register", "wait"]),
        (installed(), Wish("present", SHA), []),
        (installed(), Wish("absent"), ["remove"]),
        (installed(), Wish("started", "b" * 64, credentials=True), ["remove", "install", "register", "wait"]),
        (installed(pids=[1]), READY, ["wait"]),
        (installed(pids=[1], source_ids=["s-1"]), READY, []),
        (installed(pids=[1], source_ids=["s-1"]), Wish("started", "b" * 64), []),
        (installed(pids=[1], source_ids=["s-1"]), Wish("present", "b" * 64), []),
        (installed(source_ids=["s-1"]), READY, ["start", "wait"]),
        (installed(source_ids=["s-1"]), Wish("started", "b" * 64), ["start", "wait"]),
        (
            installed(pids=[1], source_ids=["s-1", "s-2"]),
            Wish("started", SHA, credentials=True, force=True),
            ["remove", "install", "register", "wait"],
        ),
        (installed(pids=[1], source_ids=["s-1", "s-2"]), Wish("absent"), ["remove"]),
        (foreign(pids=[1], source_ids=["s-1"]), READY, []),
        (foreign(source_ids=["s-1"]), READY, ["start", "wait"]),
        (foreign(pids=[1], source_ids=["s-1"]), Wish("absent"), []),
        (foreign(), Wish("absent", force=True), ["remove"]),
        (foreign(), Wish("present", SHA, force=True), ["remove", "install"]),
        (Agent(traces=True), Wish("absent"), ["remove"]),
        (installed(), Wish("started", "", credentials=True), ["register", "wait"]),
        (installed(), Wish("present", ""), []),
        (installed(**RUNS), Wish("stopped"), ["stop"]),
        (installed(**RUNS, boot="systemd", boot_digest="d1"), Wish("stopped"), ["stop", "disable"]),
        (installed(**RUNS, boot_digest=""), Wish("stopped"), ["stop", "disable"]),
        (installed(**RUNS, boot_digest=""), READY, ["disable"]),
        (installed(**RUNS, boot_digest=""), BOOT, ["enable"]),
        (installed(source_ids=["s-1"]), Wish("stopped"), []),
        (Agent(), Wish("stopped"), []),
        (foreign(**RUNS), Wish("stopped", force=True), ["stop"]),
        (Agent(), BOOT, ["install", "register", "wait", "enable"]),
        (installed(**RUNS), BOOT, ["enable"]),
        (installed(**RUNS, boot="systemd", boot_digest="d1"), BOOT, []),
        (installed(**RUNS, boot="none", boot_digest="d1"), BOOT, []),
        (installed(**RUNS, boot="systemd", boot_digest="d0"), BOOT, ["enable"]),
        (installed(**RUNS, boot="init.d", boot_digest="d1", boot_gone=["/etc/init.d/x"]), BOOT, ["enable"]),
        (installed(**RUNS, boot="systemd", boot_digest="d1"), READY, ["disable"]),
        (foreign(**RUNS), BOOT, []),
        (installed(**RUNS, code_in=[DIR]), READY, ["scrub"]),
        (installed(**RUNS, code_in=[DIR]), Wish("stopped"), ["scrub", "stop"]),
        (installed(pids=[1], code_in=[DIR]), READY, ["wait"]),
        (foreign(**RUNS, code_in=[DIR]), READY, []),
    ],
)
def test_steps(agent: Agent, wish: Wish, steps: list[str]) -> None:
    assert plan(agent, wish) == steps


def test_several_source_ids_are_refused_by_name() -> None:
    with pytest.raises(SourceError, match="s-1 and s-2"):
        plan(installed(pids=[1], source_ids=["s-1", "s-2"]), READY)


def test_a_folder_of_another_owner_is_not_replaced() -> None:
    with pytest.raises(SourceError, match="was not installed by this collection"):
        plan(foreign(), READY)


def test_a_client_of_another_owner_is_not_stopped() -> None:
    with pytest.raises(SourceError, match=r"was not installed by this collection\. Set force to stop it"):
        plan(foreign(pids=[1]), Wish("stopped"))


def test_what_the_collection_noted_about_the_start_is_read() -> None:
    rows = [("agent-boot", text) for text in ("file /etc/x", "how init.d", "digest d1", "gone /etc/x")]
    agent = parse_agent(
        [Record(key, (text,)) for key, text in [*rows, ("agent-machine", "x86_64"), ("agent-code", DIR)]]
    )
    assert (agent.boot, agent.boot_digest, agent.boot_gone) == ("init.d", "d1", ["/etc/x"])
    assert (agent.machine, agent.code_in, agent.as_dict()["start_on_boot"]) == ("x86_64", [DIR], "init.d")


@pytest.mark.parametrize("agent", [Agent(), installed()])
def test_a_client_that_has_yet_to_register_needs_an_activation_code(agent: Agent) -> None:
    with pytest.raises(SourceError, match="access_token_id and access_token_code are required"):
        plan(agent, Wish("started", SHA))


@pytest.mark.parametrize("path", ["/smc", "/opt/smc/", "/srv/a b"])
def test_folders_that_the_client_may_have(path: str) -> None:
    assert install_dir_problem(path) is None


@pytest.mark.parametrize(
    "path", ["", "smc", "/", "//", "/usr", "/usr/", "/opt/../usr", "/a//b", "/a\nb", "~/smc", "/."]
)
def test_folders_that_it_may_not_have(path: str) -> None:
    assert (install_dir_problem(path) or "").startswith(f"is {path!r}, ")
