# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Pure functions for the playbook status: the hosts to ask for, and the lines to show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._status.rows import STATUSES
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _table

_HEAD: Final = ("host", "status", "phase", "copy", "copy ends", "state")


def known(hosts: Iterable[str], hostvars: Mapping[str, Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the hosts with the first part of their image names, as the module ens_migration_info takes them."""
    return [{"host": host, "image_name": str(hostvars[host].get("migration_image_name") or "")} for host in hosts]


def lines(migration: Mapping[str, Any]) -> list[str]:
    """Return what is shown of a result of ens_migration_info: one line per server, and a summary."""
    rows = [
        (
            row["host"],
            row["status"],
            row["phase"] or "-",
            "-" if row["progress"] is None else f"{row['progress']:.0f} %",
            row["ends"] or "-",
            "; ".join(filter(None, [row["state"], row["driven_by"] and f"driven by {row['driven_by']}"])) or "-",
        )
        for row in migration["servers"]
    ]
    return [*(_table.lines(_HEAD, rows) if rows else []), *summary(migration)]


def summary(migration: Mapping[str, Any]) -> list[str]:
    """Return the last lines: how many servers have which status, and why the migration cannot continue."""
    counts = migration["summary"]
    words = [f"{counts[name]} {name.replace('_', ' ')}" for name in STATUSES if counts[name]]
    total = f"{counts['servers']} servers" if words else "no service shows a server of this migration"
    found = [f"{migration['name']} at {migration['time']}: {', '.join([total, *words])}"]
    if counts["copies_end"]:
        found.append(f"the last running copy ends at about {counts['copies_end']}")
    if migration["ended"]:
        found.append(f"the migration cannot continue: {migration['ended']}")
    return found
