# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every documented variable of every role, with a native value and the forms in which users give it."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
DATE = datetime.date(2026, 11, 28)
Spec = dict[str, dict[str, Any]]


@cache
def entries(role: str) -> dict[str, Spec]:
    """The documented variables of a role by entry point."""
    text = (ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
    return {name: entry.get("options") or {} for name, entry in yaml.safe_load(text)["argument_specs"].items()}


def variables() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Role, entry point, variable, and what its argument spec says."""
    for role in ROLES:
        for entry, spec in entries(role).items():
            for name, option in spec.items():
                yield role, entry, name, option


def native(option: dict[str, Any]) -> Any:
    """A value in the declared type, which is no default; the ``sample`` of an option with extra rules."""
    if "sample" in option:
        return option["sample"]
    kind = option.get("type", "str")
    if kind == "list":
        if option.get("elements") == "dict":
            plain = {"type": "str"}
            fields = {name: {**plain, **row} for name, row in (option.get("options") or {}).items()}
            texts = {name for name, row in fields.items() if row["type"] == "str" and "choices" not in row}
            found = {name: f"a {name}" if name in texts else native(row) for name, row in fields.items()}
            return [found or {"host": "web-01"}]
        return list(option.get("choices", ["one", "two"])[:2])
    if "choices" in option:
        return next(choice for choice in option["choices"] if choice and choice != option.get("default"))
    samples = {"str": "20261128", "path": "/a/path", "int": 60, "float": 1.5, "dict": {"qcow2": "raw"},
               "raw": {"version": 1}}
    return not option.get("default", False) if kind == "bool" else samples[kind]


def usable(name: str, option: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The option with a sample that keeps the rules of its name; what is written on the controller is in ``folder``."""
    samples: dict[str, Any] = {
        "_sha256": "A" * 64, "_install_dir": "/opt/smc", "_egress": ["smc.example.com:443", "192.0.2.1:80"],
        "_replication_parameters": {"bandwidth_limit": "100"}, "_job_parameters": {"InstanceType": "ecs.g7.large"},
        "_import_parameters": {"OSVersion": "12"}, "canary_poll_interval": 1.5, "_images_to_keep": 5,
        "migration_max_parallel": {"all": 2},
        "migration_windows": ["Sat-Sun 22:00-06:00", "20:00-04:00"],
        "report_receipt": str(folder / "r.json"), "report_retry_file": str(folder / "r.txt"),
        "report_html": str(folder / "r.html"), "report_csv": str(folder / "r.csv"),
        "report_prices": {"ecs_instance": "0.5"},
        "migration_plan_file": str(folder / "p.json"),
        "diagnostics_file": str(folder / "d.tar.gz"),
        "status_file": str(folder / "s.json"), "status_html": str(folder / "s.html"),
        "status_csv": str(folder / "s.csv"),
        "waves_file": str(folder / "w.yml"),
        "launch_password": "Edge-2026-Lift", "_instance_parameters": {"BillingCycle": "Hour"},
        "verify_checks": [{**dict.fromkeys(option.get("options") or {}), "kind": "port", "port": 443}],
        "verify_lifetime": 9000,
        **dict.fromkeys(
            (
                "_before_copy", "_before_cutover", "_after_cutover", "_after_failure", "_after_boot", "_after_rollback",
            ),
            str(ROOT / "roles/hooks/tasks/main.yml"),
        ),
        "launch_inventory": str(folder / "l.yml"), "launch_group": "edge_2026",
        "canary_contract": str(folder / "c.yml"), "preflight_report_dir": str(folder), "handover_dir": str(folder),
        "agent_cache_dir": str(folder),
    }  # fmt: skip
    found = next((value for end, value in samples.items() if name.endswith(end)), None)
    return option if found is None else {**option, "sample": found}


def forms(option: dict[str, Any]) -> list[Any]:
    """The other forms of the native value: what -e, a survey and YAML make of it."""
    kind, value = option.get("type", "str"), native(option)
    if kind == "bool":
        return ["true", "True", "yes", "1", 1] if value else ["false", "False", "no", "0", 0]
    if kind in ("int", "float"):
        return [str(value), f" {value} "]
    if kind == "dict":
        return [json.dumps(value), ", ".join(f"{key}={row}" for key, row in value.items())]
    if kind == "list":
        # YAML does not read the None of Python.
        texts = [json.dumps(value), *([] if "None" in str(value) else [str(value)])]
        return texts if isinstance(value[0], dict) else [*texts, *(sep.join(value) for sep in (",", ", ", "\n"))]
    if kind == "raw":
        # It takes what it is given: a mapping, or a text.
        return []
    return [] if "choices" in option else [int(value)] if value.isdigit() else []


def unfit(option: dict[str, Any]) -> list[Any]:
    """Values that no conversion makes fit."""
    kind = option.get("type", "str")
    wrong = {
        "str": [["a", "list"], {"a": "mapping"}, False],
        "path": [["a", "list"], True],
        "int": ["soon", "1.5h", True, ["60"]],
        "float": ["soon", False, "nan", "inf"],
        "bool": ["perhaps", 2, ["false"]],
        "dict": ["no mapping", 5, ["raw"]],
        "list": ["[unclosed", {"a": "mapping"}],
        "raw": [],
    }[kind]
    return [*wrong, "another choice"] if "choices" in option else wrong
