# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action of edgelift.ens_migration.role_options: converts the variables of a role."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.yaml import yaml_load
from ansible.plugins.action import ActionBase
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _role_limits, _role_options

_PASSED_ON = re.compile(r"\{\{ \(?(\w+) \| default\(")
"""How a default takes the value of another variable."""
ROLES = Path(__file__).resolve().parents[2] / "roles"
NOTHING: dict[str, Any] = {"str": "", "list": [], "dict": {}}
ARGUMENT_SPEC: dict[str, Any] = {
    "entry": {"type": "str", "default": "main"},
    "roles": {"type": "list", "elements": "str"},
}


class ActionModule(ActionBase):
    """Returns the variables of the role that contains the task, or checks those of other roles."""

    _VALID_ARGS = frozenset(ARGUMENT_SPEC)
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
        defaults = self._task._role.get_default_vars()
        names = {name: _origin(name, given, defaults) for name in spec}
        problems = [_renamed(text, names) for text in problems]
        converted = {name: _role_limits.from_here(name, value) for name, value in converted.items()}
        problems += [f"{names[name]} {words}" for name, words in _role_limits.problems(converted, names)]
        groups = given.get("groups") or {}
        problems += [f"{names[name]} {words}" for name, words in _role_limits.unknown_groups(converted, groups)]
        # The report shows what is known before it writes. The playbooks have checked its file in their first task.
        files = {} if role == "report" else converted
        create = not self._task.check_mode
        problems += [f"{names[name]} {words}" for name, words in _role_limits.unwritable(files, create)]
        hidden = _role_options.secrets(spec)
        options = {_role_options.short_name(role, name): row for name, row in converted.items() if name not in hidden}
        return self._ended({**result, "options": options}, problems)

    @staticmethod
    def _ended(result: dict[str, Any], problems: list[str]) -> dict[str, Any]:
        if problems:
            shown = "; ".join(dict.fromkeys(problems))
            return {**result, "failed": True, "msg": f"These variables cannot be used: {shown}"}
        return {**result, "changed": False}

    def _check(self, role: str, entry: str, task_vars: dict[str, Any]) -> list[str]:
        """Return the problems of the variables of ``role`` that the user has set."""
        spec = {name: {**row, "required": False} for name, row in _spec(role, entry).items()}
        defaults = _defaults(role)
        names = {name: name if name in task_vars else _origin(name, task_vars, defaults) for name in spec}
        given = {name: self._templar.template(task_vars[of]) for name, of in names.items() if of in task_vars}
        given = {name: row for name, row in given.items() if _role_options.is_given(row)}
        converted, problems = _role_options.convert(spec, given)
        texts = [_renamed(text, names) for text in problems]
        usable = {name: converted[name] for name in given if name in converted}
        rows = [
            *_role_limits.problems(usable, names),
            *_role_limits.unknown_groups(usable, task_vars.get("groups") or {}),
            *_role_limits.unwritable(usable, not self._task.check_mode),
        ]
        return texts + [f"{names[name]} {words}" for name, words in rows]

    def _values(self, spec: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Return the variables that have a value; one without gets the default of the role.

        A default can name a variable of another role, which counts as undefined if it has no value, and one of this
        role, which then has its default.
        """
        defaults = self._task._role.get_default_vars()
        prefixes = tuple(f"{path.name}_" for path in ROLES.iterdir())
        given = {
            name: value
            for name, value in task_vars.items()
            if _role_options.is_given(value) or not name.startswith(prefixes)
        }
        self._templar.available_variables = {**defaults, **given}
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


def _defaults(role: str) -> dict[str, Any]:
    file = ROLES / role / "defaults" / "main.yml"
    defaults: dict[str, Any] = yaml_load(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return defaults or {}


def _origin(name: str, task_vars: dict[str, Any], defaults: dict[str, Any]) -> str:
    """Return the variable that the user has set: ``name``, or the one whose value its default passes on."""
    default = defaults.get(name)
    if name in task_vars and task_vars[name] != default:
        return name
    found = _PASSED_ON.match(default) if isinstance(default, str) else None
    return found[1] if found and _role_options.is_given(task_vars.get(found[1])) else name


def _renamed(text: str, names: dict[str, str]) -> str:
    """Return a problem with the names of the variables that the user has set."""
    return re.sub(r"\w+", lambda word: names.get(word[0], word[0]), text)


def _spec(role: str, entry: str) -> dict[str, Any]:
    file = ROLES / role / "meta" / "argument_specs.yml"
    if not file.is_file():
        raise AnsibleActionFail(f"This collection has no role {role!r}")
    specs = yaml_load(file.read_text(encoding="utf-8"))["argument_specs"]
    options: dict[str, Any] = specs[entry].get("options") or {}
    return options
