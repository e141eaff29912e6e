# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The one runner of all modules: it makes the clients, calls the work, and reports the result or the failure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import missing_required_lib
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients, make_clients
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError, MissingLibrary
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger import parent
from ansible_collections.edgelift.ens_migration.plugins.module_utils._secrets import without

from .defect import Defect

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

Work = Callable[["AnsibleModule", Clients], dict[str, Any]]


def run_module(module: AnsibleModule, work: Work) -> None:
    """End the module with what ``work(module, clients)`` returns, or with the failure that it raises.

    A failure carries RV(msg), RV(error) and RV(request_id), and the keys of ``last``: the last known object, or what
    the run has made so far. An exception that is no CloudError is reported as a defect of this collection.
    No result contains the value of an option that is a secret.
    """
    secret = [name for name, option in module.argument_spec.items() if option.get("no_log")]
    secrets = [str(module.params.get(name) or "") for name in secret]
    try:
        result = _result(module, work)
    except parent.Orphaned as orphaned:
        # No process reads this: what was begun is settled by the next run.
        module.fail_json(msg=f"{orphaned}; nothing more was changed")
    except MissingLibrary as missing:
        module.fail_json(msg=missing_required_lib(missing.package), exception=missing.trace)
    except CloudError as error:
        message = f"{error}. {error.hint}" if error.hint else str(error)
        failure = {"msg": message, "error": error.as_dict(), "request_id": error.request_id, **error.last}
        module.fail_json(**without(failure, secrets))
    except Defect as defect:
        module.fail_json(**without(defect.failure(module._name), secrets))
    else:
        module.exit_json(**without(result, secrets))


def _result(module: AnsibleModule, work: Work) -> dict[str, Any]:
    try:
        parent.watch()
        clients = make_clients(module.params)
        clients.gate.checks.append(parent.check)
        return work(module, clients)
    except (CloudError, MissingLibrary, Defect, parent.Orphaned):
        raise
    except Exception as error:
        raise Defect(error) from error
