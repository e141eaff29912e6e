# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The questions that edges ask before they fire; each looks only at the cloud and its row."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.cloud import Cloud
from sandbox.lifecycles.tables import HEARTBEAT
from sandbox.store import Row

Guard = Callable[[Cloud, Row], bool]

# A client that missed three heartbeats is offline; never sooner than this many real seconds.
_PATIENCE = 6.0


def source_online(cloud: Cloud, source: Row) -> bool:
    """True while the client beats: judged in real time, since a jump of the virtual clock does not stop a client."""
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
    """True when the job's source is offline or gone."""
    source = cloud.sources.get(job["source_id"])
    return source is None or source_offline(cloud, source)


def balance_used_up(cloud: Cloud, _job: Row) -> bool:
    """True when the account cannot pay for an intermediate instance."""
    return cloud.settings.account.balance <= 0


def vpc_quota_used_up(cloud: Cloud, job: Row) -> bool:
    """True when the job needs a VPC of its own and the region has its quota of them (facts 7.3)."""
    if job["vswitch_id"] or job["own_vpc_id"]:
        return False
    return len(cloud.vpcs.where(region=job["region"])) >= cloud.settings.account.quotas.vpc


def instance_lost(cloud: Cloud, job: Row) -> bool:
    """True when the job had an intermediate instance and somebody released it."""
    return bool(job["transition_instance_id"]) and job["transition_instance_id"] not in cloud.instances


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
    """True when the intermediate instance could not be reached or gave up on the stream."""
    if cloud.work.failure(work_key("receiver", job)) is not None:
        return True
    return not job["received"] and cloud.receivers.error(job["transition_instance_id"]) is not None


def work_key(kind: str, job: Row) -> str:
    """The key of background work of one run of a job."""
    return f"{kind}/{job['id']}/{job['runs']}"


def image_work_done(cloud: Cloud, job: Row) -> bool:
    """True when the received disks have been frozen as snapshots."""
    return cloud.work.done(work_key("image", job))


def image_work_failed(cloud: Cloud, job: Row) -> bool:
    """True when freezing the disks failed."""
    return cloud.work.failure(work_key("image", job)) is not None


def export_bucket_gone(cloud: Cloud, task: Row) -> bool:
    """True when the target bucket was deleted under the export."""
    return cloud.buckets.bucket(task["bucket"]) is None


def export_work_done(cloud: Cloud, task: Row) -> bool:
    """True when every object is in the bucket."""
    return cloud.work.done(f"export/{task['id']}")


def export_work_failed(cloud: Cloud, task: Row) -> bool:
    """True when writing the objects failed."""
    return cloud.work.failure(f"export/{task['id']}") is not None


def ingest_done(cloud: Cloud, image: Row) -> bool:
    """True when every object was read as a disk."""
    return cloud.work.done(f"ingest/{image['id']}")


def ingest_failed(cloud: Cloud, image: Row) -> bool:
    """True when an object is missing, truncated or not of the format that was promised."""
    return cloud.work.failure(f"ingest/{image['id']}") is not None


def _bytes_received_at(cloud: Cloud, job: Row) -> float | None:
    if job["received"] or _streams(cloud, job):
        return None
    return float(job["since"])


def _expired_at(_cloud: Cloud, job: Row) -> float | None:
    return max(float(job["since"]), float(job["valid_until"]))


def _back_at(_cloud: Cloud, source: Row) -> float | None:
    return source.get("offline_until")


# When a guard that waits for time became true: its step happens at that moment, also when the clock jumped past it.
MOMENTS: dict[str, Callable[[Cloud, Row], float | None]] = {
    "all_bytes_received": _bytes_received_at,
    "job_expired": _expired_at,
    "source_online": _back_at,
}


def _silent_at(cloud: Cloud, source: Row) -> float | None:
    # A little later: a client is offline when its patience is over, not when it ends.
    return None if source["simulated"] else float(source["heartbeat_real"]) + _patience(cloud) + 0.001


# The same in real seconds, for guards that a client's silence makes true.
REAL_MOMENTS: dict[str, Callable[[Cloud, Row], float | None]] = {"source_offline": _silent_at}

# Guards whose answer only changes when a row or background work does, so that the engine is told of it.
_TOLD = frozenset(
    {"source_online", "source_offline", "source_has_running_job", "source_has_no_running_job", "instance_lost",
     "job_expired", "image_work_done", "image_work_failed", "export_work_done", "export_work_failed", "ingest_done",
     "ingest_failed"}
)
_TOLD_WHEN_SIMULATED = frozenset({"all_bytes_received", "transfer_failed", "source_unavailable"})


def is_told(cloud: Cloud, row: Row, guard: str) -> bool:
    """True when a guard that does not hold need not be asked again before something is changed."""
    return guard in _TOLD or (guard in _TOLD_WHEN_SIMULATED and not _streams(cloud, row))


GUARDS: dict[str, Guard] = {
    guard.__name__: guard
    for guard in (
        source_online, source_offline, source_has_running_job, source_has_no_running_job, source_unavailable,
        balance_used_up, vpc_quota_used_up, instance_lost, job_expired, all_bytes_received, transfer_failed,
        image_work_done, image_work_failed, export_bucket_gone, export_work_done, export_work_failed, ingest_done,
        ingest_failed,
    )
}
