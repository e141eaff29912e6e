# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""ClientTokens: a service that has seen one makes nothing new for it, and returns what it has made then."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable

ClientToken = Callable[..., str]
"""Returns the ClientToken for what its arguments name: two runs of a migration that ask for the same get the same."""


def new(*_parts: str) -> str:
    """Return a unique ClientToken: it makes the repetitions of one call harmless."""
    return str(uuid.uuid4())


def shared(*parts: str) -> str:
    """Return the ClientToken that everyone gets for these parts (at most 64 ASCII characters)."""
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:48]
