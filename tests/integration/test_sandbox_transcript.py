# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Same seed, same requests, frozen clock: two sandboxes answer byte for byte the same.

Status line, headers and bodies are compared whole, but for one header: ``Date`` is real time, because clients correct
their own clock by it and signatures are judged on real time. The control call ``state`` names files below the state
folder, which is written as ``STATE`` here. Requests are signed here, with one time stamp, one Host and counted nonces,
so that both sandboxes get the same bytes. One of the players dawdles, so that real time differs.
"""

from __future__ import annotations

import http.client
import itertools
import json
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest
from conftest import VERSIONS, Sandbox
from support import PATIENCE

from sandbox.oss.signatures import sign_v1, string_to_sign_v1
from sandbox.state.clock import iso
from sandbox.transport.signature import sign, string_to_sign

pytestmark = pytest.mark.any_core

HOST = "127.0.0.1:80"
BUCKET = "migration-images"
RULE = (b"<LifecycleConfiguration><Rule><Prefix>x/</Prefix><Status>Enabled</Status><Expiration><Days>1</Days>"
        b"</Expiration></Rule></LifecycleConfiguration>")
WORLD: dict[str, Any] = {
    "profile": "frozen", "start": 1_800_000_000, "seed": 7,
    "buckets": [{"name": BUCKET, "region": "ap-southeast-1"}],
    "sources": [
        {"name": "web-01", "id": "s-sandboxweb01", "disks": [{"gib": 20}], "bandwidth_mbps": 0.1},
        {"name": "db-01", "id": "s-sandboxdb01", "disks": [{"gib": 20}, {"gib": 30}], "bandwidth_mbps": 0.2},
        {"name": "bad-01", "id": "s-sandboxbad01", "disks": [{"gib": 20}]},
    ],
    "job_errors": {"bad-01": "Do Grub Failed"},
}


class Player:
    """Signs and sends requests to one sandbox and keeps every byte that comes back."""

    def __init__(self, sandbox: Sandbox, pause: float, now: float) -> None:
        self._sandbox = sandbox
        self._now = now
        self._pause = pause
        self._http = http.client.HTTPConnection(urlsplit(sandbox.endpoint).netloc, timeout=PATIENCE)
        self._nonces = itertools.count()
        self._state: str = sandbox.greeting["state"]
        self.transcript: list[str] = []

    def rpc(self, product: str, action: str, **params: Any) -> dict[str, Any]:
        """The answer, or refusal, of an RPC call."""
        version = VERSIONS[product]
        named = {"Action": action, "Version": f"{version[:4]}-{version[4:6]}-{version[6:]}", "Format": "JSON",
                 "RegionId": "ap-southeast-1", "AccessKeyId": self._sandbox.access_key, "SignatureMethod": "HMAC-SHA1",
                 "SignatureVersion": "1.0", "SignatureNonce": f"n-{next(self._nonces)}", "Timestamp": iso(self._now),
                 **{name.replace("__", "."): str(value) for name, value in params.items()}}
        named["Signature"] = sign(self._sandbox.secret_key, string_to_sign("POST", named))
        return dict(json.loads(self._send("POST", "/?" + urlencode(named), {}, b"")))

    def oss(self, method: str, key: str = "", query: str = "", body: bytes = b"") -> bytes:
        """The body of an OSS answer."""
        headers = {"Date": formatdate(self._now, usegmt=True)}
        asked = dict(part.partition("=")[::2] for part in query.split("&") if part)
        text = string_to_sign_v1(method, BUCKET, key, asked, {name.lower(): value for name, value in headers.items()},
                                 headers["Date"])
        signature = sign_v1(self._sandbox.secret_key, text)
        headers["Authorization"] = f"OSS {self._sandbox.access_key}:{signature}"
        return self._send(method, f"/{BUCKET}/{quote(key, safe='')}{'?' if query else ''}{query}", headers, body)

    def control(self, path: str, body: Any = None) -> dict[str, Any]:
        """The answer of a control call."""
        sent = b"" if body is None else json.dumps(body).encode()
        return dict(json.loads(self._send("GET" if body is None else "POST", f"/_sandbox/{path}", {}, sent)))

    def _send(self, method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
        time.sleep(self._pause if len(self.transcript) % 20 == 0 else 0)
        self._http.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in {"Host": HOST, "Content-Length": str(len(body)), **headers}.items():
            self._http.putheader(name, value)
        self._http.endheaders(body)
        answer = self._http.getresponse()
        content = answer.read()
        shown = [f"{name}: {value}" for name, value in answer.getheaders() if name != "Date"]
        self.transcript.append("\n".join([f"{method} {path}", f"{answer.status} {answer.reason}", *shown,
                                          content.decode("utf-8", "backslashreplace")]).replace(self._state, "STATE"))
        return content


def job(player: Player, name: str, source_id: str, **params: Any) -> str:
    """A started job."""
    made = player.rpc("smc", "CreateReplicationJob", SourceId=source_id, Name=name, ImageName=f"{name}-image",
                      SystemDiskSize=20, ClientToken=f"token-{name}", **params)
    player.rpc("smc", "StartReplicationJob", JobId=made["JobId"])
    return str(made["JobId"])


def look(player: Player, jobs: list[str]) -> list[str]:
    """Every list that there is; returns the states of the jobs."""
    shown = player.rpc("smc", "DescribeReplicationJobs")["ReplicationJobs"]["ReplicationJob"]
    player.rpc("smc", "DescribeSourceServers")
    for action in ("DescribeInstances", "DescribeDisks", "DescribeSnapshots", "DescribeImages", "DescribeTasks",
                   "DescribeSecurityGroups"):
        player.rpc("ecs", action)
    player.rpc("vpc", "DescribeVpcs")
    player.rpc("ens", "DescribeSelfImages")
    player.oss("GET")
    player.oss("GET", query="uploads")
    player.control("meter")
    return [f"{item['Status']} {item['BusinessStatus']}" for item in shown if item["JobId"] in jobs]


def migration(player: Player) -> None:
    """Three sources at once, one of which fails: jobs, exports, imports, cleaning up, and looks at everything."""
    jobs = [job(player, "web-01", "s-sandboxweb01"),
            job(player, "db-01", "s-sandboxdb01", DataDisk__1__Index=1, DataDisk__1__Size=30),
            job(player, "bad-01", "s-sandboxbad01")]
    player.rpc("smc", "DeleteReplicationJob", JobId=jobs[0])
    seen = set()
    for seconds in (20, 100, 60, 60, 30, 100, 300, 300, 300, 300):
        player.control("clock", {"advance": seconds})
        seen.update(look(player, jobs))
    assert {"Running Preparing", "Running Syncing", "Running Processing", "Finished Cleaning"} <= seen
    assert any(state.startswith("InError") for state in seen)
    images = player.rpc("ecs", "DescribeImages")["Images"]["Image"]
    assert {image["ImageName"] for image in images} == {"web-01-image", "db-01-image"}
    tasks = [player.rpc("ecs", "ExportImage", ImageId=image["ImageId"], OSSBucket=BUCKET, OSSPrefix="el1",
                        ImageFormat="qcow2")["TaskId"] for image in images]
    for _turn in range(6):
        player.control("clock", {"advance": 250})
        for task_id in tasks:
            player.rpc("ecs", "DescribeTaskAttribute", TaskId=task_id)
        look(player, jobs)
    for task_id, image in zip(tasks, images, strict=True):
        (progress,) = player.rpc("ecs", "DescribeTaskAttribute",
                                 TaskId=task_id)["OperationProgressSet"]["OperationProgress"]
        keys = [item["Value"] for item in progress["RelatedItemSet"]["RelatedItem"] if item["Name"] == "OSSObject"]
        assert keys, progress
        mapping = [{"OSSBucket": BUCKET, "OSSObject": key, "OSSRegion": "ap-southeast-1"} for key in keys]
        player.rpc("ens", "ImportImage", ImageName=image["ImageName"], ComputeType="ens_vm", OSType="linux",
                   Architecture="x86_64", ImageFormat="qcow2", DiskDeviceMapping=json.dumps(mapping))
        for key in keys:
            assert player.oss("GET", key)[:4] == b"QFI\xfb"
    player.oss("PUT", query="versioning",
               body=b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
    player.oss("PUT", query="lifecycle", body=RULE)
    assert b"<ID>" in player.oss("GET", query="lifecycle")
    for text in (b"done", b"done again"):
        player.oss("PUT", "note", body=text)
    player.oss("DELETE", "note")
    assert player.oss("GET", query="versions").count(b"<VersionId>") >= 3
    for _turn in range(12):
        player.control("clock", {"step": 1})
        look(player, jobs)
    ens = player.rpc("ens", "DescribeSelfImages")["Images"]["Image"]
    for image in images:
        player.rpc("ecs", "DeleteImage", ImageId=image["ImageId"])
    for job_id in jobs:
        player.rpc("smc", "DeleteReplicationJob", JobId=job_id)
    player.control("clock", {"advance": 3600})
    player.control("state")
    assert len(ens) == len(images)
    assert {image["Status"] for image in ens} <= {"Creating", "Uploading", "Available"}


@pytest.fixture
def players(start_sandbox: Any) -> list[Player]:
    """Two sandboxes of the same world, and one time stamp for the signatures of both: it is valid for 15 minutes."""
    sandboxes = [start_sandbox(WORLD) for _number in range(2)]
    now = time.time()
    return [Player(sandbox, pause, now) for sandbox, pause in zip(sandboxes, (0, 0.15), strict=True)]


def test_two_sandboxes_answer_the_same_bytes(players: list[Player]) -> None:
    with ThreadPoolExecutor(len(players)) as pool:
        list(pool.map(migration, players))
    first, second = (player.transcript for player in players)
    assert len(first) == len(second) > 300
    for ours, theirs in zip(first, second, strict=True):
        assert ours == theirs
