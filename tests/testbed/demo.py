# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m testbed.demo``: the main job on this machine alone: servers over SSH become ENS images.

It ends with a table, a receipt and exit code 0 when everything that must be true is; else with a list of what is not.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console

from testbed import client, judge
from testbed.__main__ import CACHE
from testbed.fleet import KNOWN, Host
from testbed.hosts import Bed, BedError
from testbed.local_cloud import LocalCloud, LocalCloudError, write_variables
from testbed.playbook import Played, play
from testbed.privilege import choose
from testbed.receipt import complete, read, summary, write
from testbed.rootfs import rootfs
from testbed.workplace import CLONE, Workplace

PORT = 2222
HOUR = 3600
WORLD = Path(__file__).with_name("world.yml")


class Demo:
    """One run of the demo in its folder."""

    def __init__(self, folder: Path, keep: bool, console: Console) -> None:
        self.place = Workplace(folder)
        self.keep = keep
        self.console = console
        self.hosts: list[Host] = list(KNOWN.values())
        self.bed = Bed(self.place.folder, PORT)
        self.cloud: LocalCloud | None = None
        self.environment = self.place.environment(os.environ)
        self.started = time.monotonic()

    def run(self) -> list[str]:
        """Do everything; what does not hold, in words."""
        self._title("source servers")
        self.bed.down()
        self.place.clear()
        way = choose()
        self.console.print(way.line, highlight=False)
        archive = rootfs(CACHE, way)
        try:
            self.bed.up(self.hosts, archive, way)
        except BedError as exc:
            if "Address already in use" not in str(exc):
                raise
            self.bed = Bed(self.place.folder, 0)
            self.bed.up(self.hosts, archive, way)
        self._title("local cloud")
        self.cloud = LocalCloud.start(WORLD, self.place.cloud, self.place.cloud_log, self.environment)
        self.console.print(self.cloud.told["endpoint"], highlight=False)
        self._title("ansible-playbook -i inventories/demo playbooks/migrate.yml")
        first = self._play("first")
        problems = [f"the playbook ended with exit code {first.code}"] if first.code else []
        if not self.place.receipt.is_file():
            return [*problems, f"the playbook wrote no {self.place.receipt}"]
        receipt, found = self._compare()
        problems += found
        write(self.place.receipt, receipt)
        if not first.code:
            self._title("the same again")
            problems += self._again()
        self._title("result")
        self.console.print(summary(receipt))
        return problems

    def _compare(self) -> tuple[dict[str, Any], list[str]]:
        """The completed receipt, and what the cloud, the contents and the sources say against it."""
        if self.cloud is None:
            raise LocalCloudError("the local cloud does not run")
        self._title("comparing contents")
        receipt = read(self.place.receipt)
        complete(receipt, self.hosts, self.bed.disks, lambda image: self.cloud_call(f"images/{image}")["disks"])
        meter = self.cloud_call("meter")
        self.cloud.advance(HOUR)
        later = self.cloud_call("meter")
        receipt["meter"] = later
        problems = judge.verdicts(receipt, self.hosts)
        problems += judge.contents(receipt, self.hosts)
        problems += judge.proved(receipt)
        problems += judge.nothing_billed(receipt, meter, later)
        problems += judge.cloud_is_empty(self.cloud_call("state"), receipt)
        calls = self.cloud_call("requests?since=0")["requests"]
        self.place.requests.write_text(json.dumps(calls, indent=1))
        api = [call for call in calls if call["product"] != "agent"]
        migrated = sum(server["status"] == "migrated" for server in receipt["servers"])
        self.console.print(
            f"{len(api)} API calls, {len(api) / max(migrated, 1):.0f} per migrated server", highlight=False
        )
        for name in judge.REFUSED:
            problems += judge.untouched(calls, name)
        return receipt, problems + self._sources_are_clean()

    def _again(self) -> list[str]:
        """What a second run on the same wave did that it should not."""
        before = self.cloud_call("requests?since=0")["next"]
        receipt = self.place.receipt.read_bytes()
        second = self._play("second")
        problems = [f"the second run ended with exit code {second.code}"] if second.code else []
        if self.place.receipt.read_bytes() != receipt:
            problems.append("the second run wrote a receipt, though it changed nothing")
            self.place.receipt.write_bytes(receipt)
        problems += judge.unchanged(second.recap, self.hosts)
        return problems + judge.only_looked(self.cloud_call(f"requests?since={before}")["requests"])

    def _sources_are_clean(self) -> list[str]:
        """Neither file nor process of the client is left on a source."""
        found = {host.name: self._traces(host.name) for host in self.hosts}
        return [f"{name}: the client is left on the source: {told}" for name, told in found.items() if told]

    def _traces(self, name: str) -> str:
        """The client's files and processes on this host, in words."""
        words = [*self.bed.command(name), client.TRACES]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode:
            return f"it cannot be looked at: {done.stderr.strip()}"
        return client.left(done.stdout)

    def cloud_call(self, path: str) -> Any:
        """The answer of a control call of the local cloud."""
        if self.cloud is None:
            raise LocalCloudError("the local cloud does not run")
        return self.cloud.get(path)

    def _play(self, name: str) -> Played:
        """Run the unchanged playbook; everything that makes it use the local cloud are these variables."""
        if self.cloud is None:
            raise LocalCloudError("the local cloud does not run")
        variables = {
            **self.cloud.variables(),
            "agent_cache_dir": str(self.place.home / "cache"),
            "report_receipt": str(self.place.receipt),
            "report_html": str(self.place.report),
            "testbed_dir": str(self.place.folder),
            "testbed_port": self.bed.port,
        }
        write_variables(self.place.variables, variables)
        inventory = CLONE / "inventories" / "demo"
        words = ["-i", str(inventory), str(CLONE / "playbooks" / "migrate.yml"), "-e", f"@{self.place.variables}"]
        return play(words, self.place.log(name), self.environment)

    def _title(self, what: str) -> None:
        self.console.rule(f"{time.monotonic() - self.started:5.1f} s  {what}", align="left", characters="-")

    def close(self) -> None:
        """Stop cloud and hosts; disks and images stay only with ``keep``."""
        if self.cloud is not None:
            self.cloud.stop()
        self.bed.down(keep_disks=self.keep)
        self.place.tidy(self.keep)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(words: list[str] | None = None) -> int:
    """Run the demo; 0 when every check passes, 1 when one fails, 130 after an interrupt."""
    parser = argparse.ArgumentParser(prog="python -m testbed.demo", description=__doc__)
    parser.add_argument("--dir", type=Path, default=CLONE / "build" / "demo", help="folder (default: build/demo)")
    parser.add_argument("--keep", action="store_true", help="keep disks and images, for qemu-img compare")
    args = parser.parse_args(words)
    signal.signal(signal.SIGTERM, _interrupt)
    console = Console()
    demo = Demo(args.dir, args.keep, console)
    try:
        with demo.place.alone():
            try:
                problems = demo.run()
            finally:
                demo.close()
    except KeyboardInterrupt:
        console.print(
            "Interrupted: source servers and local cloud have ended. 'make demo' starts again.", soft_wrap=True
        )
        return 130
    except RuntimeError as exc:
        problems = [str(exc)]
    for problem in problems:
        console.print(f"NOT TRUE  {problem}", style="red", highlight=False, markup=False, soft_wrap=True)
    seconds = time.monotonic() - demo.started
    told = "Every check passed" if not problems else f"{len(problems)} checks failed"
    files = f"receipt: {demo.place.receipt}; report: {demo.place.report}"
    console.print(f"{told}; {seconds:.0f} seconds; {files}", highlight=False, soft_wrap=True)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
