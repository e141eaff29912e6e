# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One guest from its installation to the verified copy, and what that took."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from testbed import client
from testbed import judge as _cloud
from testbed.demo import WORLD
from testbed.local_cloud import LocalCloud, write_variables
from testbed.playbook import play
from testbed.receipt import read
from testbed.workplace import CLONE, Workplace

from e2e import judge, table
from e2e.build import Installed, installed
from e2e.consoles import CONSOLE, INSTANCES, kept_consoles
from e2e.guests import Guest
from e2e.source import CONTROLLER, Source, last_lines

CACHE = CLONE / "build" / "cache" / "e2e"
FILE_SYSTEMS = CLONE / "roles" / "report" / "files" / "check_file_systems.py"
HOUR = 3600
WAIVER = {"reason": "make e2e shows that the image does not boot", "expires": "2099-12-31"}
# A guest without hardware acceleration is slow, and one that cannot boot is not waited for so long.
PROBE_SECONDS = 120
START_SECONDS, NO_START_SECONDS = 900, 300
# sshd of this machine often listens on port 22 of all addresses: the ports of the copy are higher by this.
OFFSET = 10000
USED = "df -B1 --output=used -x tmpfs -x devtmpfs -x efivarfs | tail -n +2"
SENT = "cat /sys/class/net/e*/statistics/tx_bytes"


class Journey:
    """The migration of one guest, in a folder of its own."""

    def __init__(self, guest: Guest, folder: Path, console: Console) -> None:
        self.guest = guest
        self.place = Workplace(folder)
        self.console = console
        self.rows: list[table.Part] = []
        self.bytes = table.Bytes()
        self.environment = self.place.environment(os.environ)
        self._cloud: LocalCloud | None = None

    def alone(self, *, keep: bool) -> list[str]:
        """Do everything in the folder that no other run uses; what does not hold, in words."""
        with self.place.alone():
            self.place.clear()
            try:
                return self._run()
            finally:
                self.place.tidy(keep)
                for path in () if keep else self.place.folder.glob("source*.qcow2"):
                    path.unlink()

    def _run(self) -> list[str]:
        with self._part("install the guest, or take it from the cache"):
            made = installed(self.guest, CACHE)
        source = Source(self.guest, made, self.place.folder)
        try:
            with self._part("boot the source until it answers over SSH"):
                source.start()
                source.wait()
            return self._migrate(source, made)
        finally:
            if self._cloud is not None:
                self._cloud.stop()
            source.stop()

    def _migrate(self, source: Source, made: Installed) -> list[str]:
        more = ["--agent-host", CONTROLLER, "--boot-instances", "--boot-outbound", "--boot-port-offset", str(OFFSET)]
        with self._part("start the local cloud"):
            self._cloud = LocalCloud.start(WORLD, self.place.cloud, self.place.cloud_log, self.environment, *more)
        used = sum(int(line) for line in source.ask(USED).split())
        before = _number(source.ask(SENT))
        problems, receipt = self._play(source, made, "first", {})
        self.bytes = table.Bytes(
            *(used, sum(path.stat().st_size for path in made.disks), _number(source.ask(SENT)) - before),
            judge.the_server(receipt, self.guest.name).get("exported_bytes", 0),
        )
        server = judge.the_server(receipt, self.guest.name)
        if self.guest.ends == "not-booted":
            problems += judge.noted(server, self.guest.finding) + judge.not_booted(server)
            self._show_console()
        elif self.guest.ends == "blocked":
            problems += judge.blocked(server, self.guest.finding)
            problems += judge.only_read(self._get("requests?since=0")["requests"])
            if self.guest.forced and not problems:
                waiver = {"preflight_waivers": [{"id": self.guest.finding, **WAIVER}]}
                problems, receipt = self._play(source, made, "second", waiver)
                problems += judge.not_booted(judge.the_server(receipt, self.guest.name))
                self._show_console()
        else:
            problems += judge.verified(server, made.checks)
        if self.guest.ends != "blocked" or self.guest.forced:
            problems += self._check_file_systems()
        problems += self._nothing_left(receipt)
        if traces := client.left(source.ask(client.TRACES)):
            problems.append(f"the client is left on the source: {traces}")
        return problems

    def _play(
        self, source: Source, made: Installed, run: str, more: dict[str, Any]
    ) -> tuple[list[str], dict[str, Any]]:
        """Run the unchanged playbook; what is wrong with its end, and the receipt."""
        assert self._cloud is not None
        fails = bool(more) or self.guest.ends == "not-booted"
        inventory = self.place.folder / "hosts.json"
        inventory.write_text(json.dumps({"sources": {"hosts": {self.guest.name: source.variables()}}}))
        self.place.receipt.unlink(missing_ok=True)
        variables = {
            **self._cloud.variables(),
            "migration_name": f"e2e-{self.guest.name}",
            "agent_cache_dir": str(self.place.home / "cache"),
            "report_receipt": str(self.place.receipt),
            "report_html": str(self.place.report),
            # The local cloud finishes in seconds what takes hours in the real cloud, so poll more often.
            **dict.fromkeys(("migration_poll_interval", "agent_poll_interval", "cleanup_poll_interval"), 1),
            "verify_after_migration": True,
            # A guest without hardware acceleration is slow.
            "preflight_timeout": PROBE_SECONDS,
            "agent_start_timeout": START_SECONDS,
            "verify_checks": made.checks,
            "verify_start_timeout": NO_START_SECONDS if fails else START_SECONDS,
            "ens_region_id": "cn-dalian-unicom",
            "ens_instance_type": "ens.sn1.small",
            "launch_internet_max_bandwidth_out": 5,
            "verify_port": 22 + OFFSET,
            **more,
        }
        write_variables(self.place.variables, variables)
        words = ["-i", str(inventory), str(CLONE / "playbooks" / "migrate.yml"), "-e", f"@{self.place.variables}"]
        with self._part(f"migrate.yml, {run} run"), kept_consoles(self.place.cloud, self.place.folder):
            played = play(words, self.place.log(run), self.environment)
        if not self.place.receipt.is_file():
            return [f"the playbook ended with exit code {played.code} and wrote no receipt"], {"servers": []}
        receipt = read(self.place.receipt)
        told = table.end(judge.the_server(receipt, self.guest.name))
        self.console.print(f"{self.guest.name}: {told}", highlight=False, markup=False, soft_wrap=True)
        self.rows += table.stages(receipt, self.guest.name)
        expected = 2 if fails else 0
        wrong = [] if played.code == expected else [f"the playbook ended with exit code {played.code}, not {expected}"]
        return wrong, receipt

    def _check_file_systems(self) -> list[str]:
        """Check the file systems in the ENS images read-only; which are damaged."""
        disks = [str(disk["path"]) for image in self._get("state")["ens_images"] for disk in image["disks"]]
        words = [sys.executable, "-s", str(FILE_SYSTEMS), "--scratch", str(self.place.folder), *disks]
        with self._part("e2fsck -n and xfs_repair -n of the image"):
            done = subprocess.run(words, capture_output=True, text=True, check=False)
        self.console.print(done.stdout + done.stderr, highlight=False, markup=False, soft_wrap=True)
        return judge.file_systems(done.stdout.splitlines(), disks)

    def _nothing_left(self, receipt: dict[str, Any]) -> list[str]:
        """Nothing is billed, only the image is left in the cloud, and no process of QEMU runs for it."""
        assert self._cloud is not None
        meter = self._get("meter")
        self._cloud.advance(HOUR)
        later, state = self._get("meter"), self._get("state")
        problems = [f"{count} {name} left in the cloud" for name, count in _cloud.remains(state).items()]
        if receipt.get("resources"):
            problems += _cloud.nothing_billed(receipt, meter, later) + _cloud.proved(receipt)
        else:
            problems += [f"still billed: {thing['kind']} {thing['id']}" for thing in later["running"]]
        return problems + judge.no_process(_command_lines(), str(self.place.cloud))

    def _show_console(self) -> None:
        """The last lines of the consoles of the instances."""
        for path in sorted(self.place.folder.glob(f"{INSTANCES}{CONSOLE}")):
            self.console.print(f"{path.name}:\n{last_lines(path)}", highlight=False, markup=False)

    def _get(self, path: str) -> Any:
        assert self._cloud is not None
        return self._cloud.get(path)

    @contextlib.contextmanager
    def _part(self, what: str) -> Iterator[None]:
        self.console.rule(f"{self.guest.name}: {what}", align="left", characters="-")
        started = time.monotonic()
        try:
            yield
        finally:
            self.rows.append(table.Part(self.guest.name, what, time.monotonic() - started))


def _number(text: str) -> int:
    return sum(int(line) for line in text.split())


def _command_lines() -> list[str]:
    """The command lines of the processes of this machine."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return found
