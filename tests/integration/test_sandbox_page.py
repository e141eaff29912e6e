# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page at /_sandbox/: what it says, that it is safe, and how Debian's Chromium shows it."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
from support import PATIENCE

pytestmark = pytest.mark.any_core

WORLD: dict[str, Any] = {
    "profile": "realistic", "clock_rate": 0, "start": 1_800_000_000,
    "sources": [
        {"name": "web-01", "id": "s-sandboxweb01", "disks": [{"gib": 20}], "bandwidth_mbps": 0.001},
        {"name": "<script>alert(1)</script>", "id": "s-sandboxevil1", "disks": [{"gib": 20}]},
    ],
}


def migrated(sandbox: Any) -> str:
    """A job that is Syncing after three virtual minutes."""
    made = sandbox.call("smc", "CreateReplicationJob", SourceId="s-sandboxweb01", Name="web-01-el1", ImageName="web",
                        SystemDiskSize=20)
    sandbox.call("smc", "StartReplicationJob", JobId=made["JobId"])
    sandbox.advance(180)
    return str(made["JobId"])


def page(sandbox: Any, query: str = "") -> requests.Response:
    """The page as it is sent."""
    answer = requests.get(f"{sandbox.endpoint}/_sandbox/{query}", timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    return answer


@pytest.mark.sandbox_world(WORLD)
def test_it_shows_resources_timelines_requests_and_the_bill(sandbox):
    job_id = migrated(sandbox)
    sandbox.advance(3600)
    text = page(sandbox).text
    assert job_id in text
    for state in ("Ready", "Running/Preparing", "Running/Syncing"):
        assert f">{state} <time>" in text
    assert "<td>StartReplicationJob</td>" in text
    assert re.search(r"<td>web-01-el1</td><td>3[0-9]{3}\.\d</td>", text), "the bill names the migration"
    assert "Still running (3)" in text
    assert sandbox.secret_key not in text


@pytest.mark.sandbox_world(WORLD)
def test_what_clients_send_stays_text_and_nothing_is_loaded(sandbox):
    answer = page(sandbox, "?migration=%3Cscript%3Ealert(2)")
    assert "<script" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text
    assert not re.search(r"(src|href)=\"?(https?:|//)", answer.text)
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    before = sandbox.get("requests")["next"]
    page(sandbox)
    assert sandbox.get("requests")["next"] == before
    refused = requests.post(f"{sandbox.endpoint}/_sandbox/", timeout=PATIENCE)
    assert refused.status_code >= 400


def test_the_address_without_its_slash_leads_there(sandbox):
    answer = requests.get(f"{sandbox.endpoint}/_sandbox", timeout=PATIENCE)
    assert answer.url.endswith("/_sandbox/")
    assert "The local cloud" in answer.text


def browse(profile: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Debian's Chromium without a window."""
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("chromium is not installed (bindep.txt lists it)")
    return subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
         "--no-first-run", "--disable-background-networking", "--window-size=1280,1600",
         f"--user-data-dir={profile}", *words], capture_output=True, text=True, timeout=PATIENCE, check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="Debian's Chromium is looked for")
@pytest.mark.sandbox_world(WORLD)
def test_a_real_browser_shows_it(sandbox, tmp_path):
    job_id = migrated(sandbox)
    address = f"{sandbox.endpoint}/_sandbox/"
    document = browse(tmp_path / "profile", "--dump-dom", address).stdout
    for section in ("bill", "resources", "timelines", "requests"):
        assert f'id="{section}"' in document
    assert job_id in document
    picture = tmp_path / "page.png"
    browse(tmp_path / "profile", f"--screenshot={picture}", address)
    head = picture.read_bytes()
    assert head.startswith(b"\x89PNG")
    assert struct.unpack(">II", head[16:24]) == (1280, 1600)
    # A blank page of this size packs into a few kilobytes.
    assert len(head) > 40_000
