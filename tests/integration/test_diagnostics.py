# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/diagnostics.yml on a source whose client has logged secrets, and on one that cannot be reached."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.source import ask
from support.wave import Player, changing
from support.wave_hosts import hosts_up
from testbed.hosts import Bed

WORLD: dict[str, Any] = {"sources": [], "buckets": [{"name": "migration-images", "region": "ap-southeast-1"}]}
pytestmark = [pytest.mark.any_core, pytest.mark.long, pytest.mark.sandbox_world(WORLD)]

LOG = "/smc/.edgelift/console.log"


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    with hosts_up(tmp_path_factory.mktemp("bed"), "off-01", "web-01", broken={"off-01": ["down"]}) as bed:
        yield bed


def test_the_archive_has_the_logs_and_no_secret(bed: Bed, sandbox: Any, tmp_path: Path) -> None:
    lines = [f"secret {sandbox.secret_key}", "AccessTokenCode=planted-code-1", "x" * 2000, "the last line"]
    ask(bed, "web-01", f"mkdir -p -m 700 /smc/.edgelift && printf '%s\\n' {' '.join(map(json.dumps, lines))} >{LOG}")
    receipt, archive = tmp_path / "wave.json", tmp_path / "new" / "d.tar.gz"
    receipt.write_text(json.dumps({"wave": "w", "reasons": [sandbox.secret_key]}), encoding="utf-8")
    since = sandbox.get("requests?since=0")["next"]
    # With -vvv, Ansible itself shows what SSH has returned: there, only activation codes are removed.
    played = Player(bed, sandbox, tmp_path).play(
        "diagnostics.yml", "-vv", migration_name="w", diagnostics_file=str(archive),
        diagnostics_files=[str(receipt), str(tmp_path / "none.json")],
    )  # fmt: skip
    assert played.code == 0, played.output
    assert changing(sandbox.requests(since=since)) == []
    for secret in (sandbox.secret_key, "planted-code-1"):
        assert secret not in played.output
    with tarfile.open(archive) as opened:
        found = {row.name: opened.extractfile(row).read().decode() for row in opened.getmembers()}  # type: ignore[union-attr]  # only files
    assert not [name for name, text in found.items() if sandbox.secret_key in text or "planted-code-1" in text]
    log = found["diagnostics/hosts/web-01/1.log"]
    assert "the last line" in log
    assert "more than 1,000 characters" in log
    hosts = json.loads(found["diagnostics/hosts.json"])
    assert (hosts["off-01"], hosts["web-01"]) == ("unreachable", "1 log files")
    assert "summary" in json.loads(found["diagnostics/state.json"])["migration"]
    assert json.loads(found["diagnostics/versions.json"])["ansible-core"]
    assert "none.json: cannot be read" in played.output
    assert archive.stat().st_mode & 0o777 == 0o600
