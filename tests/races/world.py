# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The world of a race: servers, resources of others with similar names, the schedule, and the trace."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from support.wave import GIB, utils

from .cloud import LocalCloud
from .rules import Rules, mutates
from .schedule import Schedule

if TYPE_CHECKING:
    from .cloud import Answer, Sent
    from .controller import Controller, Run

START = 1_800_000_000.0
MIGRATION = "race"
BUCKET = "race-images"
KEY, SECRET = "LTAI5tRaces", "races-secret"
MOST_STEPS = 60_000


class World:
    """Everything that the processes of a race share."""

    def __init__(self, folder: Path, seed: int, count: int, realistic: bool) -> None:
        self.rng = Random(f"world {seed}")
        self.folder = folder
        self.start = START
        self.region, self.bucket = "ap-southeast-1", BUCKET
        self.access_key, self.secret_key = KEY, SECRET
        sizes = [[20, 30] if self.rng.random() < 0.15 else [20] for _number in range(count)]
        self.servers = {f"web-{n}": _entry(f"web-{n}", f"s-raceweb{n:05}", gib) for n, gib in enumerate(sizes, 1)}
        known = {host: utils("_module.options").server(MIGRATION, entry) for host, entry in self.servers.items()}
        self.hosts = {server.id: host for host, server in known.items()}
        self.images = {server.id: server.image_name for server in known.values()}
        self.local = LocalCloud(folder, _document(known, seed, realistic))
        self.cloud = self.local.cloud
        self._put_objects_of_others(known)
        self.others = self._others()
        self.billed = self._billed()
        self.schedule = Schedule(self.local, self.rng, MOST_STEPS)
        self.rules = Rules(self.cloud, self.images, self.hosts, BUCKET)
        self.ends = 0
        """How many cleanups of the whole migration have begun."""
        self.trace: list[tuple[float, str, str]] = []
        self.calls = 0

    # ---- what processes do ----
    def latency(self) -> float:
        """Return how long one direction of a request takes: mostly little, sometimes many seconds."""
        lot = self.rng.random()
        if lot < 0.9:
            return self.rng.uniform(0.01, 0.6)
        return self.rng.uniform(0.6, 6.0) if lot < 0.985 else self.rng.uniform(6.0, 30.0)

    def serve(self, run: Run, request: Sent) -> Answer:
        """Carry out a request and judge it."""
        self.calls += 1
        doomed = self.rules.before(run, request)
        answer = self.local.serve(request)
        self.rules.after(run, request, answer, doomed)
        self.note(run.name, _shown(request, answer))
        return answer

    def serve_late(self, run: Run, request: Sent) -> None:
        """Carry out a request whose sender sees no answer."""
        self.note(run.name, f"-- {request.name} arrives late")
        self.serve(run, request)

    def killed(self, controller: Controller) -> None:
        """End the process of a controller: this call does not return."""
        self.note(controller.run.name, "-- killed")
        controller.on_death()
        controller.process.die()

    def note(self, who: str, text: str) -> None:
        """Add a line to the trace."""
        self.trace.append((self.local.now - START, who, text))

    def written(self) -> str:
        """Return the trace as text."""
        return "".join(f"{when:10.1f} {who:10} {text}\n" for when, who, text in self.trace)

    # ---- what belongs to others ----
    def _put_objects_of_others(self, known: dict[str, Any]) -> None:
        """Put objects into the bucket whose keys are nearly those of this migration."""
        identity = next(iter(known.values())).id
        other = utils("_rules.naming").wave_id("another race")
        for number, key in enumerate((
            f"backup/{identity}_m-1_system.qcow2", f"{identity[:-1]}_m-1_system.qcow2", f"{other}{'0' * 14}_m-2.qcow2",
            f"edgelift/{other}/ledger", f"edgelift/{other}{'0' * 14}/proof.json", "readme.txt",
        )):
            path = self.folder / f"other-{number}"
            path.write_bytes(b"of another owner")
            self.cloud.buckets.put_file(BUCKET, key, path)
            self.cloud.object_stored(BUCKET, key, 16)

    def _others(self) -> dict[str, str]:
        """Return what belongs to others, each as a text that shows every change."""
        cloud, found = self.cloud, dict[str, str]()
        for name in ("images", "instances", "ens_images", "snapshots"):
            for row in cloud.tables.table(name):
                found[f"{name} {row['id']}"] = str({k: v for k, v in row.items() if k not in ("since", "state")})
        bucket = cloud.buckets.find(BUCKET)
        for key in bucket.objects if bucket is not None else ():
            found[f"object {key}"] = ""
        return found

    def _billed(self) -> set[str]:
        return {f"{row['kind']} {row['id']}" for row in self.cloud.meter.report()["running"]}

    def billed_of_us(self) -> list[str]:
        """Return what is billed and was not at the start."""
        return sorted(self._billed() - self.billed)

    def left_of_us(self, finished: bool) -> list[str]:
        """Return what there is of the migration besides its results: what belongs to its servers, and what they shared.
        A cleanup of the whole migration leaves the sources; nothing shows whose one without tags is."""
        cloud, naming = self.cloud, utils("_rules.naming")
        shared = {naming.token_name(MIGRATION), naming.network_name(MIGRATION)}
        found = [f"{table.name} {row['id']}" for table in (cloud.tokens, cloud.vpcs, cloud.vswitches) for row in table
                 if row["name"] in shared]
        for table in (cloud.jobs, cloud.images, cloud.snapshots):
            found += [f"{table.name} {row['id']}" for row in table if self.rules.owner(row.get("name") or "")]
        if finished:
            found += [f"source {row['id']}" for row in cloud.sources if row["tags"]]
        for identity in self.hosts:
            found += [f"object {key}" for key in self.rules.objects(identity)]
        return sorted(found)

    # ---- the end ----
    def judge_end(self, finished: bool) -> None:
        """Judge what is left at the end: everything of others, one image of each server at most, nothing billed."""
        rules, now = self.rules, self._others()
        for what, text in self.others.items():
            if now.get(what) != text:
                rules.violated("of others", f"{what} was {'changed' if what in now else 'deleted'}")
        for identity, host in self.hosts.items():
            count = len(rules.ens_images(identity))
            if count > 1:
                rules.violated("one image", f"{host} has {count} ENS images")
            if finished and not rules.migrated(identity):
                rules.violated("not finished", f"{host}: {rules.stage(identity) or 'nothing was made'}")
        left = self.billed_of_us()
        if left:
            rules.violated("billed", ", ".join(left))
        left = self.left_of_us(finished)
        if left:
            rules.violated("left", ", ".join(left))


def _entry(host: str, source_id: str, gib: list[int]) -> dict[str, Any]:
    disks = [{"index": index, "bytes": size * GIB} for index, size in enumerate(gib)]
    return {"host": host, "source_id": source_id, "fingerprint": f"machine of {host}", "disks": disks}


def _document(known: dict[str, Any], seed: int, realistic: bool) -> dict[str, Any]:
    """Return the world file: resources of others with similar names. The sources are registered by the runs."""
    server = next(iter(known.values()))
    naming = utils("_rules.naming")
    other = naming.resource_name(server.host, naming.migration_id("another race", server.host, server.fingerprint))
    near = f"{server.image_name}-copy"
    disk = [{"gib": 20, "content_mib": 0}]
    return {
        "credentials": {KEY: {"secret": SECRET}}, "start": START, "clock_rate": 0, "seed": seed,
        "profile": "frozen" if realistic else "fast",
        "buckets": [{"name": BUCKET, "region": "ap-southeast-1"}],
        "sources": [],
        "ecs_images": [{"name": name, "region": "ap-southeast-1", "disks": disk} for name in (other, near)],
        "ecs_instances": [{"name": "No_Delete_SMC_Transition_Instance", "region": "ap-southeast-1"}],
        "ens_images": [{"name": name} for name in (other, near)]
        + [{"name": f"{other}-failed", "status": "Upload_failed"}],
    }


def _shown(request: Sent, answer: Answer) -> str:
    names = ("JobId", "ImageId", "ImageName", "TaskId", "SourceId", "InstanceId", "key")
    params = " ".join(request.params[name] for name in names if request.params.get(name))
    text = f"{request.name} {params} -> {answer.status}"
    if request.action == "AppendObject":
        text += f" {request.body.decode(errors='replace').strip()}"
    if not answer.well:
        text += f" {answer.body[:160]!r}"
    return text if mutates(request.name) else f"   {text}"
