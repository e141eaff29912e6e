# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""An intent: a small OSS object written, with forbid-overwrite, before a call that has no ClientToken.

Whoever writes it first may make the call; any controller sees it, so a call whose answer was lost is looked for
before it is made again (law 2 of the design).
"""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils import _limits, _naming

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._oss import OssApi


def read(oss: OssApi, identity: str, stage: str) -> dict[str, Any] | None:
    """Return the intent of a stage, or None when nobody has written one."""
    text = oss.get_text(_naming.intent_key(identity, stage))
    if text is None:
        return None
    try:
        intent = json.loads(text)
    except ValueError:
        return {}
    return intent if isinstance(intent, dict) else {}


def write(oss: OssApi, identity: str, stage: str, run_id: str, now: datetime, **facts: Any) -> bool:
    """Write the intent; return False when another controller (or an earlier run) was first."""
    body = {"run": run_id, "at": now.astimezone(timezone.utc).isoformat(timespec="seconds"), **facts}
    return oss.put_intent(_naming.intent_key(identity, stage), json.dumps(body, sort_keys=True))


def withdraw(oss: OssApi, identity: str, stage: str) -> None:
    """Remove the intent after the cloud has refused the call outright: nothing was made."""
    oss.delete_keys([_naming.intent_key(identity, stage)])


def settled(intent: Mapping[str, Any] | None, now: datetime) -> bool:
    """Return whether the call announced by ``intent`` may be made (again): there is no intent, or it is so old that
    its result would have shown by now."""
    if intent is None:
        return True
    try:
        # Python 3.10 does not know the Z.
        written = datetime.fromisoformat(str(intent.get("at", "")).replace("Z", "+00:00"))
    except ValueError:
        return True
    if written.tzinfo is None:
        written = written.replace(tzinfo=timezone.utc)
    return (now - written).total_seconds() > _limits.INTENT_SETTLE_SECONDS
