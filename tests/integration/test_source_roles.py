# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles preflight and agent on hosts behind real SSH, with the local cloud and its client bundle."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming
from support import PATIENCE
from support.source import ask, run_playbook
from support.wave import changing
from support.wave_hosts import hosts_up
from testbed.hosts import Bed
from testbed.playbook import read_recap

WORLD = {"sources": [], "buckets": [{"name": "migration-images", "region": "ap-southeast-1"}]}
PREFLIGHT = ("preflight_verdict", "preflight_reasons", "preflight_fingerprint")
FACTS = (*PREFLIGHT, "agent_source_id", "agent_error", "agent_keep_source")


@dataclass(frozen=True)
class Wave:
    """How a play on the wave ended: its exit code and output, the facts of each host, the recap."""

    code: int
    output: str
    facts: dict[str, dict[str, Any]]
    changed: int


Go = Callable[..., Wave]


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    names = ("web-01", "legacy-01", "huge-01", "stuck-01", "off-01")
    with hosts_up(tmp_path_factory.mktemp("bed"), *names, broken={"off-01": ["down"]}) as bed:
        ask(bed, "stuck-01", ">/smc")
        yield bed


@pytest.fixture
def go(bed: Bed, sandbox: Any, tmp_path: Path) -> Iterator[Go]:
    def run(
        *words: str, entry: str = "main", hosts: str = "all", strategy: str = "linear", **variables: Any
    ) -> Wave:
        out = tmp_path / "facts.json"
        out.unlink(missing_ok=True)
        play = {
            "hosts": hosts,
            "strategy": strategy,
            "gather_facts": False,
            "module_defaults": {
                "group/edgelift.ens_migration.alicloud": {
                    "region": sandbox.region,
                    "access_key": sandbox.access_key,
                    "secret_key": sandbox.secret_key,
                    "endpoints": sandbox.endpoints,
                }
            },
            "vars": {
                "migration_name": "wave_source",
                "migration_bucket": sandbox.bucket,
                # There is no way from these hosts to the real SMC.
                "preflight_egress": [],
                # The account is the same for all these plays: those of the first test and of the account check it.
                "preflight_check_account": False,
                "agent_url": sandbox.agent["url"],
                "agent_sha256": sandbox.agent["sha256"],
                "agent_cache_dir": str(tmp_path / "cache"),
                "agent_poll_interval": 1,
                "agent_available_timeout": int(PATIENCE),
                **variables,
            },
            "tasks": [
                {"name": "Fix", "ansible.builtin.include_role": {"name": "edgelift.ens_migration.remediate"}},
                {"name": "Judge", "ansible.builtin.import_role": {"name": "edgelift.ens_migration.preflight"}},
                {
                    "name": "Do",
                    "ansible.builtin.import_role": {"name": "edgelift.ens_migration.agent", "tasks_from": entry},
                },
                {
                    "name": "Write",
                    "keep_on_controller": {"content": "{{ rows | to_json }}", "dest": str(out)},
                    "vars": {"rows": "{{ ansible_play_hosts | map('extract', hostvars) | map('dict2items') | list }}"},
                    "run_once": True,
                },
            ],
        }
        done = run_playbook(bed, tmp_path, play, *words)
        rows = (
            [{row["key"]: row["value"] for row in rows} for rows in json.loads(out.read_text())] if out.exists() else []
        )
        facts = {row["inventory_hostname"]: {name: row.get(name) for name in FACTS} for row in rows}
        changed = sum(row["changed"] for row in read_recap(done.stdout).values())
        return Wave(done.returncode, done.stdout + done.stderr, facts, changed)

    yield run
    for host in ("web-01", "legacy-01"):
        ask(bed, host, "for d in /smc/go2*; do [ -d $d ] && $d/go2aliyun_client --abort; done; rm -rf /smc")


def created(sandbox: Any) -> list[str]:
    """The actions that changed something in the account."""
    return [name.partition(".")[2] for name in changing(sandbox.requests())]


@pytest.mark.oldest_core
@pytest.mark.sandbox_world(WORLD)
def test_a_wave_gets_its_verdicts_its_clients_and_its_sources(bed: Bed, sandbox: Any, go: Go) -> None:
    foreseen = go("--check", hosts="web-01", preflight_check_account=True)
    assert (foreseen.code, foreseen.facts["web-01"]["agent_error"]) == (0, "")
    assert created(sandbox) == []

    ask(bed, "web-01", "mkdir -p /etc/selinux; echo SELINUX=enforcing >/etc/selinux/config")
    selinux = "{{ inventory_hostname == 'web-01' }}"
    first = go("-vvv", preflight_check_account=True, remediate_selinux=selinux)
    assert first.code == 4, first.output  # one host was unreachable, nothing failed
    assert {host: row["preflight_verdict"] for host, row in first.facts.items()} == {
        "web-01": "clear",
        "legacy-01": "clear",
        "huge-01": "blocked",
        "stuck-01": "clear",
    }
    assert len(first.facts["huge-01"]["preflight_reasons"]) == 2
    assert "cannot write /smc/.edgelift/payload" in first.facts["stuck-01"]["agent_error"]
    rows = sandbox.call("smc", "DescribeSourceServers")["SourceServers"]["SourceServer"]
    hosts = {row["SourceId"]: json.loads(row["SystemInfo"])["hostname"] for row in rows}
    for host in ("web-01", "legacy-01"):
        assert hosts[first.facts[host]["agent_source_id"]] == host
        assert first.facts[host]["agent_error"] == ""
    assert len(hosts) == 2
    # One code for the three hosts that needed one, and it is nowhere to be read.
    tokens = [row["params"] for row in sandbox.requests("smc") if row["action"] == "CreateAccessToken"]
    assert [(row["Count"], row["TimeToLiveInDays"]) for row in tokens] == [("3", "1")]
    assert re.search(r"(?<![0-9a-zA-Z-])(?=[0-9a-z]*[g-z])[0-9a-z]{32}(?![0-9a-zA-Z])", first.output) is None

    again = go(hosts="web-01:legacy-01:huge-01", preflight_check_account=True)
    assert (again.code, again.changed) == (0, 0)
    assert [again.facts[host]["agent_source_id"] for host in again.facts] == [
        first.facts[host]["agent_source_id"] for host in again.facts
    ]
    assert created(sandbox).count("CreateAccessToken") == 1

    # One that has ended attaches to the source that it had: SMC knows no other.
    ask(bed, "web-01", "kill -9 $(cat /smc/go2aliyun_client*/go2aliyun_client.pid)")
    back = go(hosts="web-01")
    assert (back.code, back.changed) == (0, 1)
    assert back.facts["web-01"]["agent_source_id"] == first.facts["web-01"]["agent_source_id"]
    assert len(sandbox.call("smc", "DescribeSourceServers")["SourceServers"]["SourceServer"]) == 2

    assert ask(bed, "web-01", "cat /etc/selinux/config") == "SELINUX=permissive"
    gone = go(entry="absent", hosts="web-01:legacy-01:huge-01", agent_undo_remediation=True)
    assert gone.code == 0
    assert ask(bed, "web-01", "cat /etc/selinux/config") == "SELINUX=enforcing"
    for host in ("web-01", "legacy-01"):
        assert ask(bed, host, "ls -d /smc 2>/dev/null || echo none") == "none"
    # One of the three hosts did not register, so another run could be using the code: it stays until it expires.
    [token] = sandbox.call("smc", "ListAccessTokens")["AccessTokens"]["AccessToken"]
    assert (token["Count"], token["RegisteredCount"]) == ("3", "2")
    assert go(entry="absent", hosts="web-01:legacy-01:huge-01").changed == 0


LOGS = "/smc/go2aliyun_client*/Logs/* /smc/.edgelift/console.log"


@pytest.mark.long
@pytest.mark.sandbox_world(WORLD)
def test_a_host_that_names_the_source_of_another_one_harms_only_itself(bed: Bed, sandbox: Any, go: Go) -> None:
    """It changes what its client wrote: alone in the play, or together with the host whose source it names."""
    both = "web-01:legacy-01"
    first = go(hosts=both).facts
    ours, its = (first[host]["agent_source_id"] for host in ("web-01", "legacy-01"))
    assert [first[host]["agent_keep_source"] for host in first] == [False, False]
    shown = sandbox.call("smc", "DescribeSourceServers")["SourceServers"]["SourceServer"]
    tags = {row["SourceId"]: {tag["Key"]: tag["Value"] for tag in row["Tags"]["Tag"]} for row in shown}
    identity = naming.migration_id("wave_source", "web-01", first["web-01"]["preflight_fingerprint"])
    assert tags[ours] == {"edgelift:wave": "wave_source", "edgelift:host": "web-01", "edgelift:migration": identity}

    ask(bed, "legacy-01", f"sed -i s/{its}/{ours}/ {LOGS}")
    for hosts in (both, "legacy-01"):
        lied = go(hosts=hosts).facts
        liar = lied.pop("legacy-01")
        assert f"source {ours} is claimed by legacy-01 and by web-01" in liar["agent_error"]
        assert (liar["agent_source_id"], liar["agent_keep_source"]) == ("", True)
        for row in lied.values():
            assert (row["agent_error"], row["agent_source_id"], row["agent_keep_source"]) == ("", ours, False)

    # Without the tag of the other host, what SMC shows of the source still is not this host.
    for row in shown:
        sandbox.call("smc", "TagResources", ResourceType="sourceserver", ResourceIds=[row["SourceId"]],
                     Tags=[{"Key": "edgelift:host", "Value": "legacy-01"}])  # fmt: skip
    error = go(hosts="legacy-01").facts["legacy-01"]["agent_error"]
    assert "SMC shows the host name 'web-01', the host has 'legacy-01'" in error
    # A host that registers again gets a new source, and never the one that is there.
    again = go(hosts="legacy-01", agent_force=True).facts["legacy-01"]
    assert (again["agent_error"], again["agent_source_id"] in ("", ours, its)) == ("", False)


@pytest.mark.sandbox_world({**WORLD, "sources": [{"name": "db-07", "id": "s-sandboxdb07", "disks": [{"gib": 20}]}]})
def test_a_source_that_was_there_before_is_not_taken_by_a_new_client(bed: Bed, sandbox: Any, go: Go) -> None:
    """A prepared client names a source that another machine registered long ago."""
    home = "/smc/go2aliyun_client_x"
    lie = f"mkdir -p {home}/Logs; cd {home}; printf '#!/bin/sh\\nsleep 999\\n' >go2aliyun_client"
    log = "echo 'Import Source Server [s-sandboxdb07] Successfully!' >Logs/a; chmod 755 go2aliyun_client"
    ask(bed, "legacy-01", f"{lie}; {log}; {home}/go2aliyun_client </dev/null >/dev/null 2>&1 & echo $! >/tmp/liar")
    done = go(hosts="legacy-01").facts["legacy-01"]
    assert "source s-sandboxdb07 is not this host" in done["agent_error"]
    assert (done["agent_source_id"], done["agent_keep_source"]) == ("", True)
    assert created(sandbox) == []
    ask(bed, "legacy-01", "kill -9 $(cat /tmp/liar); rm -rf /smc /tmp/liar")


@pytest.mark.sandbox_world(WORLD)
@pytest.mark.parametrize("source", ["url", "file"])
def test_a_wrong_checksum_ends_the_play_before_anything_is_done(
    bed: Bed, sandbox: Any, go: Go, tmp_path: Path, source: str
) -> None:
    more = {}
    if source == "file":
        (tmp_path / "client.tar.gz").write_bytes(b"something else")
        more = {"agent_src": str(tmp_path / "client.tar.gz")}
    done = go(hosts="web-01", agent_sha256="0" * 64, **more)
    assert done.code == 2
    assert "0" * 64 in done.output
    assert (sha256(b"something else").hexdigest() if source == "file" else sandbox.agent["sha256"]) in done.output
    assert created(sandbox) == []
    assert ask(bed, "web-01", "ls -d /smc 2>/dev/null || echo none") == "none"


@pytest.mark.long
@pytest.mark.sandbox_world(WORLD)
def test_a_source_that_smc_does_not_know_is_reported_and_force_registers_again(bed: Bed, sandbox: Any, go: Go) -> None:
    """The source was deleted, or the client belongs to another account: nothing is replaced without ``force``."""
    first = go(hosts="legacy-01").facts["legacy-01"]["agent_source_id"]
    # With the seed of the first world the new one would draw the same ids again.
    sandbox.reset({**WORLD, "seed": 2})
    done = go(hosts="legacy-01", agent_available_timeout=2)
    assert (done.code, done.changed) == (0, 0)
    assert f"SMC does not know source {first}" in done.facts["legacy-01"]["agent_error"]
    done = go(hosts="legacy-01", agent_force=True)
    assert (done.code, done.facts["legacy-01"]["agent_error"]) == (0, "")
    assert done.facts["legacy-01"]["agent_source_id"] not in ("", first)


@pytest.mark.sandbox_world(WORLD)
def test_an_error_of_the_account_ends_the_play_once_for_all(sandbox: Any, go: Go) -> None:
    done = go(hosts="web-01:legacy-01", preflight_check_account=True, migration_bucket="no-such-bucket")
    assert done.code == 2
    assert "NoSuchBucket" in done.output
    assert created(sandbox) == []
    nameless = go(hosts="web-01", preflight_check_account=True, migration_name="")
    assert nameless.code == 2
    assert "Set migration_name and migration_bucket" in nameless.output


@pytest.mark.sandbox_world(WORLD)
def test_without_the_account_no_call_leaves_the_controller(sandbox: Any, go: Go) -> None:
    done = go("--check", hosts="web-01:huge-01", entry="absent", preflight_check_account=False, migration_name="")
    assert done.code == 0
    assert done.facts["huge-01"]["preflight_verdict"] == "blocked"
    assert sandbox.requests() == []


@pytest.mark.long
@pytest.mark.sandbox_world(WORLD)
def test_roles_alone_work_with_strategy_free(sandbox: Any, go: Go) -> None:
    """Every host does there what a run does once: its own codes, and no host waits for another one."""
    done = go(hosts="web-01:legacy-01", strategy="free")
    assert done.code == 0, done.output
    states = [row["State"] for row in sandbox.call("smc", "DescribeSourceServers")["SourceServers"]["SourceServer"]]
    assert states == ["Available", "Available"]
    # An extra variable hides the common answer from both hosts, as the answer for another host may do at any time.
    again = go("-e", json.dumps({"__agent_claims": {}}), hosts="web-01:legacy-01", strategy="free")
    assert "Alone | Query the source" in again.output
    assert (again.code, again.changed) == (0, 0), again.output
    assert {host: again.facts[host]["agent_error"] for host in again.facts} == {"web-01": "", "legacy-01": ""}
    assert all(row["agent_source_id"] for row in again.facts.values())
    gone = go(hosts="web-01:legacy-01", strategy="free", entry="absent")
    assert gone.code == 0, gone.output
    # Another run may be registering servers with these codes: the cleanup of the migration deletes them.
    assert len(sandbox.get("state")["tokens"]) <= 2
