# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user without rights (nobody) attacks every script that runs as root on a source, with real processes and files."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import autostart, look, script
from support import PATIENCE
from support.attacks import CALLS, CLIENT, DIR, EVERY, EVIL, INSTALLED, PACKED, REMEDY, RESTORED, SAYS, records, told
from support.source import FOLDER, ClientBundle, ask, client_pids, make_bundle, run_moves
from support.wave_hosts import hosts_up
from testbed.hosts import Bed

pytestmark = pytest.mark.any_core

CODE = "Sup3r-Secret-Activation-Code"
REGISTER = {"access_token_id": "at-1", "access_token_code": CODE}
HOSTS = ["web-01", "legacy-01"]
"""A Debian with dash and coreutils, and a CentOS 6 of busybox alone."""

Moves = Callable[..., list[Any]]

# Processes that look like the client. A line break in the path of an executable forges a line of "ls -l /proc/*/exe".
FAKES = f"""
cd /tmp && rm -rf /tmp/fakes && mkdir -p /tmp/fakes && chown nobody /tmp/fakes
cp /bin/sleep /tmp/suid-sleep 2>/dev/null && [ ! -h /tmp/suid-sleep ] && chmod 4755 /tmp/suid-sleep
sleep 3333 </dev/null >/dev/null 2>&1 & victim=$!
cat >/tmp/fakes/run <<END
cd /tmp/fakes
bin=\\$(readlink -f /bin/sleep)
place="x
lrwxrwxrwx 1 root root 0 Jan 1 00:00 /proc/$victim/exe -> {DIR}"
mkdir -p "\\$place"
cp \\$bin "\\$place/sleep"
"\\$place/sleep" 3333 &
mkdir -p named
name=\\$(printf 'sleep\\\\nUid:\\\\t0')
cp \\$bin "named/\\$name"
case \\$bin in *busybox*) ;; *) (exec -a {DIR}/go2aliyun_client "named/\\$name" 3333) & ;; esac
(exec -a {DIR}/go2aliyun_client sleep 3333) &
(exec -a {DIR}/go2aliyun_client /tmp/suid-sleep 3333) &
sh -c 'sleep 3333; :' {DIR}/go2aliyun_client &
END
chown nobody /tmp/fakes/run
su -s SHELL nobody -c 'SHELL /tmp/fakes/run' </dev/null >/dev/null 2>&1
echo $victim
"""
RUNNING = "for p in /proc/[0-9]*; do tr '\\000\\n' '  ' <$p/cmdline; echo; done 2>/dev/null | grep -c '[3]333'"


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    with hosts_up(tmp_path_factory.mktemp("bed"), *HOSTS) as bed:
        yield bed


@pytest.fixture
def bundle(tmp_path: Path) -> ClientBundle:
    return make_bundle(tmp_path, CODE)


def as_nobody(bed: Bed, host: str, command: str) -> str:
    """What a command of the attacker prints; it may fail."""
    return ask(bed, host, f"su -s /bin/sh nobody -c {shlex.quote(command)} 2>&1 || :")


@pytest.fixture
def moves(bed: Bed, tmp_path: Path) -> Iterator[Callable[..., list[Any]]]:
    used: set[str] = set()

    def run(host: str, module: str, *rows: dict[str, Any] | str) -> list[Any]:
        used.add(host)
        return run_moves(bed, tmp_path, host, module, rows)

    yield run
    for host in used:
        for pid in client_pids(bed, host):
            ask(bed, host, f"kill -9 {pid} || :")
        ask(
            bed,
            host,
            "rm -rf /smc /tmp/aborted /etc/init.d/*edgelift* /etc/rc?.d/*edgelift* /tmp/fakes /var/lib/edgelift",
        )


@pytest.mark.parametrize("host", HOSTS)
def test_fake_processes_are_neither_seen_nor_killed(bed: Bed, moves: Moves, bundle: ClientBundle, host: str) -> None:
    """agent_state, agent_wait, agent_remove: executables, command lines and names are what the attacker chose."""
    given = {"src": str(bundle.path), "sha256": bundle.sha256}
    shell = "/bin/bash" if host == "web-01" else "/bin/sh"
    victim = ask(bed, host, FAKES.replace("SHELL", shell))
    fakes = ask(bed, host, RUNNING)
    assert int(fakes) >= (6 if host == "web-01" else 4), "the attack runs"
    started, seen, stopped, again, gone = moves(
        host, "smc_agent", {**given, **REGISTER}, given, {"state": "stopped"}, given, {"state": "absent"}
    )
    assert started["source_id"] == "s-test1"
    assert (seen["changed"], seen["agent"]["pid"]) == (False, started["agent"]["pid"])
    assert (stopped["agent"]["alive"], again["steps"]) == (False, ["start", "wait", "enable"])
    assert gone["agent"]["installed"] is False
    left = ask(bed, host, RUNNING)
    assert left == fakes
    assert ask(bed, host, f"tr '\\000' ' ' </proc/{victim}/cmdline") == "sleep 3333"


STATE, BOOT = ["agent_state"], ["agent_state", "agent_boot"]
REMOVE = ["agent_state", "agent_lock", "agent_boot", "agent_remove"]
JOURNAL = """
mkdir -p /var/lib/edgelift/remediation /tmp/mine; echo forged >/tmp/mine/copy; echo real >/etc/target
cd /var/lib/edgelift/remediation
printf 'rsync\\tkept\\t/etc/target\\t/tmp/mine/copy\\nrsync\\tmade\\t/etc/target\\n' >journal
"""
ATTACKS = {
    # what was done before: (scripts, command, preparation, what the refusal names)
    "agent_state: the folder is the attacker's": (STATE, "agent_state", "chown nobody /smc", "/smc belongs to uid"),
    "agent_state: the client is a link": (
        STATE,
        "agent_state",
        f"mv {DIR} /tmp/mine; ln -s /tmp/mine {DIR}",
        f"{DIR} is a symbolic link",
    ),
    "agent_state: the logs can be links": (
        STATE,
        "agent_state",
        f"chmod 777 {DIR}/Logs",
        f"change {DIR}/Logs (drwxrwxrwx)",
    ),
    "agent_install: the folder exists": (
        ["agent_state", "agent_lock", "agent_install"],
        "",
        (
            "rm -rf /smc; mkdir -m 777 /smc; chown nobody /smc; "
            "su -s /bin/sh nobody -c 'mkdir /smc/.edgelift; ln -s /etc/passwd /smc/.edgelift/payload'"
        ),
        "/smc belongs to uid",
    ),
    "agent_install: the folder leads elsewhere": (
        ["agent_state", "agent_lock", "agent_install"],
        "",
        "rm -rf /smc; mkdir -m 777 /tmp/mine; ln -s /tmp/mine /smc",
        "other users can create files in /tmp",
    ),
    "agent_start: a program of the client is the attacker's": (
        ["agent_state", "agent_lock", "agent_start"],
        "agent_start",
        f"echo >{DIR}/go2aliyun_helper; chmod 666 {DIR}/go2aliyun_helper",
        f"other users can change {DIR}/go2aliyun_helper",
    ),
    "agent_start: the folder above can be changed": (
        ["agent_state", "agent_lock", "agent_start"],
        "agent_start",
        "chmod 775 /smc",
        "other users can change /smc (drwxrwxr-x)",
    ),
    "agent_scrub: the configuration is the attacker's": (
        ["agent_state", "agent_scrub"],
        f"agent_scrub {DIR}",
        f"chown nobody {DIR}/user_config.json",
        f"{DIR}/user_config.json belongs to uid",
    ),
    "agent_boot: what starts with the host can be changed": (
        BOOT,
        "agent_boot_on",
        "mkdir -p /etc/init.d /etc/rc3.d; chmod 777 /etc/init.d",
        "other users can change /etc/init.d",
    ),
    "agent_boot: the record of files to remove is the attacker's": (
        BOOT,
        "agent_boot_off",
        "echo 'file /etc/passwd' >/smc/.edgelift/boot; chown nobody /smc/.edgelift/boot",
        "/smc/.edgelift/boot belongs to uid",
    ),
    "agent_remove: another folder is named": (
        REMOVE,
        f"agent_remove {DIR}/../../etc",
        "",
        "is not a folder of the client",
    ),
    "agent_remove: a folder in it is the attacker's": (
        REMOVE,
        f"agent_remove {DIR}",
        (
            f"chmod 755 {DIR}; mkdir -m 777 {DIR}/Check; "
            f"su -s /bin/sh nobody -c 'ln -s /etc {DIR}/Check/etc; mkdir {DIR}/Check/x'"
        ),
        f"other users can change {DIR}/Check",
    ),
    "agent_wait: a log is a link to a secret": (
        ["agent_state", "agent_wait"],
        "agent_wait",
        f"chmod 777 {DIR}/Logs; su -s /bin/sh nobody -c 'ln -s /etc/shadow {DIR}/Logs/x'",
        f"other users can change {DIR}/Logs",
    ),
    "remedy_look: the folder of the copies is the attacker's": (
        ["remedy_look"],
        "remedy_look",
        JOURNAL + "chown nobody /var/lib/edgelift",
        "/var/lib/edgelift belongs to uid",
    ),
    "remedy_do: the folder of the copies can be changed": (
        ["remedy_look", "remedy_do"],
        "remedy_do rsync",
        JOURNAL + "chmod 777 /var/lib/edgelift/remediation",
        "other users can change /var/lib/edgelift/remediation",
    ),
    "remedy_do: the file to fix can be replaced": (
        ["remedy_look", "remedy_do"],
        "remedy_do selinux",
        "mkdir -p /etc/selinux; echo SELINUX=enforcing >/etc/selinux/config; chmod 777 /etc/selinux",
        "other users can change /etc/selinux",
    ),
    "remedy_undo: the journal is the attacker's": (
        ["remedy_look", "remedy_undo"],
        "remedy_undo",
        JOURNAL + "chown nobody /var/lib/edgelift/remediation/journal",
        "/var/lib/edgelift/remediation/journal belongs to uid",
    ),
}


@pytest.mark.parametrize("host", HOSTS)
def test_what_others_can_change_is_refused_and_left_as_it_is(bed: Bed, host: str) -> None:
    found = "find /smc /tmp/mine /etc /var/lib/edgelift ! -type d ! -name start"
    listing = f"{{ {found}; {found} -type f -exec md5sum {{}} +; }} 2>/dev/null | sort"
    for name, (pieces, command, prepared, reason) in ATTACKS.items():
        ask(bed, host, f"{RESTORED}\n{INSTALLED}\n{prepared}")
        before = ask(bed, host, listing)
        values = {
            **CLIENT,
            **REMEDY,
            "BOOT_NAME": autostart.NAME,
            "DIGEST": "0",
            "START": "x",
            "UNIT": "x",
            "INIT": "x",
        }
        rows = records(bed, host, pieces, command, values)
        said = [*told(rows, "failed"), *told(rows, "agent-unsafe")]
        if reason is None:
            assert said == [], name
        else:
            assert reason in " ".join(said), (name, said, rows)
            assert ask(bed, host, listing) == before, name
        assert "root:" not in str(rows), name
        assert ask(bed, host, "cat /tmp/ran 2>/dev/null || echo none") == "none", name
    ask(bed, host, RESTORED)


@pytest.mark.parametrize("host", HOSTS)
def test_programs_in_a_folder_of_another_user_are_not_run(bed: Bed, host: str) -> None:
    """Every script, with the attacker's folder first in the login PATH, and its working directory there."""
    # The last one is no script of a session: remedy_net writes it to a file.
    always = {"trust", "guard", "prelude", "dhcp_fallback"}
    assert set(EVERY) == {path.stem for path in Path(script.__file__).parent.glob("*.sh")} - always
    size, digest = ask(bed, host, f"{RESTORED}\n{INSTALLED}\n{PACKED}").split()[:2]
    ask(bed, host, f"rm -f /tmp/ran /tmp/evil-ran\n{EVIL}")
    values = {**CLIENT, **REMEDY, **look.values("/smc", ["127.0.0.1:1"], 1), "FAULTS": "rsync selinux virtio dhcp"}
    values |= {"PAYLOAD_SIZE": size, "PAYLOAD_SHA256": digest}
    values |= {"BOOT_NAME": autostart.NAME, "DIGEST": "0", "START": "x", "UNIT": "x", "INIT": "x"}
    before = "cd /tmp/evil; PATH=/tmp/evil:.:../tmp/evil:$PATH; export PATH"
    rows = records(bed, host, EVERY, CALLS, values, before)
    assert [piece for piece, key in SAYS.items() if not told(rows, key)] == []
    assert told(rows, "failed") == []
    assert told(rows, "agent-code") == [DIR], "agent_install left one, agent_scrub none"
    wait = "for i in 1 2 3 4 5 6 7 8 9; do [ -e /tmp/ran ] || sleep 1; done; cat /tmp/ran"
    assert ask(bed, host, wait) == f"{DIR}/go2aliyun_client", "agent_start"
    left = "for path in /smc /var/lib/edgelift; do [ ! -e $path ] || echo $path; done; cat /etc/selinux/config"
    assert ask(bed, host, left) == "SELINUX=enforcing", "agent_remove, remedy_undo"
    # As the probe runs on a source: under its guard.
    guarded = records(bed, host, list(look.PIECES), look.COMMAND, values, before, seconds=int(PATIENCE))
    assert guarded != []
    assert "/tmp/evil" not in str([*rows, *guarded])
    assert ask(bed, host, "cat /tmp/evil-ran 2>/dev/null || echo none") == "none"
    ask(bed, host, f"rm -rf /tmp/evil; {RESTORED}")


NAMES = """
place=$(printf '/mnt/x\\nuid\\t77\\nagent-pid\\t/x\\t1')
mkdir -p "$place" /home/db2inst1 && mount -t tmpfs /dev/vdb9 "$place"
chown nobody /home/db2inst1
su -s /bin/sh nobody -c 'cd /home/db2inst1; mkfifo pipe; ln -s pipe a; mkdir "$(printf "b\\nuid\\t77")"'
program=$(printf '/tmp/sleep\\nmysqld'); bin=$(readlink -f /bin/sleep)
cp "$bin" "$program"; chmod 755 "$program"
# A busybox runs nothing by this name.
case $bin in *busybox*) ;; *) su -s /bin/sh nobody -c "'$program' 3333" </dev/null >/dev/null 2>&1 & ;; esac
"""
NAMED = "for p in /proc/[0-9]*; do case $(cat $p/comm 2>/dev/null) in *mysqld) echo ${p#/proc/} ;; esac; done"


@pytest.mark.parametrize("host", HOSTS)
def test_names_with_line_breaks_forge_no_record_of_a_probe(bed: Bed, host: str) -> None:
    """probe, probe_disks, probe_boot, probe_egress: mounts, files of a database folder, processes."""
    ask(bed, host, NAMES)
    wait = f'for i in 1 2 3 4 5 6 7 8 9; do [ -n "$({NAMED})" ] || sleep 1; done; {NAMED}'
    running = ask(bed, host, wait if host == "web-01" else NAMED).split()
    assert len(running) == (1 if host == "web-01" else 0)
    rows = records(bed, host, list(look.PIECES), look.COMMAND, look.values("/smc", ["127.0.0.1:1"], 1))
    assert told(rows, "uid") == ["0"]
    assert told(rows, "agent-pid") == []
    assert "mysqld" not in told(rows, "process")
    assert "/home/db2inst1 1" in told(rows, "path")
    assert any("/mnt/x" in row for row in told(rows, "mount"))
    ask(
        bed,
        host,
        "".join(f"kill -9 {pid}; " for pid in running)
        + "umount -l /mnt/x* 2>/dev/null; rm -rf /home/db2inst1 /tmp/sleep*",
    )


RACE = f"""
while [ ! -e /tmp/race-over ]; do
    for file in /smc /smc/.edgelift /smc/.edgelift/new /smc/{FOLDER} /tmp/x; do
        mkdir $file; ln -s /etc/passwd $file/payload; ln -s /etc/passwd $file/user_config.json
        ln -s /etc/passwd $file/console.log; ln -s /etc/passwd $file/start; chmod 777 $file
    done 2>/dev/null
done
"""


@pytest.mark.parametrize("host", [pytest.param("web-01", marks=pytest.mark.long), "legacy-01"])
def test_an_attacker_who_creates_the_same_names_meanwhile_gets_none(
    bed: Bed, moves: Moves, tmp_path: Path, host: str
) -> None:
    """The umask of the login is 000, and the bundle has files that everybody may write and that run as their owner."""
    loose = make_bundle(tmp_path, CODE, modes={"go2aliyun_client": 0o6777, "Mode": 0o666, "Code": 0o666})
    given = {"src": str(loose.path), "sha256": loose.sha256, **REGISTER}
    passwd = ask(bed, host, "md5sum </etc/passwd")
    ask(
        bed,
        host,
        f"rm -rf /tmp/race-over; cat >/tmp/race <<'END'\n{RACE}\nEND\n"
        "su -s /bin/sh nobody -c 'sh /tmp/race' </dev/null >/dev/null 2>&1 &",
    )
    try:
        [first, gone, again] = moves(host, "smc_agent", given, {"state": "absent"}, given)
        loose_files = ask(
            bed, host, "find /smc ! -type l ! -user 0 -o ! -type l -perm -002 -o ! -type l -perm -020 -o -perm -4000"
        )
        links = ask(bed, host, "find /smc -type l")
        modes = ask(bed, host, f"ls -ldn /smc /smc/.edgelift {DIR} | cut -c1-10 | tr '\\n' ' '")
    finally:
        ask(bed, host, "touch /tmp/race-over")
    assert (first["source_id"], gone["agent"]["installed"], again["source_id"]) == ("s-test1", False, "s-test1")
    assert (loose_files, links) == ("", "")
    assert set(modes.split()) == {"drwx------"}
    assert ask(bed, host, "md5sum </etc/passwd") == passwd


@pytest.mark.parametrize("host", HOSTS)
def test_a_command_line_of_another_user_does_not_keep_the_client_from_starting(bed: Bed, host: str) -> None:
    """The script that starts it after a restart of the host, and a folder that was opened since."""
    made = autostart.make_boot("/smc", [], {})
    ask(
        bed,
        host,
        f"{RESTORED}\n{INSTALLED}\nrm -f /tmp/ran\ncat >/smc/.edgelift/start <<'END'\n{made.start}\nEND\n"
        "chmod 700 /smc/.edgelift/start",
    )
    ask(
        bed,
        host,
        f"su -s /bin/sh nobody -c 'sh -c \"sleep 60; :\" {DIR}/go2aliyun_client' </dev/null >/dev/null 2>&1 &",
    )
    ask(bed, host, "chmod 777 /smc; /smc/.edgelift/start 2>/tmp/said || :")
    assert "other users can change /smc" in ask(bed, host, "cat /tmp/said")
    ask(
        bed,
        host,
        "chmod 755 /smc; cd /; /smc/.edgelift/start; for i in 1 2 3 4 5 6 7 8 9; do [ -e /tmp/ran ] || sleep 1; done",
    )
    assert ask(bed, host, "cat /tmp/ran") == f"{DIR}/go2aliyun_client"
    ask(bed, host, f"{RESTORED}; rm -f /tmp/ran /tmp/said")
