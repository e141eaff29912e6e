# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The world file: account, credentials, buckets and the resources at the start; an error names file, line and field."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, StringConstraints

from . import documents
from .documents import Strict, WorldError
from .fault_rules import Rule

__all__ = ["World", "WorldError", "load_world", "parse_world"]

from sandbox.contracts.regions import ImportRegion, Region
from sandbox.ram.statements import Identity, Name, Statement


class Quotas(Strict):
    """Limits of the account (facts 7.3; the limits of exports are not documented)."""

    vpc: int = Field(default=10, ge=0, description="VPCs per region")
    jobs: int = Field(default=1000, ge=0, description="replication jobs")
    concurrent_jobs: int = Field(default=50, ge=0, description="replication jobs running at once")
    vcpu: int = Field(default=300, ge=0, description="vCPUs of pay-as-you-go instances per region")
    sources: int = Field(default=1000, ge=0, description="registered source servers")
    export_concurrent: int = Field(default=10, ge=0, description="image exports at once")
    export_weekly: int = Field(default=1000, ge=0, description="image exports within seven days")

    images: int = Field(default=100, ge=0, description="custom ECS images per region")
    ens_instances: int = Field(default=100, ge=0, description="ENS instances")


Throttling = dict[Annotated[str, StringConstraints(pattern=r"^[a-z*?]+:[A-Za-z*?]+$")], Annotated[int, Field(ge=0)]]
"""Calls per second and API: ``product:Action`` with wildcards, the first that fits applies; unset: no limit."""


class Account(Strict):
    """The Alibaba Cloud account."""

    id: str = Field(default="1234567890123456", pattern=r"^\d{16}$")
    balance: float = Field(default=100.0, description="0 or less: jobs fail with InvalidAccountStatus.NotEnoughBalance")
    roles: list[str] = ["AliyunServiceRoleForSMC", "AliyunECSImageExportDefaultRole"]
    role_trust: dict[str, str] = Field(
        default={}, description="role: service that may assume it; unset: the service that the role is made for"
    )
    real_name: bool = Field(default=True, description="false: jobs are refused with RealNameAuthenticationError")
    role_policies: dict[str, list[Statement]] = Field(
        default={}, description="role: what its policies allow; unset: the system policy that is made for the role"
    )
    export_allowed: bool = Field(default=True, description="false: exports are refused with UserNotInTheWhiteList")
    export_data_disks: bool = Field(
        default=True, description="false: the export of an image with data disks is refused with OperationDenied"
    )
    export_refused_regions: list[Region] = Field(
        default=[], description="regions in which exports are refused with InvalidRegion.NotSupport"
    )
    snapshot_service: bool = Field(default=True, description="false: jobs fail when their image is made")
    quotas: Quotas = Quotas()
    throttling: Throttling = {}


class Credential(Strict):
    """One access key; with ``token`` it is an STS credential that ends ``ttl`` virtual seconds after the start."""

    secret: str = Field(min_length=1)
    token: str | None = None
    ttl: float = 3600
    user: str = "root"


class Bucket(Strict):
    """A bucket that exists at the start."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$")
    region: Region
    owner: str | None = Field(default=None, description="account id; unset: this account. Others' are not readable")
    storage_class: Literal["Standard", "IA", "Archive", "ColdArchive", "DeepColdArchive"] = "Standard"
    encryption: Literal["AES256", "KMS", "SM4"] | None = Field(
        default=None, description="how the bucket encrypts new objects; unset: not at all"
    )


class DiskSpec(Strict):
    """One disk of a pre-made source: its size, and how much content a simulated client sends."""

    gib: int = Field(ge=1, le=32768)
    content_mib: int = Field(default=2, ge=0, le=1024)


class Source(Strict):
    """A source server that exists at the start, with a simulated client (no real host behind it)."""

    name: str
    id: str | None = Field(default=None, pattern=r"^s-[a-z0-9]{8,30}$")
    hostname: str | None = None
    ipv4: str = "192.0.2.10"
    platform: str = "Ubuntu"
    arch: str = "x86_64"
    disks: list[DiskSpec] = Field(min_length=1)
    bandwidth_mbps: float = Field(default=1000.0, gt=0)
    online: bool = True


class EcsInstance(Strict):
    """An ECS instance of the user's own that exists at the start."""

    name: str
    id: str | None = Field(default=None, pattern=r"^i-[a-z0-9]{8,30}$")
    region: Region
    image: str = Field(default="", description="id of the ECS image that it runs from")
    status: Literal["Running", "Stopped"] = "Running"
    deletion_protection: bool = False


class EcsImage(Strict):
    """A custom ECS image that exists at the start; its disks are empty."""

    name: str
    id: str | None = Field(default=None, pattern=r"^m-[a-z0-9]{8,30}$")
    region: Region
    platform: str = "Ubuntu"
    os_type: Literal["linux", "windows"] = "linux"
    disks: list[DiskSpec] = Field(min_length=1)
    shared: bool = Field(default=False, description="with other accounts: it cannot be deleted")
    public: bool = Field(default=False, description="it cannot be deleted")
    encrypted: bool = Field(default=False, description="its snapshots are encrypted: it cannot be exported")
    owner: Literal["self", "system", "others", "marketplace"] = Field(
        default="self", description="what it is made from or belongs to; only an own image can be exported"
    )
    status: Literal["Creating", "Available", "UnAvailable", "CreateFailed"] = "Available"


class EnsImage(Strict):
    """An ENS image that exists at the start, without content."""

    name: str
    id: str | None = Field(default=None, pattern=r"^m-[a-z0-9]{8,30}$")
    region: ImportRegion = "ap-southeast-1"
    status: str = "Available"


class EnsImports(Strict):
    """How ENS imports, where the vendor's documents leave it open (facts 4.1, 4.2)."""

    mapping_order: Literal["system_first", "system_last"] = Field(
        default="system_first", description="which item of DiskDeviceMapping becomes the system disk"
    )
    single_object: bool = Field(default=True, description="false: OSSBucket and OSSObject are refused, only mappings")
    oss_region: Literal["any", "cn-beijing"] = Field(
        default="any", description="cn-beijing: an OSSRegion or TargetOSSRegionId with another value is refused"
    )
    listing_delay: float = Field(default=0, ge=0, description="virtual seconds until an imported image is listed")
    duplicate_names: bool = Field(default=False, description="whether a second image of one name is allowed")
    sizes: Literal["exact", "rounded", "decimal", "system_only"] = Field(
        default="exact",
        description="rounded: up to 10 GiB; decimal: as in 20.0; system_only: no data disks are shown",
    )
    bucket_access: bool = Field(default=True, description="false: ENS may not read any bucket")


class Failure(Strict):
    """Make a lifecycle fail: leaving ``at``, the row named ``name`` goes to its failure state with ``code``."""

    lifecycle: Literal["smc.job", "ecs.task", "ens.image"]
    at: str
    name: str = Field(default="*", description="source name (smc.job) or image name (others); * and ? are wildcards")
    code: str
    message: str = ""
    times: int = Field(default=1, ge=1, description="how often; then the lifecycle works normally")


class World(Strict):
    """The content of a world file; every field has a default."""

    account: Account = Account()
    region: Region = "ap-southeast-1"
    credentials: dict[str, Credential] = Field(
        default_factory=lambda: {"LTAI5tSandboxAccessKey": Credential(secret="SandboxAccessKeySecret0123456")}
    )
    identities: dict[Name, Identity] = Field(default={}, description="user or role: its policy; unset: all is allowed")
    profile: Literal["fast", "realistic", "frozen"] = "fast"
    clock_rate: float = Field(default=1.0, ge=0, le=100000, description="virtual seconds per real second; 0 is frozen")
    start: float | None = Field(default=None, description="virtual start as epoch seconds; unset: now")
    seed: int = Field(default=1, description="seed of all random values: ids, request ids, jitter")
    jitter: float = Field(default=1.0, ge=0, le=10, description="factor for the random part of delays; 0: exact delays")
    buckets: list[Bucket] = []
    sources: list[Source] = []
    ecs_images: list[EcsImage] = []
    ecs_instances: list[EcsInstance] = []
    ens_images: list[EnsImage] = []
    ens_accept_formats: list[Literal["qcow2", "raw", "vhd"]] = ["qcow2", "raw", "vhd"]
    ens_imports: EnsImports = EnsImports()
    ens_stock: dict[str, Annotated[int, Field(ge=0)]] = Field(
        default={}, description="EnsRegionId: how many instances the node has room for; unset: 100"
    )
    boot_instances: bool = Field(
        default=False, description="whether instances of ENS images with content boot in QEMU (read at the start)"
    )
    boot_memory: int = Field(default=1024, ge=128, description="MiB of each guest, and at most those of its type")
    boot_port_offset: int = Field(
        default=0, ge=0, le=60000, description="added to the ports 22, 80 and 443 of the public address of a guest"
    )
    boot_outbound: bool = Field(
        default=False, description="whether guests have a default route and reach what this machine reaches"
    )
    export_listing_delay: float = Field(default=0, ge=0, description="virtual seconds until a new export task is shown")
    job_error_form: Literal["word", "number"] = Field(
        default="word", description="number: a failed job has the code S1, and the word is within its StatusInfo"
    )
    job_errors: dict[str, str] = Field(default={}, description="source name: code; its jobs always fail while Syncing")
    failures: list[Failure] = []
    faults: list[Rule] = Field(default=[], description="rules over calls and states, as in a scenario")

    @property
    def rate(self) -> float:
        """The rate of virtual time at the start: ``clock_rate``, or 0 with the profile ``frozen``."""
        return 0.0 if self.profile == "frozen" else self.clock_rate


def parse_world(document: Any, origin: str, root: yaml.Node | None = None) -> World:
    """The World of a parsed YAML or JSON document; WorldError names ``origin`` and each wrong field in one line, with
    its line where the document's tree is given."""
    return documents.validated(World, {} if document is None else document, origin, root)


def load_world(path: Path) -> World:
    """The World in a YAML file; WorldError names file, line and field."""
    document, root = documents.load(documents.read(path), str(path))
    return parse_world(document, str(path), root)
