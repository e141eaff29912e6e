# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The option O(contract) of the modules: a mapping, or the path of a file that a canary has written."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError, MissingLibrary
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import contract as rules

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Policy

_LARGEST = 1024**2


def load(given: Any) -> rules.Contract | None:
    """Return the contract, None where none is given; refuse one that is malformed."""
    if given is None or given == "":
        return None
    place = "the contract"
    try:
        if not isinstance(given, Mapping):
            if not isinstance(given, str):
                raise rules.Malformed(f"it is a {type(given).__name__}, not a mapping or the path of a file")
            place = f"the contract {given[:200]!r}"
            given = _file(given)
        return rules.read(given)
    except rules.Malformed as error:
        raise CloudError(
            "Checking the input",
            "Contract.Malformed",
            f"{place} cannot be used: {error}",
            hint="Run the playbook canary again, or unset migration_contract. Nothing was created.",
        ) from None


def _file(name: str) -> Any:
    try:
        import yaml
    except ImportError as error:
        raise MissingLibrary("PyYAML", traceback.format_exc()) from error
    try:
        path = Path(name).expanduser()
        if path.exists() and not path.is_file():
            raise rules.Malformed("it is no file")
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise rules.Malformed(f"it has more than {_LARGEST} bytes")
        return yaml.safe_load(content.decode("utf-8"))
    except OSError as error:
        raise rules.Malformed(f"it cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise rules.Malformed("it is no text in UTF-8") from None
    except RecursionError:
        raise rules.Malformed("it is nested too deeply") from None
    except rules.Malformed:
        raise
    except (yaml.YAMLError, ValueError, AttributeError, RuntimeError) as error:
        # PyYAML raises ValueError or AttributeError for what is no date, pathlib RuntimeError for an unknown user.
        raise rules.Malformed(f"it is no YAML: {' '.join(str(error).split())[:200]}") from None


def doubts(policy: Policy, account: str = "") -> list[str]:
    """Return why the answers of the contract may not hold for this migration."""
    if policy.contract is None:
        return []
    return policy.contract.doubts(account, policy.region, policy.bucket, datetime.now(timezone.utc))


def warn(module: AnsibleModule, policy: Policy, account: str = "") -> None:
    """Warn of each doubt."""
    for text in doubts(policy, account):
        module.warn(f"{text}. Run the playbook canary again")
