# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""BssOpenApi 2017-12-14, the account's bill: what each action takes."""

from __future__ import annotations

from .spec import Action, action

VERSION = "2017-12-14"

ACTIONS: tuple[Action, ...] = (action("QueryAccountBalance"),)
