# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML reports in Debian's Chromium: they fit a phone, load and run nothing, and axe-core finds nothing."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._report import files
from support import PATIENCE
from support.report import MADE, migration, preflight, receipt

pytestmark = pytest.mark.long

AXE = Path(__file__).resolve().parents[2] / "build" / "axe" / "package" / "axe.min.js"
LONG_NAME = "a-name-without-any-place-to-break-" * 8
PAGES = {
    "run": files.receipt_html(receipt(), MADE),
    "names": files.receipt_html(
        {"servers": [{**receipt()["servers"][0], "host": LONG_NAME, "reasons": ["x" * 10_000]}]}
    ),
    "status": files.status_html(migration()),
    "preflight": files.preflight_html(preflight(), "wave_01", MADE),
}
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
HARNESS = """<!doctype html><title>check</title><body>
<iframe style="width:%dpx;height:900px;border:0" srcdoc="%s"></iframe><pre></pre>
<script>
const frame = document.querySelector("iframe");
const done = found => {
  frame.remove();
  document.querySelector("pre").textContent = "FOUND" + JSON.stringify(found) + "FOUND";
};
frame.onload = () => {
  const page = frame.contentWindow;
  page.document.querySelectorAll("details").forEach(row => { row.open = true; });
  %s
};
</script>"""
FITS = """setTimeout(() => done({
  wide: page.document.documentElement.scrollWidth, shown: page.document.documentElement.clientWidth,
  ran: page.ran || 0, loaded: page.performance.getEntriesByType("resource").length,
}), 300);"""
RULES = """page.axe.run(page.document, {resultTypes: ["violations"]}).then(found => done(
  found.violations.map(rule => [rule.id, rule.impact, rule.nodes.map(node => node.html.slice(0, 200))])));"""


def look(folder: Path, page: str, script: str, width: int = 1280, dark: bool = False) -> Any:
    """What a script finds in a page that is ``width`` pixels wide."""
    browser = shutil.which("chromium")
    if not browser:
        pytest.skip("chromium is not installed (bindep.txt lists it)")
    file = folder / "harness.html"
    file.write_text(HARNESS % (width, html.escape(page), script), encoding="utf-8")
    options = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--user-data-dir={folder / 'profile'}",
    ]
    scheme = ["--blink-settings=preferredColorScheme=0"] if dark else []
    ended = subprocess.run(
        [browser, *options, *scheme, "--virtual-time-budget=60000", "--dump-dom", file.as_uri()],
        capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    found = re.search(r"FOUND(.*)FOUND</pre>", ended.stdout, re.S)
    assert found, ended.stderr[-2000:]
    return json.loads(html.unescape(found[1]))


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_into_its_window_and_loads_nothing(tmp_path: Path, name: str, width: int) -> None:
    found = look(tmp_path, PAGES[name], FITS, width)
    assert found["wide"] <= found["shown"] == width
    assert (found["ran"], found["loaded"]) == (0, 0)


def test_a_page_runs_and_loads_nothing_even_if_markup_were_in_it(tmp_path: Path) -> None:
    planted = '<script>window.ran = 1</script><img src="x.png" onerror="window.ran = 2"><svg onload="window.ran = 3">'
    page = PAGES["run"].replace("</main>", f"{planted}</svg></main>")
    without = look(tmp_path, POLICY.sub("", page), FITS)
    assert without["ran"] > 0, "the planted script would run"
    assert look(tmp_path, page, FITS)["ran"] == 0


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(tmp_path: Path, name: str, width: int, dark: bool) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not there: make report-check gets it")
    program = AXE.read_text(encoding="utf-8").replace("</script", "<\\/script")
    page = POLICY.sub("", PAGES[name]).replace("</body>", f"<script>{program}</script></body>")
    assert look(tmp_path, page, RULES, width, dark) == []
