# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts on which something never answers, beside one that works: each has its facts, and the finding names what it is.

Reports: "Gathering facts hangs when an NFS mount is inaccessible" (https://github.com/ansible/ansible/issues/25046) and
"Ansible hangs forever while executing playbook" (https://github.com/ansible/ansible/issues/30411, sshfs).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.source import ask, run_module
from support.wave_hosts import hosts_up
from testbed.hosts import Bed

pytestmark = pytest.mark.any_core

# A FUSE mount whose daemon reads nothing, where a database and a licence lie, the latter behind a link.
STUCK = """
mkdir -p /mnt/stuck /opt/oracle
[ -e /dev/fuse ] || mknod /dev/fuse c 10 229
options=rootmode=40000,user_id=0,group_id=0,allow_other
(exec 3<>/dev/fuse
mount -i -t fuse -o fd=3,$options dead /mnt/stuck && exec sleep 3333) >/run/fuse 2>&1 &
while ! grep -q /mnt/stuck /proc/mounts; do sleep 0.1; [ ! -s /run/fuse ] || { cat /run/fuse; exit 1; }; done
mount --bind /mnt/stuck /opt/oracle
ln -s /mnt/stuck/lm /opt/flexlm
"""
# A local file system that never says how full it is, and a program of the host that never ends.
SLOW = """
mkdir -p /data
mount -t tmpfs /dev/sdz1 /data
mv /usr/bin/df /usr/bin/df.real
cat >/usr/bin/df <<'END'
#!/bin/sh
case "$*" in */data*) sleep 4444 ;; esac
exec df.real "$@"
END
chmod 755 /usr/bin/df
printf '#!/bin/sh\\nsleep 5555\\n' >/usr/bin/systemd-detect-virt
chmod 755 /usr/bin/systemd-detect-virt
"""
HOSTS = {
    "fine-01": "",
    "stuck-01": STUCK,
    "slow-01": SLOW,
    "full-01": "mount -t tmpfs -o size=4k none /tmp; head -c 9999 /dev/zero >/tmp/x 2>/dev/null; true",
    "rotmp-01": "mount -t tmpfs -o ro none /tmp; mount -t tmpfs -o ro none /var/tmp",
}


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    with hosts_up(tmp_path_factory.mktemp("bed"), *HOSTS) as bed:
        for host, command in HOSTS.items():
            if command:
                ask(bed, host, command)
        yield bed


def evidence(row: dict[str, Any]) -> dict[str, str]:
    return {item["id"]: item["evidence"] for item in row["findings"]}


def test_what_never_answers_is_named_and_the_other_facts_are_kept(bed: Bed, tmp_path: Path) -> None:
    rows = run_module(bed, tmp_path, list(HOSTS), "source_probe", {}).results
    assert {row["verdict"] for row in rows.values()} == {"clear"}
    for row in rows.values():
        assert row["probe"]["initramfs"]["state"]
        assert any(mount["target"] == "/" and mount["used_bytes"] for mount in row["probe"]["mounts"])
    assert "/opt/oracle on /opt/oracle, /opt/flexlm on /mnt/stuck" in evidence(rows["stuck-01"])["not-looked-at"]
    assert "the step space at /data did not end within 1 s" in evidence(rows["slow-01"])["probe-expired"]
    assert "the step platform did not end within 2 s" in evidence(rows["slow-01"])["probe-expired"]
    for host in ("fine-01", "full-01", "rotmp-01"):
        assert not {"probe-expired", "not-looked-at"} & set(evidence(rows[host]))
    left = ask(bed, "slow-01", "grep -alE 'sleep.(4444|5555)' /proc/[0-9]*/cmdline 2>/dev/null | grep -v self | wc -l")
    assert left == "0"
