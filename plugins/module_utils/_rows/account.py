# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What is read of the account itself: STS 2015-04-01, RAM 2015-05-01 and BssOpenApi 2017-12-14."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any, Final

from .reader import Field, Malformed, Table, compiled, number, required, text

_SERVICES: Final = "[Statement][] | [?Effect=='Allow'].Principal.Service | []"


def trusted(value: Any) -> list[str]:
    """Return the services that may take a role, from its trust policy: JSON as text. A policy that is none trusts no
    service."""
    try:
        policy = json.loads(text(value) or "{}")
    except (ValueError, RecursionError) as error:
        if isinstance(error, Malformed):
            raise
        return []
    found = compiled(_SERVICES).search(policy) or []
    return sorted({service for service in found if isinstance(service, str)})


def amount(value: Any) -> float:
    """Return an amount of money that the service gives as text with commas, such as ``"10,000.00"``."""
    return number(text(value).replace(",", ""))


def _amount_text(value: Any) -> str:
    """Return an amount of money as the service writes it."""
    amount(value)
    return str(value)


def _expiry(value: Any) -> float:
    """Return the time at which temporary credentials end, in seconds since the epoch."""
    try:
        return datetime.strptime(text(value), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc).timestamp()
    except ValueError:
        raise Malformed("", "is not a time such as 2026-11-24T08:00:00Z") from None


CALLER: Final = Table("sts.GetCallerIdentity", {"account_id": required("AccountId")})

SESSION: Final = Table(
    "sts.AssumeRole",
    {
        "access_key": required("Credentials.AccessKeyId"),
        "secret_key": required("Credentials.AccessKeySecret"),
        "security_token": required("Credentials.SecurityToken"),
        "expires": required("Credentials.Expiration", _expiry),
    },
)

ROLE: Final = Table("ram.GetRole", {"services": Field("Role.AssumeRolePolicyDocument", trusted, [])})


def _statements(value: Any) -> list[dict[str, Any]]:
    """Return the statements of a policy, JSON as text. A policy that is none has no statement."""
    try:
        policy = json.loads(text(value) or "{}")
    except (ValueError, RecursionError) as error:
        if isinstance(error, Malformed):
            raise
        return []
    rows = policy.get("Statement") if isinstance(policy, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


ROLE_POLICIES: Final = Table(
    "ram.ListPoliciesForRole",
    {"name": required("PolicyName"), "type": required("PolicyType")},
    rows="Policies.Policy",
    key="PolicyName",
)

POLICY: Final = Table("ram.GetPolicy", {"statements": required("DefaultPolicyVersion.PolicyDocument", _statements)})

BALANCE: Final = Table("bss.QueryAccountBalance", {"amount": required("Data.AvailableAmount", _amount_text)})
"""The balance that can be spent, credit included."""
