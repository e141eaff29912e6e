# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cloud without process and sockets, on a clock that stands still until a test moves it."""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from sandbox.bytes.disks import DiskStore
from sandbox.bytes.receiver import Receivers
from sandbox.faults import state_rules
from sandbox.faults.rules import Faults
from sandbox.lifecycles.engine import Engine
from sandbox.server.invariants import Invariants
from sandbox.server.seeding import seed
from sandbox.state.clock import iso
from sandbox.state.cloud import Cloud
from sandbox.state.work import Work
from sandbox.transport.rpc import Reply, RpcService
from sandbox.transport.signature import sign, string_to_sign
from sandbox.world.schema import parse_world
from support.roundtrip import VALIDATED

START = 1_800_000_000.0
KEY, SECRET = "LTAI5tUnit", "unit-secret"
VERSIONS = {"smc": "2019-06-01", "ecs": "2014-05-26", "vpc": "2016-04-28", "ens": "2017-11-10", "sts": "2015-04-01",
            "location": "2015-06-12", "ram": "2015-05-01", "bss": "2017-12-14"}
_PRODUCTS = {version: product for product, version in VERSIONS.items()}


class PlainBuckets:
    """Buckets as folders: just what the RPC services need."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.rows: dict[str, dict[str, Any]] = {}
        self.uploads: dict[tuple[str, str], tuple[str, list[int]]] = {}

    def create_bucket(self, name: str, region: str, owner: str, storage_class: str = "Standard",
                      encryption: str | None = None) -> None:
        """Make an empty bucket."""
        self.rows[name] = {"name": name, "region": region, "owner": owner, "storage_class": storage_class,
                           "encrypted": encryption is not None}
        (self.root / name).mkdir(parents=True)

    def bucket(self, name: str) -> dict[str, Any] | None:
        """The bucket, or None."""
        return self.rows.get(name)

    def object_path(self, bucket: str, key: str) -> Path:
        """The file of an object."""
        return self.root / bucket / key

    def exists(self, bucket: str, key: str) -> bool:
        """True when the object is there."""
        return bucket in self.rows and self.object_path(bucket, key).exists()

    def billed_name(self, _bucket: str, key: str) -> str:
        """What the meter calls an object: it has no versions here."""
        return key

    def open_upload(self, bucket: str, key: str, upload_id: str) -> None:
        """Begin an upload."""
        self.uploads[bucket, upload_id] = key, []

    def has_upload(self, bucket: str, upload_id: str) -> bool:
        """True while it is open."""
        return bucket in self.rows and (bucket, upload_id) in self.uploads

    def add_part(self, bucket: str, upload_id: str, part: Any) -> int:
        """Keep a part; the bytes of all."""
        self.uploads[bucket, upload_id][1].append(part.size)
        return sum(self.uploads[bucket, upload_id][1])

    def end_upload(self, bucket: str, upload_id: str) -> None:
        """Forget it."""
        del self.uploads[bucket, upload_id]

    def put_file(self, bucket: str, key: str, path: Path) -> None:
        """Move a file in as an object."""
        shutil.move(path, self.object_path(bucket, key))


class InstantWork(Work):
    """Background work that ends as soon as it is started."""

    def __init__(self) -> None:
        super().__init__()
        self.outcomes: dict[str, tuple[Any, str | None]] = {}
        self.later = False
        self._ended: list[str] = []

    def ended(self) -> list[str]:
        """As Work says."""
        ended, self._ended = self._ended, []
        return ended

    def start(self, key: str, make: Callable[[], Awaitable[Any]]) -> None:
        """Run it to its end now, unless ``later``."""
        if self.later or key in self.outcomes:
            return
        self._ended.append(key)
        try:
            self.outcomes[key] = (asyncio.run(_await(make)), None)
        except Exception as problem:  # noqa: BLE001  whatever it is, it is the outcome
            self.outcomes[key] = (None, str(problem))

    def done(self, key: str) -> bool:
        """As Work says."""
        return key in self.outcomes and self.outcomes[key][1] is None

    def result(self, key: str) -> Any:
        """As Work says."""
        return self.outcomes[key][0]

    def failure(self, key: str) -> str | None:
        """As Work says."""
        return self.outcomes[key][1] if key in self.outcomes else None

    def forget(self, key: str) -> None:
        """As Work says."""
        self.outcomes.pop(key, None)


async def _await(make: Callable[[], Awaitable[Any]]) -> Any:
    return await make()


class LocalCloud:
    """A cloud and the ways to drive it: signed calls, time, shortcuts through a migration."""

    def __init__(self, root: Path, world: dict[str, Any]) -> None:
        document = {
            "credentials": {KEY: {"secret": SECRET}}, "start": START, "clock_rate": 0, "jitter": 0,
            "buckets": [{"name": "images-sg", "region": "ap-southeast-1"},
                        {"name": "images-bj", "region": "cn-beijing"}],
            "sources": [{"name": f"web{n}", "id": f"s-unitweb{n:05}", "disks": [{"gib": 20}, {"gib": 30}]}
                        for n in range(1, 4)],
            **world,
        }
        settings = parse_world(document, "unit")
        store = DiskStore(root / "disks")
        buckets: Any = PlainBuckets(root / "oss")
        self.cloud = Cloud(settings, root, store, Receivers(store, "127.0.0.1"), buckets, "http://127.0.0.1:1")
        self.work = InstantWork()
        self.cloud.work = self.work
        self.faults = Faults()
        self.engine = Engine(self.cloud, partial(state_rules.edit, self.cloud, self.faults))
        seed(self.cloud, self.faults, settings)
        self.rpc = RpcService(self.engine)
        self.invariants = Invariants(self.engine)
        self._nonce = itertools.count()

    def raw(self, params: dict[str, str], secret: str = SECRET, method: str = "POST") -> Reply:
        """Sign and serve exactly these parameters."""
        signed = {**params, "Signature": sign(secret, string_to_sign(method, params))}
        reply = self.rpc.serve(method, signed)
        product, body = _PRODUCTS.get(params.get("Version", ""), ""), json.loads(json.dumps(reply.body))
        assert not (wrong := VALIDATED.check(product, params.get("Action", ""), reply.status, body)), wrong
        assert not (wrong := self.invariants.check()), wrong
        return reply

    def envelope(self, product: str, action: str, **params: Any) -> dict[str, str]:
        """The parameters of a call as the v1 SDK sends them."""
        return {
            "Action": action, "Version": VERSIONS[product], "Format": "JSON", "AccessKeyId": KEY,
            "SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0", "SignatureType": "",
            "SignatureNonce": str(next(self._nonce)), "Timestamp": iso(time.time()), "RegionId": "ap-southeast-1",
            **{key.replace("__", "."): str(value) for key, value in params.items()},
        }

    def call(self, product: str, action: str, **params: Any) -> Reply:
        """A signed call; ``DataDisk__1__Size`` is sent as ``DataDisk.1.Size``."""
        return self.raw(self.envelope(product, action, **params))

    def ok(self, product: str, action: str, **params: Any) -> dict[str, Any]:
        """The body of a call that must succeed."""
        reply = self.call(product, action, **params)
        assert reply.status == 200, reply.body
        return reply.body

    def code(self, product: str, action: str, **params: Any) -> tuple[int, str]:
        """(status, code) of a call that must be refused."""
        reply = self.call(product, action, **params)
        assert reply.status != 200, reply.body
        return reply.status, reply.body["Code"]

    def advance(self, seconds: float) -> None:
        """Let virtual time pass, and everything happen that is due."""
        self.engine.tick()
        self.cloud.clock.advance(seconds)
        self.engine.tick()

    def job(self, number: int = 1, **params: Any) -> str:
        """A new job for source ``web<number>``."""
        return str(self.ok("smc", "CreateReplicationJob", **self.job_params(number, **params))["JobId"])

    @staticmethod
    def job_params(number: int = 1, **params: Any) -> dict[str, Any]:
        """Parameters of a job that nothing is wrong with."""
        return {"SourceId": f"s-unitweb{number:05}", "Name": f"job-{number}", "ImageName": f"image-{number}",
                "SystemDiskSize": 20, "DataDisk__1__Index": 1, "DataDisk__1__Size": 30, **params}

    def started(self, number: int = 1, **params: Any) -> str:
        """A job that was started."""
        job_id = self.job(number, **params)
        self.ok("smc", "StartReplicationJob", JobId=job_id)
        return job_id

    def finished(self, number: int = 1, **params: Any) -> dict[str, Any]:
        """A job that went through."""
        job_id = self.started(number, **params)
        self.finish()
        shown = self.show(job_id)
        assert shown["Status"] == "Finished", shown
        return shown

    def finish(self) -> None:
        """Let what was started end: bytes are moved between jumps of the clock, not by them."""
        for _turn in range(4):
            self.advance(1000)

    def show(self, job_id: str) -> dict[str, Any]:
        """The job as DescribeReplicationJobs shows it, or {} when it is gone."""
        found = self.ok("smc", "DescribeReplicationJobs", JobId__1=job_id)["ReplicationJobs"]["ReplicationJob"]
        return dict(found[0]) if found else {}
