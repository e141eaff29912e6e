# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The work of ens_migration_info: the state of a whole migration, from the ledger and the lists of the services."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import stamp
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.naming import wave_id
from ansible_collections.edgelift.ens_migration.plugins.module_utils._status import rows
from ansible_collections.edgelift.ens_migration.plugins.module_utils._status.look import look

from . import options
from .argspec import ArgSpec

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients


def spec() -> ArgSpec:
    """Return the options that only this module has."""
    host = {"host": {"type": "str", "required": True}, "image_name": {"type": "str", "default": ""}}
    return ArgSpec(
        argument_spec={
            "name": {"type": "str", "required": True},
            "bucket": {"type": "str", "required": True},
            "hosts": {"type": "list", "elements": "dict", "default": [], "options": host},
        }
    )


def work(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Return the state of every server, and the number of servers by status."""
    params = module.params
    migration = options.migration(params)
    problem = limits.bucket_problem(params["bucket"])
    options.refuse([f"bucket is {problem}"] if problem else [])
    listed, stopped = look(clients, params["bucket"], migration)
    known = [rows.Known(item["host"], item["image_name"] or "") for item in params["hosts"]]
    now = datetime.fromtimestamp(clients.oss(params["bucket"]).clock.now(), timezone.utc)
    found = rows.servers(migration, listed, known, now)
    return {
        "changed": False,
        "migration": {
            "name": migration,
            "wave_id": wave_id(migration),
            "time": stamp(now),
            "ended": stopped,
            "summary": rows.summary(found),
            "servers": rows.described(found),
            "calls": dict(clients.calls),
        },
    }
