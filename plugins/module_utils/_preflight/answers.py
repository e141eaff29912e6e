# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What the answers of an account show, as evidence. An answer that was refused is never judged."""

from __future__ import annotations

from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.account import amount
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits

from .rule import Facts

SMC_ROLE: Final = "AliyunServiceRoleForSMC"
EXPORT_ROLE: Final = "AliyunECSImageExportDefaultRole"
EXPORT_SERVICE: Final = "ecs.aliyuncs.com"
REFUSED: Final = ("no", "none")
ACCEPTED: Final = ("yes", "unnecessary")
"""Values of real-name-authentication. UNVERIFIED: the API reference names the attribute, but not its values."""

_ARCHIVES: Final = ("Archive", "ColdArchive", "DeepColdArchive")


def _known(answers: Facts, name: str) -> Any:
    """Return the value of an answer, None where the service did not give one."""
    return answers[name]["value"] if answers[name]["problem"] is None else None


def _amount(answers: Facts) -> float | None:
    text = _known(answers, "balance")
    return None if text is None else amount(text)


def overdue(answers: Facts) -> str | None:
    """Return a balance below zero."""
    amount = _amount(answers)
    return f"the available balance is {amount:.2f}" if amount is not None and amount < 0 else None


def empty(answers: Facts) -> str | None:
    """Return a balance of zero."""
    return "the available balance is 0" if _amount(answers) == 0 else None


def _attribute(answers: Facts, name: str) -> str | None:
    return (_known(answers, "attributes") or {}).get(name)


def real_name(answers: Facts) -> str | None:
    """Return a verification that is missing for a Region of mainland China."""
    return _unverified(answers) if answers["region"].startswith("cn-") else None


def real_name_abroad(answers: Facts) -> str | None:
    """Return a verification that is missing for another Region."""
    return None if answers["region"].startswith("cn-") else _unverified(answers)


def _unverified(answers: Facts) -> str | None:
    value = _attribute(answers, "real-name-authentication")
    return f"ECS says real-name-authentication {value}" if value in REFUSED else None


def _number(answers: Facts, name: str) -> int | None:
    text = _attribute(answers, name) or ""
    return int(text) if text.isdigit() else None


def free_vcpus(answers: Facts) -> tuple[int, int, int] | None:
    """Return how many vCPUs are free, in use and allowed in the Region, where ECS says it."""
    most = _number(answers, "max-postpaid-instance-vcpu-count")
    used = _number(answers, "used-postpaid-instance-vcpu-count")
    return None if most is None or used is None else (most - used, used, most)


def no_vcpus(answers: Facts) -> str | None:
    """Return a quota that is used up."""
    free = free_vcpus(answers)
    return f"{free[1]} of {free[2]} vCPUs are in use in {answers['region']}" if free and free[0] < 1 else None


def few_vcpus(answers: Facts) -> str | None:
    """Return a quota that is short for the wave."""
    free = free_vcpus(answers)
    wanted = min(answers["servers"], limits.CONCURRENT_JOBS)
    if not free or not 1 <= free[0] < wanted:
        return None
    return f"{free[0]} vCPUs are free in {answers['region']}, {wanted} servers could be copied at once"


def _over(answers: Facts, name: str, most: int, what: str) -> str | None:
    count = _known(answers, name)
    if count is None or count + answers["servers"] <= most:
        return None
    return f"{count} {what} and {answers['servers']} servers to come, of {most}"


def jobs(answers: Facts) -> str | None:
    """Return too many replication jobs."""
    return _over(answers, "jobs", limits.MAX_JOBS, "replication jobs")


def sources(answers: Facts) -> str | None:
    """Return too many sources."""
    return _over(answers, "sources", limits.MAX_SOURCES, "registered sources")


def vpcs(answers: Facts) -> str | None:
    """Return that the default quota of VPCs is reached."""
    count = _known(answers, "vpcs")
    if count is None or count < limits.DEFAULT_VPCS:
        return None
    return f"{count} VPCs in {answers['region']}; the quota is {limits.DEFAULT_VPCS} unless it was raised"


def images(answers: Facts) -> str | None:
    """Return how many custom images there are."""
    images = _known(answers, "images")
    return None if images is None else f"{len(images)} custom images in {answers['region']}"


def _role_missing(answers: Facts, name: str) -> str | None:
    role = _known(answers, name)
    return f"the account has no role {name}" if role is not None and not role["exists"] else None


def smc_role(answers: Facts) -> str | None:
    """Return that SMC's role is missing."""
    return _role_missing(answers, SMC_ROLE)


def export_role(answers: Facts) -> str | None:
    """Return that the role of exports is missing."""
    return _role_missing(answers, EXPORT_ROLE)


def export_trust(answers: Facts) -> str | None:
    """Return who may take the role of exports when ECS may not."""
    role = _known(answers, EXPORT_ROLE)
    if role is None or not role["exists"] or EXPORT_SERVICE in role["services"]:
        return None
    return f"{EXPORT_ROLE} may be taken by {', '.join(role['services']) or 'no service'}, not by {EXPORT_SERVICE}"


def region_refused(answers: Facts) -> str | None:
    """Return a Region that ENS does not import to."""
    return limits.region_problem(answers["region"], answers["import_regions"])


def format_refused(answers: Facts) -> str | None:
    """Return a format that does not work in the Region."""
    if region_refused(answers):
        return None
    return limits.format_problem(answers["region"], answers["image_format"], answers["image_formats"])


def bucket_missing(answers: Facts) -> str | None:
    """Return that the bucket does not exist."""
    return f"OSS knows no bucket {answers['bucket_name']!r}" if answers["bucket"]["code"] == "NoSuchBucket" else None


def bucket_closed(answers: Facts) -> str | None:
    """Return that the bucket may not be read."""
    if answers["bucket"]["code"] != "AccessDenied":
        return None
    return f"bucket {answers['bucket_name']!r} may not be read with these credentials"


def bucket_region(answers: Facts) -> str | None:
    """Return where the bucket is when that is another Region."""
    bucket = _known(answers, "bucket")
    if not bucket or bucket["location"] == answers["region"]:
        return None
    return f"bucket {answers['bucket_name']!r} is in {bucket['location']!r}, the Region is {answers['region']!r}"


def bucket_class(answers: Facts) -> str | None:
    """Return an archive class."""
    bucket = _known(answers, "bucket")
    if not bucket or bucket["storage_class"] not in _ARCHIVES:
        return None
    return f"bucket {answers['bucket_name']!r} is of storage class {bucket['storage_class']}"


def bucket_versioning(answers: Facts) -> str | None:
    """Return that the bucket's versioning is suspended."""
    bucket = _known(answers, "bucket")
    if not bucket or bucket["versioning"] != "Suspended":
        return None
    return f"bucket {answers['bucket_name']!r} has its versioning suspended"


def snapshots(answers: Facts) -> str | None:
    """Return that nothing shows whether snapshots can be made."""
    # An image of the account's own is made of snapshots: where there is one, the service is in use.
    if any(image["snapshots"] for image in _known(answers, "images") or ()):
        return None
    return "no API says it, and the account has no custom image with snapshots in this Region that would show it"


def refusals(answers: Facts, *names: str) -> str | None:
    """Return what the services said instead of these answers."""
    rows = [f"{name}: {answers[name]['problem']}" for name in names if answers[name]["problem"]]
    return "; ".join(rows) or None


def bucket_unknown(answers: Facts) -> str | None:
    """Return why nothing is known of the bucket."""
    return None if bucket_missing(answers) or bucket_closed(answers) else refusals(answers, "bucket")


def unknown_real_name(answers: Facts) -> str | None:
    """Return why the verification is not known."""
    value = _attribute(answers, "real-name-authentication")
    if value in REFUSED or value in ACCEPTED:
        return None
    return refusals(answers, "attributes") or (
        f"ECS says real-name-authentication {value}, a value that is not documented" if value else "ECS does not say it"
    )


def unknown_quotas(answers: Facts) -> str | None:
    """Return which quotas are not known."""
    refused = refusals(answers, "vpcs", "jobs", "sources", "attributes")
    return refused or (None if free_vcpus(answers) else "ECS does not say how many vCPUs may be used")


def twin(answer: Facts) -> str | None:
    """Return which host is the same machine."""
    return str(answer["twin"]) or None


def name_taken(answer: Facts) -> str | None:
    """Return who has the name."""
    return str(answer["conflict"]) if answer["conflict"] else None


def marketplace(answer: Facts) -> str | None:
    """Return an image of the Marketplace."""
    image = answer["source_image"]
    if not image or not image["found"] or not (image["owner"] == "marketplace" or image["product_code"]):
        return None
    product = f", product {image['product_code']}" if image["product_code"] else ""
    return f"{image['image_id']} is an image of the Marketplace{product}"


def unknown_image(answer: Facts) -> str | None:
    """Return why nothing is known of the image."""
    image = answer["source_image"]
    if image:
        return None if image["found"] else f"{image['image_id']}: {image['problem'] or 'ECS does not show this image'}"
    return "an ECS instance, and its image was not named" if answer["ecs"] else None
