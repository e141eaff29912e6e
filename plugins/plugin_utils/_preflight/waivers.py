# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Waivers: a blocker that a user accepts until a date is reported as a risk."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from .classes import ALL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight.rule import Finding

Waiver = dict[str, Any]


def today() -> datetime.date:
    """Return the current day in UTC. A waiver is valid through the day that it names."""
    return datetime.datetime.now(datetime.timezone.utc).date()


def allowed() -> list[str]:
    """Return the ids that may be waived: all except notes and facts that the services always reject."""
    return sorted(rule.id for rule in ALL.values() if not rule.fact and rule.severity != "note")


def problem(host: str, waivers: Sequence[Waiver], day: datetime.date) -> str | None:
    """Return which waiver of ``host`` is not valid on this day, and what is allowed, or None."""
    for waiver in waivers:
        name, reason, expires = (str(waiver.get(key) or "").strip() for key in ("id", "reason", "expires"))
        rule = ALL.get(name)
        if rule is None:
            return f"{host}: the waiver names the unknown finding {name!r}. Allowed: {', '.join(allowed())}"
        if name not in allowed():
            why = "the services always reject such a server" if rule.fact else "it is a note"
            return f"{host}: {name!r} cannot be waived: {why}. Allowed: {', '.join(allowed())}"
        if not reason:
            return f"{host}: the waiver of {name!r} has no reason. Name who accepts the risk, and why"
        try:
            last = datetime.date.fromisoformat(expires)
        except ValueError:
            return f"{host}: the waiver of {name!r} expires on {expires!r}, which is not a date such as 2026-12-31"
        if last < day:
            return f"{host}: the waiver of {name!r} expired on {last}. Set a date from {day} on, or remove the waiver"
    return None


def apply(findings: Sequence[Finding], waivers: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """Return the findings with the waived ones marked: waived blockers become risks and follow the blockers."""
    by_id = {str(waiver["id"]).strip(): waiver for waiver in waivers}
    found = []
    for item in findings:
        waiver = by_id.get(item["id"])
        if waiver:
            severity = "risk" if item["severity"] == "blocker" else item["severity"]
            marks = {"reason": str(waiver["reason"]), "expires": str(waiver["expires"])}
            item = {**item, "severity": severity, "waived": marks}
        found.append(item)
    return sorted(found, key=lambda item: item["severity"] != "blocker")
