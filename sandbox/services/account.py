# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What preflight reads about the account: its balance, and its ECS limits in a region."""

from __future__ import annotations

from typing import Any

from sandbox.state.cloud import Cloud
from sandbox.state.quotas import VCPUS

from .call import Call, Handler

_SECURITY_GROUPS = 100


def balance(cloud: Cloud, _call: Call) -> dict[str, Any]:
    """The balance in the currency of the rate card, amounts are strings."""
    amount = f"{cloud.settings.account.balance:.2f}"
    data = {"AvailableAmount": amount, "AvailableCashAmount": amount, "CreditAmount": "0.00",
            "MybankCreditAmount": "0.00", "Currency": "USD"}
    return {"Code": "200", "Message": "success", "Success": True, "Data": data}


def attributes(cloud: Cloud, call: Call) -> dict[str, Any]:
    """The ECS quotas of the region and whether the account's holder is verified; each value is a string."""
    account = cloud.settings.account
    values = {
        "max-security-groups": str(_SECURITY_GROUPS),
        "max-postpaid-instance-vcpu-count": str(account.quotas.vcpu),
        "used-postpaid-instance-vcpu-count": str(VCPUS * len(cloud.instances.where(region=call.region))),
        "instance-network-type": "vpc",
        "real-name-authentication": "yes" if account.real_name else "no",
    }
    wanted = call.params.get("AttributeName", list(values))
    items = [{"AttributeName": name, "AttributeValues": {"ValueItem": [{"Value": value}]}}
             for name, value in values.items() if name in wanted]
    return {"AccountAttributeItems": {"AccountAttributeItem": items}}


BSS_HANDLERS: dict[str, Handler] = {"QueryAccountBalance": balance}
ECS_HANDLERS: dict[str, Handler] = {"DescribeAccountAttributes": attributes}
