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
from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Announced
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import moment
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits, naming

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.oss import OssApi
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Policy

    from .stage import Call, Clock, Outcome

_END = re.compile(r"(?:(\d+)\.)?json")


def read(oss: OssApi, identity: str, stage: str) -> dict[str, Any] | None:
    """Return the last intent of a stage, or None."""
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


def settled(intent: Mapping[str, Any], now: datetime) -> bool:
    """Return whether an intent is so old that the result of its call would be listed by now, or has no readable time:
    the call may be announced again."""
    until = _until(moment(intent.get("at")))
    return until is None or now > until


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

    def last(self, identity: str, stage: str) -> Announced | None:
        """Return the last intent of a stage for a server, or None."""
        intent = read(self._oss, identity, stage)
        return None if intent is None else Announced(_until(moment(intent.get("at"))))

    def announce(self, calls: Sequence[Call]) -> dict[str, Announced | CloudError]:
        """Write an intent for each call; return those that this run may make, or why its intent was not written."""
        announced: dict[str, Announced | CloudError] = {}
        for call in calls:
            server, now = call.server, self._clock.now()
            try:
                key = claim(
                    self._oss, server.id, call.stage, self._policy.run_id, now, migration=server.migration, **call.facts
                )
            except CloudError as error:
                announced[server.id] = error
                continue
            if key:
                self._keys[(server.id, call.stage)] = key
                announced[server.id] = Announced(_until(now))
        return announced

    def record(self, outcomes: Sequence[tuple[Call, Outcome]]) -> None:
        """Delete the intents of calls that had no effect."""
        for call, outcome in outcomes:
            key = self._keys.pop((call.server.id, call.stage), "")
            if key and outcome.made_nothing:
                withdraw(self._oss, key)

    @property
    def _oss(self) -> OssApi:
        return self._clients.oss(self._policy.bucket)


def _until(written: datetime | None) -> datetime | None:
    return written and written + timedelta(seconds=limits.INTENT_SETTLE_SECONDS)
