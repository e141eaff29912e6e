# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The base of the inventory plugins: options, connection, cache, hosts and constructed groups."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, ClassVar

from ansible.errors import AnsibleParserError
from ansible.module_utils.basic import missing_required_lib
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients, make_clients
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError, MissingLibrary
from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup import proof
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.argspec import auth_spec
from ansible_collections.edgelift.ens_migration.plugins.module_utils._secrets import without
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._untrusted import never_template

from . import hosts

_SHOWN = 10


class CloudInventory(BaseInventoryPlugin, Constructable, Cacheable):
    """An inventory of what a service lists. A subclass defines the calls, the addresses and the field with the ID."""

    VARIABLE: ClassVar[str]
    """The variable of a host with all that the service shows."""
    KEY: ClassVar[str]
    """The field with the ID."""
    FIELDS: ClassVar[frozenset[str]]
    """The fields of a row."""

    @abstractmethod
    def fetch(self, clients: Clients) -> list[dict[str, Any]]:
        """Return the facts of everything that the service lists."""

    @abstractmethod
    def addresses(self, row: hosts.Facts) -> Sequence[str]:
        """Return the addresses of a row, the preferred one first."""

    def verify_file(self, path: str) -> bool:
        """Return whether the file is a configuration of this plugin."""
        short = self.NAME.rpartition(".")[2]
        return bool(super().verify_file(path)) and path.endswith((f"{short}.yml", f"{short}.yaml"))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Add the hosts to the inventory."""
        super().parse(inventory, loader, path)
        config = self._read_config_data(path)
        if unknown := sorted(set(config) - set(self._options)):
            raise AnsibleParserError(f"{path} has unknown options: {', '.join(map(str, unknown))}. Remove them.")
        fields = [name for name in self.get_option("hostnames") if not name.startswith(hosts.TAG)]
        if unknown := sorted(set(fields) - self.FIELDS):
            allowed = ", ".join(sorted(self.FIELDS))
            raise AnsibleParserError(f"hostnames of {path} has {', '.join(unknown)}. Allowed: tag:KEY, {allowed}.")
        self._add([row for row in self._rows(path, cache) if self.is_wanted(row)])

    def is_wanted(self, row: hosts.Facts) -> bool:
        """Return whether the options select a row."""
        migration = self.get_option("migration")
        return not migration or proof.names_migration(migration, row["tags"])

    # ---- what the service lists ----
    def _rows(self, path: str, cache: bool) -> list[dict[str, Any]]:
        """Return the rows from the cache, or from the service where the cache is off, empty or to be renewed."""
        params = self._connection()
        if not self.get_option("cache"):
            return self._ask(params)
        # Another region or profile is another inventory. The key is not secret: it is a part of the name of a file.
        place = {name: params.get(name) for name in ("region", "profile", "ecs_role_name", "endpoints")}
        asked = json.dumps([place, self.query()], sort_keys=True)
        key = f"{self.get_cache_key(path)}_{sha256(asked.encode()).hexdigest()[:16]}"
        if cache:
            try:
                found: list[dict[str, Any]] = self._cache[key]
            except KeyError:
                pass
            else:
                return found
        self._cache[key] = rows = self._ask(params)
        return rows

    def query(self) -> dict[str, Any]:
        """Return the options that change what the service is asked."""
        return {}

    def _ask(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        try:
            return self.fetch(make_clients(params))
        except MissingLibrary as missing:
            raise AnsibleParserError(missing_required_lib(missing.package)) from missing
        except CloudError as error:
            message = f"{error}. {error.hint}" if error.hint else str(error)
            raise AnsibleParserError(str(without(message, _secrets(params)))) from error

    def _connection(self) -> dict[str, Any]:
        """Return the connection options, checked as the modules check them."""
        spec = auth_spec().argument_spec
        given = {name: self.templar.template(self.get_option(name)) for name in spec}
        checked = ArgumentSpecValidator(spec).validate({name: given[name] for name in spec if given[name] is not None})
        if checked.error_messages:
            raise AnsibleParserError("; ".join(checked.error_messages))
        return dict(checked.validated_parameters)

    # ---- the hosts ----
    def _add(self, rows: list[dict[str, Any]]) -> None:
        before = {name: host.vars.get(self.VARIABLE) for name, host in self.inventory.hosts.items()}
        others = {name: str(row.get(self.KEY)) for name, row in before.items() if isinstance(row, dict)}
        names = hosts.named(rows, self.KEY, self.get_option("hostnames"), others)
        self._warn("are listed under their IDs", names.under_id)
        kept = [name for name in names.hosts.values() if name in before and name not in others]
        self._warn("were in the inventory before, and keep their address", kept)
        for row in rows:
            name = names.hosts[str(row[self.KEY])]
            self._add_host(name, row, "" if name in kept else hosts.address(self.addresses(row)))

    def _add_host(self, name: str, row: dict[str, Any], address: str) -> None:
        variables = never_template({self.VARIABLE: row, **({"ansible_host": address} if address else {})})
        self.inventory.add_host(name)
        for variable, value in variables.items():
            self.inventory.set_variable(name, variable, value)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), variables, name, strict)
        self._add_host_to_composed_groups(self.get_option("groups"), variables, name, strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, name, strict)

    def _warn(self, what: str, items: Sequence[str]) -> None:
        if items:
            more = f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
            self.display.warning(f"{self.NAME}: {len(items)} hosts {what}: {'; '.join(items[:_SHOWN])}{more}")


def _secrets(params: dict[str, Any]) -> list[str]:
    """Return the values of the options that are secrets."""
    return [str(params.get(name) or "") for name, spec in auth_spec().argument_spec.items() if spec.get("no_log")]
