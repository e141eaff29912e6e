# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Taking part in a migration without driving a server: for what belongs to all of its servers, such as the network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.driver import Driver
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import client_tokens

from .argspec import ArgSpec

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients


def spec() -> ArgSpec:
    """Return the options O(bucket) and O(restart) (doc fragment C(part))."""
    return ArgSpec(argument_spec={"bucket": {"type": "str"}, "restart": {"type": "bool", "default": False}})


@contextmanager
def taking_part(module: AnsibleModule, clients: Clients, migration: str | None) -> Iterator[client_tokens.ClientToken]:
    """Refuse what is about to be made when a cleanup has ended the migration; while inside, a cleanup waits for it.
    Yield what gives the same ClientTokens to all runs of the migration.

    Check mode only looks. Without O(bucket) there is no ledger to look at.
    """
    bucket = module.params.get("bucket")
    if not (bucket and migration):
        yield client_tokens.new
        return
    driver = Driver(clients, bucket, migration, bool(module.params.get("restart")))
    if module.check_mode:
        driver.look()
        yield client_tokens.new
        return
    try:
        driver.join()
        yield driver.token
    finally:
        driver.leave()
