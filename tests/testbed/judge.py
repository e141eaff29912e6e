# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be true at the end of the demo; each function returns what is not, in words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from testbed.fleet import Host

Receipt = Mapping[str, Any]
LOOKING = ("Describe", "List", "Get", "Head", "Query")
# Tables of the local cloud that may hold rows at the end: the result, and what is history, not a resource.
MAY_STAY = {"now", "ens_images", "tasks", "client_tokens", "failures"}
_LEDGER = re.compile(r"edgelift/el[0-9a-f]{14}/ledger(\.\d+)?")
REFUSED = {"huge-01": ("data disks", "500 GiB")}


def verdicts(receipt: Receipt, hosts: Iterable[Host]) -> list[str]:
    """Every host is migrated, but those that must be refused, each with all its reasons."""
    wrong = []
    servers = {server["host"]: server for server in receipt["servers"]}
    for host in hosts:
        server = servers.get(host.name, {"status": "missing", "reasons": []})
        expected = "blocked" if host.name in REFUSED else "migrated"
        if server["status"] != expected:
            reasons = "; ".join(server["reasons"]) or "no reason given"
            wrong.append(f"{host.name} is {server['status']}, expected {expected}: {reasons}")
        for words in REFUSED.get(host.name, ()):
            if not any(words in reason for reason in server["reasons"]):
                wrong.append(f"{host.name} is refused without the reason '{words}': {server['reasons']}")
    return wrong


def contents(receipt: Receipt, hosts: Iterable[Host]) -> list[str]:
    """Every disk of every migrated server has an image disk with the same digest."""
    wrong = []
    disks = {host.name: host.disks for host in hosts}
    for server in receipt["servers"]:
        if server["status"] != "migrated":
            continue
        if len(server["disks"]) != len(disks[server["host"]]):
            wrong.append(f"{server['host']}: {len(server['disks'])} image disks, {len(disks[server['host']])} expected")
        wrong += [
            f"{server['host']} disk {disk['index']}: the image's content differs from the source's"
            for disk in server["disks"]
            if not disk["source_digest"] or disk["source_digest"] != disk["image_digest"]
        ]
    return wrong


def nothing_billed(receipt: Receipt, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The receipt names nothing left, and the meter stands still; ``after`` was read an hour of virtual time later."""
    wrong = [f"left behind: {thing}" for thing in receipt["residual"]]
    wrong += [f"still billed: {thing['kind']} {thing['id']}" for thing in after["running"]]
    for figure in ("total_seconds", "amount"):
        if before[figure] != after[figure]:
            wrong.append(f"the meter's {figure} went from {before[figure]} to {after[figure]} within an hour")
    if not before["total_seconds"] > 0:
        wrong.append("the meter never ran, so its standing still shows nothing")
    return wrong


def proved(receipt: Receipt) -> list[str]:
    """Every resource in the receipt is gone, with the call that shows it."""
    return [
        f"no proof that {thing['kind']} {thing['id']} is gone"
        for thing in receipt["resources"]
        if not (thing["deleted"] and thing["proof"])
    ] or ([] if receipt["resources"] else ["the receipt names no resource"])


def remains(state: Mapping[str, Any]) -> dict[str, int]:
    """What is in the cloud beside results and history: by table, how many. The empty object that has replaced a ledger
    stays, so that no run writes on in it, and nothing of it is billed."""
    found = {
        name: [row for row in rows if not (name == "objects" and row["size"] == 0 and _LEDGER.fullmatch(row["key"]))]
        for name, rows in state.items()
        if name not in MAY_STAY and rows
    }
    return {name: len(rows) for name, rows in found.items() if rows}


def cloud_is_empty(state: Mapping[str, Any], receipt: Receipt) -> list[str]:
    """The cloud contains nothing but one ENS image per migrated server; ``state`` is its own list of what exists."""
    wrong = [f"{count} {name} left in the cloud" for name, count in remains(state).items()]
    migrated = sum(server["status"] == "migrated" for server in receipt["servers"])
    if len(state["ens_images"]) != migrated:
        wrong.append(f"{len(state['ens_images'])} ENS images for {migrated} migrated servers")
    return wrong


def untouched(requests: Iterable[Mapping[str, Any]], host: str) -> list[str]:
    """No call to the cloud was made for a refused host."""
    calls = [request["action"] for request in requests if host in str(request["params"])]
    return [f"{host} was refused, but the cloud was called for it: {', '.join(calls)}"] if calls else []


def only_looked(requests: Iterable[Mapping[str, Any]]) -> list[str]:
    """These calls create, change and transfer nothing."""
    acts = [f"{row['product']} {row['action']}" for row in requests if not row["action"].startswith(LOOKING)]
    return [f"the second run did more than look: {', '.join(acts)}"] if acts else []


def unchanged(recap: Mapping[str, Mapping[str, int]], hosts: Iterable[Host]) -> list[str]:
    """The second run reports changed=0 for every host, and saw every host."""
    wrong = [f"the second run did not come to {host.name}" for host in hosts if host.name not in recap]
    wrong += [
        f"the second run reports {name}={counts[name]} for {host}"
        for host, counts in recap.items()
        for name in ("changed", "failed", "unreachable")
        if counts.get(name)
    ]
    return wrong
