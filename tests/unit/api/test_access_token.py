# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import smc_access_token
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from .conftest import DROP, FakeModule

PARAMS = {
    "name": "wave",
    "migration": None,
    "state": "present",
    "description": None,
    "count": 10,
    "ttl_days": 2,
    "rotate": False,
}
MADE = {"AccessTokenId": "at-new", "AccessTokenCode": "c0de"}


def token(identity: str = "at-1", **changes: str) -> dict[str, str]:
    row = {"AccessTokenId": identity, "Name": "wave", "Description": "", "Count": "10", "RegisteredCount": "0",
           "TimeToLiveInDays": "2", "CreationTime": "2026-11-24T08:00:00Z", "Status": "activated"}  # fmt: skip
    return {**row, **changes}


def listed(*rows: dict[str, str]) -> dict[str, Any]:
    return {"AccessTokens": {"AccessToken": list(rows)}}


def run(clients: Any, check: bool = False, **params: Any) -> dict[str, Any]:
    return smc_access_token.work(FakeModule({**PARAMS, **params}, check), clients)


def test_the_first_one_is_made_and_its_code_returned(clients: Any, wire: Any) -> None:
    wire.expect("ListAccessTokens", listed(token(Name="wave-2")), Name="wave")
    wire.expect("CreateAccessToken", MADE, Name="wave", Count="10", TimeToLiveInDays="2")
    wire.expect("ListAccessTokens", listed(token("at-new", CreationTime="2026-11-29T08:00:00Z")))
    result = run(clients)
    assert result["changed"]
    assert (result["access_token"]["id"], result["access_token"]["code"]) == ("at-new", "c0de")
    assert result["access_token"]["creation_time"] == "2026-11-29T08:00:00Z"
    assert "c0de" not in str(result["diff"])


def test_a_usable_one_is_kept_without_its_code(clients: Any, wire: Any) -> None:
    wire.expect("ListAccessTokens", listed(token("at-1"), token("at-2", CreationTime="2026-11-24T09:00:00Z")))
    result = run(clients)
    assert not result["changed"]
    assert result["access_token"]["id"] == "at-2"
    assert result["access_token"]["count"] == 10
    assert "code" not in result["access_token"]


@pytest.mark.parametrize(
    "changes", [{"Status": "expired"}, {"Status": "unactivated"}, {"RegisteredCount": "10"}], ids=["old", "off", "full"]
)
def test_one_that_cannot_be_used_is_replaced(clients: Any, wire: Any, changes: dict[str, str]) -> None:
    wire.expect("ListAccessTokens", listed(token(**changes)))
    wire.expect("DisableAccessToken", AccessTokenId="at-1")
    wire.expect("DeleteAccessToken", AccessTokenId="at-1")
    wire.expect("CreateAccessToken", MADE)
    wire.expect("ListAccessTokens", listed(token("at-new", CreationTime="2026-11-29T08:00:00Z")))
    assert run(clients)["access_token"]["code"] == "c0de"


def test_a_new_one_that_is_not_listed_yet_is_good_without_its_time(clients: Any, wire: Any) -> None:
    wire.expect("ListAccessTokens", listed())
    wire.expect("CreateAccessToken", MADE)
    wire.refuse("ListAccessTokens", "Forbidden.Unauthorized", 403)
    made = run(clients)["access_token"]
    assert (made["code"], made["creation_time"]) == ("c0de", "")


def test_rotation_makes_the_old_one_useless_first(clients: Any, wire: Any) -> None:
    wire.expect("ListAccessTokens", listed(token()))
    for action in ("DisableAccessToken", "DeleteAccessToken"):
        wire.expect(action, AccessTokenId="at-1")
    wire.expect("CreateAccessToken", MADE)
    wire.expect("ListAccessTokens", listed(token("at-new", CreationTime="2026-11-29T08:00:00Z")))
    assert run(clients, rotate=True)["access_token"]["code"] == "c0de"


def test_absent_removes_exactly_our_name(clients: Any, wire: Any) -> None:
    wire.expect(
        "ListAccessTokens", listed(token("at-1"), token("at-2", Name="wave-2"), token("at-3", Status="expired"))
    )
    for identity in ("at-1", "at-3"):
        wire.expect("DisableAccessToken", AccessTokenId=identity)
        wire.expect("DeleteAccessToken", AccessTokenId=identity)
    assert run(clients, state="absent")["changed"]


def test_absent_of_nothing_changes_nothing(clients: Any, wire: Any) -> None:
    wire.expect("ListAccessTokens", listed())
    assert run(clients, state="absent") == {"changed": False, "access_token": {}, "diff": {"before": {}, "after": {}}}


@pytest.mark.parametrize("params", [{}, {"rotate": True}, {"state": "absent"}])
def test_check_mode_only_looks(clients: Any, wire: Any, params: dict[str, Any]) -> None:
    wire.expect("ListAccessTokens", listed(token(Status="activated" if params else "expired")))
    assert run(clients, check=True, **params)["changed"]


def test_a_token_whose_code_was_lost_is_removed_before_the_next_attempt(clients: Any, wire: Any) -> None:
    wire.expect("ListAccessTokens", listed(token("at-old", Status="expired")))
    wire.expect("DisableAccessToken")
    wire.expect("DeleteAccessToken")
    wire.expect("CreateAccessToken", DROP)
    wire.expect("ListAccessTokens", listed(token("at-lost"), token("at-2", Name="wave-2")))
    wire.expect("DisableAccessToken", AccessTokenId="at-lost")
    wire.expect("DeleteAccessToken", AccessTokenId="at-lost")
    wire.expect("CreateAccessToken", MADE)
    wire.expect("ListAccessTokens", listed(token("at-new", CreationTime="2026-11-29T08:00:00Z")))
    assert run(clients)["access_token"]["id"] == "at-new"


def test_two_lost_answers_leave_nothing_behind(clients: Any, wire: Any) -> None:
    wire.expect("ListAccessTokens", listed())
    for identity in ("at-a", "at-b"):
        wire.refuse("CreateAccessToken", "InternalError", 500)
        wire.expect("ListAccessTokens", listed(token(identity)))
        wire.expect("DisableAccessToken", AccessTokenId=identity)
        wire.expect("DeleteAccessToken", AccessTokenId=identity)
    with pytest.raises(CloudError, match="InternalError"):
        run(clients)


def test_a_refusal_is_not_tried_again(clients: Any, wire: Any) -> None:
    wire.expect("ListAccessTokens", listed())
    wire.refuse("CreateAccessToken", "Forbidden.Unauthorized", 403)
    with pytest.raises(CloudError, match="Forbidden"):
        run(clients)


def test_a_token_that_is_deleted_meanwhile_is_no_error(clients: Any, wire: Any) -> None:
    wire.expect("ListAccessTokens", listed(token()))
    wire.expect("DisableAccessToken")
    wire.refuse("DeleteAccessToken", "AccessTokenId.NotFound", 404)
    wire.expect("ListAccessTokens", listed())
    assert run(clients, state="absent")["changed"]


@pytest.mark.parametrize("call", ["DisableAccessToken", "DeleteAccessToken"])
def test_a_token_is_gone_when_the_list_is_complete_without_it(clients: Any, wire: Any, call: str) -> None:
    wire.expect("ListAccessTokens", listed(token()))
    if call == "DisableAccessToken":
        wire.refuse(call, "Forbidden.Unauthorized", 403)
    else:
        wire.expect("DisableAccessToken")
    wire.refuse("DeleteAccessToken", "Forbidden.Unauthorized", 403)
    wire.expect("ListAccessTokens", listed())
    assert run(clients, state="absent")["changed"]


def test_a_token_that_cannot_be_disabled_is_deleted_nevertheless(clients: Any, wire: Any) -> None:
    wire.expect("ListAccessTokens", listed(token()))
    wire.refuse("DisableAccessToken", "Forbidden.Unauthorized", 403)
    wire.expect("DeleteAccessToken", AccessTokenId="at-1")
    assert run(clients, state="absent")["changed"]


def test_a_deletion_that_is_refused_is_an_error(clients: Any, wire: Any) -> None:
    wire.expect("ListAccessTokens", listed(token()))
    wire.expect("DisableAccessToken")
    wire.refuse("DeleteAccessToken", "Forbidden.Unauthorized", 403)
    wire.expect("ListAccessTokens", listed(token()))
    with pytest.raises(CloudError, match="Forbidden"):
        run(clients, state="absent")


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"name": "1st"}, "'1st' cannot name"),
        ({"name": "a"}, "2 to 128"),
        ({"name": "http:x"}, "cannot name"),
        ({"count": 0}, "0 is not between 1 and 1000"),
        ({"count": 1001}, "1001 is not between"),
        ({"ttl_days": 91}, "91 is not between 1 and 90"),
    ],
)
def test_values_that_smc_refuses_are_refused_before_any_call(
    clients: Any, wire: Any, params: dict[str, Any], words: str
) -> None:
    with pytest.raises(CloudError, match=words):
        run(clients, **params)
    assert wire.names == []


def test_a_migration_gives_the_name_and_the_description(clients: Any, wire: Any) -> None:
    name = naming.token_name("wave_01")
    wire.expect("ListAccessTokens", listed(), Name=name)
    wire.expect("CreateAccessToken", MADE, Name=name, Description="edgelift:wave_01")
    wire.expect("ListAccessTokens", listed(token("at-new", CreationTime="2026-11-29T08:00:00Z")))
    assert run(clients, name=None, migration="wave_01")["access_token"]["name"] == name


def test_codes_of_other_runs_are_kept_also_used_up_ones(clients: Any, wire: Any) -> None:
    """They show which sources a killed run has registered."""
    there = listed(token("at-own"), token("at-2"), token("at-3", Status="expired"), token("at-4", RegisteredCount="10"))
    wire.expect("ListAccessTokens", there)
    wire.expect("CreateAccessToken", MADE)
    wire.expect("ListAccessTokens", listed(token("at-new", CreationTime="2026-11-29T08:00:00Z")))
    assert run(clients, rotate=True, keep_others=True)["access_token"]["id"] == "at-new"
    wire.expect("ListAccessTokens", there)
    for action in ("DisableAccessToken", "DeleteAccessToken"):
        wire.expect(action, AccessTokenId="at-own")
    assert run(clients, state="absent", keep_others=True, id="at-own")["changed"]


@pytest.mark.parametrize("params", [{"rotate": True}, {"state": "absent"}])
def test_a_code_of_a_migration_with_the_same_wave_id_is_not_deleted(
    clients: Any, wire: Any, params: dict[str, Any]
) -> None:
    name = naming.token_name("wave_01")
    theirs = token("at-theirs", Name=name, Description="edgelift:wave_02")
    ours = token("at-ours", Name=name, Description="edgelift:wave_01")
    wire.expect("ListAccessTokens", listed(theirs, ours))
    for action in ("DisableAccessToken", "DeleteAccessToken"):
        wire.expect(action, AccessTokenId="at-ours")
    if "rotate" in params:
        wire.expect("CreateAccessToken", MADE)
        wire.expect("ListAccessTokens", listed(token("at-new", CreationTime="2026-11-29T08:00:00Z")))
    assert run(clients, name=None, migration="wave_01", **params)["changed"]


@pytest.mark.parametrize("migration", ["", "  "])
def test_a_migration_without_a_name_is_refused(clients: Any, wire: Any, migration: str) -> None:
    with pytest.raises(CloudError, match="Set migration_name"):
        run(clients, name=None, migration=migration)
