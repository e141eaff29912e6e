# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""STS 2015-04-01: what each action takes."""

from __future__ import annotations

from .spec import Action, action, integer, need, text

VERSION = "2015-04-01"

ACTIONS: tuple[Action, ...] = (
    action("GetCallerIdentity"),
    action(
        "AssumeRole",
        need(text("RoleArn", r"acs:ram::\d{16}:role/[\w.-]{1,64}", code="InvalidParameter.RoleArn")),
        need(text("RoleSessionName", r"[\w.@-]{2,64}", code="InvalidParameter.RoleSessionName")),
        text("ExternalId", r"[\w+=,.@:/-]{2,1224}", code="InvalidParameter.ExternalId"),
        integer("DurationSeconds", 900, 43200, code="InvalidParameter.DurationSeconds"),
    ),
)
