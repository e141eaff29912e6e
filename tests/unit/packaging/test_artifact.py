# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is published, and what a user has to install for it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
MOST_BYTES = 2 * 1024 * 1024


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> list[tarfile.TarInfo]:
    """The members of the artifact as ansible-galaxy builds it from the clone."""
    folder = tmp_path_factory.mktemp("artifact")
    build = [sys.executable, "-m", "ansible", "galaxy", "collection", "build", "--output-path", str(folder), str(ROOT)]
    home = {**os.environ, "ANSIBLE_HOME": str(folder / "home")}
    subprocess.run(build, check=True, capture_output=True, env=home)
    artifact = next(folder.glob("*.tar.gz"))
    assert artifact.stat().st_size < MOST_BYTES
    with tarfile.open(artifact) as archive:
        return archive.getmembers()


def test_only_what_a_user_runs_is_published(members: list[tarfile.TarInfo]) -> None:
    tops = {member.name.split("/")[0] for member in members}
    allowed = {"changelogs", "docs", "inventories", "meta", "playbooks", "plugins", "roles", "tests"}
    documents = {"MANIFEST.json", "FILES.json", "LICENSE", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "bindep.txt"}
    assert tops <= allowed | documents | {"requirements.txt", "requirements.yml"}
    below_tests = {member.name for member in members if member.name.startswith("tests/")}
    assert below_tests == {"tests/config.yml"}
    assert not [member.name for member in members if re.search(r"__pycache__|\.py[co]$|\.retry$|/\.", member.name)]
    assert not [member.name for member in members if member.name.startswith("inventories/demo")]


def test_everything_that_a_run_needs_is_published(
    members: list[tarfile.TarInfo], sources: Callable[..., list[str]]
) -> None:
    names = {member.name for member in members}
    needed = {name for folder in ("plugins/", "roles/", "playbooks/", "meta/") for name in sources(below=folder)}
    assert needed
    assert needed - names == set()


def test_runtime_requirements_are_lower_bounds_without_ansible() -> None:
    rows = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if line and not line.startswith("#")]
    assert rows
    assert [row for row in rows if not re.fullmatch(r"[a-z0-9-]+>=[0-9.]+", row)] == []
    assert [row for row in rows if row.startswith("ansible")] == []


def test_no_other_collection_is_needed() -> None:
    assert yaml.safe_load((ROOT / "galaxy.yml").read_text())["dependencies"] == {}
    assert yaml.safe_load((ROOT / "requirements.yml").read_text()) == {"collections": []}


def test_the_oldest_core_is_said_once() -> None:
    required = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["requires_ansible"]
    assert required == ">=2.16.0"
    assert "\nOLDEST := 2.16\n" in (ROOT / "Makefile").read_text()
