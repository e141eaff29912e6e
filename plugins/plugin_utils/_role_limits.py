# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What the variables of the roles may be beyond their types: ranges, and rules for names, folders and pairs."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import MissingLibrary
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import overrides
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits, schedule, windows
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stages import BILLED_BY
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _launch
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import look, paths
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._verify import checks

Range = tuple[float, float | None]

_SHORTEST_PAUSE: Final = 0.1
"""Seconds between two queries at least: without a pause, a wait uses up the rate limits of the services."""

_BY_ENDING: Final[Mapping[str, Range]] = {
    "_wait_timeout": (0, None),
    "_available_timeout": (1, None),
    "_start_timeout": (1, None),
    "_check_timeout": (0, None),
    "_egress_timeout": (1, None),
    "_poll_interval": (_SHORTEST_PAUSE, None),
    "_retries": (0, None),
    "_parallel_calls": (1, limits.MOST_PARALLEL_CALLS),
    "_clock_tolerance": (1, None),
    "_valid_days": limits.JOB_VALID_DAYS,
    "_frequency": limits.SYNC_HOURS,
    "_images_to_keep": limits.IMAGES_TO_KEEP,
    "_token_days": limits.TOKEN_DAYS,
    "_rate": (limits.LEAST_RATE, None),
    "_uplink": (0, None),
    "_exports": (0, None),
    "_max_failed": (0, None),
}
_WHOLE: Final[Mapping[str, Range]] = {
    "agent_poll_interval": (1, None),
    "canary_poll_interval": (_SHORTEST_PAUSE, 30),
    "preflight_timeout": (1, None),
    "verify_probe_timeout": (look.LEAST_SECONDS + look.EGRESS_SECONDS, None),
    "launch_port": (1, 65535),
    "verify_port": (1, 65535),
    # ENS wants an hour, and the checks before RunInstances take minutes.
    "verify_lifetime": (4200, None),
    "launch_commit_hours": (0, 8760),
    "launch_system_disk_size": (limits.INSTANCE_DISK_GIB, None),
    "launch_internet_max_bandwidth_out": (0, None),
    "waves_step": (1, None),
    "waves_max_servers": (1, None),
    "waves_max_gib": (0, None),
    "waves_max_hours": (0.1, None),
    "waves_first_servers": (1, None),
}


def range_of(name: str) -> Range | None:
    """Return the smallest and the largest value of a variable, None for one that has no range."""
    return _WHOLE.get(name) or next((row for end, row in _BY_ENDING.items() if name.endswith(end)), None)


def allowed(bounds: Range) -> str:
    """Return a range in the words of the documentation."""
    low, high = bounds
    return f"at least {low:g}" if high is None else f"{low:g} to {high:g}"


def out_of_range(name: str, value: Any) -> str | None:
    """Return the words that follow the name of a variable whose value is outside of its range, None for any other."""
    bounds = range_of(name)
    if bounds is None or isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    low, high = bounds
    return None if low <= value and (high is None or value <= high) else f"is {value}, it must be {allowed(bounds)}"


# ---- rules for texts and collections, by the end of the name; each returns the words after the name ----
def _bucket(value: str) -> str | None:
    problem = limits.bucket_problem(value)
    return problem and f"is {problem}"


def _checksum(value: str) -> str | None:
    fits = re.fullmatch(r"[0-9a-fA-F]{64}", value)
    return None if fits else f"is {value!r}, it must be the SHA-256 of the bundle: 64 hexadecimal digits"


def _password(value: str) -> str | None:
    problem = limits.password_problem(value)
    return problem and f"is refused by ENS, {problem}"


def _replication(value: Mapping[str, Any]) -> str | None:
    for name, row in value.items():
        if name not in limits.REPLICATION_PARAMETERS:
            return f"has the unknown parameter {name!r}. Allowed: {', '.join(limits.REPLICATION_PARAMETERS)}"
        low, high = limits.REPLICATION_PARAMETERS[name]
        if high == 1:
            if str(row).lower() not in ("true", "false"):
                return f"has {name} {row!r}, it must be true or false"
        elif isinstance(row, bool) or not re.fullmatch(r"[0-9]+", str(row)) or (high and int(row) > high):
            return f"has {name} {row!r}, it must be a whole number, {allowed((low, high))}"
    return None


def _prices(value: Mapping[str, Any]) -> str | None:
    for kind, price in value.items():
        if kind not in BILLED_BY:
            return f"has the unknown kind {kind!r}. Allowed: {', '.join(sorted(filter(BILLED_BY.get, BILLED_BY)))}"
        if isinstance(price, bool) or not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", str(price)):
            return f"has {kind} {price!r}, it must be a number, at least 0, such as 0.9"
    return None


def _windows(value: list[str]) -> str | None:
    found = windows.problems(value)
    return f"has an element that cannot be used: {'; '.join(found)}" if found else None


def _checks(value: list[Mapping[str, Any]]) -> str | None:
    found = checks.problems(value)
    return f"cannot be used: {'; '.join(found)}" if found else None


def unknown_groups(values: Mapping[str, Any], groups: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Yield the variables that name groups which the inventory lacks, and the words after the name."""
    for name, value in values.items():
        if name.endswith("_max_parallel") and isinstance(value, Mapping):
            missing = sorted(text for group in value if (text := str(group)) not in groups)
            if missing:
                yield name, f"names groups that the inventory does not have: {', '.join(missing)}"


def _task_file(value: str) -> str | None:
    """Return what is wrong with a file of tasks on the controller. Only its form is read, as Ansible has own tags."""
    path = Path.cwd() / Path(value).expanduser()
    try:
        text = path.read_text(encoding="utf-8")
        # Ansible decrypts a file that is encrypted as a whole.
        is_list = text.startswith("$ANSIBLE_VAULT") or isinstance(yaml.compose(text), yaml.SequenceNode)
    except OSError as error:
        return f"is {value!r}, which cannot be read on the controller: {error.strerror} ({path})"
    except (yaml.YAMLError, UnicodeDecodeError):
        return f"is {value!r}, which is no YAML file ({path})"
    return None if is_list else f"is {value!r}, which is no list of tasks ({path})"


def _parameters(option: str) -> Callable[[Any], str | None]:
    """Return the rule of more parameters of an action: what the module would refuse after the clients have started."""

    def rule(value: Mapping[str, Any]) -> str | None:
        try:
            found = overrides.problems({option: value})
        except MissingLibrary:
            # The module names the package, and its Python may be another one.
            return None
        return f"has a wrong part: {'; '.join(found)}".replace(f"{option}: ", "") if found else None

    return rule


_RULES: Final[Mapping[str, Callable[[Any], str | None]]] = {
    "_bucket": _bucket,
    "_sha256": _checksum,
    "_install_dir": paths.install_dir_problem,
    "_egress": look.egress_problem,
    "_environment": paths.environment_problem,
    "_windows": _windows,
    "verify_checks": _checks,
    "_max_parallel": schedule.groups_problem,
    "_before_copy": _task_file,
    "_before_cutover": _task_file,
    "_after_cutover": _task_file,
    "_after_failure": _task_file,
    "_after_boot": _task_file,
    "_after_rollback": _task_file,
    "_password": _password,
    "_prices": _prices,
    # Without this rule, the filter refuses it when the instances exist already.
    "launch_group": _launch.group_problem,
    "_replication_parameters": _replication,
    **{f"_{option}": _parameters(option) for option in overrides.ACTIONS},
}


_FILES: Final = (
    "report_receipt",
    "report_html",
    "report_csv",
    "report_retry_file",
    "canary_contract",
    "diagnostics_file",
    "status_file",
    "status_html",
    "status_csv",
    "migration_plan_file",
    "waves_file",
    "launch_inventory",
)
_FOLDERS: Final = ("preflight_report_dir", "agent_cache_dir")
"""Variables that name what is written on the controller."""
_LATER: Final = ("handover_dir",)
"""A folder that the role itself makes: nothing of the run depends on it, so it is not made before."""


def unwritable(values: Mapping[str, Any], create: bool) -> Iterable[tuple[str, str]]:
    """Yield the name of each file or folder on the controller that cannot be written, and the words after the name.

    ``create`` is whether to make a missing folder now. Without it, the nearest folder that exists counts.
    """
    for name in (*_FILES, *_FOLDERS):
        text = values.get(name)
        if not text or _has_nul(text):
            continue
        path = Path(str(text)).expanduser()
        folder = path if name in _FOLDERS else path.parent
        try:
            if path != folder and path.is_dir():
                raise IsADirectoryError(21, "it is a folder, and a file is needed")
            if create:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            while not folder.exists() and not create:
                folder = folder.parent
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".edgelift-"):
                pass
        except OSError as error:
            yield name, f"is {str(text)!r}, which cannot be written on the controller: {error.strerror} ({folder})"


def from_here(name: str, value: Any) -> Any:
    """Return a variable; a path on the controller begins in the folder where the user has started Ansible. A module on
    the controller runs in the folder of the playbook."""
    is_path = name in (*_FILES, *_FOLDERS, *_LATER) or name.endswith("_contract") or _rule(name) is _task_file
    if not is_path or not isinstance(value, str) or not value or _has_nul(value):
        return value
    return str(Path.cwd() / Path(value).expanduser())


def _rule(name: str) -> Callable[[Any], str | None] | None:
    return next((rule for end, rule in _RULES.items() if name.endswith(end)), None)


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, Mapping):
        return any(_has_nul(part) for pair in value.items() for part in pair)
    return isinstance(value, (list, tuple)) and any(_has_nul(part) for part in value)


def problems(values: Mapping[str, Any], names: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Yield the name of each converted variable that no service or host can use, and the words after the name.

    ``names`` has every variable of the role, with the name of the variable that the user has set.
    """
    for name, value in values.items():
        rule = _rule(name)
        if _has_nul(value):
            yield name, "contains a NUL character (code 0). Remove it"
        elif (words := out_of_range(name, value)) or (
            rule and value and not isinstance(value, bool) and (words := rule(value))
        ):
            yield name, words
    yield from _half_networks(values, names)


def _half_networks(values: Mapping[str, Any], names: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Yield the variable of a network of the user that needs another one, which has no value."""
    for vpc in names:
        stem = vpc.removesuffix("_vpc_id")
        vswitch, mode = f"{stem}_vswitch_id", f"{stem}_net_mode"
        if stem == vpc:
            continue
        if not values.get(vpc) and not values.get(vswitch):
            if values.get(mode) == "vpc":
                yield mode, f"is 'vpc', which needs {names[vpc]} and {names[vswitch]}"
        elif not values.get(vswitch):
            yield vpc, f"is {values[vpc]!r} and {names[vswitch]} is not set. Set both or neither"
        elif not values.get(vpc):
            yield vswitch, f"is {values[vswitch]!r} and {names[vpc]} is not set. Set both or neither"
