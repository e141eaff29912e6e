# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What is asked right before each request that changes something: whether this run may still send it."""

from __future__ import annotations

from collections.abc import Callable

_READS = ("Describe", "List", "Get", "Head", "Query", "AssumeRole", "AppendObject")
"""What the names of other actions begin with. Only ledgers are appended to, and they have a separate fence."""


def changes(name: str) -> bool:
    """Returns whether a call, as "product.Action", changes something in the cloud."""
    return not name.rpartition(".")[2].startswith(_READS)


class Gate:
    """Calls every check with the name of a request that changes something, each time it is sent. What a check raises is
    raised in place of the request."""

    def __init__(self) -> None:
        self.checks: list[Callable[[str], None]] = []

    def __call__(self, name: str) -> None:
        """Raises when a check refuses the request; a request that only reads passes."""
        if changes(name):
            for check in self.checks:
                check(name)
