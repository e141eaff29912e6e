# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ranges and rules of the roles' variables: every number has a range, and each refusal names what is allowed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _role_limits, _role_options
from support.role_options import entries, variables
from testbed.playbook import read_recap

NUMBERS = [(name, option) for _role, _entry, name, option in variables() if option.get("type") in ("int", "float")]
NAMES = {name: name for _role, _entry, name, _option in variables()}


def refused(**values: Any) -> list[str]:
    return [f"{name} {words}" for name, words in _role_limits.problems(values, NAMES)]


@pytest.mark.parametrize(("name", "option"), NUMBERS, ids=[name for name, _option in NUMBERS])
def test_every_number_has_a_range_that_is_documented_and_kept(name: str, option: dict[str, Any]) -> None:
    bounds = _role_limits.range_of(name)
    assert bounds is not None, f"{name} has no range in _role_limits.py"
    text = option["description"] if isinstance(option["description"], str) else " ".join(option["description"])
    assert _role_limits.allowed(bounds) in text
    low, high = bounds
    kept = [low, *([] if high is None else [high]), *([option["default"]] if "default" in option else [])]
    assert [refused(**{name: value}) for value in kept] == [[]] * len(kept)
    outside = [low - 1, *([] if high is None else [high + 1])]
    for value in outside:
        assert refused(**{name: value}) == [f"{name} is {value}, it must be {_role_limits.allowed(bounds)}"]


def test_every_rule_belongs_to_a_documented_variable() -> None:
    names = {name for _role, _entry, name, _option in variables()}
    assert [end for end in _role_limits._RULES if not any(name.endswith(end) for name in names)] == []
    assert [end for end in _role_limits._BY_ENDING if not any(name.endswith(end) for name in names)] == []
    assert set(_role_limits._WHOLE) <= names


@pytest.mark.parametrize(
    ("name", "wrong", "words"),
    [
        ("migration_bucket", "oss://x/", "3 to 63 lower-case letters, digits and hyphens"),
        ("migration_bucket", "oss://x/", "without oss:// and without a folder"),
        ("cleanup_bucket", "Migration_Images", "is 'Migration_Images', which is not the name of a bucket"),
        ("launch_group", "a-b", "is 'a-b', it must have letters, digits and underscores only, and begin with no digit"),
        ("agent_sha256", "abc", "is 'abc', it must be the SHA-256 of the bundle"),
        ("agent_install_dir", "smc", "must be an absolute path"),
        ("agent_install_dir", "/usr", "is a system folder"),
        ("preflight_egress", ["smc"], "has 'smc', which must be a host name or an IPv4 address and a port"),
        ("agent_environment", {"a b": "c"}, "has 'a b', which is not a valid name of an environment variable"),
        ("migration_replication_parameters", {"foo": 1}, "unknown parameter 'foo'. Allowed: bandwidth_limit"),
        ("migration_replication_parameters", {"bandwidth_limit": "schnell"}, "must be a whole number, at least 0"),
        ("migration_replication_parameters", {"compress_level": 11}, "must be a whole number, 0 to 10"),
        ("migration_replication_parameters", {"checksum": "perhaps"}, "must be true or false"),
        ("migration_job_parameters", {"Nonsense": 1}, "SMC CreateReplicationJob has no parameter 'Nonsense'"),
        ("transfer_job_parameters", {"Name": "x"}, "Name is decided by the collection"),
        ("migration_import_parameters", {"OSVersion": []}, "OSVersion must be a text, a number or a boolean"),
        ("migration_name", "a\0b", "contains a NUL character"),
        ("agent_environment", {"A": "b\0"}, "contains a NUL character"),
    ],
)
def test_a_value_that_breaks_a_rule_is_refused_by_name(name: str, wrong: Any, words: str) -> None:
    (text,) = refused(**{name: wrong})
    assert text.startswith(f"{name} ")
    assert words in text


@pytest.mark.parametrize(
    "values",
    [
        {"migration_bucket": "migration-images-01"},
        {"migration_bucket": ""},
        {"agent_sha256": "A" * 64},
        {"agent_install_dir": "/opt/smc"},
        {"preflight_egress": ["smc.aliyuncs.com:443"]},
        {"preflight_prove_bucket": True},
        {"migration_replication_parameters": {"bandwidth_limit": "100", "compress_level": 0, "checksum": True}},
        {"migration_job_parameters": {"InstanceType": "ecs.g7.large"}, "migration_import_parameters": {}},
        {"migration_vpc_id": "vpc-1", "migration_vswitch_id": "vsw-1", "migration_net_mode": "vpc"},
        {"migration_vpc_id": "", "migration_vswitch_id": "", "migration_net_mode": "internet"},
    ],
)
def test_a_value_that_keeps_the_rules_is_taken(values: dict[str, Any]) -> None:
    assert refused(**values) == []


@pytest.mark.parametrize(
    ("vpc", "vswitch", "mode", "name", "other"),
    [
        ("vpc-1", "", "internet", "migration_vpc_id", "migration_vswitch_id is not set"),
        ("", "vsw-1", "internet", "migration_vswitch_id", "migration_vpc_id is not set"),
        ("", "", "vpc", "migration_net_mode", "needs migration_vpc_id and migration_vswitch_id"),
    ],
)
def test_half_a_network_is_refused(vpc: str, vswitch: str, mode: str, name: str, other: str) -> None:
    given = {"migration_vpc_id": vpc, "migration_vswitch_id": vswitch, "migration_net_mode": mode}
    for values in (given, {key: value for key, value in given.items() if value}):
        (text,) = refused(**values)
        assert text.startswith(f"{name} is ")
        assert other in text


def test_half_a_network_is_refused_with_the_names_that_the_user_has_set() -> None:
    names = {f"transfer_{part}": f"migration_{part}" for part in ("vpc_id", "vswitch_id", "net_mode")}
    ((name, words),) = _role_limits.problems({"transfer_vpc_id": "vpc-1"}, names)
    assert (name, "migration_vswitch_id is not set" in words) == ("transfer_vpc_id", True)


@pytest.mark.parametrize(
    ("role", "name", "value", "words"),
    [
        ("report", "report_fail_on", "everything", "must be one or more of: blocked, failed, pending"),
        ("migration", "migration_name", 1.5, "is the number 1.5, not a text"),
        ("migration", "migration_import_regions", [1.5], "has an element that is 1.5, not a text"),
        ("preflight", "preflight_egress", [{"host": "x"}], "has an element that is a mapping, not a text"),
        ("preflight", "preflight_waivers", "virtio", "must be a mapping with {id: ..., reason: ..., expires: ...}"),
        ("preflight", "preflight_waivers", {"code": "x"}, "is a mapping, not a list"),
        ("migration", "migration_replication_parameters", "fast", "is 'fast', not a mapping"),
        ("migration", "migration_replication_parameters", ["fast"], "is a list, not a mapping"),
    ],
)
def test_a_wrong_form_is_refused_in_plain_words(role: str, name: str, value: Any, words: str) -> None:
    spec = {name: {**entries(role)["main"][name], "required": False}}
    _converted, problems = _role_options.convert(spec, {name: value})
    assert [name in text and words in text and "class" not in text for text in problems] == [True], problems


def test_whole_numbers_stay_names() -> None:
    assert _role_options.convert({"migration_name": {"type": "str"}}, {"migration_name": 150}) == (
        {"migration_name": "150"},
        [],
    )


def test_a_folder_of_the_controller_is_made_and_tried(tmp_path: Path) -> None:
    receipt = tmp_path / "made" / "here" / "receipt.json"
    reports = tmp_path / "reports"
    values = {"report_receipt": str(receipt), "preflight_report_dir": str(reports)}
    assert list(_role_limits.unwritable(values, create=False)) == []
    assert list(tmp_path.iterdir()) == [], "check mode makes nothing"
    assert list(_role_limits.unwritable(values, create=True)) == []
    assert (list(receipt.parent.iterdir()), list(reports.iterdir())) == ([], []), "nothing is left in them"


@pytest.mark.parametrize("create", [True, False])
def test_what_cannot_be_written_is_named_with_its_value(tmp_path: Path, create: bool) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    values = {"report_receipt": str(tmp_path / "file" / "r.json"), "preflight_report_dir": str(tmp_path / "file")}
    values["canary_contract"] = str(tmp_path)
    found = dict(_role_limits.unwritable(values, create))
    assert set(found) == set(values)
    for name, words in found.items():
        assert words.startswith(f"is {values[name]!r}, which cannot be written on the controller: ")


def test_a_path_of_the_controller_begins_where_the_user_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PWD", "/elsewhere")
    assert _role_limits.from_here("preflight_contract", "contract.yml") == str(tmp_path / "contract.yml")
    assert _role_limits.from_here("migration_contract", "~/c.yml") == str(Path.home() / "c.yml")
    for kept in ("", "/srv/c.yml", {"version": 1}):
        assert _role_limits.from_here("migration_contract", kept) == kept
    for name in ("canary_contract", "report_receipt", "report_retry_file", "preflight_report_dir", "agent_cache_dir",
                 "waves_file"):
        assert _role_limits.from_here(name, "some/where") == str(tmp_path / "some" / "where")
    assert _role_limits.from_here("migration_name", "contract.yml") == "contract.yml"


@pytest.mark.parametrize("folder", ["file", "none"])
def test_a_receipt_that_cannot_be_written_hides_no_result(folder: str, tmp_path: Path) -> None:
    """One play writes a new receipt, one writes it once more, and the last one below a file or in a missing folder.
    Their paths begin in the folder of the user, not in that of the playbook."""
    (tmp_path / "file").write_text("x", encoding="utf-8")
    receipts = ["r.json", "r.json", f"{folder}/r.json"]
    plays = [
        {
            "name": f"play {number}",
            "hosts": f"web-{number}1,web-{number}2",
            "gather_facts": False,
            "vars": {"report_name": "wave", "report_fail_on": [], "report_receipt": receipt,
                     "report_retry_file": f"retry-{number}.txt"},
            "tasks": [{"ansible.builtin.include_role": {"name": "edgelift.ens_migration.report"}}],
        }
        for number, receipt in enumerate(receipts)
    ]
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "play.yml").write_text(json.dumps(plays), encoding="utf-8")
    hosts = [f"web-{number}{place}" for number in range(len(plays)) for place in (1, 2)]
    (tmp_path / "hosts.ini").write_text("\n".join([*hosts, ""]), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "-i", "hosts.ini", "playbooks/play.yml"], cwd=tmp_path,
        env=dict(os.environ), capture_output=True, text=True, check=False, timeout=300,
    )
    _before, *parts = re.split(r"PLAY \[play \d\]", done.stdout)
    outputs = [" ".join(part.split()) for part in parts]
    assert [output.count("ENS image") > 0 for output in outputs] == [True, True, True], done.stdout + done.stderr
    failures = [f"could not be written to {tmp_path / path} (report_receipt)" for path in receipts]
    assert [text in output for text, output in zip(failures, outputs, strict=True)] == [False, False, True]
    assert done.returncode == 2
    assert {host for host, counts in read_recap(done.stdout).items() if counts["failed"]} == {"web-21"}
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["wave"] == "wave"
    assert (tmp_path / "retry-1.txt").read_text(encoding="utf-8") == "web-11\nweb-12\n"
    assert f"To try 2 servers again, add this to the same command: --limit @{tmp_path}/retry-1.txt" in outputs[1]


def test_a_hook_is_a_list_of_tasks_on_the_controller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    good = "- ansible.builtin.debug:\n    msg: !unsafe '{{'\n"
    texts = {"good.yml": good, "vault.yml": "$ANSIBLE_VAULT;1.1;AES256\n61\n"}
    wrong = {"map.yml": "a: b\n", "empty.yml": "", "odd.yml": "- [\n"}
    for name, text in {**texts, **wrong}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    for option in ("migration_hook_before_copy", "hooks_after_failure", "verify_hook_after_boot"):
        assert [refused(**{option: name}) for name in (*texts, str(tmp_path / "good.yml"), "")] == [[]] * 4
        assert _role_limits.from_here(option, "good.yml") == str(tmp_path / "good.yml")
        for name in (*wrong, "missing.yml", "."):
            (text,) = refused(**{option: name})
            assert text.startswith(f"{option} is {name!r}, which ")
