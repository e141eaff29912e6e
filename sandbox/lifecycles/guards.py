# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guards of edges: each reads only the cloud and its row."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.contracts.lifecycles import HEARTBEAT
from sandbox.effects import runs
from sandbox.state.cloud import Cloud
from sandbox.state.quotas import VCPUS
from sandbox.state.tables import Row
from sandbox.state.work import work_key

Guard = Callable[[Cloud, Row], bool]

# A client that missed three heartbeats is offline, but not before this many real seconds.
_PATIENCE = 15.0


def source_online(cloud: Cloud, source: Row) -> bool:
    """True while the client sends heartbeats, in real time: a jump of the virtual clock does not stop a client."""
    if source.get("offline_until", 0.0) > cloud.clock.time():
        return False
    if source["simulated"]:
        return bool(source["online"])
    return cloud.clock.real() <= float(source["heartbeat_real"]) + _patience(cloud)


def _patience(cloud: Cloud) -> float:
    return max(3 * HEARTBEAT[cloud.settings.profile] / max(cloud.clock.rate, 1.0), _PATIENCE)


def source_offline(cloud: Cloud, source: Row) -> bool:
    """The opposite of ``source_online``."""
    return not source_online(cloud, source)


def source_has_running_job(cloud: Cloud, source: Row) -> bool:
    """True while a job of this source runs: only its last one can."""
    job = cloud.jobs.get(source["job_id"])
    return job is not None and job["state"].startswith("Running/")


def source_has_no_running_job(cloud: Cloud, source: Row) -> bool:
    """The opposite of ``source_has_running_job``."""
    return not source_has_running_job(cloud, source)


def source_unavailable(cloud: Cloud, job: Row) -> bool:
    """True when the job's source is offline or deleted."""
    source = cloud.sources.get(job["source_id"])
    return source is None or source_offline(cloud, source)


def balance_used_up(cloud: Cloud, _job: Row) -> bool:
    """True when the account cannot pay for an intermediate instance."""
    return cloud.settings.account.balance <= 0


def vpc_quota_used_up(cloud: Cloud, job: Row) -> bool:
    """True when the job needs a separate VPC and the region has its quota of them (facts 7.3)."""
    if job["vswitch_id"] or job["own_vpc_id"]:
        return False
    return len(cloud.vpcs.where(region=job["region"])) >= cloud.settings.account.quotas.vpc


def vcpu_quota_used_up(cloud: Cloud, job: Row) -> bool:
    """True when the job needs an instance and the region has its quota of vCPUs."""
    if job["transition_instance_id"]:
        return False
    used = VCPUS * len(cloud.instances.where(region=job["region"]))
    return used + VCPUS > cloud.settings.account.quotas.vcpu


def image_quota_used_up(cloud: Cloud, job: Row) -> bool:
    """True when the job's region has its quota of custom images."""
    return len(cloud.images.where(region=job["region"])) >= cloud.settings.account.quotas.images


def snapshots_unavailable(cloud: Cloud, _job: Row) -> bool:
    """True when the account has not opened the snapshot service."""
    return not cloud.settings.account.snapshot_service


def instance_lost(cloud: Cloud, job: Row) -> bool:
    """True when the job's intermediate instance was released."""
    return bool(job["transition_instance_id"]) and job["transition_instance_id"] not in cloud.instances


def job_repeats(_cloud: Cloud, job: Row) -> bool:
    """True for an incremental job that is not cut over: after a run it waits for the next one."""
    return not job["run_once"] and not job["final"]


def job_is_over(cloud: Cloud, job: Row) -> bool:
    """True for a job that ends after its run. Each edge has a time of its own, so both need a guard."""
    return not job_repeats(cloud, job)


def next_run_due(cloud: Cloud, job: Row) -> bool:
    """True once the interval of an incremental job has passed since its last run."""
    return runs.due_at(job) <= cloud.clock.time()


def job_expired(cloud: Cloud, job: Row) -> bool:
    """True once ValidTime is past."""
    return bool(job["valid_until"] <= cloud.clock.time())


def all_bytes_received(cloud: Cloud, job: Row) -> bool:
    """True when every disk is on the intermediate instance."""
    if job["received"]:
        return True
    if _streams(cloud, job):
        return cloud.receivers.complete(job["transition_instance_id"])
    return cloud.work.done(work_key("receiver", job))


def _streams(cloud: Cloud, job: Row) -> bool:
    source = cloud.sources.get(job["source_id"])
    return source is not None and not source["simulated"]


def transfer_failed(cloud: Cloud, job: Row) -> bool:
    """True when the intermediate instance could not be reached or refused the stream."""
    if cloud.work.failure(work_key("receiver", job)) is not None:
        return True
    return not job["received"] and cloud.receivers.error(job["transition_instance_id"]) is not None


def image_work_done(cloud: Cloud, job: Row) -> bool:
    """True when the received disks have been frozen as snapshots."""
    return cloud.work.done(work_key("image", job))


def image_work_failed(cloud: Cloud, job: Row) -> bool:
    """True when freezing the disks failed."""
    return cloud.work.failure(work_key("image", job)) is not None


def snapshots_are_ready(cloud: Cloud, image: Row) -> bool:
    """True when an image can be used; one that a world file put into another state stays in it."""
    rows = [cloud.snapshots.get(disk["snapshot_id"]) for disk in image["disks"]]
    return not image["held"] and all(row is None or row["status"] == "accomplished" for row in rows)


def export_bucket_gone(cloud: Cloud, task: Row) -> bool:
    """True when the target bucket was deleted during the export."""
    return cloud.buckets.bucket(task["bucket"]) is None


def all_disks_exported(cloud: Cloud, task: Row) -> bool:
    """True when every object is in the bucket."""
    return all(row["state"] == "Stored" for row in cloud.exports.where(task_id=task["id"]))


def disk_export_failed(cloud: Cloud, task: Row) -> bool:
    """True when one of the objects could not be written."""
    return bool(cloud.exports.where(task_id=task["id"], state="Failed"))


def disk_is_next(cloud: Cloud, row: Row) -> bool:
    """True when the disk before this one is in the bucket."""
    before = _disk_before(cloud, row)
    return cloud.buckets.bucket(row["bucket"]) is not None and (before is None or before["state"] == "Stored")


def _disk_before(cloud: Cloud, row: Row) -> Row | None:
    return cloud.exports.get(f"{row['task_id']}-{row['position'] - 1}")


def conversion_failed(cloud: Cloud, row: Row) -> bool:
    """True when a disk could not be written in its format."""
    return cloud.work.failure(f"export/{row['id']}") is not None


def upload_taken_away(cloud: Cloud, row: Row) -> bool:
    """True when the upload of an export was aborted or completed by another caller."""
    return not cloud.buckets.has_upload(row["bucket"], row["upload_id"])


def part_is_missing(cloud: Cloud, row: Row) -> bool:
    """True when a disk is converted and not all of it is in its upload."""
    key = f"export/{row['id']}"
    return cloud.work.done(key) and row["parts"] < len(cloud.work.result(key))


def parts_are_there(cloud: Cloud, row: Row) -> bool:
    """True when all of a converted disk is in its upload."""
    key = f"export/{row['id']}"
    return cloud.work.done(key) and row["parts"] >= len(cloud.work.result(key))


def auto_release_due(cloud: Cloud, instance: Row) -> bool:
    """True once the AutoReleaseTime of an ENS instance is past; an instance without one stays."""
    return instance["release_at"] is not None and instance["release_at"] <= cloud.clock.time()


def guest_is_off(cloud: Cloud, instance: Row) -> bool:
    """True when no process of an ENS instance is left, in real time; without guests, there is none."""
    return cloud.guests is None or cloud.guests.is_off(instance["id"])


def guest_powered_off(cloud: Cloud, instance: Row) -> bool:
    """True when the system of an ENS instance that runs has switched it off, in real time."""
    return cloud.guests is not None and cloud.guests.powered_off(instance["id"], instance.get("boots", 0))


def ingest_done(cloud: Cloud, image: Row) -> bool:
    """True when every object was read as a disk."""
    return cloud.work.done(f"ingest/{image['id']}")


def ingest_failed(cloud: Cloud, image: Row) -> bool:
    """True when an object is missing, truncated or not of the declared format."""
    return cloud.work.failure(f"ingest/{image['id']}") is not None


def _bytes_received_at(cloud: Cloud, job: Row) -> float | None:
    if job["received"] or _streams(cloud, job):
        return None
    return float(job["since"])


def _expired_at(_cloud: Cloud, job: Row) -> float | None:
    return max(float(job["since"]), float(job["valid_until"]))


def _released_at(_cloud: Cloud, instance: Row) -> float | None:
    return None if instance["release_at"] is None else max(float(instance["since"]), float(instance["release_at"]))


def _online_at(_cloud: Cloud, source: Row) -> float | None:
    return source.get("offline_until")


def _next_since(cloud: Cloud, row: Row) -> float | None:
    before = _disk_before(cloud, row)
    return _since(cloud, row if before is None else before)


def _since(_cloud: Cloud, row: Row) -> float | None:
    return float(row["since"])


def _since_without_guests(cloud: Cloud, row: Row) -> float | None:
    return float(row["since"]) if cloud.guests is None else None


# When a guard that waits for time became true: its step happens at that moment, also when the clock jumped past it.
MOMENTS: dict[str, Callable[[Cloud, Row], float | None]] = {
    "source_online": _online_at,
    "all_bytes_received": _bytes_received_at,
    "job_expired": _expired_at,
    "next_run_due": lambda _cloud, job: runs.due_at(job),
    "auto_release_due": _released_at,
    "guest_is_off": _since_without_guests,
    "disk_is_next": _next_since,
    "part_is_missing": _since,
    "parts_are_there": _since,
}


def _silent_at(cloud: Cloud, source: Row) -> float | None:
    # A little later: a client is offline when its timeout has passed, not when it ends.
    return None if source["simulated"] else float(source["heartbeat_real"]) + _patience(cloud) + 0.001


def _unknown(_cloud: Cloud, _row: Row) -> float | None:
    return None


# The same in real seconds, for guards that a client's silence or a guest makes true.
REAL_MOMENTS: dict[str, Callable[[Cloud, Row], float | None]] = {
    "source_offline": _silent_at, "guest_is_off": _unknown, "guest_powered_off": _unknown,
}

# Guards whose answer only changes when a row or background work does, so that the engine is told of it.
_TOLD = frozenset(
    {"source_online", "source_offline", "source_has_running_job", "source_has_no_running_job", "instance_lost",
     "job_expired", "auto_release_due", "next_run_due",
     "job_repeats", "job_is_over", "image_work_done", "image_work_failed", "conversion_failed", "part_is_missing",
     "parts_are_there", "ingest_done", "ingest_failed"}
)
_TOLD_WHEN_SIMULATED = frozenset({"all_bytes_received", "transfer_failed", "source_unavailable"})


def is_told(cloud: Cloud, row: Row, guard: str) -> bool:
    """True when a guard that does not hold need not be asked again before something is changed."""
    if guard == "guest_powered_off":
        return cloud.guests is None
    return guard in _TOLD or (guard in _TOLD_WHEN_SIMULATED and not _streams(cloud, row))


GUARDS: dict[str, Guard] = {
    guard.__name__: guard
    for guard in (
        source_online, source_offline, source_has_running_job, source_has_no_running_job, source_unavailable,
        balance_used_up, vpc_quota_used_up, vcpu_quota_used_up, image_quota_used_up, snapshots_unavailable,
        instance_lost, job_expired, job_repeats, job_is_over, next_run_due, all_bytes_received, transfer_failed,
        image_work_done, image_work_failed, snapshots_are_ready, export_bucket_gone, all_disks_exported,
        disk_export_failed, disk_is_next, conversion_failed, upload_taken_away, part_is_missing, parts_are_there,
        auto_release_due, guest_is_off, guest_powered_off, ingest_done, ingest_failed,
    )
}
