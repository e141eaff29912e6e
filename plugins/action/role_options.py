# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action of edgelift.ens_migration.role_options: converts the variables of a role."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.yaml import yaml_load
from ansible.plugins.action import ActionBase
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _role_options

ROLES = Path(__file__).resolve().parents[2] / "roles"
NOTHING: dict[str, Any] = {"str": "", "list": [], "dict": {}}
ARGUMENT_SPEC: dict[str, Any] = {
    "entry": {"type": "str", "default": "main"},
    "roles": {"type": "list", "elements": "str"},
}


class ActionModule(ActionBase):
    """Returns the variables of the role that contains the task, or checks those of other roles."""

    TRANSFERS_FILES = False
    _VALID_ARGS = frozenset(ARGUMENT_SPEC)
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return RV(options), or the failure with every variable that cannot be converted."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, args = self.validate_argument_spec(ARGUMENT_SPEC)
        given = task_vars or {}
        if args["roles"]:
            problems = [text for role in args["roles"] for text in self._check(role, args["entry"], given)]
            return self._ended(result, problems)
        if self._task._role is None:
            raise AnsibleActionFail("Use this task in a role of this collection, or set the option roles")
        role = self._task._role.get_name(include_role_fqcn=False)
        spec = _spec(role, args["entry"])
        converted, problems = _role_options.convert(spec, self._values(spec, given))
        hidden = _role_options.secrets(spec)
        options = {_role_options.short_name(role, name): row for name, row in converted.items() if name not in hidden}
        return self._ended({**result, "options": options}, problems)

    @staticmethod
    def _ended(result: dict[str, Any], problems: list[str]) -> dict[str, Any]:
        if problems:
            return {**result, "failed": True, "msg": f"These variables cannot be used: {'; '.join(problems)}"}
        return {**result, "changed": False}

    def _check(self, role: str, entry: str, task_vars: dict[str, Any]) -> list[str]:
        """Return the problems of the variables of ``role`` that the user has set."""
        spec = {name: {**row, "required": False} for name, row in _spec(role, entry).items()}
        given = {name: self._templar.template(task_vars[name]) for name in spec if name in task_vars}
        return _role_options.convert(spec, {key: row for key, row in given.items() if _role_options.is_given(row)})[1]

    def _values(self, spec: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Return the variables that have a value; one without gets the default of the role.

        A default can name a variable of another role, which counts as undefined too if it has no value.
        """
        defaults = self._task._role.get_default_vars()
        prefixes = tuple(f"{path.name}_" for path in ROLES.iterdir())
        self._templar.available_variables = {
            name: value
            for name, value in task_vars.items()
            if _role_options.is_given(value) or not name.startswith(prefixes)
        }
        values = {}
        for name, option in spec.items():
            for source in (task_vars, defaults):
                value = self._templar.template(source.get(name))
                if _role_options.is_given(value):
                    values[name] = value
                    break
            else:
                # The default can be a variable without value, such as the name of the migration.
                kind = option.get("type", "str")
                if kind in NOTHING and (name in defaults or option.get("required")):
                    values[name] = NOTHING[kind]
        return values


def _spec(role: str, entry: str) -> dict[str, Any]:
    file = ROLES / role / "meta" / "argument_specs.yml"
    if not file.is_file():
        raise AnsibleActionFail(f"This collection has no role {role!r}")
    specs = yaml_load(file.read_text(encoding="utf-8"))["argument_specs"]
    options: dict[str, Any] = specs[entry].get("options") or {}
    return options
