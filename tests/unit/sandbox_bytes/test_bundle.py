# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bundle's making; what it does on a server is in tests/integration/test_client_bundle.py."""

from __future__ import annotations

import json
import stat
import sys
import tarfile
from hashlib import sha256
from pathlib import Path

import pytest

from sandbox.client.bundle import FOLDER, NAME, build_bundle
from sandbox.client.runtime import RuntimeProblem, collect, interpreter


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def test_the_same_address_gives_the_same_bytes_and_another_only_another_address(tmp_path: Path, cache: Path) -> None:
    built = [
        build_bundle(address, tmp_path / name, folder)
        for name, address, folder in (
            ("a", "http://127.0.0.1:1/_agent", cache),
            ("b", "http://127.0.0.1:1/_agent", None),
            ("c", "http://127.0.0.1:2/_agent", cache),
        )
    ]
    contents = [bundle.path.read_bytes() for bundle in built]
    assert [bundle.sha256 for bundle in built] == [sha256(content).hexdigest() for content in contents]
    # The second was built from nothing, without the first one's cache.
    assert contents[0] == contents[1] != contents[2]
    assert {bundle.path.name for bundle in built} == {NAME}
    unpacked = [dict(members(bundle.path)) for bundle in built]
    data = f"{FOLDER}/client_data"
    assert json.loads(unpacked[2].pop(data))["service"] == "http://127.0.0.1:2/_agent"
    unpacked[0].pop(data)
    assert unpacked[0] == unpacked[2]
    assert not list(tmp_path.glob("*/*.part"))


def members(path: Path) -> list[tuple[str, bytes]]:
    with tarfile.open(path) as tar:
        return [(entry.name, reader.read()) for entry in tar if (reader := tar.extractfile(entry)) is not None]


def test_what_is_inside_is_roots_and_what_may_hold_secrets_is_private(tmp_path: Path, cache: Path) -> None:
    with tarfile.open(build_bundle("http://127.0.0.1:1/_agent", tmp_path, cache).path) as tar:
        entries = {entry.name.removeprefix(f"{FOLDER}/"): entry for entry in tar}
    assert {(entry.uid, entry.gid, entry.mtime) for entry in entries.values()} == {(0, 0, 0)}
    modes = {"go2aliyun_client": 0o755, "user_config.json": 0o600, "client_data": 0o600}
    assert {name: stat.S_IMODE(entries[name].mode) for name in modes} == modes
    assert {"Excludes/rsync_excludes_linux.txt", "README.txt", "runtime/ld.so", "runtime/python"} <= set(entries)
    assert all(name == FOLDER or not name.startswith("/") for name in entries)
    # What the client never imports is not carried.
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert [name for name in entries if name.endswith(".py")] == ["runtime/go2aliyun_client.py"]
    assert not [name for name in entries if "ssl" in name or "crypto" in name]
    assert f"runtime/lib/python{version.replace('.', '')}.zip" in entries


def test_a_virtual_environment_leads_to_its_base(tmp_path: Path) -> None:
    assert not (interpreter().parent / "pyvenv.cfg").exists()
    assert not (interpreter().parent.parent / "pyvenv.cfg").exists()
    with pytest.raises(RuntimeProblem, match="is not installed"):
        collect(tmp_path / "python")
