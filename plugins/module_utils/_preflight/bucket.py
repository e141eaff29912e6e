# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Evidence that a bucket cannot carry a migration: where it is, its class, what it keeps, and the proof of it."""

from __future__ import annotations

from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.error_codes import OTHER_ENDPOINT

from .rule import Facts

_PREFIXES: Final = (f"{naming.FOLDER}/", "el")
_SUFFIXES: Final = ("/ledger", "/proof.json", "_system.qcow2", "_system.raw.tar.gz")
"""What the keys of a migration begin and end with: its ledger, its proof, and the exported objects."""

_ARCHIVES: Final = ("Archive", "ColdArchive", "DeepColdArchive")


def _known(answers: Facts, name: str) -> Any:
    """Return the value of an answer, None where the service refused it."""
    return answers[name]["value"] if answers[name]["problem"] is None else None


def missing(answers: Facts) -> str | None:
    """Return that the bucket does not exist."""
    gone = answers["bucket"]["code"] == "NoSuchBucket"
    return f"the bucket {answers['bucket_name']!r} does not exist" if gone else None


def closed(answers: Facts) -> str | None:
    """Return that these credentials may not read the bucket."""
    if answers["bucket"]["code"] != "AccessDenied" or _elsewhere(answers):
        return None
    return f"these credentials may not read bucket {answers['bucket_name']!r}"


def _elsewhere(answers: Facts) -> bool:
    """Return whether OSS refused the call because the bucket is in another region."""
    return OTHER_ENDPOINT in str(answers["bucket"]["problem"]).lower()


def region(answers: Facts) -> str | None:
    """Return the region of the bucket where it is another one."""
    if _elsewhere(answers):
        problem = answers["bucket"]["problem"]
        return f"bucket {answers['bucket_name']!r} is not in {answers['region']!r} ({problem})"
    bucket = _known(answers, "bucket")
    if not bucket or bucket["location"] == answers["region"]:
        return None
    return f"bucket {answers['bucket_name']!r} is in {bucket['location']!r}, the region is {answers['region']!r}"


def storage_class(answers: Facts) -> str | None:
    """Return an archive storage class."""
    bucket = _known(answers, "bucket")
    if not bucket or bucket["storage_class"] not in _ARCHIVES:
        return None
    return f"bucket {answers['bucket_name']!r} has the storage class {bucket['storage_class']}"


def versioning(answers: Facts) -> str | None:
    """Return that the bucket has versions, also while no new ones are made."""
    bucket = _known(answers, "bucket")
    if not bucket or bucket["versioning"] not in ("Enabled", "Suspended"):
        return None
    return f"versioning of bucket {answers['bucket_name']!r} is {bucket['versioning'].lower()}"


def encryption(answers: Facts) -> str | None:
    """Return how the bucket encrypts new objects."""
    bucket = _known(answers, "bucket")
    if not bucket or bucket["encryption"] in ("", "None"):
        return None
    how = f"KMS key {bucket['encryption_key']}" if bucket["encryption_key"] else bucket["encryption"]
    return f"bucket {answers['bucket_name']!r} encrypts new objects ({how})"


def retention(answers: Facts) -> str | None:
    """Return a retention policy. One that is not locked yet is in force as well."""
    policy = _known(answers, "retention")
    if not policy:
        return None
    return (
        f"bucket {answers['bucket_name']!r} has a retention policy of {policy['days']} days"
        f" (GetBucketWorm: {policy['state']})"
    )


def overwrite(answers: Facts) -> str | None:
    """Return the rules that forbid everyone to overwrite objects of the migration."""
    return _rules(answers, [rule for rule in _touching(answers) if not rule["principals"]])


def overwrite_some(answers: Facts) -> str | None:
    """Return the rules that forbid some users to overwrite objects of the migration."""
    return _rules(answers, [rule for rule in _touching(answers) if rule["principals"]])


def _touching(answers: Facts) -> list[dict[str, Any]]:
    return [
        rule
        for rule in _known(answers, "overwrite") or []
        if any(start.startswith(rule["prefix"]) or rule["prefix"].startswith(start) for start in _PREFIXES)
        and any(end.endswith(rule["suffix"]) for end in _SUFFIXES)
    ]


def _rules(answers: Facts, rules: list[dict[str, Any]]) -> str | None:
    told = [f"prefix {rule['prefix']!r}, suffix {rule['suffix']!r}" for rule in rules]
    return f"bucket {answers['bucket_name']!r} forbids to overwrite objects ({'; '.join(told)})" if told else None


def kept(answers: Facts) -> str | None:
    """Return what the service said when a small object was written and deleted."""
    return _known(answers, "proof") or None


def unproven(answers: Facts) -> str | None:
    """Return why no object was written and deleted."""
    problem = answers["proof"]["problem"]
    return str(problem) if problem else None


def unknown(answers: Facts) -> str | None:
    """Return why the bucket could not be checked."""
    known = missing(answers) or closed(answers) or _elsewhere(answers)
    asked = {"GetBucketInfo": "bucket", "GetBucketWorm": "retention", "GetBucketOverwriteConfig": "overwrite"}
    rows = [f"{action}: {answers[name]['problem']}" for action, name in asked.items() if answers[name]["problem"]]
    return None if known else "; ".join(rows) or None


def carries(answers: Facts) -> bool:
    """Return whether nothing that was read speaks against the bucket, so that a proof is worth a write."""
    rules = (missing, closed, region, storage_class, encryption, retention, overwrite)
    return answers["bucket"]["problem"] is None and not any(rule(answers) for rule in rules)
