# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""source_probe and smc_agent on hosts behind real SSH: sudoers with a noisy shell, and a busybox without Python."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support import PATIENCE
from support.source import FOLDER, ClientBundle, Played, ask, client_pids, make_bundle, run_module, run_moves
from support.wave_hosts import hosts_up
from testbed.fleet import GIB, KNOWN
from testbed.hosts import Bed

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
Moves = Callable[..., list[Any]]


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    with hosts_up(tmp_path_factory.mktemp("bed"), *NAMES, broken=BROKEN) as bed:
        # A shell that prints and speaks another language is the normal case here, not a separate case.
        ask(bed, "web-01", f"cat >/home/ops/.bashrc <<'END'\n{NOISE}\nEND")
        yield bed


@pytest.fixture
def probe(bed: Bed, tmp_path: Path) -> Act:
    def run(*hosts: str, **task: Any) -> Played:
        return run_module(bed, tmp_path, list(hosts), "source_probe", {}, **task)

    return run


@pytest.fixture
def bundle(tmp_path: Path) -> ClientBundle:
    return make_bundle(tmp_path, CODE)


@pytest.fixture
def given(bundle: ClientBundle) -> dict[str, Any]:
    """The options of smc_agent that a test says only where they are its subject; None takes one of them away."""
    return {"src": str(bundle.path), "sha256": bundle.sha256, "start_timeout": int(PATIENCE)}


@pytest.fixture
def used(bed: Bed) -> Iterator[set[str]]:
    """The hosts of a test that may have a client; they have none afterwards."""
    hosts: set[str] = set()
    yield hosts
    for host in hosts:
        for pid in client_pids(bed, host):
            ask(bed, host, f"kill -9 {pid}")
        ask(bed, host, "rm -rf /smc /tmp/aborted /etc/init.d/*edgelift* /etc/rc?.d/*edgelift*")


@pytest.fixture
def agent(bed: Bed, tmp_path: Path, given: dict[str, Any], used: set[str]) -> Act:
    def run(hosts: str, *words: str, **options: Any) -> Played:
        used.update(hosts.split(":"))
        return run_module(bed, tmp_path, hosts.split(":"), "smc_agent", {**given, **options}, *words)

    return run


@pytest.fixture
def moves(bed: Bed, tmp_path: Path, given: dict[str, Any], used: set[str]) -> Moves:
    def run(host: str, *rows: dict[str, Any] | str) -> list[Any]:
        used.add(host)
        whole = [
            row if isinstance(row, str) else {key: value for key, value in (given | row).items() if value is not None}
            for row in rows
        ]
        return run_moves(bed, tmp_path, host, "smc_agent", whole)

    return run


PROXY = {"environment": {"https_proxy": "http://192.0.2.1:3128"}}
# Notes every command line and environment, and the files that hold the code, as long as /run/watch is there.
WATCH = f"""
umask 077
echo {CODE} >/run/code
cat >/run/watch <<'END'
while [ -e /run/watch ]; do
    cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\000' ' '
    grep -rlFf /run/code /smc /tmp /var/tmp /var/log /root /home /etc 2>/dev/null | while read -r file; do
        # What is gone by now has no mode any more; the next round sees it if it comes back.
        mode=$(ls -l "$file" 2>/dev/null | cut -c1-10)
        [ -z "$mode" ] || echo "$mode $file" >>/run/holding
    done
done >>/run/commands 2>/dev/null
: >/run/watched
END
setsid sh /run/watch </dev/null >/dev/null 2>&1 &
"""
REGISTER = {"access_token_id": "at-1", "access_token_code": CODE}


NO_KERNEL = "kernel-elsewhere"


def grave(row: dict[str, Any]) -> list[str]:
    """The ids of the findings of one host that are more than notes, without those of this machine.

    The bed has no kernel, and while this machine is busy, its hosts have a high load.
    """
    ids = [item["id"] for item in row.get("findings", []) if item["severity"] != "note"]
    return [name for name in ids if name not in (NO_KERNEL, "low-cpu")]


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
    lacking = {host for host, row in done.results.items() if NO_KERNEL in str(row.get("findings"))}
    assert lacking == set(NAMES) - {"win-01", "off-01"}
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


def test_without_root_it_sees_less_and_reports_that(probe: Act) -> None:
    row = probe("web-01", vars={"ansible_become": False}).results["web-01"]
    assert grave(row) == ["needs-root"]
    evidence = {item["id"]: item["evidence"] for item in row["findings"]}
    assert "dmi product_uuid" in evidence["needs-root"]
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


def test_a_shell_that_ends_half_way_and_one_that_is_not_there(bed: Bed, tmp_path: Path) -> None:
    ask(bed, "odd-01", "printf '#!/bin/sh\\nkill -9 $PPID\\n' >/usr/bin/df")
    [step] = run_moves(bed, tmp_path, "odd-01", "source_probe", [{}])
    assert "probe-expired" in [item["id"] for item in step["findings"]]
    assert step["disks"] != []
    # The step is a process of the shell that runs the script.
    ask(bed, "odd-01", "printf '#!/bin/sh\\nread a b c over d </proc/$PPID/stat; kill -9 $over\\n' >/usr/bin/df")
    half, _moved, none = run_moves(bed, tmp_path, "odd-01", "source_probe", [{}, "mv /usr/bin/sh /usr/bin/sh.gone", {}])
    assert [item["id"] for item in half["findings"]] == ["probe-incomplete"]
    assert (half["verdict"], half["probe"], half["disks"]) == ("blocked", {}, [])
    assert [item["id"] for item in none["findings"]] == ["no-shell"]
    assert "/bin/sh" in none["findings"][0]["evidence"]
    assert not none.get("failed")


# ---- smc_agent ----
def test_the_life_of_a_client(bed: Bed, agent: Act) -> None:
    """Check, apply, repeat, break, apply, check, remove, repeat: on a sudoer's host and on a busybox, side by side."""
    hosts, both = ["web-01", "legacy-01"], "web-01:legacy-01"
    foreseen = agent(both, "--check", "--diff", **REGISTER).results
    for host in hosts:
        assert (foreseen[host]["changed"], foreseen[host]["steps"]) == (True, ["install", "register", "wait", "enable"])
        assert foreseen[host]["diff"]["after"]["installed"]
        assert ask(bed, host, "ls -d /smc 2>/dev/null || echo none") == "none"

    for host in hosts:
        ask(bed, host, WATCH)
    done = agent(both, "-vvv", "--diff", **REGISTER, **PROXY)
    assert CODE not in done.output
    assert "sftp" not in done.output.replace("sftp_", "")
    first = done.results
    for host in hosts:
        _registered(bed, host, first[host])

    assert (first["web-01"]["agent"]["start_on_boot"], first["web-01"].get("warnings")) == ("init.d", None)
    assert "does not start after a restart of this host" in first["legacy-01"]["warnings"][0]

    again = agent(both, **PROXY).results
    for host in hosts:
        assert (again[host]["changed"], again[host]["steps"]) == (False, [])
        assert again[host]["agent"] == first[host]["agent"]
        ask(bed, host, f"kill -9 {first[host]['agent']['pid']}")

    dead = agent(both, **PROXY).results
    for host in hosts:
        assert (dead[host]["changed"], dead[host]["steps"]) == (True, ["start", "wait"])
        assert dead[host]["source_id"] == "s-test1"
        assert client_pids(bed, host) == [str(dead[host]["agent"]["pid"])]

    foreseen = agent(both, "--check", state="absent").results
    assert all(foreseen[host]["changed"] and len(client_pids(bed, host)) == 1 for host in hosts)
    gone = agent(both, state="absent").results
    for host in hosts:
        assert (gone[host]["changed"], gone[host]["agent"]["installed"]) == (True, False)
        assert client_pids(bed, host) == []
        assert ask(bed, host, "ls -d /smc 2>/dev/null || echo none; cat /tmp/aborted") == "none\naborted"
        assert ask(bed, host, "find /etc /run /root /home /tmp /var/tmp | grep -e edgelift -e [.]ansible || :") == ""
    assert not any(row["changed"] for row in agent(both, state="absent").results.values())


def _registered(bed: Bed, host: str, row: dict[str, Any]) -> None:
    """The SSH session is over: the client runs, its question got no answer, and the code is nowhere."""
    assert (row["changed"], row["source_id"], row["agent"]["alive"]) == (True, "s-test1", True)
    nothing = {"installed": False, "alive": False, "source_id": None, "bundle_sha256": None, "start_on_boot": False}
    assert row["diff"]["before"] == nothing
    assert row["diff"]["after"]["source_id"] == "s-test1"
    assert client_pids(bed, host) == [str(row["agent"]["pid"])]
    log = ask(bed, host, f"cat {DIR}/Logs/client.log")
    assert "nobody answered" in log
    assert "environment: http://192.0.2.1:3128" in log
    assert CODE not in ask(bed, host, f"cat {DIR}/Logs/processes {DIR}/user_config.json /smc/.edgelift/*")
    # While it started, the code was on no command line, in no environment, and in one file that root alone may read.
    ask(bed, host, "rm /run/watch; until [ -e /run/watched ]; do sleep 0.1; done")
    commands, holding = ask(bed, host, "cat /run/commands; echo --; sort -u /run/holding").split("--\n")
    assert "go2aliyun_client" in commands
    assert CODE not in commands
    # The file is written beside itself, under its name and the number of the process, and then renamed.
    assert {re.sub(r"[.][0-9]+$", "", line) for line in holding.splitlines() if not line.endswith("/Code")} == {
        f"-rw------- {DIR}/user_config.json"
    }
    modes = ask(bed, host, f"ls -ld /smc /smc/.edgelift {DIR} {DIR}/user_config.json | cut -c1-10").split()
    assert modes == ["drwx------", "drwx------", "drwx------", "-rw-------"]
    assert ask(bed, host, f"ls -ln {DIR}/client_data | tr -s ' ' | cut -d' ' -f3") == "0"


def test_present_installs_and_does_not_start(moves: Moves) -> None:
    present = {"state": "present"}
    first, again, refused, started = moves("legacy-01", present, present, {}, REGISTER)
    assert (first["changed"], first["agent"]["installed"], first["agent"]["alive"]) == (True, True, False)
    assert again["changed"] is False
    assert "access_token_id and access_token_code are required" in refused["msg"]
    assert started["steps"] == ["register", "wait", "enable"]


def test_the_code_as_arguments_for_clients_that_read_no_config(bed: Bed, agent: Act) -> None:
    done = agent(
        "legacy-01",
        "-vvv",
        **REGISTER,
        credentials_via="arguments",
        allow_visible_code=True,
        arguments=["--noenterkey"],
    )
    assert done.results["legacy-01"]["source_id"] == "s-test1"
    assert CODE not in done.output
    seen = ask(bed, "legacy-01", f"cat {DIR}/Logs/processes")
    assert f"go2aliyun_client --noenterkey --accesstokenid=at-1 --accesstokencode={CODE}" in seen


def test_two_source_ids_are_an_error_with_both_and_force_starts_again(moves: Moves, tmp_path: Path) -> None:
    twice = make_bundle(tmp_path, CODE, "twice")
    first, again, forced = moves(
        "legacy-01",
        {**REGISTER, "src": str(twice.path), "sha256": twice.sha256},
        REGISTER,
        {**REGISTER, "force": True},
    )
    assert first["failed"]
    assert "s-test1 and s-test2" in first["msg"]
    assert "s-test1 and s-test2" in again["msg"]
    assert (forced["source_id"], forced["steps"]) == ("s-test1", ["remove", "install", "register", "wait", "enable"])


def test_a_client_that_ends_is_an_error_with_its_own_words(moves: Moves) -> None:
    wrong = {"access_token_id": "at-1", "access_token_code": "wrong-code"}
    row, config, started = moves("web-01", wrong, f"cat {DIR}/user_config.json", REGISTER)
    assert row["failed"]
    assert "ended before it had registered" in row["msg"]
    assert "Error: no activation code" in row["msg"]
    assert "secret_key" in config
    assert "wrong-code" not in config
    assert started["steps"] == ["register", "wait", "enable"]


@pytest.mark.long
@pytest.mark.any_core
def test_a_client_that_will_not_end_is_killed(bed: Bed, agent: Act, tmp_path: Path) -> None:
    stubborn = make_bundle(tmp_path, CODE, "stubborn")
    agent("legacy-01", **REGISTER, src=str(stubborn.path), sha256=stubborn.sha256)
    assert len(client_pids(bed, "legacy-01")) == 1
    assert agent("legacy-01", state="absent").results["legacy-01"]["changed"]
    assert client_pids(bed, "legacy-01") == []


def test_a_wrong_checksum_touches_nothing(bed: Bed, agent: Act, bundle: ClientBundle) -> None:
    row = agent("web-01", **REGISTER, sha256="0" * 64).results["web-01"]
    assert row["failed"]
    assert f"its SHA-256 is {bundle.sha256}, expected {'0' * 64}" in row["msg"]
    assert ask(bed, "web-01", "ls -d /smc 2>/dev/null || echo none") == "none"


def test_a_full_disk_is_said_and_nothing_of_the_client_stays(bed: Bed, moves: Moves, tmp_path: Path) -> None:
    ask(bed, "web-01", "mkdir -p /tiny && mount -t tmpfs -o size=128k,mode=0755 tiny /tiny")
    large = make_bundle(tmp_path, CODE, padding=GIB // 1024)
    options = {**REGISTER, "src": str(large.path), "sha256": large.sha256, "install_dir": "/tiny/smc"}
    row, gone = moves("web-01", options, {"state": "absent", "install_dir": "/tiny/smc"})
    assert row["failed"]
    assert "No space left on device" in row["msg"]
    assert "/tiny/smc" in row["msg"]
    assert gone["changed"]
    assert ask(bed, "web-01", "ls -A /tiny; umount /tiny") == ""


def test_a_client_of_another_owner_is_used_and_kept(bed: Bed, moves: Moves) -> None:
    _ours, _forgotten, found, kept = moves("legacy-01", REGISTER, "rm -r /smc/.edgelift", {}, {"state": "absent"})
    assert (found["changed"], found["agent"]["ours"], found["source_id"]) == (False, False, "s-test1")
    assert kept["changed"] is False
    assert "was not installed by this collection" in kept["msg"]
    assert len(client_pids(bed, "legacy-01")) == 1


def test_options_that_cannot_be_used_are_refused_by_name(moves: Moves) -> None:
    unusable: list[tuple[dict[str, Any], str]] = [
        ({"sha256": "abc"}, "sha256 'abc' is not a SHA-256"),
        ({"access_token_id": "at-1"}, "access_token_code"),
        ({"state": "restarted"}, "state"),
        ({"src": None}, "state is started but any of the following are missing: src, url"),
    ]
    rows = moves("legacy-01", *(options for options, _problem in unusable))
    for (options, problem), row in zip(unusable, rows, strict=True):
        assert row["failed"], options
        assert problem in row["msg"], options


def test_without_root_the_client_is_refused(bed: Bed, tmp_path: Path, bundle: ClientBundle) -> None:
    options = {"src": str(bundle.path), "sha256": bundle.sha256, **REGISTER}
    done = run_module(bed, tmp_path, ["web-01"], "smc_agent", options, vars={"ansible_become": False})
    assert "Set become: true" in done.results["web-01"]["msg"]
