# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
from testbed import rootfs as module
from testbed.privilege import Way
from testbed.rootfs import mirror, rootfs, suite


@pytest.mark.parametrize(
    ("os_release", "expected"),
    [
        ("ID=debian\nVERSION_CODENAME=trixie\n", "trixie"),
        ("ID=ubuntu\nVERSION_CODENAME=noble\nUBUNTU_CODENAME=noble\n", "noble"),
        ('ID="linuxmint"\nVERSION_CODENAME=wilma\nUBUNTU_CODENAME="noble"\n', "noble"),
        ("ID=void\n", "bookworm"),
    ],
)
def test_the_release_is_this_machines_own_where_it_can_be(os_release: str, expected: str) -> None:
    assert suite(os_release) == expected


def test_the_archive_is_the_one_that_apt_uses_for_the_release() -> None:
    targets = "http://a/security/|bookworm-security|main|Packages\nhttp://a/debian/|bookworm|main|Packages\n"
    assert mirror(targets, "bookworm") == ["http://a/debian/"]
    assert mirror(targets, "trixie") == []


def fake_mmdebstrap(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = folder / "bin" / "mmdebstrap"
    tool.parent.mkdir()
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    monkeypatch.setattr(module, "PATH", f"{tool.parent}:{module.PATH}")


def test_it_is_built_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_mmdebstrap(tmp_path, f"echo built >>{tmp_path}/count; echo tar", monkeypatch)
    first = rootfs(tmp_path / "cache", Way("root"))
    assert rootfs(tmp_path / "cache", Way("root")) == first
    assert first.read_text() == "tar\n"
    assert (tmp_path / "count").read_text() == "built\n"


def test_a_failed_build_leaves_no_archive_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_mmdebstrap(tmp_path, "echo half; echo 'E: no such suite' >&2; exit 25", monkeypatch)
    with pytest.raises(RuntimeError, match=r"E: no such suite; see .*rootfs\.log"):
        rootfs(tmp_path / "cache", Way("root"))
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["rootfs.log"]
