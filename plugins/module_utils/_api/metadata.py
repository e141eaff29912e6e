# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Credentials of an ECS instance's RAM role, from the metadata service of that instance: IMDSv2 first, then v1."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from .auth import Credentials
from .errors import CloudError

if TYPE_CHECKING:
    from .http import Http

# The service is on the same machine: if it does not answer at once, this is not an ECS instance.
TIMEOUT = (2.0, 3.0)
TOKEN_SECONDS = 21600
_ACTION = "Reading the instance role"


def fetch_role(http: Http, url: str, role: str, allow_v1: bool = True) -> Credentials:
    """Returns the role's current credentials.

    Instances that enforce IMDSv2 refuse requests without a session token; old ones do not know the token call, and are
    then asked without, unless ``allow_v1`` is false (facts 6.6, trap 34).
    """

    def ask(method: str, path: str, headers: dict[str, str]) -> Any:
        return http.send(_ACTION, method, url + path, headers, metadata=True, timeout=TIMEOUT)

    headers = {}
    token = ask("PUT", "/latest/api/token", {"X-aliyun-ecs-metadata-token-ttl-seconds": str(TOKEN_SECONDS)})
    if token.status_code == 200:
        headers["X-aliyun-ecs-metadata-token"] = token.text.strip()
    elif not allow_v1:
        raise _failed(f"no IMDSv2 token (HTTP {token.status_code}) and IMDSv1 is disabled", token.status_code)
    answer = ask("GET", f"/latest/meta-data/ram/security-credentials/{role}", headers)
    if answer.status_code == 404:
        raise _failed(f"role {role!r} is not attached to this instance", 404)
    if answer.status_code != 200:
        raise _failed(f"role {role!r}: HTTP {answer.status_code}", answer.status_code)
    try:
        row = json.loads(answer.content)
        if row["Code"] != "Success":
            raise _failed(f"role {role!r}: {row['Code']}", 200)
        expires = datetime.strptime(row["Expiration"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        return Credentials(row["AccessKeyId"], row["AccessKeySecret"], row["SecurityToken"], expires.timestamp())
    except (ValueError, KeyError, TypeError) as error:
        raise _failed(f"role {role!r}: unexpected answer ({type(error).__name__} {error})", 200) from error


def _failed(message: str, status: int) -> CloudError:
    return CloudError(
        _ACTION,
        "Credentials.InstanceRole",
        message,
        http_status=status,
        retryable=status >= 500,
        hint="Check the option ecs_role_name and the RAM role of this ECS instance.",
    )
