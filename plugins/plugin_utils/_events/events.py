# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The events of a run (pure): from the progress file and the results of tasks to the bodies that are sent."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _encode
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._diagnostics import redact

SCHEMA: Final = "edgelift.ens_migration/event/1"
PROBLEMS: Final = ("failed", "blocked", "unreachable")
"""The states of a server that a person has to look at."""
_OPEN: Final = ("pending", "")
_LONGEST: Final = 1000
_MOST: Final = 20
"""Characters of a text, and texts or resources in one event."""


@dataclass
class Events:
    """The events of a run that were made so far."""

    secrets: frozenset[str] = frozenset()
    migration: str = ""
    statuses: dict[str, str] = field(default_factory=dict)
    """The last status of each server."""
    left: tuple[str, ...] = ()

    def text(self, value: Any) -> str:
        """Return a text in one line, without a secret."""
        return redact.scrub(_encode.one_line(str(value)), self.secrets)[:_LONGEST]

    def of_line(self, line: str) -> list[dict[str, Any]]:
        """Return the events of a line of the progress file. A line that is none has no events."""
        try:
            row = json.loads(line)
            name, servers = str(row["migration"]), [dict(item) for item in row["servers"]]
            news = [
                (str(item["host"]), str(item["verdict"]), item["state"], item.get("ens_image_id") or "")
                for item in servers
            ]
        except (ValueError, TypeError, KeyError, AttributeError):
            return []
        self.migration = name
        return [
            self._server(host, status, [state] if state else [], image)
            for host, status, state, image in news if self._is_new(host, status)
        ]  # fmt: skip

    def of_result(self, result: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the events of the result of a task: the report of a wave, or a cleanup."""
        receipt = (result.get("ansible_facts") or {}).get("report_wave")
        cleanup = result.get("cleanup")
        found: list[dict[str, Any]] = []
        if isinstance(receipt, Mapping):
            self.migration = str(receipt["wave"])
            found += [
                self._server(row["host"], row["status"], [*row["reasons"], *row["warnings"]], row["ens_image_id"])
                for row in receipt["servers"] if self._is_new(row["host"], row["status"])
            ]  # fmt: skip
            found += self._left(receipt["residual"])
        elif isinstance(cleanup, Mapping) and "residual" in cleanup:
            found += self._left(cleanup["residual"])
        return found

    def ended(self, failed: Iterable[str], unreachable: Iterable[str]) -> dict[str, Any]:
        """Return the event of the end of a run, with the hosts whose tasks failed."""
        hosts = {"failed_hosts": failed, "unreachable_hosts": unreachable}
        lists = {name: sorted(map(self.text, found)) for name, found in hosts.items()}
        problem = any(lists.values()) or bool(self.left) or any(status in PROBLEMS for status in self.statuses.values())
        counts = dict(sorted(Counter(self.statuses.values()).items()))
        return self._event("run", problem, result={"servers": counts, "leftovers": len(self.left), **lists})

    def _is_new(self, host: str, status: str) -> bool:
        if status in _OPEN or self.statuses.get(host) == status:
            return False
        self.statuses[host] = status
        return True

    def _server(self, host: str, status: str, reasons: Iterable[Any], image: str) -> dict[str, Any]:
        texts = [self.text(reason) for reason in reasons][:_MOST]
        row = {"host": self.text(host), "status": self.text(status), "reasons": texts, "ens_image_id": self.text(image)}
        return self._event("server", status in PROBLEMS, server=row)

    def _left(self, residual: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        rows = [{name: self.text(row.get(name, "")) for name in ("kind", "id", "host", "reason")} for row in residual]
        ids = tuple(sorted(row["id"] for row in rows))
        if not rows or ids == self.left:
            return []
        self.left = ids
        return [self._event("leftovers", True, leftovers={"count": len(rows), "resources": rows[:_MOST]})]

    def _event(self, kind: str, problem: bool, **more: Any) -> dict[str, Any]:
        return {"schema": SCHEMA, "type": kind, "problem": problem, "migration": self.text(self.migration), **more}
