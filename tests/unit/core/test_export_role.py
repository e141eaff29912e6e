# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the policies of the export role let it do, as ens_account_info reads them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight import role_policy

from .test_account import Cloud, document, ids, look, refusal

NEEDED = [*role_policy.ON_BUCKET, *role_policy.ON_OBJECTS]


def allow(*actions: str, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


@pytest.mark.parametrize(
    ("statements", "lacks"),
    [
        ([allow("oss:*")], []),
        ([allow("*")], []),
        ([allow(*NEEDED)], []),
        ([allow(*[action.lower() for action in NEEDED])], []),
        ([allow("oss:*", resource=["acs:oss:*:*:images", "acs:oss:*:*:images/*"])], []),
        ([allow("oss:*", resource=["acs:oss:oss-ap-southeast-1:1234567890123456:images*"])], []),
        ([allow("oss:*", Condition={"Bool": {"acs:SecureTransport": "true"}})], []),
        ([], NEEDED),
        ([allow("ecs:*")], NEEDED),
        ([allow("oss:*", resource="acs:oss:*:*:others/*")], NEEDED),
        ([allow("oss:*", resource="acs:oss:*:*:images")], list(role_policy.ON_OBJECTS)),
        ([allow("oss:*", resource="acs:oss:*:*:images/*")], list(role_policy.ON_BUCKET)),
        ([allow("oss:Get*")], [action for action in NEEDED if ":Get" not in action]),
        ([allow("oss:*"), {"Effect": "Deny", "Action": "oss:DeleteObject", "Resource": "*"}], ["oss:DeleteObject"]),
        ([{"Effect": "Allow", "Action": 7, "Resource": None}, {}], NEEDED),
    ],
)
def test_what_the_policies_of_the_export_role_lack(statements: list[dict[str, Any]], lacks: list[str]) -> None:
    assert role_policy.lacking({"Export": statements}, "images") == lacks
    result = look(Cloud(GetPolicy=document(*statements)))
    found = [item for item in result["findings"] if item["id"] == "export-role-powerless"]
    assert bool(found) is bool(lacks)
    if found:
        assert "(Export)" in found[0]["evidence"]
        assert all(action in found[0]["evidence"] for action in lacks)


def test_policies_that_may_not_be_read_are_a_note_and_a_missing_role_is_told_once() -> None:
    for action in ("ListPoliciesForRole", "GetPolicy"):
        result = look(Cloud(**{action: refusal("NoPermission")}))
        assert "export-policy-unknown" in ids(result)
        assert result["verdict"] == "clear"
    gone = refusal("EntityNotExist.Role")
    assert "export-policy-unknown" not in ids(look(Cloud(ListPoliciesForRole=gone)))
