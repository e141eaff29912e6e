# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""An intent: a small OSS object written, with forbid-overwrite, before a call that has no ClientToken.

Whoever writes it first may make the call; any controller sees it, so a call whose answer was lost is looked for
before it is made again (law 2 of the design). An intent that is too old to wait for is not removed but followed by the
next one: of two controllers that find it, only one can write that.
"""

from __future__ import annotations

import json
import re
from datetime import timezone
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import moment
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits, naming

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.oss import OssApi
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Policy, Server

    from .stage import Clock, Outcome

_END = re.compile(r"(?:(\d+)\.)?json")


def read(oss: OssApi, identity: str, stage: str) -> dict[str, Any] | None:
    """Return the last intent of a stage, or None when nobody has written one."""
    last = _last(oss, identity, stage)
    return _load(oss, naming.intent_key(identity, stage, last)) if last else None


def claim(oss: OssApi, identity: str, stage: str, run_id: str, now: datetime, **facts: Any) -> str:
    """Write the intent and return its key: the caller may make the call. Return '' when another controller, or an
    earlier run, was first and the result of its call may still turn up."""
    body = {"run": run_id, "at": now.astimezone(timezone.utc).isoformat(timespec="seconds"), **facts}
    text = json.dumps(body, sort_keys=True)
    key = naming.intent_key(identity, stage)
    if oss.put_intent(key, text):
        return key
    last = _last(oss, identity, stage)
    if not last or not settled(_load(oss, naming.intent_key(identity, stage, last)), now):
        return ""
    key = naming.intent_key(identity, stage, last + 1)
    return key if oss.put_intent(key, text) else ""


def withdraw(oss: OssApi, key: str) -> None:
    """Delete an intent after the service has rejected the call: nothing was created. If the deletion fails, the intent
    expires instead."""
    try:
        oss.delete_keys([key])
    except CloudError:
        return


def settled(intent: Mapping[str, Any] | None, now: datetime) -> bool:
    """Return whether the call announced by ``intent`` may be made (again): there is no intent, or it is so old that
    its result would have shown by now."""
    if intent is None:
        return True
    written = moment(intent.get("at"))
    return written is None or (now - written).total_seconds() > limits.INTENT_SETTLE_SECONDS


def _last(oss: OssApi, identity: str, stage: str) -> int:
    """Return the number of the last intent of a stage, 0 when there is none."""
    stem = naming.intent_key(identity, stage).removesuffix("json")
    ends = (_END.fullmatch(item["key"].removeprefix(stem)) for item in oss.list_keys(stem))
    return max((int(end.group(1) or 1) for end in ends if end), default=0)


def _load(oss: OssApi, key: str) -> dict[str, Any]:
    """Return the content of an intent, {} when it cannot be read."""
    try:
        intent = json.loads(oss.get_text(key) or "{}")
    except ValueError:
        return {}
    return intent if isinstance(intent, dict) else {}


class Intents:
    """The announcements of a run, as one intent object for each server and stage."""

    def __init__(self, clients: Clients, policy: Policy, clock: Clock) -> None:
        self._clients, self._policy, self._clock = clients, policy, clock
        self._keys: dict[tuple[str, str], str] = {}

    def last(self, identity: str, stage: str) -> dict[str, Any] | None:
        """Return the last intent for a server in a stage, or None."""
        return read(self._oss, identity, stage)

    def announce(self, stage: str, calls: Sequence[tuple[Server, Mapping[str, Any]]]) -> dict[str, Mapping[str, Any]]:
        """Write an intent for each call; return by migration id those that this run may make."""
        announced: dict[str, Mapping[str, Any]] = {}
        for server, facts in calls:
            now = self._clock.now()
            key = claim(self._oss, server.id, stage, self._policy.run_id, now, migration=server.migration, **facts)
            if key:
                self._keys[(server.id, stage)] = key
                announced[server.id] = {"at": now.isoformat()}
        return announced

    def record(self, stage: str, outcomes: Mapping[str, Outcome | CloudError]) -> None:
        """Delete the intents of calls that were rejected or not made."""
        for identity, outcome in outcomes.items():
            key = self._keys.pop((identity, stage), "")
            if key and made_nothing(outcome):
                withdraw(self._oss, key)

    @property
    def _oss(self) -> OssApi:
        return self._clients.oss(self._policy.bucket)


def made_nothing(outcome: Outcome | CloudError) -> bool:
    """Return whether it is certain that a call had no effect."""
    return not outcome.uncertain if isinstance(outcome, CloudError) else bool(outcome.held)
