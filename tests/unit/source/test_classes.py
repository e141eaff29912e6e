# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The classes of findings: each is found on one side of its limit and not on the other."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight import account, verdict
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._preflight import classes, source

from . import accounts
from .class_cases import CASES, Case
from .conftest import Host


def found(case: Case, side: Any, asked: tuple[float, float] | None) -> list[str]:
    """The ids of the findings on one side of a case, without those that say nothing about a limit."""
    if callable(side):
        host = Host()
        side(host)
        return [item["id"] for item in source.judge(host.probe(asked))]
    judged = account.judge_server(side) if "conflict" in side else account.judge_account(side)
    return [item["id"] for item in judged if item["id"] == case.id or item["id"] != "image-quota-unknown"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.number}-{case.id}")
def test_each_class_is_found_on_one_side_of_its_limit_only(case: Case) -> None:
    there = found(case, case.broken, case.asked)
    assert case.id in there
    assert set(there) <= {case.id, *case.also}, "a fault of one kind is found as that kind alone"
    assert case.id not in found(case, case.fine, case.fine_asked)


def test_every_class_is_tested_and_here_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    tested = {case.id for case in CASES}
    numbers = [row.number for row in classes.CLASSES]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 24
    assert {case.number for case in CASES} == set(numbers)
    assert {rule.id for rule in classes.ALL.values() if rule.number} == tested
    assert [(case.id, case.number) for case in CASES if classes.ALL[case.id].number != case.number] == []
    rows = []
    for row in classes.CLASSES:
        shown = ", ".join(f"{name} ({classes.ALL[name].severity})" for name in row.ids)
        rows.append(f"{row.number:>2}  {row.side:7}  {row.title:40}  {shown}")
    readme = (Path(__file__).resolve().parents[3] / "roles" / "preflight" / "README.md").read_text(encoding="utf-8")
    for row in classes.CLASSES:
        shown = ", ".join(f"`{name}` ({classes.ALL[name].severity})" for name in row.ids)
        line = next(line for line in readme.splitlines() if line.startswith(f"| {row.number} | "))
        assert line == f"| {row.number} | {row.side} | {row.title} | {shown} |", "roles/preflight/README.md"
    with capsys.disabled():
        sys.stdout.write("\n".join(["", *rows, f"{len(rows)} classes found", ""]))


def test_every_rule_says_why_what_to_do_and_where_it_is_written() -> None:
    for name, rule in classes.ALL.items():
        finding = rule.finding("seen")
        assert finding["id"] == name
        assert all(finding[key] for key in ("severity", "evidence", "why", "fix", "source"))
        assert finding["remediation"] in (
            "",
            "remediate_rsync",
            "remediate_virtio",
            "remediate_selinux",
            "remediate_clock",
            "remediate_dhcp",
            "remediate_cloud_init",
        )


def test_what_is_not_known_is_a_note_and_never_a_blocker() -> None:
    blind = accounts.clean(
        **{
            name: accounts.refused("Forbidden.RAM")
            for name in ("balance", "attributes", "vpcs", "jobs", "sources", "images", "bucket")
        },
        **{name: accounts.refused("NoPermission") for name in (accounts.SMC_ROLE, accounts.EXPORT_ROLE)},
    ) | {"attributes": accounts.refused("Forbidden.RAM")}
    assert {item["severity"] for item in account.judge_account(blind)} == {"note"}
    host = Host()
    host.boot.clear()
    host.tools = {"rsync": "/bin/rsync"}
    host.epoch = ""
    assert verdict.verdict(source.judge(host.probe())) == "clear"


def test_facts_are_the_blockers_that_no_waiver_changes() -> None:
    facts = {name for name, rule in classes.ALL.items() if rule.fact}
    assert {"not-linux", "not-x86-64", "too-many-data-disks", "data-disk-too-large", "encrypted-root"} <= facts
    assert all(classes.ALL[name].severity == "blocker" for name in facts)


def test_a_region_and_a_format_that_the_user_names_are_taken() -> None:
    told = accounts.clean(region="eu-west-9", import_regions=["eu-west-9"], image_formats={"eu-west-9": ["qcow2"]})
    ids = [item["id"] for item in account.judge_account(told)]
    assert "region-unsupported" not in ids
    assert "format-unsupported" not in ids


@pytest.mark.parametrize(
    ("status", "name"), [(0, "answer-not-understood"), (127, "no-shell"), (1, "no-shell"), (255, "no-shell")]
)
def test_a_shell_that_ends_well_without_an_answer_is_there(status: int, name: str) -> None:
    item = source.without_answer(status, f"exit status {status}: garbled")
    assert (item["id"], item["severity"]) == (name, "blocker")
    assert f"exit status {status}: garbled" in item["evidence"]
