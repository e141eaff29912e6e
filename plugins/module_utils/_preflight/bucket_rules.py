# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Rules about the bucket of a wave."""

from __future__ import annotations

from typing import Final

from . import bucket
from .rule import Rule

_BUCKETS: Final = "ECS ExportImage: InvalidOSSBucket.NotFound, .NotMatched"

RULES: Final = (
    Rule(
        "bucket-missing",
        23,
        "blocker",
        "ECS exports the images to the bucket, and ENS imports them from it.",
        "Create a private bucket in the region of the migration.",
        _BUCKETS,
        bucket.missing,
        fact=True,
    ),
    Rule(
        "bucket-unreadable",
        23,
        "blocker",
        "ECS exports the images to the bucket, and the migration verifies every object in it.",
        "Grant the user access to the bucket, or set migration_bucket to a bucket of this account.",
        _BUCKETS,
        bucket.closed,
        fact=True,
    ),
    Rule(
        "bucket-region",
        23,
        "blocker",
        "ECS exports only to a bucket in the region of the image.",
        "Set migration_bucket to a bucket in this region.",
        _BUCKETS,
        bucket.region,
        fact=True,
    ),
    Rule(
        "bucket-class",
        23,
        "blocker",
        "ECS does not export to a bucket of an archive storage class.",
        "Set migration_bucket to a bucket of the storage class Standard.",
        "ECS ExportImage: InvalidOSSObject.NeedRestore",
        bucket.storage_class,
        fact=True,
    ),
    Rule(
        "bucket-versioning",
        23,
        "note",
        "The bucket keeps what is deleted as former versions, which are billed. The cleanup deletes every version of "
        "the exported objects; what others delete manually stays.",
        "Nothing has to be done. A bucket that never had versioning costs less.",
        "OSS, DeleteObject",
        bucket.versioning,
    ),
    Rule(
        "bucket-encryption",
        23,
        "blocker",
        "ECS rejects the export to an encrypted bucket (InvalidOSSBucket.EncryptUnsupported), after the copy has been "
        "billed. OSS appends to no object that is encrypted with a customer master key of KMS.",
        "Set migration_bucket to a bucket without default encryption.",
        "ECS ExportImage: InvalidOSSBucket.EncryptUnsupported; OSS, AppendObject",
        bucket.encryption,
        fact=True,
    ),
    Rule(
        "bucket-retention",
        23,
        "blocker",
        "OSS keeps every object of this bucket until its retention period ends, and bills it: a cleanup could delete "
        "nothing.",
        "Set migration_bucket to a bucket without a retention policy.",
        "OSS, GetBucketWorm",
        bucket.retention,
        fact=True,
    ),
    Rule(
        "bucket-overwrite",
        23,
        "blocker",
        "OSS rejects a second write of the same object: the migration could not close its ledger, and an export that "
        "is made again would fail.",
        "Set migration_bucket to another bucket, or limit the rules to other prefixes.",
        "OSS, PutBucketOverwriteConfig",
        bucket.overwrite,
    ),
    Rule(
        "bucket-overwrite-some",
        23,
        "risk",
        "If the rules are for these credentials or for the export role, OSS rejects a second write of the same object.",
        "Check the principals of the rules, or limit the rules to other prefixes.",
        "OSS, PutBucketOverwriteConfig",
        bucket.overwrite_some,
    ),
    Rule(
        "bucket-keeps",
        23,
        "blocker",
        "The bucket did not take an object and give it back: the migration could not keep its record, or a cleanup "
        "could not delete what it must.",
        "Grant oss:PutObject and oss:DeleteObject on the bucket, and remove what denies them (bucket policy, RAM "
        "policy, retention policy). Delete the object if it is still there.",
        "OSS, AppendObject; OSS, DeleteObject",
        bucket.kept,
        fact=True,
    ),
    Rule(
        "bucket-unproven",
        23,
        "note",
        "No object was written and deleted, so it is not proven that the bucket gives back what it takes.",
        "Run the check without check mode, with preflight_prove_bucket enabled.",
        "OSS, AppendObject; OSS, DeleteObject",
        bucket.unproven,
    ),
    Rule(
        "bucket-unknown",
        23,
        "note",
        "Could not check the bucket.",
        "Run the check again.",
        _BUCKETS,
        bucket.unknown,
    ),
)
"""Findings about the bucket, in the order in which they are told."""
