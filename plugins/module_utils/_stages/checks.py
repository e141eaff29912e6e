# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Checks before anything billable exists: the inputs alone (pure), then the account, with reads only."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import disks, limits, naming

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Policy, Server
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight.machines import Refused


def input_problems(policy: Policy, servers: Sequence[Server]) -> list[str]:
    """Return what is wrong with the inputs of a whole wave: each names the value and what is allowed."""
    region = limits.region_problem(policy.region, policy.import_regions)
    chosen = (policy.region, policy.image_format, policy.image_formats)
    image_format = limits.format_problem(*chosen)
    problems = [
        region and f"{region}. {limits.REGION_ADVICE}",
        image_format and f"{image_format}. {limits.format_advice(*chosen)}",
        *(f"{refusal}. {CONTRACT_ADVICE}" for refusal in contract_refusals(policy)),
    ]
    for server in servers:
        if server.base_name:
            problem = naming.base_name_problem(server.base_name)
            problems.append(problem and f"image_name of {server.host}: {problem}")
        indexes = [disk.index for disk in server.disks]
        if indexes != list(range(len(indexes))):
            problems.append(f"disks of {server.host}: the indexes are {indexes}, they count from 0 without a gap")
    hosts = [server.host for server in servers]
    problems += [f"host {host!r} is listed more than once" for host in sorted({h for h in hosts if hosts.count(h) > 1})]
    return [problem for problem in problems if problem]


def contract_refusals(policy: Policy) -> list[str]:
    """Return why no image can be imported, as a canary has proved it."""
    if policy.contract is None:
        return []
    exported = limits.image_formats(policy.region, policy.image_formats)
    return policy.contract.refusals(exported, policy.image_format, policy.bucket)


CONTRACT_ADVICE = (
    "If that has changed, run the playbook canary again. To try it nevertheless, unset migration_contract: the copy "
    "and the export are billed"
)
"""What to do about a contract_refusal."""


def server_problems(
    servers: Sequence[Server], shared: Mapping[str, Refused] | None = None
) -> dict[str, list[str]]:
    """Return, per host, why it cannot be migrated at all; the other servers of the wave can continue. ``shared`` are
    the hosts that are refused because of another one with their fingerprint or their source."""
    problems: dict[str, list[str]] = defaultdict(list)
    for server in servers:
        surplus = disks.surplus(server.disks)
        if surplus:
            problems[server.host].append(f"it has {len(surplus)} data disks, ENS takes at most {limits.MAX_DATA_DISKS}")
        system = disks.system_too_large(server.disks)
        if system:
            problems[server.host].append(
                f"its system disk has {limits.gib(system.bytes)} GiB, SMC takes at most {limits.SYSTEM_DISK_GIB[1]} GiB"
            )
        for disk in disks.too_large(server.disks):
            problems[server.host].append(
                f"data disk {disk.index} has {limits.gib(disk.bytes)} GiB, "
                f"ENS takes at most {limits.MAX_DATA_DISK_GIB} GiB"
            )
    for host, why in (shared or {}).items():
        problems[host].append(str(why))
    return dict(problems)


def bucket_info(clients: Clients, name: str) -> dict[str, Any]:
    """Return what a bucket is; refuse one whose objects may not be listed: each is looked at before an import."""
    oss = clients.oss(name)
    looks = oss.bucket_info, lambda: next(oss.each_key(naming.FOLDER + "/.readable"), None)
    found: dict[str, Any] = clients.pool.looks(*looks)[0]
    return found


def account(clients: Clients, policy: Policy) -> str:
    """Return the account id; refuse credentials that do not work and a bucket that cannot carry the images."""
    checking = f"Checking bucket {policy.bucket!r} for region {policy.region!r}"

    def bucket_seen() -> dict[str, Any]:
        try:
            return bucket_info(clients, policy.bucket)
        except CloudError as error:
            # OSS does not say in its message which bucket it means.
            raise CloudError(
                checking,
                error.code,
                error.message,
                error.request_id,
                error.http_status,
                error.retryable,
                hint=error.hint,
            ) from error

    caller, bucket = clients.pool.looks(clients.sts.get_caller_identity, bucket_seen)
    location = str(bucket.get("location", ""))
    if location != policy.region:
        raise CloudError(
            checking,
            "Bucket.OtherRegion",
            f"the bucket is in {location!r}, and ECS exports only to a bucket of the image's own region",
            hint=f"Use a bucket in {policy.region!r}, or migrate with region {location!r}.",
        )
    return str(caller["AccountId"])
