# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold: the rules of a race, judged at every request that changes something, and once at the end.

No server's finished work is lost or repeated, a server has one ENS image at most, nothing is made after the end of a
cleanup, nothing of others is deleted, all runs share one network, and in the end nothing is billed and nothing of the
migration is left.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from support.wave import READS, utils

if TYPE_CHECKING:
    from sandbox.state.cloud import Cloud

    from .cloud import Answer, Sent
    from .controller import Run

MAKES = frozenset({
    "smc.CreateReplicationJob", "smc.StartReplicationJob", "smc.CreateAccessToken", "ecs.ExportImage",
    "ens.ImportImage", "ens.RunInstances", "vpc.CreateVpc", "vpc.CreateVSwitch",
})  # fmt: skip
TWICE = frozenset({"ImageIsExporting", "ReplicationJobName.Duplicate", "ImageName.UsedByReplicationJob"})
"""Refusals that show that a call was made although another one had been made before."""
_KEY = re.compile(rb"<Key>(.*?)</Key>")


def mutates(name: str) -> bool:
    """Return whether a request changes something."""
    action = name.partition(".")[2]
    return not action.startswith(READS)


class Rules:
    """The rules over one world."""

    def __init__(self, cloud: Cloud, images: dict[str, str], hosts: dict[str, str], bucket: str) -> None:
        self.cloud = cloud
        self.violations: list[str] = []
        self.epoch = 0
        """How often a cleanup of the whole migration has reported that nothing is left."""
        self.ended_at = 0.0
        self.restarted = False
        """Whether a run with migration_restart has changed something since then: others may join it."""
        self._images = images
        self._hosts = hosts
        self._bucket = bucket
        self._epochs: dict[str, int] = {}

    def violated(self, rule: str, text: str) -> None:
        """Note a violation."""
        self.violations.append(f"{rule}: {text}")

    # ---- the state ----
    def ens_images(self, identity: str) -> list[Any]:
        """Return the ENS images of a server that have not failed."""
        rows = self.cloud.ens_images.where(name=self._images[identity])
        return [row for row in rows if row["state"] not in ("Upload_failed", "Pack_failed", "Unavailable")]

    def migrated(self, identity: str) -> bool:
        """Return whether the ENS image of a server is Available."""
        return any(row["state"] == "Available" for row in self.ens_images(identity))

    def stage(self, identity: str) -> str:
        """Return how far a server has come, '' when there is nothing of it."""
        found = []
        for job in self.cloud.jobs:
            if self.owner(job["name"]) == identity:
                found.append(f"job {job['state']}")
        for image in self.cloud.images:
            if self.owner(image["name"]) == identity:
                found.append(f"ECS image {image['status']}")
                found += [f"export {task['state']}" for task in self.cloud.tasks.where(image_id=image["id"])]
        if self.objects(identity):
            found.append("objects")
        found += [f"ENS image {row['state']}" for row in self.ens_images(identity)]
        return ", ".join(found)

    def _unfinished(self) -> dict[str, str]:
        """Return what there is of the servers without a result, by host."""
        found = {host: self.stage(identity) for identity, host in self._hosts.items() if not self.migrated(identity)}
        return {host: stage for host, stage in found.items() if stage}

    def objects(self, identity: str) -> list[str]:
        """Return the exported objects of a server."""
        bucket = self.cloud.buckets.find(self._bucket)
        return [] if bucket is None else [key for key in bucket.objects if key.startswith(f"{identity}_")]

    def owner(self, name: str) -> str:
        """Return the server of this migration that a name belongs to, or ''."""
        found = utils("_rules.naming").owner_of(name) or ""
        return found if found in self._hosts else ""

    # ---- each request ----
    def before(self, run: Run, call: Sent) -> list[tuple[str, str]]:
        """Return what a request is about to delete of which server, and judge what it is about to make."""
        if run.kind == "end":
            # What a cleanup that ends nothing says must be true of the moment of its last request.
            run.seen = self._unfinished()
        if not mutates(call.name):
            return []
        if run.first_epoch is None:
            run.first_epoch = self.epoch
        if run.restart and run.kind == "play" and run.first_epoch == self.epoch:
            self.restarted = True
        if call.name in MAKES:
            self._judge_making(run, call)
        return self._doomed(call)

    def after(self, run: Run, call: Sent, answer: Answer, doomed: list[tuple[str, str]]) -> None:
        """Judge what a request has done."""
        if answer.well:
            for identity, what in doomed:
                self._judge_deletion(run, call, identity, what)
            if call.name in ("vpc.CreateVpc", "vpc.CreateVSwitch"):
                self._judge_network(run, call)
        elif call.name in MAKES and any(code.encode() in answer.body for code in TWICE):
            self.violated("twice", f"{run.name} {call.name} was refused: {answer.body[:200]!r}")

    def _judge_network(self, run: Run, call: Sent) -> None:
        """Judge that the runs of a migration share one network, whatever second they make it in."""
        name, table = call.params.get("VpcName"), self.cloud.vpcs
        if name is None:
            name, table = call.params.get("VSwitchName"), self.cloud.vswitches
        ours = [row["id"] for row in table if row["name"] == name]
        if len(ours) > 1:
            self.violated("two networks", f"{run.name} {call.name}: {', '.join(ours)}")

    def _subject(self, call: Sent) -> str:
        """Return the server that a making call is for, or ''."""
        cloud, params = self.cloud, call.params
        name = params.get("ImageName") or params.get("Name") or ""
        if call.name == "smc.StartReplicationJob":
            name = (cloud.jobs.get(params.get("JobId", "")) or {}).get("name", "")
        if call.name == "ecs.ExportImage":
            name = (cloud.images.get(params.get("ImageId", "")) or {}).get("name", "")
        return self.owner(name)

    def _judge_making(self, run: Run, call: Sent) -> None:
        now = self.cloud.clock.time()
        if self.epoch and not (self.restarted and run.first_epoch == self.epoch):
            ended = f"{now - self.ended_at:.0f} s after a cleanup has reported that nothing is left"
            self.violated("made after the end", f"{run.name} {call.name} {ended}")
        identity = self._subject(call)
        if not identity:
            return
        host, stage = self._hosts[identity], self.stage(identity)
        if call.name == "smc.CreateReplicationJob":
            self._epochs[identity] = self.epoch
        repeated = {
            "smc.CreateReplicationJob": "ECS image" in stage or "ENS image" in stage or "objects" in stage,
            "ecs.ExportImage": "ENS image" in stage or "export Finished" in stage or "export Processing" in stage,
            "ens.ImportImage": "ENS image" in stage,
        }
        if repeated.get(call.name):
            self.violated("repeated", f"{run.name} {call.name} of {host}, of which there is: {stage}")

    def _doomed(self, call: Sent) -> list[tuple[str, str]]:
        cloud, params, found = self.cloud, call.params, list[tuple[str, str]]()
        if call.name in ("smc.DeleteReplicationJob", "smc.StopReplicationJob"):
            job = cloud.jobs.get(params.get("JobId", ""))
            if job is not None and job["state"] not in ("InError", "Expired", "Deleting"):
                found.append((self.owner(job["name"]), f"job {job['state']}"))
        elif call.name in ("ecs.DeleteImage", "ecs.CancelTask"):
            task = cloud.tasks.get(params.get("TaskId", "")) or {}
            image = cloud.images.get(params.get("ImageId") or task.get("image_id", ""))
            if image is not None:
                found.append((self.owner(image["name"]), "ECS image"))
        elif call.name == "ens.DeleteImage":
            row = cloud.ens_images.get(params.get("ImageId", ""))
            if row is not None and row["state"] == "Available":
                found.append((self.owner(row["name"]), "ENS image Available"))
        elif call.product == "oss" and call.action.startswith(("Delete", "Abort", "Put")):
            keys = [unquote(key.decode()) for key in _KEY.findall(call.body)] or [params.get("key", "")]
            found += [(key.partition("_")[0], f"object {key}") for key in keys]
        return [(identity, what) for identity, what in found if identity in self._hosts]

    def _judge_deletion(self, run: Run, call: Sent, identity: str, what: str) -> None:
        host = self._hosts[identity]
        if what.startswith("ENS image"):
            self.violated("lost", f"{run.name} {call.name} deletes the result of {host}")
        elif run.kind == "end":
            if self._epochs.get(identity, 0) > (run.first_epoch or 0) and not self.migrated(identity):
                self.violated("lost", f"{run.name} {call.name} deletes {what} of {host}, begun after the end")
        elif not self.migrated(identity) and host not in run.failed:
            self.violated("lost", f"{run.name} {call.name} deletes {what} of {host}: {self.stage(identity)}")

    # ---- results ----
    def cleaned(self, run: Run, result: dict[str, Any]) -> bool:
        """Take over the result of a cleanup of the whole migration; return whether it says that nothing is left."""
        cleanup = result.get("cleanup") or {}
        # It does not delete the sources that it finds: their clients may still run.
        kept = [row for row in cleanup.get("kept") or [] if row["kind"] != "smc_source"]
        if not cleanup or result.get("failed") or cleanup["residual"] or kept:
            return False
        left = self._unfinished()
        if run.first_epoch is None and run.seen is not None:
            left = run.seen
        for host, stage in left.items():
            self.violated("not cleaned", f"{run.name} has found nothing left of {host}: {stage}")
        if run.first_epoch == self.epoch:
            # One that has found nothing to end and has written nothing ends nothing. What another cleanup has ended
            # meanwhile may have been started again.
            self.epoch += 1
            self.restarted = False
            self.ended_at = self.cloud.clock.time()
        return True

    def crashed(self, run: Run, result: dict[str, Any]) -> None:
        """Judge a failure that is a defect of the collection."""
        error = result.get("error") or {}
        if error.get("code") == "Collection.Defect":
            self.violated("defect", f"{run.name}: {result.get('msg')} {result.get('exception', '')}")

    def gave_up(self, run: Run, host: str, reasons: list[str]) -> None:
        """Judge a server that a run has failed: every refusal of a service ends here."""
        self.violated("gave up", f"{run.name} {host}: {reasons}")
