# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of scenarios share: a migration step by step, call by call, through the vendor's own clients."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from aliyunsdkcore.acs_exception.exceptions import ClientException, ServerException

from sandbox.world.scenario import FOLDER
from support import oss_client

SOURCE, DB_SOURCE = "s-sandboxweb01", "s-sandboxdb01"
Row = dict[str, Any]


def play(sandbox: Any, stem: str) -> None:
    """Put a scenario file in force."""
    sandbox.post("faults", (FOLDER / f"{stem}.yml").read_text(encoding="utf-8"))


def hits(sandbox: Any) -> list[int]:
    """How often each rule in force hit."""
    return [rule["hits"] for rule in sandbox.get("faults")["faults"]]


def refusal(sandbox: Any, product: str, action: str, **params: Any) -> tuple[int, str]:
    """(HTTP status, code) of a refused call."""
    with pytest.raises(ServerException) as caught:
        sandbox.call(product, action, **params)
    return caught.value.get_http_status(), caught.value.get_error_code()


def lost(sandbox: Any, product: str, action: str, **params: Any) -> None:
    """Make a call whose answer does not come, or not within a second."""
    request = sandbox.request(product, action, **params)
    request.set_read_timeout(1)
    with pytest.raises(ClientException) as caught:
        sandbox.client().do_action_with_exception(request)
    assert caught.value.get_error_code() == "SDK.HttpError"


def oss_refusal(sandbox: Any, operation: str, *words: Any) -> tuple[int, str]:
    """(HTTP status, code) of a refused call of oss2's Bucket."""
    return oss_client.refusal(lambda: getattr(oss_client.bucket(sandbox), operation)(*words))


def job_params(source: str = SOURCE, **options: Any) -> Row:
    """Parameters of a replication job that nothing is wrong with."""
    data = [{"Index": index, "Size": size} for index, size in ((1, 30), (2, 40))] if source == DB_SOURCE else []
    return {"SourceId": source, "Name": f"job-of-{source}", "ImageName": f"image-of-{source}", "SystemDiskSize": 20,
            "TargetType": "Image", "RunOnce": True, "ClientToken": f"token-{source}", "DataDisks": data, **options}


def create(sandbox: Any, source: str = SOURCE, **options: Any) -> str:
    """A replication job that is not started."""
    return str(sandbox.call("smc", "CreateReplicationJob", **job_params(source, **options))["JobId"])


def started(sandbox: Any, source: str = SOURCE) -> str:
    """A replication job that was started."""
    job_id = create(sandbox, source)
    sandbox.call("smc", "StartReplicationJob", JobId=job_id)
    return job_id


def jobs(sandbox: Any) -> list[Row]:
    """All jobs as the API shows them."""
    return list(sandbox.call("smc", "DescribeReplicationJobs")["ReplicationJobs"]["ReplicationJob"])


def ended(sandbox: Any) -> Row:
    """The one job once it does not run any more."""
    return dict(sandbox.until(lambda: jobs(sandbox)[0]["Status"] in ("Finished", "InError") and jobs(sandbox)[0]))


def images(sandbox: Any) -> list[Row]:
    """All ECS images as the API shows them."""
    return list(sandbox.call("ecs", "DescribeImages")["Images"]["Image"])


def image(sandbox: Any, source: str = SOURCE) -> str:
    """The ECS image of a job that went through."""
    started(sandbox, source)
    shown = ended(sandbox)
    assert shown["Status"] == "Finished", shown
    return str(shown["ImageId"])


def export_params(image_id: str) -> Row:
    """Parameters of ExportImage."""
    return {"ImageId": image_id, "OSSBucket": "migration-images", "OSSPrefix": "el1", "ImageFormat": "qcow2"}


def exported(sandbox: Any, source: str = SOURCE) -> Row:
    """The attributes of an export task that has ended."""
    task_id = sandbox.call("ecs", "ExportImage", **export_params(image(sandbox, source)))["TaskId"]

    def look() -> Row | None:
        shown = task(sandbox, task_id)
        return shown if shown["TaskStatus"] in ("Finished", "Failed") else None

    return dict(sandbox.until(look))


def task(sandbox: Any, task_id: str) -> Row:
    """An export task as the API shows it."""
    return dict(sandbox.call("ecs", "DescribeTaskAttribute", TaskId=task_id))


def keys_of(shown: Row) -> list[str]:
    """The objects that an export task names."""
    (step,) = shown["OperationProgressSet"]["OperationProgress"]
    return [item["Value"] for item in step["RelatedItemSet"]["RelatedItem"] if item["Name"] == "OSSObject"]


def import_params(key: str) -> Row:
    """Parameters of ImportImage."""
    return {"ImageName": "ens-image", "ComputeType": "ens_vm", "Architecture": "x86_64", "OSType": "linux",
            "ImageFormat": "qcow2", "OSSRegion": "ap-southeast-1", "TargetOSSRegionId": "ap-southeast-1",
            "OSSBucket": "migration-images", "OSSObject": key}


def imported(sandbox: Any) -> Row:
    """The ENS image of an export, once it is not under way any more."""
    sandbox.call("ens", "ImportImage", **import_params(keys_of(exported(sandbox))[0]))
    under_way = ("Creating", "Uploading")
    return dict(sandbox.until(lambda: ens_images(sandbox)[-1]["Status"] not in under_way and ens_images(sandbox)[-1]))


def ens_images(sandbox: Any) -> list[Row]:
    """All ENS images as the API shows them."""
    return list(sandbox.call("ens", "DescribeSelfImages")["Images"]["Image"])


def timeline(sandbox: Any, row_id: str) -> list[dict[str, Any]]:
    """The states that a row has been in, oldest first, as the state file has them."""
    with sqlite3.connect(Path(sandbox.greeting["state"]) / "state.db") as db:
        steps = [json.loads(body) for (body,) in db.execute("SELECT body FROM timeline ORDER BY n")]
    return [step for step in steps if step["id"] == row_id]
