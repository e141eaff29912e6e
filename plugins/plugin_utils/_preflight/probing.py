# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Rules about the probe itself: what it did not read in time, and what it does not touch."""

from __future__ import annotations

from typing import Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight.rule import Facts, Rule


def _expired(probe: Facts) -> str | None:
    rows = []
    for row in probe["expired"]:
        where = f" at {row['path']}" if row["path"] else ""
        on = f" (mounted on {row['mount']})" if row["mount"] and row["mount"] != row["path"] else ""
        ends = f"did not end within {row['seconds']} s, or was killed" if row["seconds"] else "was left out"
        rows.append(f"the step {row['step']}{where}{on} {ends}")
    return "; ".join(rows) or None


def _untouched(probe: Facts) -> str | None:
    return ", ".join(f"{row['path']} on {row['mount']}" for row in probe["untouched"]) or None


RULES: Final = (
    Rule(
        "probe-expired",
        0,
        "risk",
        "A part of the host did not answer in time, so facts are missing. The SMC client may wait for it too.",
        "Check the mount or the program that is named. On a slow host, set more seconds in preflight_timeout.",
        "edgelift.ens_migration",
        _expired,
    ),
    Rule(
        "not-looked-at",
        0,
        "note",
        "The probe touches no mount of another host or of a program (NFS, CIFS, FUSE, autofs), as it may never answer.",
        "Check these paths on the host. SMC copies only file systems on disks.",
        "edgelift.ens_migration",
        _untouched,
    ),
)
