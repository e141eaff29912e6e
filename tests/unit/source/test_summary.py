# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The preflight summary: a table, blockers first, every finding explained once."""

from __future__ import annotations

from typing import Any

from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._preflight import classes, report, summary


def found(*names: str, evidence: str = "") -> list[dict[str, Any]]:
    return [classes.ALL[name].finding(evidence or f"{name} seen") for name in names]


def facts(findings: list[dict[str, Any]], verdict: str = "clear", *reasons: str) -> dict[str, Any]:
    return {"preflight_findings": findings, "preflight_verdict": verdict, "preflight_reasons": list(reasons)}


def lines(hostvars: dict[str, dict[str, Any]]) -> list[str]:
    return summary.lines(report.wave(list(hostvars), hostvars))


def test_the_table_comes_first_then_blockers_risks_and_notes() -> None:
    shown = lines(
        {
            "huge-01": facts(
                found("bucket-missing", "too-many-data-disks", "rsync-missing", "smc-role-missing", "lvm-root"),
                "blocked",
            ),
            "web-01": facts(found("bucket-missing", "rsync-missing"), "blocked"),
            "off-01": {},
        }
    )
    assert shown[:8] == [
        "Servers: 3 (3 blocked)",
        "",
        "host       verdict  blockers             risks  notes",
        "---------  -------  -------------------  -----  -----",
        "huge-01    blocked  too-many-data-disks  1      1",
        "web-01     blocked  -                    1      -",
        "off-01     blocked  unreachable          -      -",
        "(account)  blocked  bucket-missing       1      -",
    ]
    heads = [shown.index(head) for head in ("Blockers", "Risks", "Notes")]
    assert heads == sorted(heads)
    assert [shown[index - 1] for index in heads] == ["", "", ""]


def test_a_finding_is_explained_once_with_its_hosts() -> None:
    rule = classes.ALL["rsync-missing"]
    shown = lines({f"web-{number}": facts(found("rsync-missing")) for number in range(3)})
    assert shown[shown.index("Risks") + 1 :] == [
        f"- rsync-missing: {rule.why}",
        "    all 3 hosts: rsync-missing seen",
        f"    Fix: {rule.fix}",
        "    The role remediate can fix it: remediate_rsync: true",
    ]


def test_findings_of_the_account_name_no_host() -> None:
    notes = found("image-quota-unknown")
    shown = lines({"a": facts(notes), "b": facts(notes), "c": {}})
    assert "    account: image-quota-unknown seen" in shown
    assert "image-quota-unknown" not in "".join(shown[4:7])


def test_equal_evidence_is_shown_once_and_few_hosts_are_named() -> None:
    hosts = {f"web-{number}": facts(found("rsync-missing")) for number in range(7)}
    shown = lines({**hosts, "db-1": facts(found("rsync-missing", evidence="other"))})
    assert "    web-0, web-1, web-2, web-3, web-4 and 2 more hosts: rsync-missing seen" in shown
    assert "    db-1: other" in shown


def test_risks_of_many_hosts_are_cut_and_blockers_are_not() -> None:
    names = [f"web-{number:03}" for number in range(200)]
    items = {name: [*found("too-many-data-disks", "rsync-missing", evidence=f"seen on {name}")] for name in names}
    shown = lines({name: facts(findings, "blocked") for name, findings in items.items()})
    risks = shown[shown.index("Risks") :]
    assert sum("seen on" in line for line in risks) == summary.LINES_OF_A_FINDING - 1
    assert "    191 more lines: set preflight_report_dir to write all of them to a file" in risks
    blockers = shown[shown.index("Blockers") : shown.index("Risks")]
    assert sum("seen on" in line for line in blockers) == 200


def test_a_waiver_is_shown_with_the_finding() -> None:
    [item] = found("rsync-missing")
    item["waived"] = {"reason": "ops", "expires": "2026-12-31"}
    assert "    web-01: rsync-missing seen (waived until 2026-12-31: ops)" in lines({"web-01": facts([item])})


def test_reasons_that_are_no_findings_are_shown_with_the_blockers() -> None:
    shown = lines({"web-01": facts([], "blocked", "two ENS images have its name"), "web-02": facts([])})
    assert shown[shown.index("Blockers") + 1 :] == ["- web-01: two ENS images have its name"]


def test_a_wave_without_findings_is_a_table_alone() -> None:
    assert lines({"web-01": facts([])}) == [
        "Servers: 1 (1 clear)",
        "",
        "host    verdict  blockers  risks  notes",
        "------  -------  --------  -----  -----",
        "web-01  clear    -         -      -",
    ]
    assert lines({})[0] == "Servers: 0"
