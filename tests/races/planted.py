# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bugs that are planted on purpose: each must be found, or the harness finds nothing.

The plan of a planted bug has no race in it. Without the bug it ends well, with it a certain rule is violated.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

from support.wave import utils

from .controller import Fate, Run
from .race import Plan


@dataclass(frozen=True)
class Planted:
    """A bug: the rule that it violates, the patch that plants it, and a plan under which it shows."""

    rule: str
    plant: Callable[[], AbstractContextManager[Any]]
    plan: Plan


def _plan(*runs: Run, ending: str = "finish") -> Plan:
    names = (replace(run, name=f"c1.{number}") for number, run in enumerate(runs, 1))
    return Plan(2, True, ((0.0, tuple(names)),), ending, 0.0)


def _play(*hosts: str, wait: bool = True, gap: float = 0.0, fates: tuple[Fate, ...] = ()) -> Run:
    return Run("", "play", hosts, wait=wait, gap=gap, fates=fates)


def _whole_scope() -> AbstractContextManager[Any]:
    """The cleanup of some servers is one of the whole migration."""
    cleanup = utils("_module.smc_cleanup")
    real = cleanup.Scope

    def whole(**given: Any) -> Any:
        return real(**{**given, "identities": None})

    return mock.patch.object(cleanup, "Scope", whole)


def _all_images() -> AbstractContextManager[Any]:
    """A cleanup takes every ECS image of the account as one of its own."""

    def images(scope: Any) -> list[Any]:
        return [(row, next(iter(scope.hosts), "")) for row in scope.clients.ecs.describe_images()]

    return mock.patch.object(utils("_cleanup.scope").Scope, "known_images", images)


def _kept_snapshots() -> AbstractContextManager[Any]:
    """A cleanup forgets a kind of resources that is billed."""
    release = utils("_cleanup.release")
    return mock.patch.object(release, "ORDER", tuple(kind for kind in release.ORDER if kind.name != "ecs_snapshot"))


def _kept_codes() -> AbstractContextManager[Any]:
    """A cleanup of some servers keeps every code with which a server could still register, whoever has made it."""
    usable = utils("_resources.smc").usable_token
    return mock.patch.object(utils("_cleanup.smc"), "_in_use", lambda _scope, code: usable(code))


def _own_tokens() -> AbstractContextManager[Any]:
    """Each run makes the network with another ClientToken."""

    def token(_driver: Any, *_parts: str) -> str:
        new: str = utils("_rules.client_tokens").new()
        return new

    return mock.patch.object(utils("_ledger.driver").Driver, "token", token)


def _blind() -> AbstractContextManager[Any]:
    """A run does not see the ENS images that exist."""
    return mock.patch.object(utils("_api.ens").EnsApi, "describe_self_images", return_value=[])


def _own_images() -> AbstractContextManager[Any]:
    """A cleanup takes the result of the migration for something that is left."""
    release, scopes = utils("_cleanup.release"), utils("_cleanup.scope")

    def search(scope: Any) -> list[Any]:
        rows = [(row["ImageId"], scope.owner(row["ImageName"])) for row in scope.clients.ens.describe_self_images()]
        return [scopes.Found(identity, owner) for identity, owner in rows if owner]

    kinds = tuple(replace(kind, search=search) if kind.name == "ens_image" else kind for kind in release.ORDER)
    return mock.patch.object(release, "ORDER", kinds)


PLANTED = {
    "the cleanup of some servers is one of the whole migration": Planted(
        # The first run is killed while SMC copies.
        "lost", _whole_scope, _plan(_play("web-1", fates=(Fate("kill after", 60),)), _play("web-2", gap=1500.0)),
    ),
    "a cleanup deletes what another migration has": Planted("of others", _all_images, _plan(_play("web-1"))),
    "a cleanup forgets the snapshots": Planted("billed", _kept_snapshots, _plan(_play("web-1"))),
    "a cleanup keeps the code of a run that was killed": Planted(
        "left", _kept_codes, _plan(_play("web-1", fates=(Fate("kill before", 8),)), _play("web-1", "web-2"))
    ),
    "two runs make a network each": Planted(
        "two networks", _own_tokens,
        Plan(2, True, tuple((0.0, (replace(_play(host), name=f"c{host[-1]}.1"),)) for host in ("web-1", "web-2")),
             "finish", 0.0),
    ),
    # It never repeats an import whose id it knows: the finished copy stays, and is billed until someone looks.
    "a run does not see the images that exist": Planted("billed", _blind, _plan(_play("web-1"), _play("web-1"))),
    "a cleanup deletes the result": Planted("lost", _own_images, _plan(_play("web-1"), ending="clean")),
}
