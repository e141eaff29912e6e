# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
from testbed.__main__ import broken, main
from testbed.privilege import NoWayError, choose


def test_kinds_are_gathered_per_host() -> None:
    assert broken(["a=arm64", "b=same-as:c", "a=big-disk"]) == {"a": ["arm64", "big-disk"], "b": ["same-as:c"]}


def test_a_mistake_is_one_line_and_exit_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["up", "--dir", str(tmp_path), "--hosts", "a", "--broken", "a"]) == 1
    assert capsys.readouterr().err == "testbed: --broken a: expected HOST=KIND\n"


def test_down_without_anything_to_end_is_fine(tmp_path: Path) -> None:
    assert main(["down", "--dir", str(tmp_path / "never")]) == 0


@pytest.mark.parametrize("command", ["stop", "ssh"])
def test_a_host_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert main([command, "--dir", str(tmp_path), "web-09"]) == 1
    assert capsys.readouterr().err == f"testbed: there is no host web-09 in {tmp_path}; there are: none\n"


def test_where_no_way_works_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("testbed.privilege._try", lambda way: f"{way.name} is forbidden")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(NoWayError) as caught:
        choose()
    assert "install uidmap" in str(caught.value)
    assert "rootless: rootless is forbidden; sudo: sudo is forbidden" in str(caught.value)
    assert "\n" not in str(caught.value)
