# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The canary against the local cloud: what it finds, what it leaves, and what becomes of an interrupted one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import CALM, PATIENCE
from support.oss_client import bucket as bucket_of
from support.policies import CANARY
from support.wave import ROOT, connection, run, utils

CLAIM = 120
"""Seconds after its last sign of life in which a canary counts as running (_canary/record.py)."""

WORLD = {"buckets": [{"name": "migration-images", "region": "ap-southeast-1"}], "ens_accept_formats": ["qcow2"]}
pytestmark = [pytest.mark.any_core, pytest.mark.sandbox_world(WORLD)]


def answers(contract: dict[str, Any]) -> dict[str, Any]:
    """The answers of a contract by question."""
    return {name: row["answer"] for name, row in contract["questions"].items()}


def empty(sandbox: Any) -> bool:
    """Whether the cloud contains nothing that a canary has made."""
    state = sandbox.get("state")
    return state["ens_images"] == [] and state["objects"] == []


def test_a_canary_proves_the_account_and_leaves_nothing(sandbox: Any) -> None:
    done = run(sandbox, "ens_canary", name="canary")["canary"]
    contract = done["contract"]
    found = answers(contract)
    assert found.pop("listing_delay") >= 0
    assert found == CANARY
    assert (contract["account"], contract["region"], contract["bucket"]) == (
        "1234567890123456", "ap-southeast-1", "migration-images",
    )
    assert {row["kind"] for row in done["deleted"]} == {"ens_image", "oss_object"}
    assert done["left"] == []
    assert empty(sandbox)
    assert sandbox.get("meter")["running"] == []


def test_check_mode_and_a_plan_make_no_call(sandbox: Any) -> None:
    for words in ({"check": True}, {"state": "planned"}):
        done = run(sandbox, "ens_canary", name="canary", **words)
        assert done["canary"]["contract"] == {}
        assert any("ens.ImportImage" in line for line in done["canary"]["plan"]["calls"])
        assert done["canary"]["plan"]["worst_case"]["gib_hours"] > 0
    assert sandbox.requests() == []


class Stopped(BaseException):
    """Ends a run as a power failure does: what it has made stays."""


def interrupted(sandbox: Any, monkeypatch: pytest.MonkeyPatch, listed: bool = True) -> None:
    """Run a canary that ends when its second round of imports begins, or before ENS lists an image, and deletes
    nothing."""
    canary = utils("_canary.canary")

    def stop(*_given: Any) -> None:
        raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(canary.Canary, "_variations" if listed else "_follow", stop)
        patch.setattr(canary.Canary, "_sweep", stop)
        with pytest.raises(Stopped):
            run(sandbox, "ens_canary", name="canary")
    state = sandbox.get("state")
    assert state["ens_images"]
    assert any(row["key"].endswith("_canary_record.json") for row in state["objects"])


def test_the_next_canary_removes_an_interrupted_one(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted(sandbox, monkeypatch)
    sandbox.advance(CLAIM + 1)
    absent = run(sandbox, "ens_canary", name="canary", state="absent")
    assert absent["changed"]
    assert absent["canary"]["left"] == []
    assert empty(sandbox)

    interrupted(sandbox, monkeypatch)
    sandbox.advance(CLAIM + 1)
    again = run(sandbox, "ens_canary", name="canary")
    assert answers(again["canary"]["contract"])["image_formats"] == ["qcow2"]
    assert empty(sandbox)


def test_a_cleanup_removes_an_interrupted_canary_and_nothing_else(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(sandbox, monkeypatch)
    running = run(sandbox, "smc_cleanup", name="canary", state="reported")["cleanup"]["residual"]
    assert {row["reason"].partition(" by ")[0] for row in running} == {"a canary is run"}
    # An image of the same name that was there before the record is another one.
    sandbox.advance(CLAIM + 1)
    other = sandbox.get("state")["ens_images"][0]["name"].replace("canary-", "other-")
    sandbox.post("seed", {"ens_images": [{"name": other}]})
    cleaned = run(sandbox, "smc_cleanup", name="canary")["cleanup"]
    assert cleaned["residual"] == []
    assert {row["kind"] for row in cleaned["resources"]} == {"ens_image", "oss_object"}
    assert all(row["deleted"] and row["proof"] for row in cleaned["resources"])
    state = sandbox.get("state")
    assert [row["name"] for row in state["ens_images"]] == [other]
    assert [row["key"] for row in state["objects"] if not row["key"].endswith("/ledger")] == []


def test_another_canary_that_runs_is_left_alone(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted(sandbox, monkeypatch)
    bucket = utils("_api.clients").make_clients(connection(sandbox)).oss(sandbox.bucket)
    (other,) = utils("_canary.record").each(bucket, "canary")
    module, clock = utils("_module.ens_canary"), utils("_stages.stage").Clock

    def sleep(_seconds: float) -> None:
        sandbox.advance(1)
        other.keep(bucket)

    monkeypatch.setattr(module, "Clock", lambda: clock(sleep=sleep))
    with pytest.raises(utils("_api.errors").CloudError, match="another canary"):
        run(sandbox, "ens_canary", name="canary")
    assert sandbox.get("state")["ens_images"]


def played(sandbox: Any, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the playbook as a user runs it, in a separate folder."""
    known = {**{f"alicloud_{name}": value for name, value in connection(sandbox).items()},
             "migration_bucket": sandbox.bucket, "canary_poll_interval": 0.2}
    variables = folder / "variables.yml"
    variables.write_text(yaml.safe_dump(known), encoding="utf-8")
    command = [Path(sys.executable).with_name("ansible-playbook"), ROOT / "playbooks" / "canary.yml", "-e",
               f"@{variables}", *words]
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **CALM, "PWD": str(folder)}, text=True, stdin=subprocess.DEVNULL,
        capture_output=True, check=False, timeout=PATIENCE,
    )


def test_the_playbook_writes_the_contract(sandbox: Any, tmp_path: Path) -> None:
    foreseen = played(sandbox, tmp_path, "--check")
    assert foreseen.returncode == 0, foreseen.stdout + foreseen.stderr
    assert "GiB-hours" in foreseen.stdout
    assert "ens.ImportImage" in foreseen.stdout
    assert sandbox.requests() == []
    assert not (tmp_path / "contract.yml").exists()

    done = played(sandbox, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    contract = yaml.safe_load((tmp_path / "contract.yml").read_text(encoding="utf-8"))
    assert answers(contract) | {"listing_delay": 0} == CANARY | {"listing_delay": 0}
    assert utils("_rules.contract").read(contract).formats == ("qcow2",)
    assert empty(sandbox)


def refused(sandbox: Any, **params: Any) -> str:
    """The words with which a canary refuses."""
    with pytest.raises(utils("_api.errors").CloudError) as error:
        run(sandbox, "ens_canary", name="canary", **params)
    return f"{error.value}. {error.value.hint}"


def test_a_region_without_imports_is_refused_before_any_call(sandbox: Any) -> None:
    assert "ENS imports images only in cn-beijing and ap-southeast-1" in refused(sandbox, region="cn-hangzhou")
    assert sandbox.requests() == []


def test_a_bucket_that_gives_nothing_back_is_refused_before_anything_else_is_written(sandbox: Any) -> None:
    bucket = bucket_of(sandbox)
    everything = [f"acs:oss:*:*:{bucket.bucket_name}/*"]
    statement = {"Effect": "Deny", "Principal": ["*"], "Action": ["oss:DeleteObject"], "Resource": everything}
    bucket.put_bucket_policy(json.dumps({"Version": "1", "Statement": [statement]}))
    told = refused(sandbox)
    assert "/proof.json was refused, and the object stays (AccessDenied)" in told
    assert "Nothing else was written" in told
    assert [row["key"].endswith("/proof.json") for row in sandbox.get("state")["objects"]] == [True]
    assert "ImportImage" not in sandbox.actions()


def test_a_canary_that_proves_no_import_fails_with_the_answers_and_writes_what_it_has(
    sandbox: Any, tmp_path: Path
) -> None:
    sandbox.reset({**WORLD, "ens_imports": {"bucket_access": False}})
    done = played(sandbox, tmp_path)
    told = " ".join(done.stdout.split())
    assert done.returncode == 2, done.stdout + done.stderr
    assert "no form of an image was proved" in told
    assert "canary-qcow2-object: NoPermission (ENS may not read the bucket" in told
    assert "deleting what canary" in told or empty(sandbox)
    contract = yaml.safe_load((tmp_path / "contract.yml").read_text(encoding="utf-8"))
    assert answers(contract)["bucket_access"] == "no"
    assert empty(sandbox)


def test_a_canary_that_was_killed_is_waited_for_with_the_reason(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sandbox.reset({**WORLD, "ens_imports": {"listing_delay": 900}})
    interrupted(sandbox, monkeypatch, listed=False)
    module, clock = utils("_module.ens_canary"), utils("_stages.stage").Clock
    monkeypatch.setattr(module, "Clock", lambda: clock(sleep=lambda _seconds: sandbox.advance(30)))
    lines = tmp_path / "lines"
    lines.touch()
    absent = run(
        sandbox, "ens_canary", name="canary", state="absent", progress_file=str(lines), wait_timeout=int(PATIENCE)
    )
    assert absent["canary"]["left"] == []
    assert empty(sandbox)
    first, second, *rest = lines.read_text(encoding="utf-8").splitlines()
    assert first.startswith("waiting at most 240 s for the end of the canary of ")
    assert "waiting for ENS to list what was imported and is not listed yet, until 20" in second
    assert len(rest) < 5, "each text is told once"
