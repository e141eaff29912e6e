# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of waves on real SSH hosts share: the hosts, a controller that is killed, and how all must end."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from testbed import judge
from testbed.__main__ import CACHE
from testbed.digest import digest
from testbed.fleet import fleet
from testbed.hosts import Bed
from testbed.privilege import choose
from testbed.rootfs import rootfs

from support.source import ask, beside
from support.wave import ROOT, Played, Player, done

LEASE = 300
"""Seconds for which a run claims servers (plugins/module_utils/_ledger/state.py)."""

NO_CLIENT = "for d in /smc/go2*; do [ -d $d ] && $d/go2aliyun_client --abort; done; rm -rf /smc; true"


@contextmanager
def hosts_up(folder: Path, *names: str, broken: dict[str, list[str]] | None = None) -> Iterator[Bed]:
    """These hosts, up for as long as the block lasts; ``broken`` as testbed.fleet has it."""
    way = choose()
    bed = Bed(folder, port=0)
    bed.up(fleet(list(names), broken or {}), rootfs(CACHE, way), way)
    try:
        yield bed
    finally:
        bed.down()


def client_on(bed: Bed, host: str) -> str:
    """The folders and processes of the SMC client on a host; empty when there are none."""
    # A process that becomes grep while cat reads on where its former words ended would show "/smc/" of its arguments.
    look = "ls -d /smc/* 2>/dev/null; cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\000' '\\n' | grep '^/[s]mc/'; true"
    return ask(bed, host, look)


def same_content(player: Player, played: Played, host: str) -> bool:
    """Whether every disk of the host's ENS image has the content of the source's disk, compared byte by byte."""
    disks = player.sandbox.get(f"images/{played.row(host)['ens_image_id']}")["disks"]
    sources = sorted((player.bed.disks / host).iterdir())
    return [digest(path) for path in sources] == [digest(Path(disk["path"])) for disk in disks]


def remains(sandbox: Any) -> list[str]:
    """What is in the cloud beside results and history, as kinds."""
    return sorted(judge.remains(sandbox.get("state")))


def statuses(played: Played) -> dict[str, str]:
    """The status of every host in the receipt."""
    return {row["host"]: row["status"] for row in played.receipt["servers"]}


def settled(player: Player, played: Played, *hosts: str) -> None:
    """Require that these hosts are migrated, and nothing is left in the cloud or on the sources, or is billed."""
    assert {host: played.row(host)["status"] for host in hosts} == dict.fromkeys(hosts, "migrated"), played.output
    assert played.receipt["residual"] == []
    assert all(row["deleted"] and row["proof"] for row in played.receipt["resources"])
    assert all(same_content(player, played, host) for host in hosts)
    assert remains(player.sandbox) == []
    assert {host: client_on(player.bed, host) for host in hosts} == dict.fromkeys(hosts, "")
    assert player.sandbox.get("meter")["running"] == []


@contextmanager
def running(player: Player, playbook: str, *words: str, **variables: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A playbook that runs beside the block. When the block ends first, the controller dies as in a power failure."""
    with (player.folder / "running.log").open("wb") as log:
        command = player.command(playbook, *words, **variables)
        with beside(command, env=player.environment, stdout=log, stderr=subprocess.STDOUT, cwd=ROOT) as controller:
            yield controller


def killed_at(moment: str, player: Player, playbook: str, *words: str, **variables: Any) -> None:
    """Run a playbook, and let its controller die as soon as a call ``moment`` has had its effect.

    Its claim of the servers then ends after five minutes. This test moves the cloud's clock instead of waiting.
    """
    since = player.sandbox.get("requests?since=0")["next"]
    with running(player, playbook, *words, **variables):
        player.sandbox.until(lambda: done(player.sandbox.requests(since=since), moment))
    player.sandbox.advance(LEASE + 1)
