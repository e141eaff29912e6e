# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import bundle, lifecycle
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source.agent import Agent
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source.answers import Answer, Record
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source.remote import Remote, Result, SourceError

DIR = "/smc/go2aliyun_client"
BUNDLE = bundle.Bundle(b"payload", "a" * 64, "go2aliyun_client", {"access_id": ""}, {"service": "x"})
THERE = [("agent-dir", DIR), ("agent-bundle", f"dir {DIR}"), ("agent-bundle", f"sha256 {'a' * 64}")]
ALIVE = [*THERE, ("agent-pid", DIR, "7")]
CODE = "very-secret-code"


class FakeRemote(Remote):
    """A source that answers from a script of the test and keeps what it was sent."""

    def __init__(self, *answers: list[tuple[str, ...]] | None) -> None:
        self.answers = list(answers)
        self.commands: list[tuple[list[str], str]] = []
        self.files: list[tuple[str, bytes]] = []

    def run(
        self, pieces: Iterable[str], values: Mapping[str, str], command: str = "", waits: float = 0
    ) -> Result:
        self.commands.append((list(pieces), command))
        answer = self.answers.pop(0)
        if answer is None:
            return Result(None, 127, "", "sh: not found")
        records = [Record(key, tuple(fields)) for key, *fields in answer]
        return Result(Answer(records, complete=True), 0, "", "")

    def put(self, data: bytes, path: str) -> None:
        self.files.append((path, data))


def life(remote: FakeRemote, **more: Any) -> lifecycle.Lifecycle:
    settings = lifecycle.Settings("/smc/", token_id="at-1", token_code=CODE, arguments=["--nocheckversion"])
    clock = iter(range(0, 10_000, 4))
    made = lifecycle.Lifecycle(remote, replace(settings, **more), clock=lambda: next(clock))
    made._bundle = BUNDLE
    return made


def test_a_new_client_is_installed_registered_and_cleaned_of_its_code() -> None:
    remote = FakeRemote(THERE, [], ALIVE, [*ALIVE, ("agent-id", DIR, "s-1")])
    agent = life(remote).take(["install", "register", "wait"], Agent())
    assert (agent.source_id, agent.alive) == ("s-1", True)
    (payload, _mode), (config, first), (again, last) = remote.files
    assert payload.startswith("/smc/.edgelift/payload-")
    assert config == again == f"{DIR}/user_config.json"
    assert json.loads(first)["access_token_code"] == CODE
    assert json.loads(last) == BUNDLE.config
    assert all(CODE not in command for _pieces, command in remote.commands)


def test_the_code_is_taken_out_again_when_the_client_fails() -> None:
    remote = FakeRemote([], [*THERE, ("log", "Error: wrong code"), ("log", "Goto Aliyun Not Finished!")])
    with pytest.raises(
        SourceError, match=r"ended before it had registered\. The end of its log: Error: wrong code / Goto Aliyun Not"
    ):
        life(remote).take(["register", "wait"], Agent(dirs=[DIR]))
    assert json.loads(remote.files[-1][1]) == BUNDLE.config


def test_arguments_carry_the_code_only_when_asked() -> None:
    remote = FakeRemote([])
    life(remote, credentials_via="arguments", environment={"https_proxy": "http://p:1"}).take(
        ["register"], Agent(dirs=[DIR])
    )
    assert remote.files == []
    [(pieces, command)] = remote.commands
    assert pieces == ["agent_state", "agent_lock", "agent_start"]
    assert command.splitlines() == [
        "export https_proxy=http://p:1",
        f"agent_start --nocheckversion --accesstokenid=at-1 --accesstokencode={CODE}",
    ]


def test_a_restart_sends_no_credentials() -> None:
    remote = FakeRemote([], [*ALIVE, ("agent-id", DIR, "s-1")])
    agent = life(remote).take(["start", "wait"], Agent(dirs=[DIR], source_ids=["s-1"]))
    assert agent.source_id == "s-1"
    assert remote.files == []
    assert remote.commands[0] == (["agent_state", "agent_lock", "agent_start"], "agent_start --nocheckversion")


def test_a_client_that_reports_two_ids_is_an_error_with_both() -> None:
    remote = FakeRemote([*ALIVE, ("agent-id", DIR, "s-1"), ("agent-id", DIR, "s-2")])
    with pytest.raises(SourceError, match="s-1 and s-2"):
        life(remote).take(["wait"], Agent(dirs=[DIR]))


def test_waiting_ends_with_what_was_seen_last() -> None:
    remote = FakeRemote(*([[*ALIVE, ("log", "Error: connect timed out")]] * 20))
    with pytest.raises(SourceError, match=r"\(process 7\) but has not registered within 30 s\..*connect timed out"):
        life(remote, start_timeout=30).take(["wait"], Agent(dirs=[DIR]))
    assert 2 <= len(remote.commands) <= 5


def test_a_proxy_is_written_before_the_first_start() -> None:
    remote = FakeRemote(THERE)
    life(remote, proxy="192.0.2.1:8080", proxy_credentials="u:p").take(["install"], Agent())
    path, content = remote.files[-1]
    assert path == f"{DIR}/client_data"
    assert json.loads(content) == {"service": "x", "proxy": {"ip_port": "192.0.2.1:8080", "user_pwd": "u:p"}}


def test_only_the_own_folder_is_removed() -> None:
    agent = Agent(dirs=["/smc/go2aliyun_client", "/smc/go2aliyun_client9"], owned_dir=DIR)
    remote = FakeRemote([], [])
    life(remote).take(["remove"], agent)
    assert remote.commands[-1][1] == f"agent_remove {DIR}"
    life(remote, force=True).take(["remove"], agent)
    assert remote.commands[-1][1] == f"agent_remove {DIR} /smc/go2aliyun_client9"


def test_a_user_that_is_not_root_is_refused() -> None:
    with pytest.raises(SourceError, match=r"uid 1000\. Set become: true"):
        life(FakeRemote([("uid", "1000")])).look()


def test_a_client_that_others_can_change_is_refused() -> None:
    why = "other users can change /opt (drwxrwxrwx)"
    with pytest.raises(SourceError, match=r"in a folder that only root can change: other users can change /opt"):
        life(FakeRemote([("uid", "0"), ("agent-unsafe", why)])).look()


def test_what_failed_on_the_host_is_the_message() -> None:
    with pytest.raises(SourceError, match="cannot unpack the bundle"):
        life(FakeRemote([("failed", "cannot unpack the bundle")])).take(["install"], Agent())


def test_a_shell_that_does_not_answer_is_an_error_with_its_words() -> None:
    with pytest.raises(SourceError, match="exit status 127: sh: not found"):
        life(FakeRemote(None)).look()
