# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Rules about the account: what its answers to reads say against a wave, and against one server of it."""

from __future__ import annotations

from typing import Final

from . import answers
from .rule import Facts, Finding, Rule, apply

_FAQ: Final = "SMC FAQ (2021)"
_ROLES: Final = "ECS ExportImage: NoSetRoletoECSServiceAcount"
_BUCKETS: Final = "ECS ExportImage: InvalidOSSBucket.NotFound, .NotMatched"

RULES: Final = (
    Rule(
        "balance-overdue",
        17,
        "blocker",
        "The intermediate instance cannot be bought: jobs end with InvalidAccountStatus.NotEnoughBalance.",
        "Top the account up.",
        f"{_FAQ}: InvalidAccountStatus.NotEnoughBalance",
        answers.overdue,
    ),
    Rule(
        "balance-empty",
        17,
        "risk",
        "An account without balance can buy only where a card or a credit line pays.",
        "Top the account up, or check that its way of paying needs no balance.",
        f"{_FAQ}: InvalidAccountStatus.NotEnoughBalance",
        answers.empty,
    ),
    Rule(
        "balance-unknown",
        17,
        "note",
        "Whether the account can pay could not be told.",
        "Look in the console, or grant AliyunBSSReadOnlyAccess.",
        "BssOpenApi, QueryAccountBalance",
        lambda given: answers.refusals(given, "balance"),
    ),
    Rule(
        "real-name-missing",
        18,
        "blocker",
        "Without real-name verification nothing can be bought in Regions of mainland China, and SMC refuses jobs.",
        "Complete the verification in the account centre.",
        f"{_FAQ}: Real-name Authentication; ECS, DescribeAccountAttributes",
        answers.real_name,
    ),
    Rule(
        "real-name-abroad",
        18,
        "risk",
        "Without real-name verification SMC may refuse jobs; ECS demands it for Regions of mainland China only.",
        "Complete the verification in the account centre.",
        f"{_FAQ}: Real-name Authentication; ECS, DescribeAccountAttributes",
        answers.real_name_abroad,
    ),
    Rule(
        "real-name-unknown",
        18,
        "note",
        "Whether the account's holder is verified could not be told.",
        "Look in the account centre.",
        "ECS, DescribeAccountAttributes",
        answers.unknown_real_name,
    ),
    Rule(
        "smc-role-missing",
        19,
        "risk",
        "SMC buys and releases resources with this role. The first registration makes it, if the user may make roles.",
        "Open the SMC console once as an administrator, or authorise SMC in RAM.",
        f"{_FAQ}: Your Account Haven't Authorized For SMC RAM Role",
        answers.smc_role,
    ),
    Rule(
        "smc-role-unknown",
        19,
        "note",
        "Whether SMC is authorised could not be told.",
        "Look in the RAM console, or grant ram:GetRole.",
        "RAM, GetRole",
        lambda given: answers.refusals(given, answers.SMC_ROLE),
    ),
    Rule(
        "snapshot-service-unknown",
        20,
        "note",
        "Images are made of snapshots; where that service is not activated, jobs end with "
        "InvalidAccountStatus.SnapshotServiceUnavailable.",
        "Look in the ECS console under Snapshots.",
        f"{_FAQ}: InvalidAccountStatus.SnapshotServiceUnavailable",
        answers.snapshots,
    ),
    Rule(
        "job-quota",
        21,
        "blocker",
        "SMC refuses further jobs with QuotaExceeded.ReplicationJob.",
        "Delete jobs that are done, or ask for more.",
        "SMC, limits (2023-06)",
        answers.jobs,
    ),
    Rule(
        "source-quota",
        21,
        "blocker",
        "SMC registers no further source.",
        "Delete sources that are done, or ask for more.",
        "SMC, limits (2023-06)",
        answers.sources,
    ),
    Rule(
        "vcpu-quota",
        21,
        "blocker",
        "No intermediate instance can be bought.",
        "Release instances, or ask for more in Quota Center.",
        "ECS, DescribeAccountAttributes",
        answers.no_vcpus,
    ),
    Rule(
        "vcpu-quota-short",
        21,
        "risk",
        "Fewer servers can be copied at once than the wave would: jobs fail, or wait for a retry.",
        "Migrate in smaller waves, or ask for more in Quota Center.",
        "ECS, DescribeAccountAttributes; the smallest intermediate instance has one vCPU (SMC FAQ, 2021)",
        answers.few_vcpus,
    ),
    Rule(
        "vpc-quota",
        21,
        "risk",
        "The wave's shared network is a VPC; jobs end with QuotaExceeded.Vpc.",
        "Name an existing vSwitch, delete a VPC, or ask for more.",
        f"{_FAQ}: QuotaExceeded.Vpc",
        answers.vpcs,
    ),
    Rule(
        "quota-unknown",
        21,
        "note",
        "Not all quotas could be read.",
        "Look in Quota Center.",
        "ECS, DescribeAccountAttributes",
        answers.unknown_quotas,
    ),
    Rule(
        "image-quota-unknown",
        21,
        "note",
        "How many custom images a Region may have is not among what these services tell.",
        "Compare with the quota in the ECS console.",
        "ECS, DescribeImages",
        answers.images,
    ),
    Rule(
        "export-role-missing",
        22,
        "blocker",
        "ECS exports with this role and no other; without it the export is refused, after the copy has been paid for.",
        f"Make the role {answers.EXPORT_ROLE} with the policy AliyunECSImageExportRolePolicy.",
        _ROLES,
        answers.export_role,
    ),
    Rule(
        "export-role-untrusted",
        22,
        "blocker",
        "ECS cannot take the role, so that the export is refused, after the copy has been paid for.",
        f"Let {answers.EXPORT_SERVICE} assume the role in its trust policy.",
        _ROLES,
        answers.export_trust,
    ),
    Rule(
        "export-role-unknown",
        22,
        "note",
        "Whether ECS may export could not be told.",
        "Look in the RAM console, or grant ram:GetRole.",
        "RAM, GetRole",
        lambda given: answers.refusals(given, answers.EXPORT_ROLE),
    ),
    Rule(
        "region-unsupported",
        23,
        "blocker",
        "ENS imports images in some Regions only.",
        "Migrate in one of these Regions. If ENS has opened another one since, set migration_import_regions.",
        "SMC, edge node migration, limits (2025-12)",
        answers.region_refused,
        fact=True,
    ),
    Rule(
        "format-unsupported",
        23,
        "blocker",
        "ECS cannot write this format there, or ENS does not take it.",
        "Leave image_format unset: it follows the Region.",
        "ECS, ExportImage (2026-07)",
        answers.format_refused,
        fact=True,
    ),
    Rule(
        "bucket-missing",
        23,
        "blocker",
        "Images pass through the bucket.",
        "Make a private bucket in the Region of the import.",
        _BUCKETS,
        answers.bucket_missing,
        fact=True,
    ),
    Rule(
        "bucket-unreadable",
        23,
        "blocker",
        "Images pass through the bucket, and each object is looked at.",
        "Grant the user the bucket, or name one of this account.",
        _BUCKETS,
        answers.bucket_closed,
        fact=True,
    ),
    Rule(
        "bucket-region",
        23,
        "blocker",
        "ECS exports only to a bucket of the image's own Region.",
        "Name a bucket of the Region.",
        _BUCKETS,
        answers.bucket_region,
        fact=True,
    ),
    Rule(
        "bucket-class",
        23,
        "blocker",
        "ECS does not export to a bucket of an archive class.",
        "Name a bucket of the class Standard.",
        "ECS ExportImage: InvalidOSSBucket.NotSupported",
        answers.bucket_class,
        fact=True,
    ),
    Rule(
        "bucket-versioning",
        23,
        "blocker",
        "Where versioning is suspended, the last of two writers takes the place of the first: nothing keeps two "
        "controllers apart.",
        "Enable versioning again, or name a bucket that never had it.",
        "OSS, PutObject: x-oss-forbid-overwrite",
        answers.bucket_versioning,
        fact=True,
    ),
    Rule(
        "bucket-unknown",
        23,
        "note",
        "The bucket could not be looked at.",
        "Run the check again.",
        _BUCKETS,
        answers.bucket_unknown,
    ),
)
"""What is true for the whole wave."""


SERVER_RULES: Final = (
    Rule(
        "same-machine",
        0,
        "blocker",
        "One machine would be migrated twice, under two names.",
        "Keep one of them in the inventory, or give a cloned machine its own machine-id and host keys.",
        "SMC, CreateReplicationJob: one unfinished job for each source",
        answers.twin,
        fact=True,
    ),
    Rule(
        "image-name-taken",
        24,
        "blocker",
        "An image of somebody else has the name that the result would get.",
        "Give the server another migration_image_name, or delete the image.",
        "ENS, ImportImage; ECS: InvalidImageName.Duplicated",
        answers.name_taken,
        fact=True,
    ),
    Rule(
        "source-image-not-exportable",
        24,
        "blocker",
        "ECS does not export images that come from the Marketplace.",
        "Set the server up anew from a public image.",
        "ECS, ExportImage: ImageNotSupported, InvalidImageLicense.NotSupported",
        answers.marketplace,
    ),
    Rule(
        "source-image-unknown",
        24,
        "note",
        "Whether the image that an ECS instance was made from can be exported could not be told.",
        "Name it in source_image_id (preflight_source_image_id).",
        "ECS, ExportImage",
        answers.unknown_image,
    ),
)
"""What is true for one server: its image name, and the image that an ECS instance was made from."""


def judge_account(given: Facts) -> list[Finding]:
    """Return the findings about the account, which hold for every server of the wave."""
    return apply(RULES, given)


def judge_server(answer: Facts) -> list[Finding]:
    """Return the findings of the account about one server."""
    return apply(SERVER_RULES, answer)
