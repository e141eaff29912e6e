# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Keep secrets out of results, with every supported ansible-core."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

try:
    from ansible.module_utils.secrets import register_secrets as _register
except ImportError:  # ansible-core before 2.22 has no such function, and masks the values of no_log options alone
    _register = None

MASK = "***"


def register(values: Iterable[str]) -> None:
    """Make ansible-core mask these values in its output and logs, where it can do so (2.22 and later)."""
    if _register is not None:
        _register([value for value in values if value])


def without(value: Any, secrets: Iterable[str]) -> Any:
    """Return a copy of ``value`` in which each secret is replaced by ``***``: in texts, lists and mappings.

    Before 2.22, ansible-core removes the values of no_log options from the result of a module. Since 2.22 it masks them
    in its output only, so they would reach registered variables and every file that is written from these.
    """
    return _masked(value, sorted({secret for secret in secrets if secret}, key=len, reverse=True))


def _masked(value: Any, secrets: list[str]) -> Any:
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, MASK)
        return value
    if isinstance(value, dict):
        return {key: _masked(item, secrets) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_masked(item, secrets) for item in value]
    return value
