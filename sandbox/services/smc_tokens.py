# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SMC activation codes (facts 1.6)."""

from __future__ import annotations

from typing import Any

from sandbox.state.clock import iso
from sandbox.state.cloud import Cloud
from sandbox.state.tables import Row

from .call import Call, Handler, listed, page

DAY = 86400


def create(cloud: Cloud, call: Call) -> dict[str, Any]:
    """A new activation code; AccessTokenCode is shown here and never again."""
    now = cloud.clock.time()
    days = call.params.get("TimeToLiveInDays", 30)
    token = cloud.tokens.add(
        {"id": cloud.new_id("at-"), "access_token_code": cloud.new_id("", 32), "name": call.params.get("Name", ""),
         "description": call.params.get("Description", ""), "count": call.params.get("Count", 100), "days": days,
         "registered": 0, "disabled": False, "created": now, "expires": now + days * DAY}
    )
    return {"AccessTokenId": token["id"], "AccessTokenCode": token["access_token_code"]}


def list_(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Every matching code on one page: the action has no paging parameters (trap 14), numbers are strings."""
    wanted = {key: call.params[name] for key, name in (("name", "Name"),) if name in call.params}
    rows = listed(cloud.tokens.where(**wanted), "id", call.params.get("AccessTokenId"))
    rows = [row for row in rows if call.params.get("Status") in (None, status(cloud, row))]
    _rows, keys = page(rows, {"PageSize": max(10, len(rows))})
    return {**keys, "AccessTokens": {"AccessToken": [_view(cloud, row) for row in rows]}}


def disable(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Ends a code for new sources; sources imported with it stay."""
    cloud.tokens.update(_find(cloud, call)["id"], disabled=True)
    return {}


def delete(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Deletes a code; sources imported with it stay."""
    cloud.tokens.delete(_find(cloud, call)["id"])
    return {}


def status(cloud: Cloud, token: Row) -> str:
    """activated, unactivated (disabled) or expired."""
    if token["expires"] <= cloud.clock.time():
        return "expired"
    return "unactivated" if token["disabled"] else "activated"


def _find(cloud: Cloud, call: Call) -> Row:
    token = cloud.tokens.get(call.params["AccessTokenId"])
    if token is None:
        raise cloud.error("AccessTokenId.NotFound")
    return token


def _view(cloud: Cloud, token: Row) -> dict[str, str]:
    return {
        "AccessTokenId": token["id"],
        "Name": token["name"],
        "Description": token["description"],
        "Count": str(token["count"]),
        "RegisteredCount": str(token["registered"]),
        "TimeToLiveInDays": str(token["days"]),
        "CreationTime": iso(token["created"]),
        "Status": status(cloud, token),
    }


HANDLERS: dict[str, Handler] = {
    "CreateAccessToken": create,
    "ListAccessTokens": list_,
    "DisableAccessToken": disable,
    "DeleteAccessToken": delete,
}
