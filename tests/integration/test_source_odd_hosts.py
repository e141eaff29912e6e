# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that are odd, each in one way, beside one that is not: each gets its own verdict, and the others continue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import PATIENCE
from support.source import FOLDER, ClientBundle, Played, ask, make_bundle, run_module
from support.wave_hosts import hosts_up
from testbed.fleet import GIB
from testbed.hosts import Bed

pytestmark = pytest.mark.any_core

CODE = "Sup3r-Secret-Activation-Code"
PASSWORD = "correct horse"
NOISE = "echo hello; echo 'EDGELIFT-0123456789abcdef BEGIN'; printf 'uid\\\\t77\\\\n'; echo oops >&2"
SUDOERS = (
    "printf 'ops ALL=(ALL) ALL\\nops ALL=(ALL) NOPASSWD: /usr/bin/sh -s\\n' >/etc/sudoers.d/ops; "
    f"echo 'ops:{PASSWORD}' | chpasswd"
)
# A program of the host that answers in German unless it is asked in the C locale.
GERMAN = """
printf 'export LANG=de_DE.UTF-8 LANGUAGE=de LC_ALL=de_DE.UTF-8\\n' >/home/ops/.bashrc
mv /usr/bin/df /usr/bin/df.real
printf '#!/bin/sh\\n[ "$LC_ALL" = C ] || { echo Dateisystem; exit; }\\nexec df.real "$@"\\n' >/usr/bin/df
chmod 755 /usr/bin/df
"""
# Unpacking the bundle kills the SSH session that it runs in, as a line that is cut does.
CUT = """
mv /usr/bin/gzip /usr/bin/gzip.real
cat >/usr/bin/gzip <<'END'
#!/bin/sh
for file in /proc/[0-9]*/cmdline; do
    case $(tr '\\000' ' ' <$file 2>/dev/null) in "sshd: ops"*) kill -9 $(echo $file | cut -d/ -f3) ;; esac
done
END
chmod 755 /usr/bin/gzip
"""
ODD = {
    "plain-01": "",
    "banner-01": "echo 'Authorized use only' >/etc/issue.net; cp /etc/issue.net /etc/motd; "
    "echo 'Banner /etc/issue.net' >>/etc/ssh/sshd_config; kill -HUP 1",
    "noisy-01": f"printf '{NOISE}\\n' >/home/ops/.bashrc; cp /home/ops/.bashrc /home/ops/.profile",
    "german-01": GERMAN,
    "sudo-01": SUDOERS,
    "locked-01": SUDOERS,
    "rotmp-01": "mount -t tmpfs -o ro none /tmp; mount -t tmpfs -o ro none /var/tmp",
    "noexec-01": "mount -t tmpfs -o noexec none /tmp",
    "noexec-02": "mkdir /smc; mount -t tmpfs -o noexec,mode=0755 none /smc",
    "full-01": "mkdir /smc; mount -t tmpfs -o size=128k,mode=0755 none /smc",
    "rodisk-01": "mkdir /smc; mount -t tmpfs -o ro,mode=0755 none /smc",
    "cut-01": CUT,
    "off-01": None,
}
FINE = ["plain-01", "banner-01", "noisy-01", "german-01", "sudo-01", "rotmp-01", "noexec-01"]
FAILED = {
    "noexec-02": "ended before it had registered. The end of its log: .*Permission denied",
    "full-01": "No space left on device",
    "rodisk-01": r"cannot write /smc/.edgelift/payload\S*: .*Read-only file system",
    "locked-01": "(?i)password",
}
AWAY = ["cut-01", "off-01"]


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    with hosts_up(tmp_path_factory.mktemp("bed"), *ODD, broken={"off-01": ["down"]}) as bed:
        for host, command in ODD.items():
            if command:
                ask(bed, host, command)
        yield bed


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> ClientBundle:
    return make_bundle(tmp_path_factory.mktemp("bundle"), CODE, padding=GIB // 1024 // 4)


def run(bed: Bed, folder: Path, hosts: list[str], module: str, **options: Any) -> Played:
    passwords = {"sudo-01": PASSWORD}
    given = {"passwords": passwords, "ansible_become_password": "{{ passwords[inventory_hostname] | default('') }}"}
    return run_module(bed, folder, hosts, module, options, vars=given)


def test_the_probe_sees_through_what_a_host_says_around_it(bed: Bed, tmp_path: Path) -> None:
    rows = run(bed, tmp_path, list(ODD), "source_probe").results
    assert rows["off-01"]["unreachable"]
    assert [host for host, row in rows.items() if row.get("unreachable")] == ["off-01"]
    seen = {host: row["verdict"] for host, row in rows.items() if "verdict" in row}
    assert {host for host, verdict in seen.items() if verdict == "clear"} == set(ODD) - {"off-01", "locked-01"}
    assert {rows[host]["probe"]["hostname"] for host in FINE} == set(FINE)
    assert {rows[host]["probe"]["uid"] for host in FINE} == {0}
    assert all(mount["used_bytes"] for mount in rows["german-01"]["probe"]["mounts"] if mount["target"] == "/")
    assert "password" in str(rows["locked-01"]).lower()


def test_each_host_gets_its_own_verdict_and_the_others_their_client(
    bed: Bed, tmp_path: Path, bundle: ClientBundle
) -> None:
    options = {"src": str(bundle.path), "sha256": bundle.sha256, "start_timeout": int(PATIENCE)}
    options |= {"access_token_id": "at-1", "access_token_code": CODE}
    rows = run(bed, tmp_path, list(ODD), "smc_agent", **options).results
    assert {host: row.get("source_id") for host, row in rows.items() if not row.get("failed")} == {
        **dict.fromkeys(FINE, "s-test1"),
        **dict.fromkeys(AWAY),
    }
    assert [host for host, row in rows.items() if row.get("unreachable")] == AWAY
    for host, reason in FAILED.items():
        assert rows[host]["failed"]
        assert re.search(reason, rows[host]["msg"])

    # The connection works again: the next run continues where the last one stopped.
    left = ask(bed, "cut-01", f"ls -d /smc/{FOLDER} 2>/dev/null || echo none; mv /usr/bin/gzip.real /usr/bin/gzip")
    assert left == "none"
    row = run(bed, tmp_path, ["cut-01"], "smc_agent", **options).results["cut-01"]
    assert (row["source_id"], row["steps"]) == ("s-test1", ["install", "register", "wait", "enable"])
    assert ask(bed, "cut-01", "ls -A /smc/.edgelift | tr '\\n' ' '") == "boot bundle console.log start started"
