# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory plugin edgelift.ens_migration.ens_instances: the instances of Edge Node Service as hosts."""

from __future__ import annotations

DOCUMENTATION = r"""
name: ens_instances
short_description: List the instances of Edge Node Service as hosts
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Makes one host of each ENS instance of the account.
  - The name of the file must end in C(ens_instances.yml) or C(ens_instances.yaml).
  - Everything that the service shows is in the variable C(ens_instance) of a host. It has the fields that
    M(edgelift.ens_migration.ens_instance_info) returns.
  - C(ansible_host) is the first address of the instance, see O(address).
requirements:
  - aliyun-python-sdk-ens
extends_documentation_fragment:
  - edgelift.ens_migration.alicloud
  - edgelift.ens_migration.inventory
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
options:
  plugin:
    choices:
      - edgelift.ens_migration.ens_instances
  hostnames:
    default:
      - instance_name
  address:
    description:
      - With V(public), C(ansible_host) is the first public address, or the first private one if there is none.
      - With V(private), it is the first private address.
    type: str
    default: public
    choices:
      - public
      - private
seealso:
  - module: edgelift.ens_migration.ens_instance_info
  - plugin: edgelift.ens_migration.smc_sources
    plugin_type: inventory
"""

EXAMPLES = r"""
# edge.ens_instances.yml: the instances of a migration, under the names of their sources
plugin: edgelift.ens_migration.ens_instances
region: ap-southeast-1
migration: wave_01
hostnames:
  - tag:edgelift:host
  - instance_name
keyed_groups:
  - prefix: node
    key: ens_instance.ens_region_id
"""

from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.ens import ENS_INSTANCE
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._inventory.plugin import CloudInventory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients


class InventoryModule(CloudInventory):
    """Lists the instances."""

    NAME = "edgelift.ens_migration.ens_instances"
    VARIABLE = "ens_instance"
    KEY = "instance_id"
    FIELDS = frozenset(ENS_INSTANCE.fields)

    def fetch(self, clients: Clients) -> list[dict[str, Any]]:
        """Return every instance of the account."""
        return [ENS_INSTANCE.facts(row) for row in clients.ens.describe_instances()]

    def addresses(self, row: Mapping[str, Any]) -> Sequence[str]:
        """Return the addresses, the preferred ones first."""
        private: list[str] = row["private_ips"]
        return private if self.get_option("address") == "private" else [*row["public_ips"], *private]
