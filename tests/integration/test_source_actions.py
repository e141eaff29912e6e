# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""source_probe and smc_agent on hosts behind real SSH: sudoers with a noisy shell, and a busybox without Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from source_bench import FOLDER, ClientBundle, Played, ask, make_bundle, run_module
from testbed.__main__ import CACHE
from testbed.fleet import GIB, KNOWN, fleet
from testbed.hosts import Bed
from testbed.privilege import choose
from testbed.rootfs import rootfs

BROKEN = {
    "luks-01": ["luks-root"],
    "arm-01": ["arm64"],
    "win-01": ["windows"],
    "twin-01": ["same-as:web-01"],
    "off-01": ["down"],
}
NAMES = ["web-01", "db-01", "legacy-01", "huge-01", "odd-01", *BROKEN]
CODE = "Sup3r-Secret-Activation-Code"
NOISE = "echo Welcome to $(hostname); echo 'EDGELIFT BEGIN'; echo 'uid 77' >&2; export LC_ALL=fr_FR.UTF-8"
DIR = f"/smc/{FOLDER}"

Act = Callable[..., Played]


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    way = choose()
    bed = Bed(tmp_path_factory.mktemp("bed"), port=0)
    bed.up(fleet(NAMES, BROKEN), rootfs(CACHE, way), way)
    # A shell that prints and speaks another language is the normal case here, not a case of its own.
    ask(bed, "web-01", f"cat >/home/ops/.bashrc <<'END'\n{NOISE}\nEND")
    yield bed
    bed.down()


@pytest.fixture
def probe(bed: Bed, tmp_path: Path) -> Act:
    def run(*hosts: str, **task: Any) -> Played:
        return run_module(bed, tmp_path, list(hosts), "source_probe", {}, **task)

    return run


@pytest.fixture
def bundle(tmp_path: Path) -> ClientBundle:
    return make_bundle(tmp_path, CODE)


@pytest.fixture
def agent(bed: Bed, tmp_path: Path, bundle: ClientBundle) -> Iterator[Act]:
    used: set[str] = set()

    def run(hosts: str, *words: str, **options: Any) -> Played:
        used.update(hosts.split(":"))
        given = {"src": str(bundle.path), "sha256": bundle.sha256, "start_timeout": 20, **options}
        return run_module(bed, tmp_path, hosts.split(":"), "smc_agent", given, *words)

    yield run
    for host in used:
        for pid in alive(bed, host):
            ask(bed, host, f"kill -9 {pid}")
        ask(bed, host, "rm -rf /smc /tmp/aborted")


REGISTER = {"access_token_id": "at-1", "access_token_code": CODE}


def alive(bed: Bed, host: str) -> list[str]:
    """The process ids of the client, as the host's /proc shows them."""
    shown = "for p in /proc/[0-9]*; do echo ${p#/proc/} $(tr '\\000' ' ' <$p/cmdline 2>/dev/null); done"
    rows = [line.split() for line in ask(bed, host, shown).splitlines()]
    return [row[0] for row in rows if f"{DIR}/go2aliyun_client" in row]


def grave(row: dict[str, Any]) -> list[str]:
    """The ids of the findings of one host that are more than notes: these hosts have no kernel and no boot loader."""
    return [item["id"] for item in row.get("findings", []) if item["severity"] != "note"]


# ---- source_probe ----
def test_every_host_has_its_verdict_and_one_that_is_down_is_unreachable(probe: Act) -> None:
    done = probe(*NAMES)
    found = {host: grave(row) for host, row in done.results.items()}
    assert found == {
        "web-01": [],
        "db-01": [],
        "legacy-01": ["rsync-missing", "no-cloud-init-path"],
        "huge-01": ["too-many-data-disks", "data-disk-too-large"],
        "odd-01": [],
        "luks-01": ["encrypted-root"],
        "arm-01": ["not-x86-64"],
        "win-01": ["not-linux"],
        "twin-01": [],
        "off-01": [],
    }
    assert done.results["off-01"]["unreachable"]
    verdicts = {host: row.get("verdict") for host, row in done.results.items()}
    assert [host for host, verdict in verdicts.items() if verdict == "blocked"] == [
        "huge-01",
        "luks-01",
        "arm-01",
        "win-01",
    ]
    assert len(done.results["huge-01"]["reasons"]) == 2
    assert not any(row.get("changed") or row.get("failed") for row in done.results.values())


def test_the_facts_are_those_of_the_host(probe: Act) -> None:
    rows = probe("web-01", "db-01", "legacy-01", "twin-01").results
    for host in ("web-01", "db-01", "legacy-01"):
        facts = rows[host]["probe"]
        disks = [{"index": index, "bytes": disk.bytes} for index, disk in enumerate(KNOWN[host].disks)]
        assert rows[host]["disks"] == disks
        assert (facts["hostname"], facts["uid"], facts["root"]["disk"]) == (host, 0, "vda")
        assert facts["root"]["source"] == "/dev/vda1"
        assert facts["needs_root"] == []
    assert [mount["target"] for mount in rows["db-01"]["probe"]["mounts"]] == ["/", "/data/vdb", "/data/vdc"]
    assert all(mount["bytes"] for mount in rows["db-01"]["probe"]["mounts"])
    assert rows["legacy-01"]["probe"]["os"] == {
        "id": "centos",
        "version": "6.10",
        "name": "CentOS release 6.10 (Final)",
    }
    assert rows["legacy-01"]["probe"]["tools"]["python3"] is None
    prints = {host: row["probe"]["fingerprint"] for host, row in rows.items()}
    assert prints["twin-01"] == prints["web-01"]
    assert len(set(prints.values())) == 3


def test_nothing_is_left_on_the_host(bed: Bed, probe: Act) -> None:
    # What every login writes does not count.
    skipped = " ".join(f"-path {path} -prune -o" for path in ("/proc", "/sys", "/run", "/var/log"))
    listing = f"find / -xdev {skipped} -type f -exec ls -l {{}} + | sort | sha256sum"
    before = {host: ask(bed, host, listing) for host in ("legacy-01", "odd-01")}
    probe("legacy-01", "odd-01")
    assert {host: ask(bed, host, listing) for host in before} == before


def test_without_root_it_sees_less_and_says_so(probe: Act) -> None:
    row = probe("web-01", vars={"ansible_become": False}).results["web-01"]
    assert grave(row) == ["needs-root"]
    assert "dmi product_uuid" in row["findings"][0]["evidence"]
    assert row["verdict"] == "clear"
    assert row["probe"]["uid"] != 0


def test_selinux_and_an_encrypted_data_disk_are_found(bed: Bed, probe: Act) -> None:
    mapped = "/sys/block/dm-9"
    ask(bed, "db-01", "mkdir -p /sys/fs/selinux && echo 1 >/sys/fs/selinux/enforce")
    ask(bed, "db-01", f"mkdir -p {mapped}/dm {mapped}/slaves/vdc1 && echo 99 >{mapped}/size")
    ask(bed, "db-01", f"echo data >{mapped}/dm/name; echo CRYPT-LUKS2-x-data >{mapped}/dm/uuid")
    try:
        row = probe("db-01").results["db-01"]
    finally:
        ask(bed, "db-01", "rm -r /sys/fs/selinux /sys/block/dm-9")
    assert grave(row) == ["encrypted-disk", "selinux-enforcing"]
    assert row["findings"][0]["evidence"].startswith("vdc:")


def test_a_shell_that_ends_half_way_and_one_that_is_not_there(bed: Bed, probe: Act) -> None:
    ask(bed, "odd-01", "printf '#!/bin/sh\\nkill -9 $PPID\\n' >/usr/bin/df")
    row = probe("odd-01").results["odd-01"]
    assert [item["id"] for item in row["findings"]] == ["probe-incomplete"]
    assert (row["verdict"], row["probe"], row["disks"]) == ("blocked", {}, [])

    ask(bed, "odd-01", "mv /usr/bin/sh /usr/bin/sh.gone")
    row = probe("odd-01").results["odd-01"]
    assert [item["id"] for item in row["findings"]] == ["no-shell"]
    assert "/bin/sh" in row["findings"][0]["evidence"]
    assert not row.get("failed")


# ---- smc_agent ----
def test_the_life_of_a_client(bed: Bed, agent: Act) -> None:
    """Check, apply, repeat, break, apply, check, remove, repeat: on a sudoer's host and on a busybox, side by side."""
    hosts, both = ["web-01", "legacy-01"], "web-01:legacy-01"
    foreseen = agent(both, "--check", "--diff", **REGISTER).results
    for host in hosts:
        assert (foreseen[host]["changed"], foreseen[host]["steps"]) == (True, ["install", "register", "wait"])
        assert foreseen[host]["diff"]["after"]["installed"]
        assert ask(bed, host, "ls -d /smc 2>/dev/null || echo none") == "none"

    done = agent(both, "-vvv", "--diff", **REGISTER, environment={"https_proxy": "http://192.0.2.1:3128"})
    assert CODE not in done.output
    assert "sftp" not in done.output.replace("sftp_", "")
    first = done.results
    for host in hosts:
        _registered(bed, host, first[host])

    again = agent(both).results
    for host in hosts:
        assert (again[host]["changed"], again[host]["steps"]) == (False, [])
        assert again[host]["agent"] == first[host]["agent"]
        ask(bed, host, f"kill -9 {first[host]['agent']['pid']}")

    dead = agent(both).results
    for host in hosts:
        assert (dead[host]["changed"], dead[host]["steps"]) == (True, ["start", "wait"])
        assert dead[host]["source_id"] == "s-test1"
        assert alive(bed, host) == [str(dead[host]["agent"]["pid"])]

    foreseen = agent(both, "--check", state="absent").results
    assert all(foreseen[host]["changed"] and len(alive(bed, host)) == 1 for host in hosts)
    gone = agent(both, state="absent").results
    for host in hosts:
        assert (gone[host]["changed"], gone[host]["agent"]["installed"]) == (True, False)
        assert alive(bed, host) == []
        assert ask(bed, host, "ls -d /smc 2>/dev/null || echo none; cat /tmp/aborted") == "none\naborted"
    assert not any(row["changed"] for row in agent(both, state="absent").results.values())


def _registered(bed: Bed, host: str, row: dict[str, Any]) -> None:
    """The SSH session is over: the client lives, nobody could answer its question, and the code is nowhere."""
    assert (row["changed"], row["source_id"], row["agent"]["alive"]) == (True, "s-test1", True)
    assert row["diff"]["before"] == {"installed": False, "alive": False, "source_id": None, "bundle_sha256": None}
    assert row["diff"]["after"]["source_id"] == "s-test1"
    assert alive(bed, host) == [str(row["agent"]["pid"])]
    log = ask(bed, host, f"cat {DIR}/Logs/client.log")
    assert "nobody answered" in log
    assert "environment: http://192.0.2.1:3128" in log
    assert CODE not in ask(bed, host, f"cat {DIR}/Logs/processes {DIR}/user_config.json /smc/.edgelift/*")
    modes = ask(bed, host, f"ls -ld /smc /smc/.edgelift {DIR} {DIR}/user_config.json | cut -c1-10").split()
    assert modes == ["drwx------", "drwx------", "drwx------", "-rw-------"]
    assert ask(bed, host, f"ls -ln {DIR}/client_data | tr -s ' ' | cut -d' ' -f3") == "0"


def test_present_installs_and_does_not_start(bed: Bed, agent: Act) -> None:
    first = agent("legacy-01", state="present").results["legacy-01"]
    assert (first["changed"], first["agent"]["installed"], first["agent"]["alive"]) == (True, True, False)
    assert agent("legacy-01", state="present").results["legacy-01"]["changed"] is False
    refused = agent("legacy-01").results["legacy-01"]
    assert "access_token_id and access_token_code are needed" in refused["msg"]
    assert agent("legacy-01", **REGISTER).results["legacy-01"]["steps"] == ["register", "wait"]


def test_the_code_as_arguments_for_clients_that_read_no_config(bed: Bed, agent: Act) -> None:
    done = agent("legacy-01", "-vvv", **REGISTER, credentials_via="arguments", arguments=["--noenterkey"])
    assert done.results["legacy-01"]["source_id"] == "s-test1"
    assert CODE not in done.output
    seen = ask(bed, "legacy-01", f"cat {DIR}/Logs/processes")
    assert f"go2aliyun_client --noenterkey --accesstokenid=at-1 --accesstokencode={CODE}" in seen


def test_two_source_ids_are_an_error_with_both_and_force_begins_anew(agent: Act, tmp_path: Path) -> None:
    twice = make_bundle(tmp_path, CODE, "twice")
    row = agent("legacy-01", **REGISTER, src=str(twice.path), sha256=twice.sha256).results["legacy-01"]
    assert row["failed"]
    assert "s-test1 and s-test2" in row["msg"]
    row = agent("legacy-01", **REGISTER).results["legacy-01"]
    assert "s-test1 and s-test2" in row["msg"]
    row = agent("legacy-01", **REGISTER, force=True).results["legacy-01"]
    assert (row["source_id"], row["steps"]) == ("s-test1", ["remove", "install", "register", "wait"])


def test_a_client_that_ends_is_an_error_with_its_own_words(bed: Bed, agent: Act) -> None:
    done = agent("web-01", access_token_id="at-1", access_token_code="wrong-code")
    row = done.results["web-01"]
    assert row["failed"]
    assert "ended before it was ready" in row["msg"]
    assert "Error: no activation code" in row["msg"]
    assert "wrong-code" not in ask(bed, "web-01", f"cat {DIR}/user_config.json")
    assert agent("web-01", **REGISTER).results["web-01"]["steps"] == ["register", "wait"]


def test_a_client_that_will_not_end_is_killed(bed: Bed, agent: Act, tmp_path: Path) -> None:
    stubborn = make_bundle(tmp_path, CODE, "stubborn")
    agent("legacy-01", **REGISTER, src=str(stubborn.path), sha256=stubborn.sha256)
    assert len(alive(bed, "legacy-01")) == 1
    assert agent("legacy-01", state="absent").results["legacy-01"]["changed"]
    assert alive(bed, "legacy-01") == []


def test_a_wrong_checksum_touches_nothing(bed: Bed, agent: Act, bundle: ClientBundle) -> None:
    row = agent("web-01", **REGISTER, sha256="0" * 64).results["web-01"]
    assert row["failed"]
    assert f"has SHA-256 {bundle.sha256}, expected {'0' * 64}" in row["msg"]
    assert ask(bed, "web-01", "ls -d /smc 2>/dev/null || echo none") == "none"


def test_a_full_disk_is_said_and_nothing_of_the_client_stays(bed: Bed, agent: Act, tmp_path: Path) -> None:
    ask(bed, "web-01", "mkdir -p /tiny && mount -t tmpfs -o size=128k tiny /tiny")
    large = make_bundle(tmp_path, CODE, padding=GIB // 1024)
    options = {**REGISTER, "src": str(large.path), "sha256": large.sha256, "install_dir": "/tiny/smc"}
    row = agent("web-01", **options).results["web-01"]
    assert row["failed"]
    assert "No space left on device" in row["msg"]
    assert "/tiny/smc" in row["msg"]
    assert agent("web-01", state="absent", install_dir="/tiny/smc").results["web-01"]["changed"]
    assert ask(bed, "web-01", "ls -A /tiny; umount /tiny") == ""


def test_a_client_of_somebody_else_is_used_and_left(bed: Bed, agent: Act) -> None:
    agent("legacy-01", **REGISTER)
    ask(bed, "legacy-01", "rm -r /smc/.edgelift")
    row = agent("legacy-01").results["legacy-01"]
    assert (row["changed"], row["agent"]["ours"], row["source_id"]) == (False, False, "s-test1")
    row = agent("legacy-01", state="absent").results["legacy-01"]
    assert row["changed"] is False
    assert "was not installed by this collection" in row["msg"]
    assert len(alive(bed, "legacy-01")) == 1


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"sha256": "abc"}, "sha256 'abc' is not a SHA-256"),
        ({"access_token_id": "at-1"}, "access_token_code"),
        ({"state": "stopped"}, "state"),
    ],
)
def test_options_that_cannot_be_used_are_refused_by_name(agent: Act, options: dict[str, Any], problem: str) -> None:
    row = agent("legacy-01", **options).results["legacy-01"]
    assert row["failed"]
    assert problem in row["msg"]


def test_without_root_the_client_is_refused(bed: Bed, tmp_path: Path, bundle: ClientBundle) -> None:
    options = {"src": str(bundle.path), "sha256": bundle.sha256, **REGISTER}
    done = run_module(bed, tmp_path, ["web-01"], "smc_agent", options, vars={"ansible_become": False})
    assert "set become: true" in done.results["web-01"]["msg"]
