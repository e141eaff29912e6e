# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people get of a judgement: a report and variables for each host, the wave as CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
import yaml
from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight import account
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._preflight import classes, report, source

from . import accounts
from .conftest import Host


def found(*names: str) -> list[dict[str, Any]]:
    return [classes.ALL[name].finding(f"{name} seen") for name in names]


def test_the_account_is_judged_with_the_host() -> None:
    answers = accounts.clean(bucket=accounts.refused("NoSuchBucket"))
    result = {
        "findings": account.judge_account(answers),
        "servers": [
            {"host": "web-01", "findings": found("image-name-taken")},
            {"host": "db-01", "findings": found("source-image-unknown")},
        ],
    }
    told = report.account_by_host(result)
    alone = report.judgement(found("rsync-missing"))
    assert (alone["verdict"], [item["id"] for item in alone["findings"]]) == ("clear", ["rsync-missing"])
    both = report.judgement(found("rsync-missing"), told, "web-01")
    assert [item["id"] for item in both["findings"]] == [
        "bucket-missing",
        "image-name-taken",
        "rsync-missing",
        "image-quota-unknown",
    ]
    assert both["verdict"] == "blocked"
    assert [text.split(":")[0] for text in both["reasons"]] == ["bucket-missing", "image-name-taken"]


def test_what_the_account_says_can_be_waived_too() -> None:
    waiver = {"id": "export-role-missing", "reason": "made tomorrow", "expires": "2026-12-31"}
    told = report.account_by_host({"findings": found("export-role-missing"), "servers": []})
    assert report.judgement([], told, "web-01")["verdict"] == "blocked"
    assert report.judgement([], told, "web-01", [waiver])["verdict"] == "clear"


def test_variables_are_switched_off_and_only_those_that_fit() -> None:
    text = report.variables(found("rsync-missing", "clock-drift", "lvm-root", "virtio-missing"), "web-01")
    assert yaml.safe_load(text) == {"remediate_clock": False, "remediate_rsync": False, "remediate_virtio": False}
    assert "# rsync-missing, rsync-missing seen" in text
    nothing = report.variables(found("lvm-root"), "web-01")
    assert yaml.safe_load(nothing) is None
    assert "has no fix" in nothing


def test_evidence_cannot_leave_its_comment() -> None:
    items = found("rsync-missing")
    items[0]["evidence"] = "first\nremediate_rsync: true\r\n---"
    assert yaml.safe_load(report.variables(items, "web-01")) == {"remediate_rsync": False}


def test_every_switch_of_a_rule_is_explained() -> None:
    assert {rule.remediation for rule in classes.ALL.values() if rule.remediation} == set(report.REMEDIATIONS)


def test_the_report_of_a_host(host: Host) -> None:
    host.tools["rsync"] = ""
    host.disk("vdb", 600, "/data")
    host.disk("vdc", 10)
    host.extra.append("df\t/dev/vda1 20971520 1048576 1048576 9% /")
    probe = host.probe()
    text = report.host_report(source.judge(probe), "web-01", probe)
    assert text.startswith("# web-01\n\nVerdict: **blocked**\n")
    assert "- Disks that are transferred: 0: vda 20 GiB, 1: vdb 600 GiB\n" in text
    assert "- Disks that are not transferred: vdc 10 GiB\n" in text
    assert "- Used space: 1 GiB on /, the most to copy" in text
    assert text.index("## Blockers") < text.index("### data-disk-too-large, class 4") < text.index("## Risks")
    assert "- The role remediate can fix it: `remediate_rsync: true`" in text
    waived = [{**item, "waived": {"reason": "ops", "expires": "2026-12-31"}} for item in found("no-egress")]
    assert "- Waived until 2026-12-31: ops" in report.host_report(waived, "web-01")
    assert "Verdict: **migrated**" in report.host_report(waived, "web-01", probe, "migrated")


@pytest.fixture
def rows() -> list[dict[str, Any]]:
    blocked = found("bucket-missing", "too-many-data-disks", "rsync-missing", "smc-role-missing", "lvm-root")
    hostvars = {
        "huge-01": {"preflight_findings": blocked, "preflight_verdict": "blocked", "preflight_reasons": ["because"]},
        "web-01": {"preflight_findings": found("bucket-missing"), "preflight_verdict": "blocked"},
        "off-01": {},
    }
    return report.wave(["huge-01", "web-01", "off-01"], hostvars)


def test_the_wave_as_csv_and_json(rows: list[dict[str, Any]]) -> None:
    rows[1]["findings"][0]["evidence"] = 'a "quoted", evidence'
    rows.append({**rows[1], "host": "clean-01", "verdict": "clear", "findings": []})
    lines = list(csv.DictReader(io.StringIO(report.as_csv(rows))))
    assert [(line["host"], line["id"]) for line in lines] == [
        *(("huge-01", item["id"]) for item in rows[0]["findings"]),
        ("web-01", "bucket-missing"),
        ("off-01", "unreachable"),
        ("clean-01", ""),
    ]
    assert lines[5]["evidence"] == 'a "quoted", evidence'
    told = json.loads(report.as_json(rows))
    assert [row["host"] for row in told["servers"]] == ["huge-01", "web-01", "off-01", "clean-01"]
    assert [row["number"] for row in told["classes"]] == [row.number for row in classes.CLASSES]


def test_images_that_ecs_instances_were_made_from() -> None:
    hostvars: dict[str, dict[str, Any]] = {
        "ecs-01": {"preflight_probe": {"virtualization": "alibaba-ecs"}},
        "ecs-02": {"preflight_probe": {"virtualization": "kvm"}, "preflight_source_image_id": "m-1"},
        "web-01": {"preflight_probe": {"virtualization": "vmware"}},
        "off-01": {},
    }
    assert report.source_images(list(hostvars), hostvars) == {"ecs-01": "", "ecs-02": "m-1"}
