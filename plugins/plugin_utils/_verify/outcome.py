# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The result of a verification: of one server, and as a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import instances, naming
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _encode, _table

TAG: Final = {"edgelift-verify": "true"}
"""The tag of an instance that the role verify has launched. It releases no other one."""
Facts = Mapping[str, Any]


def judgement(rows: Sequence[Facts]) -> dict[str, Any]:
    """Return C(verdict) and C(reasons) of these checks: verified if there are some, and all of them have passed."""
    failed = [row for row in rows if not row["ok"]]
    reasons = [f"{row['name']}: expected {row['expected']}, seen {row['seen']}" for row in failed]
    return {"verdict": "failed" if failed or not rows else "verified", "reasons": reasons}


def instance(found: Iterable[Facts], host: str, migration: str) -> dict[str, Any]:
    """Return the instance of a host that is proven to belong to the migration, {} for none; ``ours`` is whether the
    role verify has launched it."""
    for row in found:
        is_of_host = row["tags"].get(naming.HOST_TAG) == host[: naming.TAG_VALUE_LENGTH]
        if is_of_host and not instances.doubt(migration, row["instance_name"], row["tags"]):
            return {**row, "ours": all(row["tags"].get(key) == value for key, value in TAG.items())}
    return {}


def result(run: Facts, instance: Facts, error: str, release: Facts, policy: str = "keep") -> dict[str, Any]:
    """Return the result of the verification of one server.

    ``run`` is the result of M(edgelift.ens_migration.instance_check), ``instance`` the instance, ``error`` what ended
    the verification before it, ``release`` the result of the release, empty if the instance stays, and ``policy`` is
    ``keep`` or ``delete``: whether to delete an image whose copy has failed. A copy that was not checked to the end, as
    where another user has released the instance, shows nothing of its image.
    """
    rows = [dict(row) for row in run.get("checks") or []]
    told = judgement(rows)
    reasons = ([error] if error else []) + told["reasons"]
    is_released = bool(release) and not release.get("failed") and not release.get("skipped")
    warnings = []
    if release.get("failed"):
        why = str(release.get("msg") or "no reason is known").strip().rstrip(".")
        warnings.append(
            f"The instance was not released: {why}. It may still be billed until "
            f"{instance.get('auto_release_time') or 'its release time'}. Run the cleanup playbook"
        )
    return {
        "verdict": "verified" if told["verdict"] == "verified" and not reasons else "failed",
        "reasons": reasons or ([] if rows else ["nothing was checked"]),
        "warnings": warnings,
        "image_id": str(instance.get("image_id") or ""),
        "rejected": policy == "delete" and bool(rows) and told["verdict"] == "failed" and not error and is_released,
        "instance_id": str(instance.get("instance_id") or ""),
        "node": str(instance.get("ens_region_id") or ""),
        "instance_status": str(instance.get("status") or ""),
        "released": is_released,
        "address": str(run.get("address") or ""),
        "port": run.get("port") or 0,
        "started": str(run.get("started") or ""),
        "boot_seconds": run.get("boot_seconds"),
        "seconds": run.get("seconds") or 0.0,
        "checks": rows,
        "notes": list(run.get("notes") or []),
    }


def in_receipt(row: dict[str, Any], facts: Facts, cleanup: Facts) -> dict[str, Any]:
    """Return the row of a receipt with the verification, and with what the cleanup has done after it."""
    return _with_image(_judged(row, facts), cleanup)


def _judged(row: dict[str, Any], facts: Facts) -> dict[str, Any]:
    """Return the row: a migrated server that was to be verified, and is not, has failed; its image stays."""
    found, error = row["verification"], facts.get("verify_error")
    if row["status"] != "migrated" or not (error or found):
        return row
    if found.get("verdict") == "verified" and not error:
        return {**row, "warnings": [*row["warnings"], *(found.get("warnings") or [])]}
    reasons = list(found.get("reasons") or []) or list(filter(None, [error]))
    return {**row, "status": "failed", "reasons": [f"not verified: {text}" for text in reasons]}


def _with_image(row: dict[str, Any], cleanup: Facts) -> dict[str, Any]:
    """Return the row with what the cleanup has done with the image of a server whose verification has rejected it."""
    found = row["verification"]
    if not found.get("rejected"):
        return row
    image = found["image_id"]
    deleted, left, doubted = (
        [item for item in cleanup.get(name) or [] if (item["kind"], item["id"]) == ("ens_image", image)]
        for name in ("resources", "residual", "similar_names")
    )
    if any(item.get("deleted") for item in deleted):
        told = f"ENS image {image} was deleted (verify_image_policy)"
        return {**row, "ens_image_id": "", "reasons": [*row["reasons"], told]}
    why = next((item["reason"] for item in [*left, *doubted]), "the cleanup has not run")
    told = f"ENS image {image} stays although verify_image_policy is delete: {why}"
    return {**row, "warnings": [*row["warnings"], told]}


def table(hosts: Iterable[str], hostvars: Mapping[str, Facts]) -> list[str]:
    """Return one line per host, with the reasons and notes below it."""
    found = [(host, hostvars[host].get("verify_result") or {}) for host in hosts]
    head = ("host", "verdict", "image", "instance", "checks", "boot")
    body = [
        (
            host,
            row.get("verdict", "not verified"),
            row.get("image_id") or "-",
            (row.get("instance_id") or "-") + (" (released)" if row.get("released") else ""),
            f"{sum(check['ok'] for check in row.get('checks', []))} of {len(row.get('checks', []))}",
            f"{row['boot_seconds']:.0f} s" if row.get("boot_seconds") is not None else "-",
        )
        for host, row in found
    ]
    top, rule, *lines = _table.lines(head, body)
    shown = [top, rule]
    for line, (_host, row) in zip(lines, found, strict=True):
        warnings = (f"warning: {text}" for text in row.get("warnings", []))
        texts = (*row.get("reasons", []), *warnings, *row.get("notes", []))
        shown += [line, *(f"    {_encode.one_line(text)}" for text in texts)]
    return shown
