# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be true of a migrated guest; each function returns what is not, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from testbed.judge import LOOKING

# Comparisons that each copy must have passed, beside the checks of its content.
COMPARED = ("ssh", "identity", "file_systems", "users", "listening", "services", "kernel", "network", "name_servers")


def the_server(receipt: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The row of the guest in the receipt; an empty one when there is none."""
    return next((dict(row) for row in receipt["servers"] if row["host"] == name), {})


def verified(server: Mapping[str, Any], checks: Sequence[Mapping[str, Any]]) -> list[str]:
    """The server is migrated, its copy has passed every comparison and check, and its instance is released."""
    if server.get("status") != "migrated":
        reasons = "; ".join(server.get("reasons", [])) or "no reason given"
        return [f"the server is {server.get('status', 'not in the receipt')}, expected migrated: {reasons}"]
    told = server["verification"]
    if not told:
        return ["the copy was not verified"]
    rows = told["checks"]
    wrong = [] if told["verdict"] == "verified" else [f"the copy is {told['verdict']}: {'; '.join(told['reasons'])}"]
    wrong += [f"{row['name']}: expected {row['expected']}, seen {row['seen']}" for row in rows if not row["ok"]]
    kinds = {row["kind"] for row in rows}
    wrong += [f"nothing was compared of the kind {kind}" for kind in COMPARED if kind not in kinds]
    for kind in sorted({str(check["kind"]) for check in checks}):
        expected = sum(check["kind"] == kind for check in checks)
        seen = sum(row["kind"] == kind for row in rows)
        if seen < expected:
            wrong.append(f"{seen} checks of the kind {kind} were made, expected {expected}")
    return wrong if told["released"] else [*wrong, f"the instance {told['instance_id']} was not released"]


def blocked(server: Mapping[str, Any], finding: str) -> list[str]:
    """The preflight has blocked the server with this finding."""
    blockers = [row["id"] for row in server.get("findings", []) if row["severity"] == "blocker"]
    if server.get("status") == "blocked" and finding in blockers:
        return []
    return [f"the server is {server.get('status')} with the blockers {blockers}, expected blocked with {finding}"]


def noted(server: Mapping[str, Any], finding: str) -> list[str]:
    """The preflight has reported this finding of the server."""
    found = [row["id"] for row in server.get("findings", [])]
    return [] if finding in found else [f"the findings are {found}, expected {finding} among them"]


def only_read(requests: Iterable[Mapping[str, Any]]) -> list[str]:
    """No call has changed anything of SMC, ECS, VPC or ENS: the server was blocked before anything is billed."""
    rows = (row for row in requests if row["product"] in ("smc", "ecs", "vpc", "ens", "agent"))
    acts = [f"{row['product']} {row['action']}" for row in rows if not row["action"].startswith(LOOKING)]
    return [f"the server was blocked, but these calls were made: {', '.join(acts)}"] if acts else []


def not_booted(server: Mapping[str, Any]) -> list[str]:
    """The image of the server did not boot: the verification says so, and has released the instance."""
    told = server.get("verification") or {}
    rows = [row for row in told.get("checks", []) if row["kind"] == "ssh" and not row["ok"]]
    if server.get("status") != "failed" or told.get("verdict") != "failed" or not rows:
        return [f"the server is {server.get('status')}, expected failed because its copy does not answer: {told}"]
    wrong = [] if server.get("ens_image_id") else ["the receipt names no ENS image"]
    return wrong if told["released"] else [*wrong, f"the instance {told['instance_id']} was not released"]


def file_systems(lines: Sequence[str], disks: Sequence[str]) -> list[str]:
    """Each disk has a file system that check_file_systems.py could check, and none is damaged.

    The log of an xfs that was mounted when it was copied may have changes, which only a mount replays.
    """
    wrong = [f"damaged in the image: {line}" for line in lines if "): damaged: " in line]
    checked = [line for line in lines if "): not checkable: " not in line or "(xfs): not checkable: its log" in line]
    for disk in disks:
        if not any(line.startswith(f"{disk} offset ") for line in checked):
            wrong.append(f"{disk} has no file system that was checked")
    return wrong if disks else ["the local cloud has no ENS image"]


def no_process(processes: Iterable[str], folder: str) -> list[str]:
    """No process of QEMU uses the folder; ``processes`` are the command lines of this machine."""
    left = [line for line in processes if "qemu-system" in line.partition(" ")[0] and folder in line]
    return [f"QEMU still runs: {line[:200]}" for line in left]
