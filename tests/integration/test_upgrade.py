# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A migration that an earlier version has begun is finished by this one: ``make upgrade FROM=tag`` (or a commit)."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from support import PATIENCE
from support.wave import DB, ROOT, WEB, connection, done, registered

FROM = os.environ.get("UPGRADE_FROM", "")
pytestmark = [
    pytest.mark.any_core,
    pytest.mark.long,
    pytest.mark.skipif(not FROM, reason="make upgrade FROM=tag names the version"),
]
NOW = ROOT / "build" / "collections"


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """The collections path of the earlier version."""
    target = tmp_path / "before" / "ansible_collections" / "edgelift" / "ens_migration"
    target.mkdir(parents=True)
    command = ["git", "-C", str(ROOT), "archive", FROM, "plugins", "meta", "galaxy.yml"]
    archive = subprocess.run(command, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(target, filter="data")
    return tmp_path / "before"


def module(collections: Path, sandbox: Any, name: str, **options: Any) -> dict[str, Any]:
    """Run a module of one version with its public options alone."""
    given = {**connection(sandbox), "name": "wave", "bucket": sandbox.bucket, "poll_interval": 1, **options}
    program = Path(sys.executable).parent / "ansible"
    command = [str(program), "localhost", "-o", "-e", f"ansible_python_interpreter={sys.executable}",
               "-m", f"edgelift.ens_migration.{name}", "-a", json.dumps(given)]  # fmt: skip
    paths = {"ANSIBLE_COLLECTIONS_PATH": str(collections), "PYTHONPATH": "", "ANSIBLE_NOCOLOR": "1"}
    ended = subprocess.run(command, env={**os.environ, **paths}, text=True, capture_output=True, check=False,
                           timeout=PATIENCE, stdin=subprocess.DEVNULL)  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout[ended.stdout.index("=> ") + 3 :])
    return found


def test_a_migration_is_finished_by_the_next_version(sandbox: Any, before: Path) -> None:
    registered(sandbox, "wave", WEB, DB)
    begun = module(before, sandbox, "ens_migration", servers=[WEB, DB], wait=False)["migration"]
    assert [row["verdict"] for row in begun["servers"]] == ["pending", "pending"]
    jobs = sandbox.get("state")["jobs"]
    assert len(jobs) == 2

    finished = module(NOW, sandbox, "ens_migration", servers=[WEB, DB], wait_timeout=int(PATIENCE))["migration"]
    assert [row["verdict"] for row in finished["servers"]] == ["migrated", "migrated"]
    rows = sandbox.requests()
    assert [done(rows, action) for action in ("CreateReplicationJob", "ExportImage", "ImportImage")] == [2, 2, 2]
    swept = module(NOW, sandbox, "smc_cleanup", servers=[WEB, DB], resources=finished["resources"])["cleanup"]
    assert swept["residual"] == []
    assert sandbox.get("meter")["running"] == []
