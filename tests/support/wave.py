# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the integration tests of whole waves share: modules run in this process, playbooks run as a user runs them."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml
from testbed.hosts import Bed
from testbed.playbook import read_recap

from support import CALM, PATIENCE
from support.source import DEPRECATION

ROOT = Path(__file__).resolve().parents[2]
UTILS = "ansible_collections.edgelift.ens_migration.plugins.module_utils"
GIB = 1024**3
READS = ("Describe", "List", "Get", "Head", "Query")
WORK = {
    "ens_migration": ("ens_migration", "work"),
    "smc_cleanup": ("smc_cleanup", "work"),
    "ens_account_info": ("ens_account_info", "look"),
    "smc_transfer": ("smc_transfer", "work"),
    "ecs_image_export": ("ecs_image_export", "work"),
    "ens_image_import": ("ens_image_import", "work"),
    "ens_canary": ("ens_canary", "work"),
    "ens_instance": ("ens_instance", "work"),
    "ens_instance_info": ("ens_instance_info", "work"),
    "ens_migration_info": ("ens_migration_info", "work"),
    "smc_access_token": ("smc_access_token", "work"),
    "smc_source": ("smc_source", "work"),
    "smc_source_info": ("smc_source_info", "work"),
}


def utils(name: str) -> Any:
    """A module of the collection's module_utils; imported late, when the collection's finder is in place."""
    return importlib.import_module(f"{UTILS}.{name}")


def connection(sandbox: Any, **changes: Any) -> dict[str, Any]:
    """The connection options for the local cloud."""
    return {
        "region": sandbox.region,
        "access_key": sandbox.access_key,
        "secret_key": sandbox.secret_key,
        "endpoints": sandbox.endpoints,
        **changes,
    }


ROLE = "acs:ram::1234567890123456:role/AliyunServiceRoleForSMC"


def role_profile(sandbox: Any, folder: Path) -> Path:
    """A file of profiles as the vendor's tools have it, with the profile "wave": a role that the key takes."""
    profile = {"name": "wave", "mode": "RamRoleArn", "access_key_id": sandbox.access_key,
               "access_key_secret": sandbox.secret_key, "ram_role_arn": ROLE}
    path = folder / "config.json"
    path.write_text(json.dumps({"profiles": [profile]}), encoding="utf-8")
    return path


warnings: list[str] = []
"""What modules have warned of in this process."""


def run(sandbox: Any, module: str, *, check: bool = False, **params: Any) -> dict[str, Any]:
    """What a module returns, run in this process with real clients; its CloudError when it fails.

    Options get the defaults of its argument spec; only AnsibleModule's reading of them is left out.
    """
    waiting = {"poll_interval": 0.2, "wait_timeout": int(PATIENCE), "parallel_calls": 8}
    given = {**connection(sandbox), "bucket": sandbox.bucket, **waiting, **params}
    room, function = WORK[module]
    stub = SimpleNamespace(params={**defaults(module), **given}, check_mode=check, _diff=True, warn=warnings.append)
    return getattr(utils(f"_module.{room}"), function)(stub, utils("_api.clients").make_clients(given))


def defaults(module: str) -> dict[str, Any]:
    """The defaults of a module's options, from its argument spec."""
    options = utils("_module.options")
    own = {
        "ens_migration": {"state": "present", "progress_file": None, "wait": True, "name": None},
        "ens_image_import": {"objects": [], "wait": True},
        "ens_account_info": {"source_images": None, "strict": False, "prove_bucket": True},
    }
    specs = [options.servers_spec(False), options.transfer_spec(), options.bucket_spec(), options.identity_spec()]
    specs += [options.export_spec(), options.calls_spec()]
    if module in ("smc_cleanup", "ens_canary", "ens_instance"):
        specs.append(utils(f"_module.{module}").spec())
    spec = {name: option for part in specs for name, option in part.argument_spec.items()}
    return {**{name: option.get("default") for name, option in spec.items()}, "wait": True, **own.get(module, {})}


def server(host: str, source_id: str, *gib: int, **more: Any) -> dict[str, Any]:
    """The entry of one server for the option servers."""
    disks = [{"index": index, "bytes": size * GIB} for index, size in enumerate(gib)]
    return {"host": host, "source_id": source_id, "fingerprint": f"machine of {host}", "disks": disks, **more}


WEB = server("web-01", "s-sandboxweb01", 20)
DB = server("db-01", "s-sandboxdb01", 20, 30, 40)


def registered(sandbox: Any, migration: str, *entries: dict[str, Any]) -> None:
    """Give the sources of these servers the tags that the role agent gives to those that it has registered."""
    smc = utils("_api.clients").make_clients(connection(sandbox)).smc
    for entry in entries:
        tags = utils("_rules.naming").tags(migration, entry["host"])
        smc.tag_sources([entry["source_id"]], {row["Key"]: row["Value"] for row in tags})


def identity(entry: dict[str, Any], migration: str) -> dict[str, Any]:
    """The options that name one server for the single-stage modules."""
    return {"name": migration, **{key: entry[key] for key in ("host", "source_id", "fingerprint", "disks")}}


def image_name(entry: dict[str, Any], migration: str) -> str:
    """The name that the ENS image of a server will have."""
    return utils("_module.options").server(migration, entry).image_name


def changing(rows: Iterable[dict[str, Any]]) -> list[str]:
    """The calls of a request log that change something; not the client's own, nor the object that proves a bucket."""
    return [
        f"{row['product']}.{row['action']}"
        for row in rows
        if row["product"] != "agent"
        and not row["action"].startswith(READS)
        and not (row["product"] == "oss" and row["params"].get("key", "").endswith("/proof.json"))
    ]


def done(rows: Iterable[dict[str, Any]], action: str) -> int:
    """How often a call took its effect."""
    return sum(1 for row in rows if row["action"] == action and row["status"] == 200)


def standing_still(sandbox: Any) -> bool:
    """Whether nothing is billed, now and an hour later."""
    before = sandbox.get("meter")
    sandbox.advance(3600)
    after = sandbox.get("meter")
    return before["running"] == after["running"] == [] and before["seconds"] == after["seconds"]


@dataclass(frozen=True)
class Played:
    """How a playbook ended: exit code, output, the counts of its recap, and the receipt that it wrote."""

    code: int
    output: str
    recap: dict[str, dict[str, int]]
    receipt: dict[str, Any]

    @property
    def changed(self) -> int:
        """How many tasks changed something."""
        return sum(row["changed"] for row in self.recap.values())

    def row(self, host: str) -> dict[str, Any]:
        """The receipt's row of a host."""
        return next(row for row in self.receipt["servers"] if row["host"] == host)


class Player:
    """Runs the collection's playbooks on the hosts of a bed, against a local cloud."""

    def __init__(self, bed: Bed, sandbox: Any, folder: Path) -> None:
        self.bed = bed
        self.sandbox = sandbox
        self.folder = folder

    def command(self, playbook: str, *words: str, **variables: Any) -> list[str]:
        """The words of ansible-playbook; everything that makes it use the local cloud are these variables."""
        intervals = ("migration", "agent", "transfer", "export", "ens_import", "cleanup")
        known = {
            **{f"alicloud_{name}": value for name, value in connection(self.sandbox).items()},
            "migration_bucket": self.sandbox.bucket,
            "agent_url": self.sandbox.agent["url"],
            "agent_sha256": self.sandbox.agent["sha256"],
            "agent_cache_dir": str(self.folder / "cache"),
            "agent_available_timeout": int(PATIENCE),
            "report_receipt": str(self.receipt),
            **{f"{name}_poll_interval": 1 for name in intervals},
            **variables,
        }
        path = self.folder / "variables.yml"
        path.write_text(yaml.safe_dump(known), encoding="utf-8")
        program = Path(sys.executable).parent / "ansible-playbook"
        inventory = self.bed.folder / "inventory.json"
        return [str(program), "-i", str(inventory), str(ROOT / "playbooks" / playbook), "-e", f"@{path}", *words]

    @property
    def receipt(self) -> Path:
        """The receipt's file."""
        return self.folder / "receipt.json"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the runs: every public host is replaced by a name that does not resolve."""
        return {**os.environ, **CALM}

    def play(self, playbook: str, *words: str, **variables: Any) -> Played:
        """Run one of the collection's playbooks to its end."""
        ended = subprocess.run(
            self.command(playbook, *words, **variables),
            env=self.environment,
            text=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=PATIENCE,
            cwd=ROOT,
        )
        return self.ended(ended.returncode, ended.stdout + ended.stderr)

    def ended(self, code: int, output: str) -> Played:
        """How a run has ended that gave this exit code and output; no run is told that it uses something old."""
        assert DEPRECATION not in output
        receipt = json.loads(self.receipt.read_text(encoding="utf-8")) if self.receipt.is_file() else {}
        return Played(code, output, read_recap(output), receipt)
