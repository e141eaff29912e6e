# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VPC 2016-04-28: what each action takes."""

from __future__ import annotations

from .spec import PAGE_50, TAGS, Action, action, csv, flag, need, text

VERSION = "2016-04-28"

_NAME = r"(?!https?://).{1,128}"
_DESCRIPTION = r"(?!https?://).{1,256}"
_CIDR = r"\d{1,3}(\.\d{1,3}){3}/\d{1,2}"

ACTIONS: tuple[Action, ...] = (
    action(
        "CreateVpc",
        text("CidrBlock", _CIDR, code="InvalidCidrBlock.Malformed"), text("VpcName", _NAME),
        text("Description", _DESCRIPTION), TAGS, text("ClientToken", r"[\x00-\x7f]{1,64}"),
    ),
    action("DescribeVpcs", csv("VpcId", 20), text("VpcName"), flag("IsDefault"), TAGS, *PAGE_50),
    action("DeleteVpc", need(text("VpcId")), text("ClientToken"), regional=False),
    action(
        "CreateVSwitch",
        need(text("VpcId")), need(text("ZoneId")),
        need(text("CidrBlock", _CIDR, code="InvalidCidrBlock.Malformed")), text("VSwitchName", _NAME),
        text("Description", _DESCRIPTION), TAGS, text("ClientToken", r"[\x00-\x7f]{1,64}"), regional=False,
    ),
    action(
        "DescribeVSwitches",
        text("VpcId"), text("VSwitchId"), text("VSwitchName"), text("ZoneId"), flag("IsDefault"), TAGS, *PAGE_50,
        regional=False,
    ),
    action("DeleteVSwitch", need(text("VSwitchId")), regional=False),
)
