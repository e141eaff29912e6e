# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Virtual Private Cloud 2016-04-28: one method per action. Dicts carry the API's own names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows import vpc as tables

from .paging import asked, by_number, count, one

if TYPE_CHECKING:
    from .transport import Call

Row = dict[str, Any]


class VpcApi:
    """The VPC actions that a wave's shared network needs, in our region. An empty list of ids asks nothing."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def create_vpc(self, name: str, cidr: str, client_token: str, tags: Sequence[Row] | None = None) -> Row:
        """Returns the answer with VpcId; the token makes the call repeatable. The VPC is Pending for some seconds."""
        params = {"VpcName": name, "CidrBlock": cidr, "ClientToken": client_token, "Tags": tags}
        return one(self._call, tables.NEW_VPC, params)

    def describe_vpcs(self, vpc_ids: Iterable[str] | None = None, name: str | None = None) -> list[Row]:
        """Returns the VPCs with these ids, or with this name. Callers compare names."""
        if vpc_ids is None:
            return by_number(self._call, tables.VPC, {"VpcName": name})
        return [
            row
            for vpc_id in vpc_ids
            for row in asked(by_number(self._call, tables.VPC, {"VpcId": vpc_id, "VpcName": name}), "VpcId", [vpc_id])
        ]

    def count_vpcs(self) -> int:
        """Returns how many VPCs our region has, in one short call."""
        return count(self._call, tables.VPC)

    def delete_vpc(self, vpc_id: str) -> None:
        """Deletes a VPC that is empty."""
        self._call("DeleteVpc", {"VpcId": vpc_id}, repeatable=True)

    def create_vswitch(
        self,
        vpc_id: str,
        zone_id: str,
        cidr: str,
        name: str,
        client_token: str,
        tags: Sequence[Row] | None = None,
    ) -> Row:
        """Returns the answer with VSwitchId; the token makes the call repeatable. The VPC must be Available."""
        params = {
            "VpcId": vpc_id,
            "ZoneId": zone_id,
            "CidrBlock": cidr,
            "VSwitchName": name,
            "ClientToken": client_token,
            "Tags": tags,
        }
        return one(self._call, tables.NEW_VSWITCH, params)

    def describe_vswitches(self, vpc_id: str | None = None, vswitch_ids: Iterable[str] | None = None) -> list[Row]:
        """Returns the vSwitches of a VPC, or those with these ids."""
        if vswitch_ids is None:
            return by_number(self._call, tables.VSWITCH, {"VpcId": vpc_id})
        asking: list[Row] = [{"VpcId": vpc_id, "VSwitchId": vswitch_id} for vswitch_id in vswitch_ids]
        return [
            row
            for params in asking
            for row in asked(by_number(self._call, tables.VSWITCH, params), "VSwitchId", [params["VSwitchId"]])
        ]

    def delete_vswitch(self, vswitch_id: str) -> None:
        """Deletes a vSwitch that no resource uses any more."""
        self._call("DeleteVSwitch", {"VSwitchId": vswitch_id}, repeatable=True)
