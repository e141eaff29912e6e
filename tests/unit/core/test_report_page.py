# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML and CSV of a receipt: structure, hostile texts, and nothing that the run has not recorded."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from html.parser import HTMLParser

import pytest
from ansible_collections.edgelift.ens_migration.plugins.filter import preflight as preflight_filters
from ansible_collections.edgelift.ens_migration.plugins.filter.wave import FilterModule
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._report import history, page, timeline, words
from support.report import MADE, change, migration, preflight, receipt, resource, server, status

FILTERS = {**FilterModule().filters(), **preflight_filters.FilterModule().filters()}
VOID = {"meta", "link", "br", "hr", "img", "input"}
HOSTILE = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "</title></style></svg><h1>",
    "\u202egnp.exe\u2066\u200b\x00\x1b[31m\ud800",
    "{{ 7 * 7 }}{% raw %}",
    "=cmd|' /C calc'!A0",
    "a" * 10_000,
    "",
]


class Page(HTMLParser):
    """The elements of a page, and whether they are nested correctly."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of this name."""
        return [attrs for name, attrs in self.elements if name == tag]


def check(text: str) -> Page:
    """Parse a page and check what holds for each: structure, names of images, and nothing that is loaded or runs."""
    found = Page(text)
    assert found.open == []
    assert [attrs["lang"] for attrs in found.all("html")] == ["en"]
    assert len(found.all("h1")) == len(found.all("title")[:1]) == len(found.all("main")) == 1
    levels = [int(name[1]) for name, _attrs in found.elements if re.fullmatch(r"h[1-6]", name)]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert all("scope" in attrs for attrs in found.all("th"))
    names = [attrs["id"] for _tag, attrs in found.elements if attrs.get("id")]
    assert len(names) == len(set(names))
    for svg in found.all("svg"):
        assert svg.get("aria-hidden") == "true" or svg.get("aria-labelledby") in names
    targets = [str(attrs["href"]) for tag in ("a", "use") for attrs in found.all(tag)]
    assert [target for target in targets if not target.startswith("#") or target[1:] not in names] == []
    assert not {"script", "img", "iframe", "object", "form", "base"} & {tag for tag, _attrs in found.elements}
    assert not [name for _tag, attrs in found.elements for name in attrs if name.startswith("on")]
    assert "http://" not in text
    assert "https://" not in text
    return found


def test_the_page_of_a_wave_has_every_server_with_its_status_and_its_times() -> None:
    found = check(FILTERS["wave_html"](receipt(), MADE))
    text = " ".join(" ".join(found.texts).split())
    assert "2 of 6 servers are migrated to ENS images; 1 failed, 1 unreachable, 1 blocked, 1 pending." in text
    assert "1 resource is left and may be billed." in text
    assert "web-02: copy 36 min, export 9 min 50 s, import 7 min; migrated" in text
    assert "2026-11-24 08:00:00 UTC" in text
    assert "waived until 2026-12-31: tested by ops" in text
    assert "No server of this run was verified" in text


def test_what_was_not_recorded_is_not_known() -> None:
    alone = {"servers": [server("web-01", timeline=[], seconds=0.0, used_bytes=0, exported_bytes=0)]}
    text = " ".join(check(FILTERS["wave_html"](alone)).texts)
    assert "The times of the stages are not known" in text
    assert "no times of stages in this run" in text
    for nothing in ({}, {"servers": None, "resources": None, "run": None}):
        assert "The run had no server." in " ".join(check(FILTERS["wave_html"](nothing)).texts)
    # A copy that runs has moved an unknown part of the used space.
    assert words.rate(5, 0) == words.UNKNOWN


def test_the_verification_of_a_host_is_shown_with_its_evidence() -> None:
    page = {"name": "page", "kind": "http", "expected": "HTTP status 200", "seen": "HTTP status 404", "ok": False}
    checks = [page, {"name": "rows", "ok": True}, {}, "odd"]
    result = {"verdict": "failed", "reasons": "rows are missing", "checks": checks}
    text = " ".join(check(FILTERS["wave_html"]({"servers": [server("web-01", verification=result)]})).texts)
    for shown in ("not verified", "rows are missing", "seen: HTTP status 404", "not known"):
        assert shown in text


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_of_hosts_and_services_stay_texts(text: str) -> None:
    row = {
        **server(text, "failed"), "reasons": [text] * 30, "warnings": [text], "image_name": text, "migration_id": text,
        "timeline": [change(1, text, text), change(2, "transfer", text)],
        "findings": [{"id": text, "severity": text, "evidence": text, "waived": {"reason": text, "expires": text}}],
        "verification": {"verdict": text, "checks": [{"name": text, "ok": text, "expected": text, "seen": text}]},
        "billed": [{"kind": text, "id": text, "billed_by": text}],
    }  # fmt: skip
    left = {"kind": text, "id": text, "host": text, "reason": text, "proof": text, "created": text, "deleted": text}
    given = {
        "wave": text,
        "run": {"began": text, "seconds": text},
        "servers": [row],
        "resources": [left],
        "residual": [left],
        "kept": [left],
    }
    made = FILTERS["wave_html"](given, text)
    check(made)
    assert ("7 * 7" in text) == ("7 * 7" in made)
    assert not set("\u202e\u2066\u200b\x00\x1b\ud800") & set(made)
    assert len(made) < 200_000
    made.encode("utf-8")
    cells = list(csv.reader(io.StringIO(FILTERS["wave_csv"](given))))[1]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


def test_odd_numbers_of_a_receipt_from_a_file_are_not_known() -> None:
    odd = [float("nan"), float("inf"), -5, True, "12", None, [], {}]
    assert [words.number(value) for value in odd] == [0.0] * len(odd)
    rows = [
        server(f"h{place}", seconds=value, timeline=[change(value, "import", "s")]) for place, value in enumerate(odd)
    ]
    check(FILTERS["wave_html"]({"servers": rows, "run": {"seconds": float("nan")}}))
    assert words.shown_time("0001-01-01T00:00:00+14:00") == words.UNKNOWN


def test_the_parts_of_a_timeline_end_where_the_next_begins() -> None:
    row = server(
        "w",
        seconds=10.0,
        timeline=[change(1, "transfer", "a"), change(4, "transfer", "b", 3.0), change(8, "import", "c")],
    )
    found = timeline.parts(row, 99.0)
    assert [(part.begin, part.end) for part in found] == [(1.0, 4.0), (4.0, 8.0), (8.0, 10.0)]
    assert timeline.by_stage(found) == {"transfer": 7.0, "import": 2.0}
    assert timeline.copy_seconds(found) == 4.0
    assert timeline.parts({**row, "seconds": 0.0}, 99.0)[-1].end == 99.0
    assert len(timeline.bars(found, 99.0)) == 2


def test_a_migration_of_several_runs_has_one_timeline() -> None:
    def made(kind: str, hour: int) -> dict[str, str]:
        return {**resource(kind, "web-01"), "created": f"2026-11-24T{hour:02d}:00:00Z"}

    row = server("web-01", seconds=90.0, timeline=[change(1.0, "import", "m is Creating")])
    resources = [made("smc_job", 4), made("ecs_image", 6), made("oss_object", 7), made("vpc", 2)]
    told = {"servers": [row], "run": {"began": "2026-11-24T08:00:00Z", "seconds": 90.0}, "resources": resources}
    past = history.of(told)
    assert [(part.phase, part.begin, part.end) for part in past.parts(row, 90.0)] == [
        ("transfer", 0.0, 7200.0), ("export", 7200.0, 10800.0), ("import", 10800.0, 14401.0),
        ("import", 14401.0, 14490.0),
    ]  # fmt: skip
    text = " ".join(check(FILTERS["wave_html"](told, MADE)).texts)
    for words_ in ("The first job was made", "before this run", "an earlier run; by the times of the services"):
        assert words_ in text
    # A run that did all of it, or whose begin is not known, has its own times alone.
    for run in ({"began": "2026-11-24T04:00:30Z", "seconds": 90.0}, {"began": "", "seconds": 90.0}):
        assert len(history.of({**told, "run": run}).parts(row, 90.0)) == 1


def test_the_costs_are_those_of_the_prices_and_of_nothing_else() -> None:
    rows = [resource("ecs_instance", "web-01", 30), {**resource("ecs_snapshot", "web-01"), "created": ""}]
    told = {"servers": [server("web-01")], "resources": [*rows, resource("oss_object", "web-01")]}
    assert "This report has no prices." in "".join(check(FILTERS["wave_html"](told, MADE)).texts)
    prices = {"currency": "CNY", "per_hour": {"ecs_instance": 2, "ecs_snapshot": 1}}
    texts = check(FILTERS["wave_html"]({**told, "prices": prices}, MADE)).texts
    assert [text for text in texts if text.endswith(" CNY")] == ["1.01 CNY", "at least 0.00 CNY"]
    assert "no price" in texts


def test_the_csv_has_one_line_for_each_server_in_the_order_of_the_receipt() -> None:
    given = receipt()
    rows = list(csv.DictReader(io.StringIO(FILTERS["wave_csv"](given))))
    assert [row["host"] for row in rows] == [row["host"] for row in given["servers"]]
    assert (rows[0]["seconds"], rows[0]["export_seconds"], rows[0]["disk_bytes"]) == ("2520", "590", "42949672960")
    assert rows[0]["waived"] == "selinux-enforcing until 2026-12-31: tested by ops"
    assert rows[-1]["export_seconds"] == ""


def test_the_page_is_made_from_the_json_file_alone() -> None:
    given = receipt()
    assert FILTERS["wave_html"](json.loads(json.dumps(given)), MADE) == FILTERS["wave_html"](given, MADE)


# ---- the state of a migration, and the preflight ----
def test_the_page_of_a_running_migration_shows_the_present_stages() -> None:
    text = " ".join(" ".join(check(FILTERS["wave_status_html"](migration())).texts).split())
    assert "1 of 6 servers is migrated; 1 failed, 1 waiting, 2 running, 1 not started." in text
    assert "db-01: copy for 29 min, about 22 min left; running" in text
    assert "app-01: export for 8 min; running" in text
    assert "The axis begins at 2026-11-24 08:01:00 UTC" in text
    rows = list(csv.DictReader(io.StringIO(FILTERS["wave_status_csv"](migration()))))
    assert [(row["host"], row["progress"]) for row in rows[:2]] == [("web-01", ""), ("db-01", "62.0")]


def test_a_migration_that_no_service_shows_has_a_page() -> None:
    for nothing in ({}, {"servers": [], "ended": "a cleanup of c at noon", "summary": None}):
        assert "No service shows a server" in " ".join(check(FILTERS["wave_status_html"](nothing)).texts)


def test_the_page_of_a_preflight_has_each_finding_once_with_its_fix() -> None:
    text = " ".join(" ".join(check(FILTERS["preflight_html"](preflight(30), "wave_01", MADE)).texts).split())
    assert "1 of 33 servers is blocked, 32 are clear." in text
    assert text.count("Create the role AliyunECSImageExportDefaultRole") == 1
    assert "account : the account has no role" in text
    assert "(waived until 2026-12-31: tested by ops)" in text
    assert "11 more servers" in text
    assert "has checked no server" in " ".join(check(FILTERS["preflight_html"]([])).texts)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_page_takes_a_text_for_markup(text: str) -> None:
    ids = dict.fromkeys(("migration_id", "source_id", "job_id", "image_id", "ens_image_id"), text)
    row = status(text, text, text, text, driven_by=text, started=text, ends=text, progress=text)
    given = {"name": text, "time": text, "ended": text, "summary": {"copies_end": text}, "servers": [{**row, **ids}]}
    item = dict.fromkeys(("id", "severity", "evidence", "why", "fix", "source", "remediation"), text)
    rows = [{"host": text, "verdict": text, "blockers": [text], "reasons": [text], "findings": [item]}]
    for made in (FILTERS["wave_status_html"](given), FILTERS["preflight_html"](rows, text, text)):
        check(made)
        assert not set("\u202e\u2066\u200b\x00\x1b\ud800") & set(made)
        assert len(made) < 100_000
    cells = list(csv.reader(io.StringIO(FILTERS["wave_status_csv"](given))))[1]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


# ---- colours ----
def palette() -> list[dict[str, str]]:
    """The colours of the light and of the dark scheme."""
    css = page.stylesheet()
    return [
        dict(re.findall(r"--([\w]+): (#[0-9a-f]{6})", block)) for block in re.findall(r":root \{(.*?)\}", css, re.S)
    ]


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2 defines it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_every_text_and_every_bar_has_enough_contrast_in_both_schemes() -> None:
    light, dark = palette()
    assert set(light) == set(dark)
    for scheme in (light, dark):
        for name in ("ink", "soft", "link", "good", "bad", "stop", "idle"):
            assert contrast(scheme[name], scheme["paper"]) >= 4.5, name
        for name in ("s0", "s1", "s2", "s3", "edge"):
            assert contrast(scheme[name], scheme["paper"]) >= 3, name
