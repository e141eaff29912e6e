# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Rules about what a canary has proved of the account: refused, not proved, or doubtful."""

from __future__ import annotations

from typing import Final

from .rule import Facts, Rule


def _unproved(answers: Facts) -> str | None:
    """Return what no canary has proved in this account."""
    if answers["contract"]["proved"]:
        return None
    doubtful = "image format, parameters and order of disks of ImportImage, listing delay, appends to one object"
    return f"not proved in this account: {doubtful}"


def _refused(answers: Facts) -> str | None:
    """Return what a canary has proved to be refused."""
    return "; ".join(answers["contract"]["refusals"]) or None


def _doubtful(answers: Facts) -> str | None:
    """Return why what was proved may not hold for this wave."""
    return "; ".join(answers["contract"]["doubts"]) or None


RULES: Final = (
    Rule(
        "import-refused",
        25,
        "blocker",
        "A canary has proved that the import fails, after copy and export are billed.",
        "If that has changed, run the playbook canary again, or unset migration_contract.",
        "ENS, ImportImage",
        _refused,
        fact=True,
    ),
    Rule(
        "import-unproved",
        25,
        "risk",
        "The documents of Alibaba Cloud leave open how ENS imports images. A refusal would show after copy and export "
        "are billed.",
        "Run the playbook canary, and set migration_contract to the file that it writes.",
        "ENS, ImportImage; ENS, import custom images (2025)",
        _unproved,
    ),
    Rule(
        "contract-doubtful",
        25,
        "risk",
        "What the contract says may not hold for this wave.",
        "Run the playbook canary again.",
        "ENS, ImportImage",
        _doubtful,
    ),
)
"""Findings about the whole wave."""
