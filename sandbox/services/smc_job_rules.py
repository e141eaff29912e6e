# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is allowed for a replication job: pure functions."""

from __future__ import annotations

from typing import Any

from sandbox.contracts.check import missing
from sandbox.contracts.errors import not_emulated
from sandbox.state.clock import parse_iso
from sandbox.state.cloud import Cloud
from sandbox.state.meter import GIB
from sandbox.state.tables import Row

DAY = 86400
# One unfinished job per source (facts 1.2).
UNFINISHED = ("Ready", "Running", "Stopped", "Waiting", "InError", "Expired")


def running(job: Row) -> bool:
    """True while Status is Running, whatever the business status."""
    return bool(job["state"].startswith("Running/"))


def status(job: Row) -> tuple[str, str]:
    """(Status, BusinessStatus) as the API shows them; BusinessStatus stays at the last step reached."""
    if running(job):
        first, second = job["state"].split("/")
        return first, second
    return job["state"], job["last_step"]


def unfinished(cloud: Cloud, source_id: str) -> Row | None:
    """The job that keeps a source from getting another one, or None."""
    return next(iter(unfinished_jobs(cloud, source_id)), None)


def unfinished_jobs(cloud: Cloud, source_id: str) -> list[Row]:
    """The jobs of a source that have not ended."""
    return [job for job in cloud.jobs.where(source_id=source_id) if status(job)[0] in UNFINISHED]


def release_source(cloud: Cloud, job: Row) -> None:
    """Send a job to Deleting; its resources go when the lifecycle leaves that state."""
    if job["state"] != "Deleting":
        cloud.jobs.update(job["id"], state="Deleting", since=cloud.clock.time())


def checked_disks(cloud: Cloud, source: Row, params: dict[str, Any]) -> list[dict[str, int]]:
    """The data disks of a job, by index; duplicates and indexes that the source lacks are refused.

    A target smaller than the source's disk is legal for SMC (files are copied) and not emulated: here disks are.
    """
    sizes = {int(disk["index"]): int(disk["size_bytes"]) for disk in source["disks"]}
    disks = [{"index": disk["Index"], "size": disk["Size"]} for disk in params.get("DataDisk", [])]
    indexes = [disk["index"] for disk in disks]
    if len(set(indexes)) != len(indexes):
        raise cloud.error("DataDisk.DuplicateIndex")
    for disk in disks:
        if disk["index"] not in sizes:
            raise cloud.error("ReplicationJobDataDiskIndex.Invalid")
        _refuse_shrinking(disk["size"], sizes[disk["index"]], f"DataDisk {disk['index']}")
    if "SystemDiskSize" in params:
        _refuse_shrinking(params["SystemDiskSize"], sizes.get(0, 0), "SystemDiskSize")
    return sorted(disks, key=lambda disk: disk["index"])


def checked_network(cloud: Cloud, params: dict[str, Any], region: str) -> dict[str, str]:
    """The vSwitch and VPC of a job, empty when SMC is to make them; a pair that does not belong together is refused."""
    vpc_id, vswitch_id = params.get("VpcId", ""), params.get("VSwitchId", "")
    if params.get("NetMode", "0") == "2" and not vswitch_id:
        raise cloud.error("MissingParameter", "NetMode 2 needs VSwitchId.")
    if not vswitch_id:
        return {"vpc_id": vpc_id, "vswitch_id": ""}
    vswitch = cloud.vswitches.get(vswitch_id)
    if vswitch is None or vswitch["region"] != region:
        raise cloud.error("InvalidVSwitchId.NotFound")
    if vpc_id and vswitch["vpc_id"] != vpc_id:
        raise cloud.error("VSwitchIdVpcId.Mismatch")
    return {"vpc_id": vswitch["vpc_id"], "vswitch_id": vswitch_id}


def schedule(params: dict[str, Any]) -> dict[str, Any]:
    """Whether a job runs once, and if not, every how many hours and how many images it keeps (facts 1.3)."""
    once = params.get("RunOnce", True)
    for name in () if once else ("Frequency", "MaxNumberOfImageToKeep"):
        if name not in params:
            raise missing(name)
    return {"run_once": once, "frequency": params.get("Frequency", 0),
            "images_to_keep": params.get("MaxNumberOfImageToKeep", 0)}


def valid_until(cloud: Cloud, params: dict[str, Any], created: float) -> float:
    """When the job expires: ValidTime within created+7d..created+90d, 30 days when not given (facts 1.3)."""
    if "ValidTime" not in params:
        return created + 30 * DAY
    try:
        until = parse_iso(params["ValidTime"])
    except ValueError as failed:
        raise cloud.error("InvalidParameter.ValidTime", f"ValidTime: {failed}.") from None
    # The controller reckons with its own clock and whole seconds; a minute of grace keeps "exactly 7 days" legal.
    if not created + 7 * DAY - 60 <= until <= created + 90 * DAY + 60:
        raise cloud.error("InvalidParameter.ValidTime", "ValidTime must be 7 to 90 days after the creation time.")
    return until


def _refuse_shrinking(gib: int, source_bytes: int, what: str) -> None:
    if gib * GIB < source_bytes:
        raise not_emulated(f"a target disk smaller than the source's ({what}: {gib} GiB for {source_bytes} bytes)")
