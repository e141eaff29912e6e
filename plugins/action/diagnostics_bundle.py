# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action of edgelift.ens_migration.diagnostics_bundle: writes an archive for support on the controller."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ansible.plugins.action import ActionBase
from ansible.release import __version__ as core
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._diagnostics import bundle, redact
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._report import files

ARGUMENT_SPEC: dict[str, Any] = {
    "dest": {"type": "path", "required": True},
    "hosts": {"type": "list", "elements": "str", "default": []},
    "state": {"type": "dict", "default": {}},
    "files": {"type": "list", "elements": "path", "default": []},
}
LOG: Final = "__diagnostics_log"
"""The variable of a host with the result of smc_agent_log."""
PACKAGES: Final = (
    "aliyun-python-sdk-core", "aliyun-python-sdk-ecs", "aliyun-python-sdk-ens", "aliyun-python-sdk-smc", "jinja2",
    "oss2",
)  # fmt: skip
PROFILES: Final = "~/.aliyun/config.json"


class ActionModule(ActionBase):
    """Writes the archive."""

    _VALID_ARGS = frozenset(ARGUMENT_SPEC)
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return where the archive is, its size and its contents."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, args = self.validate_argument_spec(ARGUMENT_SPEC)
        given = task_vars or {}
        hostvars = given.get("hostvars") or {}
        known = [host for host in args["hosts"] if host in hostvars]
        secrets = redact.values(os.environ) | redact.values(given) | redact.values(_profiles())
        for host in known:
            secrets |= redact.values(_variables(hostvars[host]))
        logs = {host: hostvars[host].get(LOG) for host in known}
        members = [
            bundle.of_data("versions.json", versions()),
            bundle.of_data("state.json", {**args["state"], "invocation": None}),
            *(bundle.of_file(path, number) for number, path in enumerate(args["files"], 1)),
            *bundle.of_logs(args["hosts"], logs),
        ]
        data, listed = bundle.make(members, secrets)
        if not self._task.check_mode:
            try:
                _write(Path(args["dest"]).expanduser(), data)
            except OSError as error:
                why = f"The archive could not be written to {args['dest']}: {error.strerror}"
                return {**result, "failed": True, "msg": why}
        left = [f"{row['name']}: {row['problem']}" for row in listed if row["problem"]]
        return {
            **result,
            "changed": True,
            "dest": args["dest"],
            "size": len(data),
            "members": len(listed),
            "left": left,
        }


def versions() -> dict[str, Any]:
    """Return the versions of what runs on the controller."""
    found: dict[str, Any] = {
        "edgelift.ens_migration": files.version() or "not installed from an artifact",
        "ansible-core": core,
        "python": platform.python_version(),
        "system": platform.platform(),
    }
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def _variables(facts: Any) -> dict[str, Any]:
    """Return the secret variables of a host that can be evaluated."""
    found = {}
    for name in filter(redact.named, facts):
        try:
            found[str(name)] = facts[name]
        except Exception:  # noqa: BLE001  a template of the inventory can raise anything; its secret is in another variable
            continue
    return found


def _profiles() -> Mapping[str, Any]:
    """Return the profiles of the command line of Alibaba Cloud: their keys are secrets of the run."""
    try:
        found = json.loads(Path(PROFILES).expanduser().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    rows = found.get("profiles") if isinstance(found, Mapping) else None
    return {str(number): row for number, row in enumerate(rows or []) if isinstance(row, Mapping)}


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".edgelift-", delete=False) as file:
        whole = Path(file.name)
        try:
            file.write(data)
            file.flush()
            whole.replace(path)
        except OSError:
            whole.unlink()
            raise
