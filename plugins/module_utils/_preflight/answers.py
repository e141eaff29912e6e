# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The evidence in the answers of an account. A refused answer is never judged."""

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


def _known(answers: Facts, name: str) -> Any:
    """Return the value of an answer, None where the service refused it."""
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
    """Return a verification that is missing for a region of mainland China."""
    return _unverified(answers) if answers["region"].startswith("cn-") else None


def real_name_abroad(answers: Facts) -> str | None:
    """Return a verification that is missing for another region."""
    return None if answers["region"].startswith("cn-") else _unverified(answers)


def _unverified(answers: Facts) -> str | None:
    value = _attribute(answers, "real-name-authentication")
    return f"ECS reports real-name-authentication {value}" if value in REFUSED else None


def _number(answers: Facts, name: str) -> int | None:
    text = _attribute(answers, name) or ""
    return int(text) if text.isdigit() else None


def free_vcpus(answers: Facts) -> tuple[int, int, int] | None:
    """Return the numbers of vCPUs that are free, used and allowed in the region, or None where ECS does not report
    them."""
    most = _number(answers, "max-postpaid-instance-vcpu-count")
    used = _number(answers, "used-postpaid-instance-vcpu-count")
    return None if most is None or used is None else (most - used, used, most)


def no_vcpus(answers: Facts) -> str | None:
    """Return a quota that is used up."""
    free = free_vcpus(answers)
    return f"{free[1]} of {free[2]} vCPUs are used in {answers['region']}" if free and free[0] < 1 else None


def few_vcpus(answers: Facts) -> str | None:
    """Return a vCPU quota that is too low to copy the wave at once."""
    free = free_vcpus(answers)
    wanted = min(answers["servers"], limits.CONCURRENT_JOBS)
    if not free or not 1 <= free[0] < wanted:
        return None
    return f"{free[0]} vCPUs are free in {answers['region']}, the wave needs {wanted}"


def _over(answers: Facts, name: str, most: int, what: str) -> str | None:
    count = _known(answers, name)
    if count is None or count + answers["servers"] <= most:
        return None
    return f"the account has {count} {what}, the wave adds {answers['servers']}, the quota is {most}"


def jobs(answers: Facts) -> str | None:
    """Return too many replication jobs."""
    return _over(answers, "jobs", limits.MAX_JOBS, "replication jobs")


def sources(answers: Facts) -> str | None:
    """Return too many sources."""
    return _over(answers, "sources", limits.MAX_SOURCES, "registered sources")


def vpcs(answers: Facts) -> str | None:
    """Return the number of VPCs where it reaches the default quota, for a wave without a network of the user."""
    count = _known(answers, "vpcs")
    if count is None or count < limits.DEFAULT_VPCS or _known(answers, "network"):
        return None
    return (
        f"{count} VPCs in {answers['region']}. The quota cannot be read: it is {limits.DEFAULT_VPCS} unless it was "
        "increased. The wave needs at most one more, and none if the VPC of this migration exists"
    )


def ens_images(answers: Facts) -> str | None:
    """Return the number of ENS images."""
    count = _known(answers, "ens_images")
    return None if count is None else f"ENS has {count} images of this account, the wave adds {answers['servers']}"


def _skew(answers: Facts, least: int, most: float) -> str | None:
    skew = _known(answers, "clock")
    if skew is None or not least < abs(skew) <= most:
        return None
    return f"the clock of the controller is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} that of OSS"


def clock_skew(answers: Facts) -> str | None:
    """Return a clock that is so far off that signed calls are refused."""
    return _skew(answers, limits.SIGNATURE_SECONDS, float("inf"))


def clock_drift(answers: Facts) -> str | None:
    """Return a clock that nothing keeps."""
    return _skew(answers, limits.DRIFT_SECONDS, limits.SIGNATURE_SECONDS)


def unknown_clock(answers: Facts) -> str | None:
    """Return why the clock could not be compared."""
    return None if _known(answers, "clock") is not None else refusals(answers, "clock") or "OSS gave no time"


def images(answers: Facts) -> str | None:
    """Return the number of custom images."""
    images = _known(answers, "images")
    return None if images is None else f"{len(images)} custom images in {answers['region']}"


def _role_missing(answers: Facts, name: str) -> str | None:
    role = _known(answers, name)
    return f"the account has no role {name}" if role is not None and not role["exists"] else None


def smc_role(answers: Facts) -> str | None:
    """Return that the account has no SMC role."""
    return _role_missing(answers, SMC_ROLE)


def export_role(answers: Facts) -> str | None:
    """Return that the account has no export role."""
    return _role_missing(answers, EXPORT_ROLE)


def export_trust(answers: Facts) -> str | None:
    """Return the services that may assume the export role where ECS may not."""
    role = _known(answers, EXPORT_ROLE)
    if role is None or not role["exists"] or EXPORT_SERVICE in role["services"]:
        return None
    return f"{EXPORT_ROLE} may be assumed by {', '.join(role['services']) or 'no service'}, not by {EXPORT_SERVICE}"


def region_refused(answers: Facts) -> str | None:
    """Return why ENS does not import images in the region."""
    return limits.region_problem(answers["region"], answers["import_regions"])


def format_refused(answers: Facts) -> str | None:
    """Return why ECS does not export the format in the region."""
    if region_refused(answers):
        return None
    return limits.format_problem(answers["region"], answers["image_format"], answers["image_formats"])


def snapshots(answers: Facts) -> str | None:
    """Return that no answer shows whether the snapshot service is activated."""
    # A custom image consists of snapshots: where there is one, the service is activated.
    if any(image["snapshots"] for image in _known(answers, "images") or ()):
        return None
    return "the account has no custom image with snapshots in this region, and no API reports the state of the service"


def refusals(answers: Facts, *names: str) -> str | None:
    """Return why the services refused these answers."""
    rows = [f"{name}: {answers[name]['problem']}" for name in names if answers[name]["problem"]]
    return "; ".join(rows) or None


def unknown_real_name(answers: Facts) -> str | None:
    """Return why the verification could not be checked."""
    value = _attribute(answers, "real-name-authentication")
    if value in REFUSED or value in ACCEPTED:
        return None
    return refusals(answers, "attributes") or (
        f"ECS reports real-name-authentication {value}, an undocumented value" if value else "ECS does not report it"
    )


def unknown_quotas(answers: Facts) -> str | None:
    """Return which quotas could not be read."""
    refused = refusals(answers, "vpcs", "jobs", "sources", "attributes")
    return refused or (None if free_vcpus(answers) else "ECS does not report the vCPU quota")


def twin(answer: Facts) -> str | None:
    """Return the host that is the same machine."""
    return str(answer["twin"]) or None


def ended(answer: Facts) -> str | None:
    """Return who has ended the migration of a server that is not migrated."""
    return str(answer["ended"]) or None


def ledger(answer: Facts) -> str | None:
    """Return why the ledger of a server that is not migrated cannot be used."""
    return str(answer["ledger"]) or None


def name_taken(answer: Facts) -> str | None:
    """Return the image that uses the name."""
    return str(answer["conflict"]) if answer["conflict"] else None


def marketplace(answer: Facts) -> str | None:
    """Return a Marketplace image."""
    image = answer["source_image"]
    if not image or not image["found"] or not (image["owner"] == "marketplace" or image["product_code"]):
        return None
    product = f", product {image['product_code']}" if image["product_code"] else ""
    return f"{image['image_id']} is a Marketplace image{product}"


def unknown_image(answer: Facts) -> str | None:
    """Return why the image could not be checked."""
    image = answer["source_image"]
    if image:
        return None if image["found"] else f"{image['image_id']}: {image['problem'] or 'ECS does not list this image'}"
    return "the host is an ECS instance, and its image id is not set" if answer["ecs"] else None
