# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory plugin edgelift.ens_migration.smc_sources: the sources of Server Migration Center as hosts."""

from __future__ import annotations

DOCUMENTATION = r"""
name: smc_sources
short_description: List the sources of Server Migration Center as hosts
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Makes one host of each source server that SMC knows, with its state, its tags and its last replication job.
  - Use it for sources that were imported by other means than this collection, and for reports of a whole account.
  - The name of the file must end in C(smc_sources.yml) or C(smc_sources.yaml).
  - Everything that the service shows is in the variable C(smc_source) of a host. It has the fields that
    M(edgelift.ens_migration.smc_source_info) returns, and C(job), the last job with the fields that
    M(edgelift.ens_migration.smc_transfer_info) returns.
  - C(ansible_host) is the address that the SMC client has reported. It is not set if it is no address, or that of the controller itself.
requirements:
  - aliyun-python-sdk-smc
extends_documentation_fragment:
  - edgelift.ens_migration.alicloud
  - edgelift.ens_migration.inventory
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
options:
  plugin:
    choices:
      - edgelift.ens_migration.smc_sources
  hostnames:
    default:
      - name
  states:
    description:
      - Only sources in one of these states are listed.
      - If unset, sources in any state are listed.
    type: list
    elements: str
    choices:
      - Unavailable
      - Available
      - InUse
      - Deleting
  jobs:
    description:
      - Whether to look up the last job of each source in O(region), by one call for up to 50 sources.
      - Otherwise, and if its job is in another region, the C(job) of a source is empty.
    type: bool
    default: true
notes:
  - Root of a source server chooses its address and the other values that its SMC client reports. Check host keys.
seealso:
  - module: edgelift.ens_migration.smc_source_info
  - plugin: edgelift.ens_migration.ens_instances
    plugin_type: inventory
"""

EXAMPLES = r"""
# account.smc_sources.yml, with credentials from the environment.
# The plugin and the region are enough: they list all sources.
plugin: edgelift.ens_migration.smc_sources
region: ap-southeast-1

# Only the online sources of one migration
migration: wave_01
states:
  - Available
  - InUse

# Groups by state, migration and result of the last job; a template that fails is an error
strict: true
keyed_groups:
  - prefix: smc
    key: smc_source.state
  - prefix: migration
    key: smc_source.tags['edgelift:wave'] | default('none')
  - prefix: job
    key: smc_source.job.status | default('none')
groups:
  large: smc_source.system_disk_size > 100
compose:
  ansible_port: smc_source.tags['ssh-port'] | default(22)

# Ask SMC at most every ten minutes
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_timeout: 600
cache_connection: /var/tmp/smc_sources
"""

from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.smc import JOB, SOURCE
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._inventory.plugin import CloudInventory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients


class InventoryModule(CloudInventory):
    """Lists the sources, each with its last job."""

    NAME = "edgelift.ens_migration.smc_sources"
    VARIABLE = "smc_source"
    KEY = "source_id"
    FIELDS = frozenset(SOURCE.fields)

    def fetch(self, clients: Clients) -> list[dict[str, Any]]:
        """Return every source of the account, with its last job in the region."""
        rows = [SOURCE.facts(row) for row in clients.smc.describe_source_servers()]
        wanted = [row["job_id"] for row in rows if row["job_id"]] if self.get_option("jobs") else []
        jobs = {job["job_id"]: job for job in map(JOB.facts, clients.smc.describe_replication_jobs(wanted))}
        return [{**row, "job": jobs.get(row["job_id"], {})} for row in rows]

    def query(self) -> dict[str, Any]:
        """Return whether jobs are looked up."""
        return {"jobs": self.get_option("jobs")}

    def is_wanted(self, row: Mapping[str, Any]) -> bool:
        """Return whether the options select a source."""
        states = self.get_option("states")
        return super().is_wanted(row) and (states is None or row["state"] in states)

    def addresses(self, row: Mapping[str, Any]) -> Sequence[str]:
        """Return the address that the client has reported."""
        return [row["ipv4"]]
