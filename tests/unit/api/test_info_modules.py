# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import (
    ens_image_info,
    ens_instance_info,
    smc_source_info,
    smc_transfer_info,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from .conftest import FakeModule


def listed(path: tuple[str, str], rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Code": 0, "TotalCount": len(rows), path[0]: {path[1]: rows}}


def sources(clients: Any, **params: Any) -> list[dict[str, Any]]:
    module = FakeModule({"source_ids": None, "name": None, "state": None, "migration": None, **params})
    found: list[dict[str, Any]] = smc_source_info.work(module, clients)["sources"]
    return found


def test_a_name_is_compared_exactly(clients: Any, wire: Any) -> None:
    rows = [{"SourceId": f"s-{name}", "Name": name, "State": "Available"} for name in ("web-1", "web-10")]
    wire.expect("DescribeSourceServers", listed(("SourceServers", "SourceServer"), rows), Name="web-1")
    assert [row["source_id"] for row in sources(clients, name="web-1")] == ["s-web-1"]


def test_an_empty_list_of_ids_matches_nothing(clients: Any, wire: Any) -> None:
    assert sources(clients, source_ids=[]) == []
    assert wire.names == []


def test_the_codes_of_a_migration_that_have_registered_a_server_are_listed_with_their_times(
    clients: Any, wire: Any
) -> None:
    name, when = naming.token_name("wave_01"), "2026-11-24T08:00:00Z"
    code = {"Name": name, "Description": naming.description("wave_01"), "RegisteredCount": "1", "CreationTime": when}
    rows = [{**code, "AccessTokenId": "at-1"}, {**code, "AccessTokenId": "at-2", "RegisteredCount": "0"}]
    rows.append({**code, "AccessTokenId": "at-3", "Description": "edgelift:wave_02"})
    wire.expect("DescribeSourceServers", listed(("SourceServers", "SourceServer"), []))
    wire.expect("ListAccessTokens", {"AccessTokens": {"AccessToken": rows}}, Name=name)
    module = FakeModule({"source_ids": ["s-1"], "name": None, "state": None, "migration": "wave_01"})
    assert smc_source_info.work(module, clients)["codes"] == [{"id": "at-1", "creation_time": when}]


def test_jobs_are_returned_with_numbers(clients: Any, wire: Any) -> None:
    row = {"JobId": "j-1", "SourceId": "s-1", "Name": "n", "Status": "Running", "Progress": "42.5",
           "TransitionInstanceId": "i-1", "DataDisks": {"DataDisk": [{"Index": 1, "Size": 40}]}}  # fmt: skip
    wire.expect("DescribeReplicationJobs", listed(("ReplicationJobs", "ReplicationJob"), [row]), **{"JobId.1": "j-1"})
    params = {"job_ids": ["j-1"], "source_ids": None, "name": None, "status": None}
    (found,) = smc_transfer_info.work(FakeModule(params), clients)["transfers"]
    assert (found["job_id"], found["progress"], found["instance_id"]) == ("j-1", 42.5, "i-1")
    assert found["data_disks"] == [{"index": 1, "size": 40}]


IMAGES = [
    {"ImageId": "m-1", "ImageName": "web", "ImageSize": "20", "Status": "Available"},
    {"ImageId": "m-11", "ImageName": "web-old", "Status": "Creating",
     "DiskDeviceMappings": {"DiskDeviceMapping": [{"Type": "system", "Format": "qcow2", "Size": "20"}]}},
    {"ImageId": "m-2", "ImageName": "db", "Status": "Uploading"},
]  # fmt: skip


@pytest.mark.parametrize(
    ("ids", "names", "filters", "found"),
    [
        (["m-1"], None, {"ImageId": "m-1"}, ["m-1"]),
        (None, ["web"], {"ImageName": "web"}, ["m-1"]),
        (["m-1", "m-2"], None, {}, ["m-1", "m-2"]),
        (["m-2"], ["web"], {}, ["m-1", "m-2"]),
        (None, None, {}, ["m-1", "m-11", "m-2"]),
    ],
)
def test_fuzzy_filters_are_not_trusted(
    clients: Any, wire: Any, ids: Any, names: Any, filters: dict[str, str], found: list[str]
) -> None:
    wire.expect("DescribeSelfImages", listed(("Images", "Image"), IMAGES))
    result = ens_image_info.work(FakeModule({"image_ids": ids, "names": names}), clients)
    assert [image["image_id"] for image in result["images"]] == found
    sent = {name: value for name, value in wire.received[0].params.items() if name in ("ImageId", "ImageName")}
    assert sent == filters


@pytest.mark.parametrize(("ids", "names"), [([], None), (None, []), ([], [])])
def test_no_image_is_asked_for_nothing(clients: Any, wire: Any, ids: Any, names: Any) -> None:
    assert ens_image_info.work(FakeModule({"image_ids": ids, "names": names}), clients)["images"] == []
    assert wire.names == []


def test_image_facts_are_typed(clients: Any, wire: Any) -> None:
    wire.expect("DescribeSelfImages", listed(("Images", "Image"), IMAGES))
    first, second = ens_image_info.work(FakeModule({"image_ids": None, "names": None}), clients)["images"][:2]
    assert (first["size"], first["disks"]) == (20, [])
    assert second["disks"] == [{"type": "system", "format": "qcow2", "size": 20}]


INSTANCES = [
    {"InstanceId": "i-1", "InstanceName": "web", "Status": "Running", "Cpu": "2", "Memory": 4096,
     "SystemDisk": {"Size": 20480}, "DataDisk": {"DataDisk": [{"Size": 40960}]},
     "InnerIpAddress": {"IpAddress": ["10.0.0.2"]}, "PublicIpAddress": {"IpAddress": []},
     "PublicIpAddresses": {"PublicIpAddress": [{"Ip": "203.0.113.2", "Isp": "unicom"}]},
     "Tags": {"Tags": [{"TagKey": "edgelift:wave", "TagValue": "wave_01"}]}},
    {"InstanceId": "i-2", "InstanceName": "web-2", "Status": "Stopped"},
]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({}, ["i-1", "i-2"]),
        ({"names": ["web"]}, ["i-1"]),
        ({"instance_ids": ["i-2"], "names": ["web"]}, ["i-1", "i-2"]),
        ({"migration": "wave_01"}, ["i-1"]),
        ({"migration": "wave_01", "instance_ids": ["i-2"]}, []),
    ],
)
def test_instances_are_chosen_exactly(clients: Any, wire: Any, options: dict[str, Any], found: list[str]) -> None:
    wire.expect("DescribeInstances", listed(("Instances", "Instance"), INSTANCES))
    params = {"instance_ids": None, "names": None, "migration": None, "stock": False, **options}
    result = ens_instance_info.work(FakeModule(params), clients)
    assert [row["instance_id"] for row in result["instances"]] == found


def test_instance_facts_are_typed_and_the_stock_is_a_number(clients: Any, wire: Any) -> None:
    wire.expect("DescribeInstances", listed(("Instances", "Instance"), INSTANCES))
    wire.expect("DescribeAvailableResource", {"Code": 0, "SupportResources": {"SupportResource": [
        {"EnsRegionId": "node", "InstanceSpec": "ens.sn1.tiny", "SupportResourcesCount": "50"}]}})  # fmt: skip
    params = {"instance_ids": None, "names": None, "migration": None, "stock": True}
    result = ens_instance_info.work(FakeModule(params), clients)
    first, second = result["instances"]
    assert (first["cpu"], first["memory_mib"]) == (2, 4096)
    assert (first["system_disk_size"], first["data_disk_sizes"]) == (20, [40])
    assert (first["private_ips"], first["public_ips"]) == (["10.0.0.2"], ["203.0.113.2"])
    assert (second["private_ips"], second["tags"], second["deletion_protection"]) == ([], {}, False)
    assert result["stock"] == [{"ens_region_id": "node", "instance_type": "ens.sn1.tiny", "count": 50}]
