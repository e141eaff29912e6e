# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the local cloud costs: ``make bench``; about a minute.

* signed RPC requests per second from parallel client processes over kept connections, a tenth of them writes; every
  answer is looked at, and what is not HTTP 200 ends the run;
* the time from the start of the process to the line that says that it is ready;
* what a 10 GiB disk with 64 MiB of content costs to receive, freeze, export as qcow2 and import, against the same disk
  with no content at all, measured in the same run: seconds, disk space and the sandbox's memory.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from sandbox.state.clock import iso
from sandbox.transport.signature import sign, string_to_sign

ROOT = Path(__file__).resolve().parents[1]

MIB, GIB = 1024**2, 1024**3
VERSIONS = {"smc": "2019-06-01", "ecs": "2014-05-26", "ens": "2017-11-10", "vpc": "2016-04-28"}
CALLS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("smc", "DescribeReplicationJobs", {}), ("smc", "DescribeSourceServers", {}), ("ecs", "DescribeImages", {}),
    ("ens", "DescribeSelfImages", {}), ("ecs", "DescribeInstances", {}), ("vpc", "DescribeVpcs", {}),
    ("smc", "DescribeSourceServers", {"PageSize": "50"}), ("ecs", "DescribeDisks", {}),
    ("smc", "ListAccessTokens", {}), ("smc", "ModifySourceServerAttribute", {"SourceId": "s-benchempty"}),
)


class Cloud:
    """A sandbox in a separate process, and signed calls to it over one kept connection."""

    def __init__(self, folder: Path, world: dict[str, Any]) -> None:
        folder.mkdir(parents=True)
        (folder / "world.yml").write_text(json.dumps(world), encoding="utf-8")
        began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", "--port", "0", "--world", str(folder / "world.yml"), "--state",
             str(folder / "state")], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
        assert self.process.stdout is not None
        self.greeting: dict[str, Any] = json.loads(self.process.stdout.readline())
        self.started_in = time.monotonic() - began
        self.client = Client(self.greeting)
        self.state = folder / "state"

    def control(self, path: str, body: Any = None) -> dict[str, Any]:
        """The answer of a control call."""
        return self.client.send("POST" if body is not None else "GET", f"/_sandbox/{path}",
                                None if body is None else json.dumps(body))

    def until(self, look: Any, seconds: float = 300) -> Any:
        """What ``look`` returns once it is true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if seen := look():
                return seen
            time.sleep(0.02)
        raise SystemExit("the sandbox did not get there in time")

    def memory(self) -> float:
        """The most MiB that the process ever held."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024

    def space(self) -> float:
        """MiB that the state folder takes on the file system."""
        return sum(path.stat().st_blocks * 512 for path in self.state.rglob("*.*") if path.is_file()) / MIB

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.wait(30)


class Client:
    """Signs with the sandbox's key; RPC version 1."""

    def __init__(self, greeting: dict[str, Any]) -> None:
        self._greeting = greeting
        self._connection = http.client.HTTPConnection(urlsplit(greeting["endpoint"]).netloc, timeout=60)

    def call(self, product: str, action: str, **params: str) -> dict[str, Any]:
        """The answer of a signed call; anything but 200 ends the run."""
        named = {
            "Action": action, "Version": VERSIONS[product], "Format": "JSON", "RegionId": self._greeting["region"],
            "AccessKeyId": self._greeting["access_key"], "SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0",
            "SignatureNonce": uuid.uuid4().hex, "Timestamp": iso(time.time()), **params,
        }
        named["Signature"] = sign(self._greeting["secret_key"], string_to_sign("POST", named))
        return self.send("POST", "/?" + urlencode(named), None)

    def send(self, method: str, path: str, body: str | None) -> dict[str, Any]:
        """The JSON answer of any request."""
        self._connection.request(method, path, body)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{method} {path.partition('?')[0]}: {answer.status} {content[:300]!r}")
        found: dict[str, Any] = json.loads(content)
        return found


def load(greeting: dict[str, Any], seconds: float, counts: Any) -> None:
    """One client process: calls in turn until the time has passed."""
    client, done, end = Client(greeting), 0, time.monotonic() + seconds
    while time.monotonic() < end:
        product, action, params = CALLS[done % len(CALLS)]
        if action == "ModifySourceServerAttribute":
            params = {**params, "Description": f"{os.getpid()} {done}"}
        client.call(product, action, **params)
        done += 1
    counts.put(done)


def rate(cloud: Cloud, clients: int, seconds: float) -> float:
    """Requests per second of so many client processes at once."""
    counts: Any = multiprocessing.Queue()
    arguments = (cloud.greeting, seconds, counts)
    processes = [multiprocessing.Process(target=load, args=arguments) for _client in range(clients)]
    began = time.monotonic()
    for process in processes:
        process.start()
    done: int = sum(counts.get(timeout=seconds + 60) for _turn in processes)
    took = time.monotonic() - began
    for process in processes:
        process.join()
    return done / took


def migrate(cloud: Cloud, source_id: str, name: str) -> dict[str, float]:
    """Seconds, MiB of disk space and MiB of memory that the migration of one simulated source costs."""
    space, memory, began = cloud.space(), cloud.memory(), time.monotonic()
    call = cloud.client.call
    job_id = call("smc", "CreateReplicationJob", SourceId=source_id, Name=name, ImageName=name,
                  SystemDiskSize="20")["JobId"]
    call("smc", "StartReplicationJob", JobId=job_id)
    job = cloud.until(lambda: _row(cloud, "jobs", job_id, "Finished"))
    task_id = call("ecs", "ExportImage", ImageId=job["image_id"], OSSBucket=cloud.greeting["bucket"],
                   ImageFormat="qcow2")["TaskId"]
    task = cloud.until(lambda: _row(cloud, "tasks", task_id, "Finished"))
    mapping = [{"OSSRegion": cloud.greeting["region"], "OSSBucket": cloud.greeting["bucket"],
                "OSSObject": task["objects"][0]}]
    image_id = call("ens", "ImportImage", ImageName=name, ComputeType="ens_vm", OSType="linux", Architecture="x86_64",
                    ImageFormat="qcow2", TargetOSSRegionId=cloud.greeting["region"],
                    DiskDeviceMapping=json.dumps(mapping))["ImageId"]
    cloud.until(lambda: _row(cloud, "ens_images", image_id, "Available"))
    return {"seconds": time.monotonic() - began, "disk_mib": cloud.space() - space,
            "memory_mib": max(0.0, cloud.memory() - memory)}


def _row(cloud: Cloud, table: str, row_id: str, state: str) -> dict[str, Any] | None:
    rows = cloud.control("state")[table]
    found: dict[str, Any] = next(row for row in rows if row["id"] == row_id)
    if found["state"] in ("InError", "Failed", "Upload_failed"):
        raise SystemExit(f"{table} {row_id}: {found}")
    return found if found["state"] == state else None


def world() -> dict[str, Any]:
    """Fifty servers to list, and one full and one empty disk to move."""
    return {
        "buckets": [{"name": "bench-images", "region": "ap-southeast-1"}],
        "sources": [
            {"name": "empty", "id": "s-benchempty", "disks": [{"gib": 10, "content_mib": 0}]},
            {"name": "mostly-empty", "id": "s-benchcontent", "disks": [{"gib": 10, "content_mib": 64}]},
            *({"name": f"web-{n:02}", "disks": [{"gib": 20}]} for n in range(48)),
        ],
    }


def main() -> int:
    """Measure and print; ``--json`` for machines. Exit 1 when requests per second or start-up miss their bar."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=4, help="client processes (default 4)")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each of three rounds (default 5)")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sandbox-bench-") as folder:
        clouds = [Cloud(Path(folder) / str(number), world()) for number in range(3)]
        cloud = clouds[-1]
        try:
            rates = [rate(cloud, options.clients, options.seconds) for _turn in range(3)]
            alone = rate(cloud, 1, options.seconds)
            baseline = migrate(cloud, "s-benchempty", "empty")
            content = migrate(cloud, "s-benchcontent", "content")
        finally:
            for started in clouds:
                started.stop()
    starts = [started.started_in for started in clouds]
    figures = {
        "requests_per_second": round(statistics.median(rates)), "rounds": [round(value) for value in rates],
        "clients": options.clients, "requests_per_second_of_one_client": round(alone),
        "start_seconds": round(statistics.median(starts), 2), "starts": [round(value, 2) for value in starts],
        "load_average": round(os.getloadavg()[0], 1), "cpus": os.cpu_count(), "python": sys.version.split()[0],
        "disk_10gib_empty": {key: round(value, 1) for key, value in baseline.items()},
        "disk_10gib_64mib": {key: round(value, 1) for key, value in content.items()},
    }
    if options.json:
        print(json.dumps(figures))
    else:
        for key, value in figures.items():
            print(f"{key:36} {value}")
    met = figures["requests_per_second"] >= 500 and figures["start_seconds"] <= 1.0
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
