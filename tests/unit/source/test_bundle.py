# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import bundle as _bundle
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source.remote import SourceError

FOLDER = "go2aliyun_client2.6.5_linux_x86_64"
FILES = {
    f"{FOLDER}/go2aliyun_client": b"#!/bin/sh\n",
    f"{FOLDER}/user_config.json": b'{"access_id": "", "data_disks": []}',
    f"{FOLDER}/client_data": b"",
}


def tar(path: Path, files: dict[str, bytes], links: dict[str, str] | None = None, hard: bool = False) -> str:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            archive.addfile(member, io.BytesIO(content))
        for name, target in (links or {}).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = (tarfile.LNKTYPE if hard else tarfile.SYMTYPE), target
            archive.addfile(member)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read(path: Path, sha256: str = "", machine: str = "") -> _bundle.Bundle:
    return _bundle.read_bundle(str(path), path.read_bytes(), sha256, machine)


def test_a_bundle_is_read(tmp_path: Path) -> None:
    path = tmp_path / "b.tar.gz"
    sha = tar(path, FILES, {f"{FOLDER}/latest": "Logs/../go2aliyun_client"})
    bundle = read(path, sha.upper())
    assert (bundle.folder, bundle.sha256, bundle.payload_sha256) == (FOLDER, sha, sha)
    assert bundle.config == {"access_id": "", "data_disks": []}
    assert bundle.data == {}


def test_names_may_begin_with_a_dot(tmp_path: Path) -> None:
    path = tmp_path / "b.tar.gz"
    sha = tar(path, {f"./{name}": content for name, content in FILES.items()})
    assert read(path, sha).folder == FOLDER


def test_another_checksum_is_refused_and_both_are_named(tmp_path: Path) -> None:
    path = tmp_path / "b.tar.gz"
    sha = tar(path, FILES)
    with pytest.raises(SourceError, match=f"its SHA-256 is {sha}, expected {'0' * 64}"):
        read(path, "0" * 64)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        _bundle.read_file(str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("files", "links", "hard", "problem"),
    [
        ({"README": b""}, {}, False, "must contain one folder"),
        ({**FILES, "other/file": b""}, {}, False, "must contain one folder"),
        ({f"{FOLDER}/README": b""}, {}, False, "must contain one folder"),
        ({**FILES, f"{FOLDER}/../../etc/cron.d/x": b""}, {}, False, "outside its folder"),
        ({**FILES, "/etc/passwd": b""}, {}, False, "outside its folder"),
        (FILES, {f"{FOLDER}/x": "/etc/passwd"}, False, "points outside"),
        (FILES, {f"{FOLDER}/x": "../../etc/passwd"}, False, "points outside"),
        (FILES, {f"{FOLDER}/x": "etc/passwd"}, True, "points outside"),
        ({**FILES, f"{FOLDER}/user_config.json": b"{"}, {}, False, "user_config.json in the client bundle is no JSON"),
        ({**FILES, f"{FOLDER}/client_data": b"[]"}, {}, False, "client_data in the client bundle is no JSON object"),
    ],
)
def test_what_is_no_client_bundle_is_refused(
    tmp_path: Path, files: dict[str, bytes], links: dict[str, str], hard: bool, problem: str
) -> None:
    path = tmp_path / "b.tar.gz"
    sha = tar(path, files, links, hard)
    with pytest.raises(SourceError, match=problem):
        read(path, sha)


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "b.tar.gz"
    path.write_bytes(b"<html>not found</html>")
    with pytest.raises(SourceError, match="neither a readable"):
        read(path, hashlib.sha256(path.read_bytes()).hexdigest())


def test_a_zip_is_sent_as_the_same_files_in_a_tar(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{FOLDER}/", b"")
        for name, content in FILES.items():
            archive.writestr(name, content)
    sha = hashlib.sha256(path.read_bytes()).hexdigest()
    bundle = read(path, sha)
    assert bundle.sha256 == sha
    assert bundle.payload_sha256 != sha
    with tarfile.open(fileobj=io.BytesIO(bundle.payload)) as archive:
        held = {item.name: archive.extractfile(item).read() for item in archive if item.isfile()}  # type: ignore[union-attr]  # regular files only
    assert held == FILES


def test_credentials_and_proxy_are_added_to_what_the_bundle_brings() -> None:
    config = {"access_id": "", "bandwidth_limit": 0}
    assert json.loads(_bundle.with_credentials(config, "at-1", "code")) == {
        **config,
        "access_token_id": "at-1",
        "access_token_code": "code",
    }
    assert json.loads(_bundle.without_credentials(config)) == config
    assert json.loads(_bundle.with_proxy({"x": 1}, "192.0.2.1:8080", "u:p")) == {
        "x": 1,
        "proxy": {"ip_port": "192.0.2.1:8080", "user_pwd": "u:p"},
    }


def named(folder: str) -> bytes:
    """The archive of a client whose folder has this name."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        member = tarfile.TarInfo(f"{folder}/go2aliyun_client")
        archive.addfile(member, io.BytesIO())
    return content.getvalue()


@pytest.mark.parametrize(
    ("machine", "folder"),
    [
        ("x86_64", "go2aliyun_client2.6.5_linux_x86_64"),
        ("i686", "go2aliyun_client2.6.5_linux_i386"),
        ("aarch64", "go2aliyun_client_linux_arm64"),
    ],
)
def test_of_a_zip_of_archives_the_one_for_the_machine_is_taken(tmp_path: Path, machine: str, folder: str) -> None:
    path = tmp_path / "tool.zip"
    with zipfile.ZipFile(path, "w") as outer:
        for name in ("2.6.5_linux_x86_64", "2.6.5_linux_i386", "_linux_arm64", "2.6.5_win_x86_64"):
            outer.writestr(f"Tool/go2aliyun_client{name}.tar.gz", named(f"go2aliyun_client{name}"))
    assert read(path, machine=machine).folder == folder
    with pytest.raises(SourceError, match=r"one archive for s390x, but it contains Tool/go2aliyun_client2\.6"):
        read(path, machine="s390x")


def test_a_client_for_another_machine_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "b.tar.gz"
    tar(path, FILES)
    assert read(path, machine="x86_64").folder == FOLDER
    with pytest.raises(SourceError, match=rf"is for x86_64 \({FOLDER}\), but this host is aarch64"):
        read(path, machine="aarch64")


def test_the_signature_of_an_address_is_in_no_message() -> None:
    address = "http://user:secret@127.0.0.1:1/b.tar.gz?Signature=secret"
    with pytest.raises(
        SourceError, match=r"cannot download the client bundle http://127\.0\.0\.1:1/b\.tar\.gz: "
    ) as caught:
        _bundle.download(address)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("place", ["/b.tar.gz?Signature=secret x", "/b c?Signature=secret", "/b?Signature=secret\x7f"])
def test_the_signature_of_an_address_that_cannot_be_used_is_in_no_message(place: str) -> None:
    with pytest.raises(
        SourceError, match=r"cannot download the client bundle http://127\.0\.0\.1:1/b.*: InvalidURL"
    ) as caught:
        _bundle.download(f"http://127.0.0.1:1{place}")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
