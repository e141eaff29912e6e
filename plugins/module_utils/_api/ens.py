# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Edge Node Service 2017-11-10: one method per action. Dicts carry the API's own names (facts 4)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows import ens as tables

from .paging import by_number, one
from .pool import Pool

if TYPE_CHECKING:
    from .transport import Call

Row = dict[str, Any]


class EnsApi:
    """The ENS actions that a migration needs."""

    def __init__(self, call: Call, pool: Pool | None = None) -> None:
        self._call = call
        self._pool = pool or Pool()

    def import_image(self, params: Mapping[str, Any]) -> Row:
        """Returns the answer with ImageId. Not repeatable: look for the image before calling again (law 2).

        DiskDeviceMapping may be a list of dicts: this API takes it as one JSON string (trap 26).
        """
        mapping = params.get("DiskDeviceMapping")
        if isinstance(mapping, (list, tuple)):
            params = {**params, "DiskDeviceMapping": json.dumps(list(mapping))}
        return one(self._call, tables.IMPORT, params, repeatable=False)

    def describe_self_images(self, image_id: str | None = None, image_name: str | None = None) -> list[Row]:
        """Returns our own images with their Status. Both filters are fuzzy: callers compare exactly (trap 24)."""
        return by_number(self._call, tables.ENS_IMAGE, {"ImageId": image_id, "ImageName": image_name}, self._pool)

    def delete_image(self, image_id: str) -> None:
        """Deletes a custom image."""
        self._call("DeleteImage", {"ImageId": image_id}, repeatable=True)

    # ---- instances ----

    def run_instances(self, params: Mapping[str, Any]) -> list[str]:
        """Returns the ids of the new instances. Not repeatable: look for the instance before calling again (law 2)."""
        found: list[str] = tables.RUN.value(one(self._call, tables.RUN, params, repeatable=False), "instance_ids")
        return found

    def describe_instances(self, instance_ids: Iterable[str] | None = None) -> list[Row]:
        """Returns the instances of the account, or those of at most 100 ids."""
        ids = None if instance_ids is None else json.dumps(list(instance_ids))
        return by_number(self._call, tables.ENS_INSTANCE, {"InstanceIds": ids}, self._pool)

    def start_instance(self, instance_id: str) -> None:
        """Starts an instance that is Stopped. Not repeated: the second call of two would be refused."""
        self._call("StartInstance", {"InstanceId": instance_id}, repeatable=False)

    def stop_instance(self, instance_id: str, force: bool = False) -> None:
        """Stops an instance that is Running. Not repeated: the second call of two would be refused."""
        self._call("StopInstance", {"InstanceId": instance_id, "ForceStop": force}, repeatable=False)

    def release_instance(self, instance_id: str) -> None:
        """Releases a pay-as-you-go instance with its disks."""
        self._call("ReleasePostPaidInstance", {"InstanceId": instance_id}, repeatable=True)

    def tag_instance(self, instance_id: str, tags: list[dict[str, str]]) -> None:
        """Sets tags of an instance."""
        self._call(
            "TagResources", {"ResourceType": "instance", "ResourceIds": [instance_id], "Tags": tags}, repeatable=True
        )

    def describe_available_resource(self) -> list[Row]:
        """Returns what can be bought: node, instance type and number."""
        found: list[Row] = tables.STOCK.value(one(self._call, tables.STOCK, {}, repeatable=True), "stock")
        return found

    def describe_ens_regions(self) -> list[Row]:
        """Returns the nodes."""
        found: list[Row] = tables.NODES.value(one(self._call, tables.NODES, {}, repeatable=True), "nodes")
        return found

    def describe_price(self, params: Mapping[str, Any]) -> Row:
        """Returns currency and amount for a subscription of these properties."""
        return tables.PRICE.facts(one(self._call, tables.PRICE, params, repeatable=True))
