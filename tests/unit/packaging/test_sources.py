# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for every source file."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
# REUSE-IgnoreStart  these are the lines that other files begin with
LICENCE = [
    "# Copyright: (c) 2026, Edgelift contributors",
    "# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)",
    "# SPDX-License-Identifier: GPL-3.0-or-later",
]
# REUSE-IgnoreEnd
PRIVATE = [
    "# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release",
    "# without notice. Import it from nowhere else.",
]
Sources = Callable[..., list[str]]
LONGEST = 400
# The one place for files that are longer, each with its reason.
LONG: dict[str, str] = {
    "examples/awx/controller/controller_templates.yml": "written by tools/awx.py: one variable of AWX is one file",
}


def lines(name: str) -> list[str]:
    return (ROOT / name).read_text(encoding="utf-8").splitlines()


def head(name: str) -> list[str]:
    """The first comment lines of a file, below its shebang."""
    text = lines(name)
    return [line for line in text[:12] if line and not line.startswith("#!")]


def test_the_listing_sees_this_file(sources: Sources) -> None:
    assert str(Path(__file__).resolve().relative_to(ROOT)) in sources(".py")


def test_no_file_is_long_without_a_reason(sources: Sources) -> None:
    too_long = {name: len(lines(name)) for name in sources(".py", ".sh", ".yml") if len(lines(name)) > LONGEST}
    assert set(too_long) == set(LONG), "longer than allowed, or listed and no longer so"
    assert all(reason.strip() for reason in LONG.values())


def test_every_program_file_names_its_licence(sources: Sources) -> None:
    filled = [name for name in sources(".py", ".sh") if lines(name)]
    assert [name for name in filled if head(name)[: len(LICENCE)] != LICENCE] == []


def test_utils_say_that_they_are_private(sources: Sources) -> None:
    folders = ("plugins/module_utils/", "plugins/plugin_utils/")
    filled = [name for folder in folders for name in sources(".py", below=folder) if lines(name)]
    assert [name for name in filled if head(name)[len(LICENCE) :][: len(PRIVATE)] != PRIVATE] == []


@pytest.mark.parametrize("folder", ["plugins", "roles", "playbooks"])
def test_nothing_that_ships_knows_the_local_cloud(sources: Sources, folder: str) -> None:
    """The real cloud and the local one differ by variables alone: the word does not occur."""
    names = sources(below=f"{folder}/")
    assert names
    word = re.compile("sandbox", re.IGNORECASE)
    knowing = [name for name in names if word.search(name) or word.search((ROOT / name).read_text(encoding="utf-8"))]
    assert knowing == []


def test_no_check_is_silenced_by_a_file(sources: Sources) -> None:
    assert sources(below="tests/sanity/") == []
    assert sources(".ansible-lint-ignore") == []
    weak = ("skip_list", "warn_list", "exclude_paths")
    assert not [line for line in lines(".ansible-lint") if line.strip().startswith(weak)]


def test_silenced_checks_give_a_reason(sources: Sources) -> None:
    """A comment that silences a checker is followed, on its line, by two spaces and the reason."""
    silence = re.compile(
        r"#\s*(?:noqa|type:\s*ignore|pylint:\s*disable|pragma:\s*no cover|nosec|shellcheck\s+disable)"
        r"(?:(?::|=)?\s*(?:\[[^\]]*\]|[A-Za-z0-9-]+(?:,\s*[A-Za-z0-9-]+)*))?(?P<reason>.*)$"
    )
    bare = []
    for name in [*sources(".py"), *sources(".sh")]:
        for number, line in enumerate(lines(name), start=1):
            found = silence.search(line)
            if found and 'r"#' not in line and not re.match(r"  (?:# )?(?=\w).*[A-Za-z]{3,}", found["reason"]):
                bare.append(f"{name}:{number}: {line.strip()}")
    assert bare == []
