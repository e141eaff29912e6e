# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import threading
from pathlib import Path

import pytest
from testbed.workplace import CLONE, OccupiedError, Workplace


def test_children_have_their_home_in_the_folder_and_the_callers_settings(tmp_path: Path) -> None:
    place = Workplace(tmp_path)
    env = place.environment({"HOME": "/home/person", "ANSIBLE_COLLECTIONS_PATH": "/given", "LANG": "C"})
    assert env["HOME"] == str(tmp_path / "home")
    assert env["ANSIBLE_SSH_CONTROL_PATH_DIR"] == str(tmp_path / "cp")
    assert "~" not in env["ANSIBLE_REMOTE_TMP"]
    assert (env["ANSIBLE_COLLECTIONS_PATH"], env["LANG"]) == ("/given", "C")
    assert env["ANSIBLE_CONFIG"] == str(CLONE / "ansible.cfg")


def test_where_a_sockets_name_would_be_too_long_connections_are_not_shared() -> None:
    assert "ANSIBLE_SSH_ARGS" not in Workplace(Path("/clone/build/demo")).environment({})
    deep = Workplace(Path("/") / ("deep" * 16) / "demo").environment({})
    assert "ControlMaster=no" in deep["ANSIBLE_SSH_ARGS"]


@pytest.mark.parametrize("keep", [True, False])
def test_images_stay_only_when_they_are_kept_and_keys_never(tmp_path: Path, keep: bool) -> None:
    place = Workplace(tmp_path)
    place.clear()
    place.cloud.mkdir()
    for path in (place.variables, place.receipt, place.log("first")):
        path.write_text("x")
    place.tidy(keep)
    expected = {"receipt.json", "first-run.log"} | ({"cloud"} if keep else set())
    assert {path.name for path in tmp_path.iterdir()} == expected


def test_tidying_waits_for_connections_to_end(tmp_path: Path) -> None:
    place = Workplace(tmp_path)
    place.sockets.mkdir()
    socket = place.sockets / "0123456789"
    socket.touch()
    ended = threading.Timer(0.3, socket.unlink)
    ended.start()
    place.tidy(keep=False)
    ended.join()
    assert not place.sockets.exists()


def test_clearing_starts_again(tmp_path: Path) -> None:
    place = Workplace(tmp_path)
    place.cloud.mkdir()
    place.receipt.write_text("of an earlier run")
    place.clear()
    assert {path.name for path in tmp_path.iterdir()} == {"home"}


def test_only_one_at_a_time(tmp_path: Path) -> None:
    refused = pytest.raises(OccupiedError, match=f"another demo runs in {tmp_path}")
    with Workplace(tmp_path).alone(), refused, Workplace(tmp_path).alone():
        pass
    with Workplace(tmp_path).alone():
        pass
