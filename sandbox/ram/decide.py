# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether statements allow something: a matching deny wins, otherwise an allow must match."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from .statements import Identity, Statement

Need = tuple[str, str]
"""(RAM action such as ``ecs:DeleteImage``, resource such as ``acs:ecs:ap-southeast-1:1234567890123456:image/m-1``)."""


def first_denied(identities: Mapping[str, Identity], user: str, needs: Iterable[Need]) -> Need | None:
    """The first need that the statements of this user do not allow, or None; a user without statements may all.

    The user of a session of an assumed role, ``role/session``, has the statements of the role.
    """
    identity = identities.get(user.split("/", 1)[0])
    if identity is None or not identity.statements:
        return None
    return next((need for need in needs if not allows(identity.statements, *need)), None)


def allows(statements: Sequence[Statement], action: str, resource: str) -> bool:
    """True when a statement allows this action on this resource, and none denies it."""
    fitting = {statement.effect for statement in statements
               if _fits(statement.action, action) and _fits(statement.resource, resource)}
    return fitting == {"allow"}


def matches(patterns: Iterable[str], text: str) -> bool:
    """Whether one of the patterns, with the wildcards ``*`` and ``?``, is this action or resource."""
    return _fits(patterns, text)


def _fits(patterns: Iterable[str], text: str) -> bool:
    return any(_compiled(pattern).fullmatch(text) for pattern in patterns)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    wild = {"*": ".*", "?": "."}
    return re.compile("".join(wild.get(letter, re.escape(letter)) for letter in pattern), re.DOTALL)
