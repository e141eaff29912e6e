# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RAM 2015-05-01: what each action takes."""

from __future__ import annotations

from .spec import Action, action, need, text

VERSION = "2015-05-01"

ACTIONS: tuple[Action, ...] = (
    action("GetRole", need(text("RoleName", r"[\w.-]{1,64}", code="InvalidParameter.RoleName.InvalidChars"))),
)
