# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of the client on a source server: register and heartbeat."""

from __future__ import annotations

import hmac
import json
from typing import Any

from sandbox.state.cloud import Cloud
from sandbox.state.tables import Row

_MOST_DISKS = 64
_LARGEST_DISK = 1 << 50


def register_by_token(
    cloud: Cloud, token_id: str, code: str, report: dict[str, Any], source_id: str | None = None
) -> Row:
    """The source row after an import with an activation code (facts 1.6); see ``register`` for ``report``.

    Refused: unknown token or wrong code, disabled or expired token, more sources than its Count.
    """
    token = cloud.tokens.get(token_id)
    if token is None or not hmac.compare_digest(token["access_token_code"].encode(), code.encode()):
        raise cloud.error("InvalidAccessToken")
    if token["disabled"] or token["expires"] <= cloud.clock.time():
        raise cloud.error("InvalidAccessToken.Expired")
    known = cloud.sources.get(source_id)
    if known is None and token["registered"] >= token["count"]:
        raise cloud.error("AccessToken.CountExceeded")
    source = register(cloud, report, source_id, token_id)
    if known is None:
        cloud.tokens.update(token_id, registered=token["registered"] + 1)
    return source


def register_by_key(
    cloud: Cloud, access_key_id: str, secret: str, report: dict[str, Any], source_id: str | None = None
) -> Row:
    """The source row after an import with an access key pair; see ``register`` for ``report``."""
    credential = cloud.credentials.find(access_key_id)
    if credential is None:
        raise cloud.error("InvalidAccessKeyId.NotFound")
    if not hmac.compare_digest(credential["secret"], secret):
        raise cloud.error("InvalidAccessKeySecret", "The AccessKeySecret is incorrect.")
    return register(cloud, report, source_id, None)


def register(cloud: Cloud, report: dict[str, Any], source_id: str | None, token_id: str | None) -> Row:
    """Create the source of a client, or re-attach the client that kept its ``source_id``.

    ``report``: {"system": {str: str} (facts 1.5 SystemInfo keys, hostname and ipv4 among them), "platform",
    "architecture", "agent_version", "kernel_level": int, "disks": [{"index": 0 for the system disk, then 1.., "path",
    "size_bytes", "parts": [{"path", "size_bytes", "device"}]}]}. A machine imported twice is two sources (trap 13).
    """
    facts = _facts(cloud, report)
    known = cloud.sources.get(source_id)
    if known is not None and known["state"] != "Deleting":
        return cloud.sources.update(known["id"], **facts)
    if len(cloud.sources) >= cloud.settings.account.quotas.sources:
        raise cloud.error("QuotaExceeded.SourceServer")
    now = cloud.clock.time()
    name = f"{facts['system_info'].get('hostname', 'source')}"
    return cloud.sources.add(
        {"id": cloud.new_id("s-"), "name": name, "description": "", "state": "Unavailable", "since": now,
         "created": now, "error_code": "", "status_info": "", "job_id": "", "token_id": token_id, "tags": {},
         "simulated": False, "bandwidth_mbps": 1000.0, **facts}
    )


def heartbeat(cloud: Cloud, source_id: str) -> Row:
    """Note that the client is alive; a source that is deleted or Deleting is refused, so that the client stops."""
    source = cloud.sources.get(source_id)
    if source is None or source["state"] == "Deleting":
        raise cloud.error("SourceId.NotFound", f"The source server {source_id} does not exist.", 404)
    return cloud.sources.update(source_id, heartbeat_real=cloud.clock.real())


def _short(report: dict[str, Any], name: str, default: str) -> str:
    text = report.get(name, default)
    if not isinstance(text, str) or len(text) > 128:
        raise ValueError(f"{name}: expected a text of at most 128 characters")
    return text


def _whole(value: Any, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise ValueError(f"expected a whole number of at most {most}")
    return value


def _disks(disks: Any) -> list[Row]:
    """The disks of a report, sorted; they count from 0 and each has a size, which the lifecycles rely on."""
    if not isinstance(disks, list) or len(disks) > _MOST_DISKS:
        raise ValueError(f"disks: expected a list of at most {_MOST_DISKS}")
    for disk in disks:
        _whole(disk["index"], _MOST_DISKS)
        _whole(disk["size_bytes"], _LARGEST_DISK)
        for part in disk.get("parts", []):
            _whole(part["size_bytes"], _LARGEST_DISK)
    if sorted(disk["index"] for disk in disks) != list(range(len(disks))):
        raise ValueError("disks: expected the indexes 0, 1, 2 and so on")
    return sorted(disks, key=lambda disk: int(disk["index"]))


def _facts(cloud: Cloud, report: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(report, dict) or not isinstance(report.get("system", {}), dict):
        raise ValueError("report: expected an object with an object as its system")
    system = {str(key): str(value) for key, value in report.get("system", {}).items()}
    if len(json.dumps(system)) > 1024:
        raise cloud.error("InvalidParameter.SystemInfo", "SystemInfo is larger than 1 KB.", 400)
    return {
        "system_info": system,
        "platform": _short(report, "platform", "Others Linux"),
        "architecture": _short(report, "architecture", "x86_64"),
        "agent_version": _short(report, "agent_version", ""),
        "kernel_level": _whole(report.get("kernel_level", 1), 9),
        "disks": _disks(report.get("disks", [])),
        "heartbeat_real": cloud.clock.real(),
    }
