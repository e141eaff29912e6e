# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RAM 2015-05-01: what each action takes."""

from __future__ import annotations

from .spec import Action, action, choice, need, text

VERSION = "2015-05-01"

_ROLE = need(text("RoleName", r"[\w.-]{1,64}", code="InvalidParameter.RoleName.InvalidChars"))

ACTIONS: tuple[Action, ...] = (
    action("GetRole", _ROLE),
    action("ListPoliciesForRole", _ROLE),
    action(
        "GetPolicy",
        need(text("PolicyName", r"[A-Za-z0-9-]{1,128}", code="InvalidParameter.PolicyName.InvalidChars")),
        need(choice("PolicyType", "Custom", "System", code="InvalidParameter.PolicyType")),
    ),
)
