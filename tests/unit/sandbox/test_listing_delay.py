# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from support.local_cloud import LocalCloud

ONE = {"ecs_images": [{"name": "one", "id": "m-unitimage0", "region": "ap-southeast-1", "disks": [{"gib": 20}]}]}
IMAGE = {"ImageId": "m-unitimage0", "OSSBucket": "images-sg", "OSSPrefix": "el1234"}


@pytest.mark.sandbox_world({**ONE, "export_listing_delay": 600})
def test_an_export_task_is_shown_late(local: LocalCloud) -> None:
    task_id = local.ok("ecs", "ExportImage", **IMAGE)["TaskId"]
    local.advance(599)
    assert local.ok("ecs", "DescribeTasks", TaskIds=task_id)["TotalCount"] == 0
    assert local.code("ecs", "DescribeTaskAttribute", TaskId=task_id) == (400, "InvalidTaskId.NotFound")
    local.advance(1)
    assert local.ok("ecs", "DescribeTasks", TaskIds=task_id)["TotalCount"] == 1
    assert local.ok("ecs", "DescribeTaskAttribute", TaskId=task_id)["TaskStatus"] == "Finished"
