# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Activation codes (SMC access tokens): a code is shown once, so an existing one can only be kept or replaced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ansible_collections.edgelift.ens_migration.plugins.module_utils import _secrets
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._resources import smc
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.smc import ACCESS_TOKEN, NEW_ACCESS_TOKEN
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits, naming

from . import options
from .change import Change, refuse
from .taking_part import taking_part

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import Facts


@dataclass(frozen=True)
class Plan:
    """What to do: keep one token, or delete some and perhaps create a new one."""

    action: Literal["keep", "create", "delete"]
    keep: Facts | None
    remove: tuple[Facts, ...]


def decide(tokens: Sequence[Facts], state: str, rotate: bool, keep_others: bool = False, own: str = "") -> Plan:
    """Return the plan for the tokens with our name: present keeps the newest usable one unless it is rotated.

    With ``keep_others`` only the token ``own`` of this run is deleted.
    """
    remove = tuple(row for row in tokens if not keep_others or row["id"] == own)
    if state == "absent":
        return Plan("delete", None, remove)
    newest = max(
        (token for token in tokens if smc.usable_token(token)),
        key=lambda token: str(token["creation_time"]),
        default=None,
    )
    if newest is not None and not rotate:
        return Plan("keep", newest, ())
    return Plan("create", None, remove)


def wanted_of(params: dict[str, Any]) -> Facts:
    """Return name, description, count and days of the code. O(migration) decides the name and the description."""
    wanted = {name: params[name] for name in ("name", "description", "count", "ttl_days")}
    migration = params["migration"]
    if migration is not None:
        options.refuse([problem] if (problem := naming.migration_problem(migration)) else [])
        wanted.update(name=naming.token_name(migration), description=naming.description(migration))
    return wanted


def check(params: dict[str, Any]) -> None:
    """Refuse names and numbers that SMC would refuse (facts 1.6)."""
    name = params["name"]
    if not limits.NAME_PATTERN.match(name) or name.lower().startswith(("http:", "https:")):
        raise refuse("Reading name", "InvalidName", f"{name!r} cannot name an activation code: {limits.NAME_RULE}")
    for option, (low, high) in (("count", limits.TOKEN_COUNT), ("ttl_days", limits.TOKEN_DAYS)):
        if not low <= params[option] <= high:
            raise refuse(f"Reading {option}", "InvalidParameter", f"{params[option]} is not between {low} and {high}")


def work(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Return the module's result: the token, with the code when this run has created it.

    A token of another migration with the same wave id has the same name. It is neither used nor deleted.
    """
    params = module.params
    wanted = wanted_of(params)
    check(wanted)
    migration = params["migration"]
    keep_others, own = bool(params.get("keep_others")), params.get("id") or ""
    tokens = [ACCESS_TOKEN.facts(row) for row in smc.migration_tokens(clients, wanted["name"], migration)]
    plan = decide(tokens, params["state"], params["rotate"], keep_others, own)
    after = {"keep": plan.keep or {}, "create": {**wanted, "status": "activated"}, "delete": {}}[plan.action]
    before = plan.keep or (plan.remove[-1] if plan.remove else {})
    change = Change(before, after)
    # A token that appears meanwhile may be another run's.
    known = None if keep_others else {token["id"] for token in tokens}
    with taking_part(module, clients, migration) if plan.action == "create" else nullcontext():
        if not change.wanted(module):
            return change.result(module, access_token=after)
        for token in plan.remove:
            smc.ACCESS_TOKEN.delete(clients, token["id"])
        created = create(clients, wanted, migration, known) if plan.action == "create" else {}
    return change.result(module, access_token=created)


def create(clients: Clients, wanted: dict[str, Any], migration: str | None, known: set[str] | None) -> Facts:
    """Return a new token with its code.

    CreateAccessToken cannot be repeated blindly (law 2): after a lost answer the token may exist, but its code is lost.
    Such a token is deleted before the single further attempt, unless ``known`` is None.
    """

    def once() -> Facts:
        answer = clients.smc.create_access_token(
            wanted["name"], wanted["description"], wanted["count"], wanted["ttl_days"]
        )
        _secrets.register([answer["AccessTokenCode"]])
        new = NEW_ACCESS_TOKEN.facts(answer)
        return {
            **wanted,
            **new,
            "status": "activated",
            "registered_count": 0,
            "creation_time": _created(clients, wanted["name"], new["id"]),
        }

    return _with_second_attempt(once, lambda: _delete_unknown(clients, wanted["name"], migration, known))


def _created(clients: Clients, name: str, identity: str) -> str:
    """Return when a new token was created by the clock of SMC, '' where it is not listed: the token is good anyway."""
    try:
        listed = smc.named_tokens(clients, name)
    except CloudError:
        return ""
    return next((str(row.get("CreationTime") or "") for row in listed if row["AccessTokenId"] == identity), "")


def _with_second_attempt(once: Callable[[], Facts], tidy: Callable[[], None]) -> Facts:
    try:
        return once()
    except CloudError as error:
        if not error.uncertain:
            raise
        tidy()
    try:
        return once()
    except CloudError:
        tidy()
        raise


def _delete_unknown(clients: Clients, name: str, migration: str | None, known: set[str] | None) -> None:
    if known is None:
        return
    for row in smc.migration_tokens(clients, name, migration):
        if row["AccessTokenId"] not in known:
            smc.ACCESS_TOKEN.delete(clients, row["AccessTokenId"])
