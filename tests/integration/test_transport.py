# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our transport against the local cloud, which checks signatures, parameters, paging and ranges as the vendor does."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients, make_clients
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.retry import Retry
from support.wave import role_profile

pytestmark = pytest.mark.any_core

STS = {"STS.Integration": {"secret": "StsSecret0123456789", "token": "sts-token/+=", "ttl": 3600}}
MANY = [{"name": f"host-{n:03}", "id": f"s-sandboxhost{n:03}", "disks": [{"gib": 20}]} for n in range(120)]


@pytest.fixture
def connect(sandbox: Any, tmp_path: Path) -> Callable[..., Clients]:
    """Makes clients of the sandbox; options may be overridden."""

    def clients(**options: Any) -> Clients:
        params = {
            "region": sandbox.region,
            "access_key": sandbox.access_key,
            "secret_key": sandbox.secret_key,
            "endpoints": sandbox.endpoints,
            **options,
        }
        return make_clients(params, {}, tmp_path, Retry(attempts=2, base=0.01))

    return clients


@pytest.fixture
def clients(connect: Callable[..., Clients]) -> Clients:
    """Clients of the sandbox with its own key."""
    return connect()


READS: dict[str, Callable[[Clients, Any], Any]] = {
    "smc.DescribeSourceServers": lambda c, s: c.smc.describe_source_servers(name="web-01", state="Available"),
    "smc.DescribeReplicationJobs": lambda c, s: c.smc.describe_replication_jobs(job_ids=["j-1"], status="Ready"),
    "smc.ListAccessTokens": lambda c, s: c.smc.list_access_tokens("n"),
    "ecs.DescribeImages": lambda c, s: c.ecs.describe_images(image_name="n"),
    "ecs.DescribeTasks": lambda c, s: c.ecs.describe_tasks(resource_ids=["m-1"]),
    "ecs.DescribeInstances": lambda c, s: c.ecs.describe_instances(["i-1"], "n*"),
    "ecs.DescribeDisks": lambda c, s: c.ecs.describe_disks(["d-1"], "i-1"),
    "ecs.DescribeSnapshots": lambda c, s: c.ecs.describe_snapshots(["s-1"]),
    "ecs.DescribeSecurityGroups": lambda c, s: c.ecs.describe_security_groups(["sg-1"]),
    "ecs.DescribeRegions": lambda c, s: c.ecs.describe_regions(),
    "ecs.DescribeZones": lambda c, s: c.ecs.describe_zones(),
    "ens.DescribeSelfImages": lambda c, s: c.ens.describe_self_images("m-1", "n"),
    "vpc.DescribeVpcs": lambda c, s: c.vpc.describe_vpcs(["vpc-1"], "n"),
    "vpc.DescribeVSwitches": lambda c, s: c.vpc.describe_vswitches("vpc-1", ["vsw-1"]),
    "sts.GetCallerIdentity": lambda c, s: c.sts.get_caller_identity(),
    "oss.GetBucketInfo": lambda c, s: c.oss(s.bucket).bucket_info(),
    "oss.ListObjectsV2": lambda c, s: c.oss(s.bucket).list_keys("p"),
    "oss.ListMultipartUploads": lambda c, s: c.oss(s.bucket).list_uploads("p"),
}


@pytest.mark.parametrize("name", READS)
def test_every_read_is_understood_and_its_signature_accepted(clients: Clients, sandbox: Any, name: str) -> None:
    READS[name](clients, sandbox)
    assert clients.calls == {name: 1}


WRITES: dict[str, Callable[[Clients, Any], Any]] = {
    "smc.DescribeSourceServers": READS["smc.DescribeSourceServers"],
    # A creation that cannot be repeated: the refusal proves that nothing was made.
    "smc.CreateAccessToken": lambda c, s: c.smc.create_access_token("wave", None, 1, 1),
    "oss.PutObject": lambda c, s: c.oss(s.bucket).put_text("k", "text"),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_token_that_ends_before_its_time_is_renewed(sandbox: Any, tmp_path: Path, name: str) -> None:
    """A role of a profile, whose token the service takes for expired while the clock here says that it is good."""
    path = role_profile(sandbox, tmp_path)
    params = {"region": sandbox.region, "endpoints": sandbox.endpoints, "profile": "wave"}
    clients = make_clients(params, {"ALICLOUD_SHARED_CREDENTIALS_FILE": str(path)}, tmp_path, Retry(2, 0.01))
    clients.sts.get_caller_identity()
    sandbox.advance(3601)
    WRITES[name](clients, sandbox)
    assert clients.calls == {"sts.AssumeRole": 2, "sts.GetCallerIdentity": 1, name: 2}


@pytest.mark.sandbox_world({"credentials": STS})
@pytest.mark.parametrize("name", ["smc.DescribeSourceServers", "sts.GetCallerIdentity", "oss.GetBucketInfo"])
def test_temporary_credentials_are_accepted_everywhere(connect: Any, sandbox: Any, name: str) -> None:
    ((key, row),) = STS.items()
    READS[name](connect(access_key=key, secret_key=row["secret"], security_token=row["token"]), sandbox)


@pytest.mark.sandbox_world({"credentials": STS})
@pytest.mark.parametrize("name", ["smc.DescribeSourceServers", "oss.GetBucketInfo"])
def test_expired_credentials_are_named(connect: Any, sandbox: Any, name: str) -> None:
    ((key, row),) = STS.items()
    expired = connect(access_key=key, secret_key=row["secret"], security_token=row["token"])
    sandbox.advance(3700)
    with pytest.raises(CloudError, match=r"Expired") as raised:
        READS[name](expired, sandbox)
    assert "STS token" in raised.value.hint
    assert row["token"] not in str(raised.value)


@pytest.mark.parametrize("name", ["smc.DescribeSourceServers", "ens.DescribeSelfImages", "oss.GetBucketInfo"])
@pytest.mark.parametrize(
    ("options", "code", "hint"),
    [
        ({"access_key": "LTAIwrongAccessKey"}, "InvalidAccessKeyId", "access key id"),
        ({"secret_key": "wrong"}, "SignatureDoesNotMatch", "secret key"),
    ],
    ids=["key", "secret"],
)
def test_wrong_credentials_are_told_apart(
    connect: Any, sandbox: Any, name: str, options: dict[str, str], code: str, hint: str
) -> None:
    with pytest.raises(CloudError) as raised:
        READS[name](connect(**options), sandbox)
    error = raised.value
    assert error.code.startswith(code)
    assert error.action == name
    assert error.request_id
    assert hint in error.hint
    shown = f"{error!r}{error.as_dict()}"
    assert "LTAIwrongAccessKey" not in shown
    assert sandbox.access_key not in shown
    assert not error.retryable


@pytest.mark.sandbox_world({"sources": MANY})
def test_every_page_is_read(clients: Clients) -> None:
    assert len(clients.smc.describe_source_servers()) == 120
    assert clients.calls == {"smc.DescribeSourceServers": 3}
    ids = [row["id"] for row in MANY]
    assert {row["SourceId"] for row in clients.smc.describe_source_servers(ids)} == set(ids)


def test_the_same_client_token_makes_one_job(clients: Clients) -> None:
    params = {
        "SourceId": "s-sandboxdb01",
        "Name": "db-01-job",
        "TargetType": "Image",
        "ImageName": "db-01",
        "SystemDiskSize": 20,
        "DataDisks": [{"Index": 1, "Size": 30}, {"Index": 2, "Size": 40}],
        "Tags": [{"Key": "edgelift:wave", "Value": "wave_01"}],
        "RunOnce": True,
    }
    first = clients.smc.create_replication_job(params, "token-1")["JobId"]
    assert clients.smc.create_replication_job(params, "token-1")["JobId"] == first
    (job,) = clients.smc.describe_replication_jobs()
    assert job["DataDisks"]["DataDisk"][1]["Size"] == 40
    assert job["Tags"]["Tag"] == [{"Key": "edgelift:wave", "Value": "wave_01"}]
    with pytest.raises(CloudError) as raised:
        clients.smc.stop_replication_job(first)
    assert raised.value.code == "ReplicationJob.InvalidStatus"


def test_jobs_of_other_regions_are_not_ours(connect: Any) -> None:
    params = {"SourceId": "s-sandboxweb01", "Name": "web-01-job", "TargetType": "Image", "ImageName": "w-01",
              "SystemDiskSize": 20}  # fmt: skip
    connect().smc.create_replication_job(params, "token-2")
    assert connect(region="cn-beijing").smc.describe_replication_jobs() == []


def test_objects_in_a_bucket(clients: Clients, sandbox: Any) -> None:
    oss = clients.oss(sandbox.bucket)
    info = oss.bucket_info()
    assert (info["name"], info["location"]) == (sandbox.bucket, sandbox.region)
    oss.put_text("edgelift/x/export.json", "run 1")
    assert oss.get_text("edgelift/x/export.json") == "run 1"
    assert oss.get_text("edgelift/y") is None
    oss.put_text("edgelift/ü +&?#%.txt", "0123456789 ü")
    head = oss.head("edgelift/ü +&?#%.txt")
    assert head is not None
    assert head["size"] == 13
    assert oss.head("edgelift/none") is None
    begun = oss.read_start("edgelift/ü +&?#%.txt", 4)
    assert begun is not None
    assert begun == {**head, "content": b"0123"}
    assert oss.read_start("edgelift/none", 4) is None
    assert oss.read_range("edgelift/ü +&?#%.txt", 2, 5) == b"2345"
    assert {row["key"]: row["size"] for row in oss.list_keys("edgelift/")} == {
        "edgelift/x/export.json": 5,
        "edgelift/ü +&?#%.txt": 13,
    }
    assert oss.delete_keys(["edgelift/ü +&?#%.txt"]) == ["edgelift/ü +&?#%.txt"]
    assert [row["key"] for row in oss.list_keys("")] == ["edgelift/x/export.json"]


@pytest.mark.parametrize(
    ("bucket", "code", "hint"),
    [
        ("no-such-bucket", "NoSuchBucket", "Create"),
        ("migration-images-beijing", "AccessDenied", "Use a bucket in the region"),
    ],
    ids=["none", "elsewhere"],
)
def test_a_bucket_that_is_not_here(clients: Clients, bucket: str, code: str, hint: str) -> None:
    with pytest.raises(CloudError) as raised:
        clients.oss(bucket).bucket_info()
    assert raised.value.code == code
    assert hint in raised.value.hint
    assert ("oss-cn-beijing" in raised.value.message) is (code == "AccessDenied")
    assert raised.value.action == "oss.GetBucketInfo"
    assert raised.value.request_id


def test_nothing_is_sent_anywhere_else(connect: Any, sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every kind of call runs while the resolution of any name, and any other connection, is refused."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://proxy.example:3128")
    resolve = socket.getaddrinfo
    elsewhere: list[Any] = []

    def only_loopback(host: Any, *args: Any, **options: Any) -> Any:
        if host != "127.0.0.1":
            elsewhere.append(host)
            raise socket.gaierror(socket.EAI_NONAME, "refused by the test")
        return resolve(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", only_loopback)
    clients = connect()
    for read in READS.values():
        read(clients, sandbox)
    assert sum(clients.calls.values()) == len(READS)
    assert elsewhere == []
