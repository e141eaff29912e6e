# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workflow of the hosting service runs the same targets as .ci/run, on every ansible-core that is supported."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
CORES = [row["core"] for row in WORKFLOW["jobs"]["cores"]["strategy"]["matrix"]["include"]]


def commands() -> str:
    """The commands of all jobs."""
    return "\n".join(step.get("run", "") for job in WORKFLOW["jobs"].values() for step in job["steps"])


def test_it_runs_what_the_repository_has() -> None:
    assert "bash .ci/run" in commands()
    targets = set(re.findall(r"make ([a-z-]+)", commands() + (ROOT / ".ci/run").read_text(encoding="utf-8")))
    assert targets == {"test", "test-oldest", "test-core"}
    assert targets <= set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def test_every_supported_core_is_tested() -> None:
    oldest, following = (re.search(rf"^{name} := 2\.(\d+)$", MAKEFILE, re.MULTILINE) for name in ("OLDEST", "NEXT"))
    assert oldest
    assert following
    assert set(CORES) == {f"2.{minor}" for minor in range(int(oldest[1]), int(following[1]) + 1)}


@pytest.mark.parametrize("core", sorted(set(CORES)))
def test_each_core_has_an_environment(core: str) -> None:
    assert re.search(rf"^[ |0-9.]*\b{re.escape(core)}\b[ |0-9.]*\)", (ROOT / "tools/venv.sh").read_text(), re.MULTILINE)


def test_actions_are_pinned_by_commit() -> None:
    used = [step["uses"] for job in WORKFLOW["jobs"].values() for step in job["steps"] if "uses" in step]
    assert used
    assert [name for name in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", name)] == []


def test_no_job_runs_an_image_that_its_publisher_can_replace() -> None:
    images = [job["container"] for job in WORKFLOW["jobs"].values() if "container" in job]
    images += [image for job in WORKFLOW["jobs"].values() for image in job.get("services", {}).values()]
    assert [image for image in images if "@sha256:" not in str(image)] == []


def test_help_names_every_target_that_people_call() -> None:
    described = set(re.findall(r"^\t  'make ([a-z-]+) ", MAKEFILE, re.MULTILINE))
    assert {"test", "test-oldest", "test-core", "test-next", "test-long", "scenarios", "conformance"} <= described
    assert described <= set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
