# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Location 2015-06-12: what each action takes."""

from __future__ import annotations

from .spec import Action, action, need, text

VERSION = "2015-06-12"

ACTIONS: tuple[Action, ...] = (action("DescribeEndpoints", need(text("Id")), need(text("ServiceCode")), text("Type")),)
