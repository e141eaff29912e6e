# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Rules about the account: the findings about a whole wave, and about one server of it."""

from __future__ import annotations

from typing import Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.error_codes import known

from . import answers, bucket_rules, network, proved, role_policy
from .rule import Facts, Finding, Rule, apply

_FAQ: Final = "SMC FAQ (2021)"
_ROLES: Final = "ECS ExportImage: NoSetRoletoECSServiceAcount"

RULES: Final = (
    Rule(
        "balance-overdue",
        17,
        "blocker",
        "SMC cannot create the intermediate instance. Jobs fail with InvalidAccountStatus.NotEnoughBalance.",
        known("InvalidAccountStatus.NotEnoughBalance").remedy,
        f"{_FAQ}: InvalidAccountStatus.NotEnoughBalance",
        answers.overdue,
    ),
    Rule(
        "balance-empty",
        17,
        "risk",
        "An account without a balance can create resources only with a card or a credit line.",
        "Top up the account, or check that its payment method needs no balance.",
        f"{_FAQ}: InvalidAccountStatus.NotEnoughBalance",
        answers.empty,
    ),
    Rule(
        "balance-unknown",
        17,
        "note",
        "Could not check whether the account has a balance.",
        "Check the balance in the console, or grant AliyunBSSReadOnlyAccess.",
        "BssOpenApi, QueryAccountBalance",
        lambda given: answers.refusals(given, "balance"),
    ),
    Rule(
        "real-name-missing",
        18,
        "blocker",
        "Regions of mainland China need real-name verification. Without it, SMC rejects jobs.",
        known("RealNameAuthenticationError").remedy,
        f"{_FAQ}: Real-name Authentication; ECS, DescribeAccountAttributes",
        answers.real_name,
    ),
    Rule(
        "real-name-abroad",
        18,
        "risk",
        "Without real-name verification, SMC may reject jobs. ECS requires it only in regions of mainland China.",
        known("RealNameAuthenticationError").remedy,
        f"{_FAQ}: Real-name Authentication; ECS, DescribeAccountAttributes",
        answers.real_name_abroad,
    ),
    Rule(
        "real-name-unknown",
        18,
        "note",
        "Could not check the real-name verification of the account.",
        "Check the verification in the Account Center.",
        "ECS, DescribeAccountAttributes",
        answers.unknown_real_name,
    ),
    Rule(
        "smc-role-missing",
        19,
        "risk",
        "SMC creates and releases resources with this role. The first registration creates the role if the user may "
        "create roles.",
        known("EntityNotExist.Role").remedy,
        f"{_FAQ}: Your Account Haven't Authorized For SMC RAM Role",
        answers.smc_role,
    ),
    Rule(
        "smc-role-unknown",
        19,
        "note",
        "Could not check whether SMC is authorized.",
        "Check the role in the RAM console, or grant ram:GetRole.",
        "RAM, GetRole",
        lambda given: answers.refusals(given, answers.SMC_ROLE),
    ),
    Rule(
        "snapshot-service-unknown",
        20,
        "note",
        "SMC creates images from snapshots. If the snapshot service is not activated, jobs fail with "
        "InvalidAccountStatus.SnapshotServiceUnavailable.",
        known("InvalidAccountStatus.SnapshotServiceUnavailable").remedy,
        f"{_FAQ}: InvalidAccountStatus.SnapshotServiceUnavailable",
        answers.snapshots,
    ),
    Rule(
        "job-quota",
        21,
        "blocker",
        "SMC rejects more jobs with QuotaExceeded.ReplicationJob.",
        known("QuotaExceeded.ReplicationJob").remedy,
        "SMC, limits (2023-06)",
        answers.jobs,
    ),
    Rule(
        "source-quota",
        21,
        "blocker",
        "SMC does not register more sources.",
        "Delete sources of finished migrations, or request a quota increase.",
        "SMC, limits (2023-06)",
        answers.sources,
    ),
    Rule(
        "vcpu-quota",
        21,
        "blocker",
        "SMC cannot create an intermediate instance.",
        "Release instances, or request a quota increase in Quota Center.",
        "ECS, DescribeAccountAttributes",
        answers.no_vcpus,
    ),
    Rule(
        "vcpu-quota-short",
        21,
        "risk",
        "The quota is too low to copy the whole wave at once. Jobs fail, or wait for a retry.",
        "Migrate in smaller waves, or request a quota increase in Quota Center.",
        "ECS, DescribeAccountAttributes; SMC FAQ (2021): the smallest intermediate instance has one vCPU",
        answers.few_vcpus,
    ),
    Rule(
        "vpc-quota",
        21,
        "risk",
        "The wave needs a VPC for its shared network. Without one, jobs fail with QuotaExceeded.Vpc.",
        known("QuotaExceeded.Vpc").remedy,
        f"{_FAQ}: QuotaExceeded.Vpc",
        answers.vpcs,
    ),
    Rule(
        "quota-unknown",
        21,
        "note",
        "Could not read all quotas.",
        "Check the quotas in Quota Center.",
        "ECS, DescribeAccountAttributes",
        answers.unknown_quotas,
    ),
    Rule(
        "image-quota-unknown",
        21,
        "note",
        "The custom image quota cannot be read through the API.",
        "Compare the number of images with the quota in the ECS console.",
        "ECS, DescribeImages",
        answers.images,
    ),
    Rule(
        "ens-image-quota-unknown",
        21,
        "note",
        "The quota of ENS images cannot be read through the API. Beyond it, ENS rejects the import (QuotaExceed).",
        known("QuotaExceed").remedy,
        "ENS, ImportImage",
        answers.ens_images,
    ),
    Rule(
        "export-role-missing",
        22,
        "blocker",
        "ECS exports images only with this role. Without it, ECS rejects the export after the copy has been billed.",
        known("NoSetRoletoECSServiceAcount").remedy,
        _ROLES,
        answers.export_role,
    ),
    Rule(
        "export-role-untrusted",
        22,
        "blocker",
        "ECS cannot assume the role. The export fails after the copy has been billed.",
        f"Allow {answers.EXPORT_SERVICE} to assume the role in its trust policy.",
        _ROLES,
        answers.export_trust,
    ),
    Rule(
        "export-role-powerless",
        22,
        "blocker",
        "ECS writes the objects with this role. Without these permissions the export fails after the copy has been "
        "billed.",
        "Attach the system policy AliyunECSImageExportRolePolicy to the role.",
        "ECS, ExportImage; RAM, ListPoliciesForRole",
        role_policy.powerless,
    ),
    Rule(
        "export-policy-unknown",
        22,
        "note",
        "Could not check whether the export role has the policy that it needs.",
        "Check the policies of the role in the RAM console, or grant ram:ListPoliciesForRole and ram:GetPolicy.",
        "RAM, ListPoliciesForRole",
        lambda given: answers.refusals(given, "export_policies"),
    ),
    Rule(
        "export-role-unknown",
        22,
        "note",
        "Could not check whether ECS may export images.",
        "Check the role in the RAM console, or grant ram:GetRole.",
        "RAM, GetRole",
        lambda given: answers.refusals(given, answers.EXPORT_ROLE),
    ),
    Rule(
        "region-unsupported",
        23,
        "blocker",
        "ENS imports images only in some regions.",
        "Migrate in one of these regions. If ENS imports images in this region today, set migration_import_regions.",
        "SMC, edge node migration, limits (2025-12)",
        answers.region_refused,
        fact=True,
    ),
    Rule(
        "format-unsupported",
        23,
        "blocker",
        "ECS cannot export this format in the region.",
        "Leave migration_image_format unset to use the default format of the region.",
        "ECS, ExportImage (2026-07)",
        answers.format_refused,
        fact=True,
    ),
    *bucket_rules.RULES,
    Rule(
        "controller-clock",
        26,
        "blocker",
        "The services reject signed calls if the clock is more than 15 minutes off.",
        known("InvalidTimeStamp.Expired").remedy,
        f"{_FAQ}: IllegalTimestamp; gateway: InvalidTimeStamp.Expired",
        answers.clock_skew,
    ),
    Rule(
        "controller-clock-drift",
        26,
        "risk",
        "A drifting clock eventually exceeds the 15-minute limit, and signed calls fail. A wave takes hours.",
        "Synchronize the clock of the controller with chrony or ntp.",
        f"{_FAQ}: IllegalTimestamp; gateway: InvalidTimeStamp.Expired",
        answers.clock_drift,
    ),
    Rule(
        "controller-clock-unknown",
        26,
        "note",
        "Could not compare the clock of the controller with that of a service.",
        "Check that the clock of the controller is synchronized.",
        f"{_FAQ}: IllegalTimestamp; gateway: InvalidTimeStamp.Expired",
        answers.unknown_clock,
    ),
    *proved.RULES,
)
"""Findings about the whole wave."""


SERVER_RULES: Final = (
    Rule(
        "same-machine",
        0,
        "blocker",
        "The wave would migrate one machine twice, under two names.",
        "Keep one of the hosts in the inventory. If one is a clone, give it its own machine-id and host keys.",
        "SMC, CreateReplicationJob: one unfinished job for each source",
        answers.twin,
        fact=True,
    ),
    Rule(
        "migration-ended",
        0,
        "blocker",
        "A cleanup has ended this migration: no run makes anything for it.",
        "Set migration_restart to true to start it again, or choose another migration_name.",
        "edgelift.ens_migration",
        answers.ended,
        fact=True,
    ),
    Rule(
        "ledger-unusable",
        0,
        "blocker",
        "The migration keeps its record in this object of the bucket, and cannot use it: no run makes anything for it.",
        "Delete the object when no run is active, or use another bucket or another migration_name. No other program "
        "may write below edgelift/ in the bucket.",
        "edgelift.ens_migration",
        answers.ledger,
        fact=True,
    ),
    Rule(
        "image-name-taken",
        24,
        "blocker",
        "The target image name is already used by an image that does not belong to this migration.",
        "Set another migration_image_name for the server, or delete the image.",
        "ENS, ImportImage; ECS: InvalidImageName.Duplicated",
        answers.name_taken,
        fact=True,
    ),
    Rule(
        "source-image-not-exportable",
        24,
        "blocker",
        "ECS does not export images that are based on a Marketplace image.",
        "Rebuild the server from a public image.",
        "ECS, ExportImage: ImageNotSupported, InvalidImageLicense.NotSupported",
        answers.marketplace,
    ),
    Rule(
        "source-image-unknown",
        24,
        "note",
        "Could not check whether ECS can export the image from which this ECS instance was created.",
        "Set preflight_source_image_id to the id of that image.",
        "ECS, ExportImage",
        answers.unknown_image,
    ),
)
"""Findings about one server: its image name, and the image from which an ECS instance was created."""


def judge_account(given: Facts) -> list[Finding]:
    """Return the findings about the account. They hold for every server of the wave."""
    return apply((*RULES, *network.RULES), given)


def judge_server(answer: Facts) -> list[Finding]:
    """Return the account findings about one server."""
    return apply(SERVER_RULES, answer)
