# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/status.yml beside a migration of simulated sources: from any machine, and nothing is changed."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from support.wave import DB, WEB, Player, changing, registered, run

pytestmark = pytest.mark.any_core


def test_the_state_is_read_from_any_machine(
    sandbox: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANSIBLE_SHOW_CUSTOM_STATS", "1")
    registered(sandbox, "wave", WEB, DB)
    run(sandbox, "ens_migration", name="wave", servers=[WEB])
    run(sandbox, "ens_migration", name="wave", servers=[DB], wait=False)
    inventory = {"all": {"hosts": {"web-01": {}, "db-01": {}, "late-01": {}}}}
    (tmp_path / "inventory.json").write_text(json.dumps(inventory), encoding="utf-8")
    player = Player(cast(Any, SimpleNamespace(folder=tmp_path)), sandbox, tmp_path)
    since = sandbox.get("requests?since=0")["next"]

    file, page = tmp_path / "state.json", tmp_path / "state.html"
    played = player.play("status.yml", migration_name="wave", status_file=str(file), status_html=str(page))
    assert (played.code, played.changed) == (0, 1), played.output
    state = json.loads(file.read_text(encoding="utf-8"))
    rows = {row["host"]: row for row in state["servers"]}
    assert "<h1><bdi>wave</bdi></h1>" in page.read_text(encoding="utf-8")
    assert rows["web-01"]["status"] == "migrated"
    assert rows["db-01"]["phase"] in ("transfer", "export", "import", "done")
    assert (rows["late-01"]["status"], list(rows)) == ("not_started", ["web-01", "db-01", "late-01"])
    assert f"ENS image {rows['web-01']['ens_image_id']} is Available" in " ".join(played.output.split())

    shown = " ".join(played.output.split("CUSTOM STATS")[1].split())
    passed = f"failed: 0 migrated: {state['summary']['migrated']} servers: 3 unfinished: true"
    assert f"edgelift_migration_state: {passed}" in shown

    strict = player.play("status.yml", migration_name="wave", status_fail_on="not_started")
    assert strict.code == 2, strict.output
    assert "late-01" in strict.output.split("these servers have such a status")[1]
    unknown = player.play("status.yml", migration_name="wave", status_fail_on="lost")
    assert unknown.code == 2
    assert "status_fail_on" in unknown.output
    assert changing(sandbox.requests(since=since)) == []
