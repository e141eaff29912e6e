# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The bundle of the SMC client, from a file or an address: checked before any of it reaches a source."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from ansible.module_utils.urls import open_url

from . import architecture
from .remote import SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping

CLIENT: Final = "go2aliyun_client"
"""Name of the client's program, and beginning of its folder's name (facts 2.1: the rest changes with each version)."""

DOWNLOAD_SECONDS: Final = 60
"""Seconds that a download may say nothing."""

CONFIG: Final = "user_config.json"
DATA: Final = "client_data"


@dataclass(frozen=True)
class Bundle:
    """A checked bundle. ``payload`` is what is sent: a gzipped tar; ``folder`` is the one folder that it unpacks to."""

    payload: bytes
    sha256: str
    folder: str
    config: dict[str, Any]
    data: dict[str, Any]

    @property
    def payload_sha256(self) -> str:
        """Return the SHA-256 of the payload, which the source compares."""
        return hashlib.sha256(self.payload).hexdigest()


def read_bundle(name: str, raw: bytes, sha256: str = "", machine: str = "") -> Bundle:
    """Return the bundle in ``raw``; another SHA-256, another machine, or no client in it is refused.

    ``name`` is what messages call it, ``machine`` what the source answers to ``uname -m``. A zip that holds one archive
    per architecture, as the vendor's download does (facts 2.1), gives the one for the machine.
    """
    found = hashlib.sha256(raw).hexdigest()
    if sha256 and found != sha256.lower():
        raise SourceError(
            f"the client bundle {name} has SHA-256 {found}, expected {sha256.lower()}: it is not installed"
        )
    try:
        raw = architecture.inner(name, raw, machine)
        payload = _tar_of_zip(raw) if zipfile.is_zipfile(io.BytesIO(raw)) else raw
        with tarfile.open(fileobj=io.BytesIO(payload), mode="r:gz") as archive:
            members = {_plain(member.name): member for member in archive.getmembers()}
            folder = _folder(name, members)
            architecture.refuse_other(name, folder, machine)
            return Bundle(
                payload, found, folder, _json(archive, members, folder, CONFIG), _json(archive, members, folder, DATA)
            )
    except (tarfile.TarError, zipfile.BadZipFile, OSError, EOFError) as error:
        raise SourceError(f"the client bundle {name} is neither a readable .tar.gz nor a .zip: {error}") from error


def read_file(src: str) -> bytes:
    """Return the content of a file of the controller; one that cannot be read is refused."""
    try:
        return Path(src).read_bytes()
    except OSError as error:
        raise SourceError(f"cannot read the client bundle {src}: {error.strerror or error}") from error


def download(url: str) -> bytes:
    """Return what the address holds; the controller's proxy variables apply. A signature in it is in no message."""
    try:
        with open_url(url, timeout=DOWNLOAD_SECONDS) as answer:
            content: bytes = answer.read()
            return content
    except (OSError, ValueError, ConnectionError) as error:
        reason = getattr(error, "reason", None) or error
        raise SourceError(f"cannot download the client bundle {bare(url)}: {reason}") from error


def bare(url: str) -> str:
    """Return an address without its query, which may hold a signature, and without user and password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def with_credentials(config: Mapping[str, Any], token_id: str, token_code: str) -> bytes:
    """Return the content of user_config.json with the activation code in it.

    UNVERIFIED: the documented configuration file takes an AccessKey pair (facts 2.1); that it takes an activation code
    under these names is not documented.
    """
    return _dump({**config, "access_token_id": token_id, "access_token_code": token_code})


def without_credentials(config: Mapping[str, Any]) -> bytes:
    """Return the content of user_config.json as the bundle brings it."""
    return _dump(config)


def with_proxy(data: Mapping[str, Any], ip_port: str, user_pwd: str) -> bytes:
    """Return the content of client_data with a proxy in it (facts 2.1); it counts before the first run only."""
    return _dump({**data, "proxy": {"ip_port": ip_port, "user_pwd": user_pwd}})


def _dump(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=1) + "\n").encode("utf-8")


def _plain(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise SourceError(f"the client bundle holds {name!r}, which would be unpacked outside of its folder")
    return str(path)


def _folder(src: str, members: Mapping[str, tarfile.TarInfo]) -> str:
    """Return the client's folder: the bundle must hold nothing beside it."""
    tops = sorted({PurePosixPath(name).parts[0] for name in members if name != "."})
    program = members.get(f"{tops[0]}/{CLIENT}") if tops else None
    if len(tops) != 1 or not tops[0].startswith(CLIENT) or program is None or not program.isfile():
        held = ", ".join(tops[:5]) or "nothing"
        raise SourceError(
            f"the client bundle {src} must hold one folder {CLIENT}*/ with the program {CLIENT} in it; it holds: {held}"
        )
    for name, member in members.items():
        if member.issym() or member.islnk():
            base = PurePosixPath(name).parent if member.issym() else PurePosixPath()
            _inside(name, base / member.linkname, tops[0])
        elif not (member.isfile() or member.isdir()):
            raise SourceError(f"the client bundle holds {name!r}, which is neither a file, a folder nor a link")
    return tops[0]


def _inside(name: str, target: PurePosixPath, folder: str) -> None:
    """Refuse a link that leads out of the bundle's folder."""
    depth: list[str] = []
    for part in target.parts:
        if part == "..":
            if not depth:
                break
            depth.pop()
        else:
            depth.append(part)
    else:
        if depth and depth[0] == folder:
            return
    raise SourceError(f"the client bundle holds the link {name!r}, which leads out of its folder")


def _json(archive: tarfile.TarFile, members: Mapping[str, tarfile.TarInfo], folder: str, name: str) -> dict[str, Any]:
    """Return the JSON object in a file of the bundle; a file that is missing or empty is an empty object."""
    member = members.get(f"{folder}/{name}")
    handle = archive.extractfile(member) if member is not None and member.isfile() else None
    text = handle.read().decode("utf-8-sig") if handle else ""
    try:
        value = json.loads(text) if text.strip() else {}
    except ValueError as error:
        raise SourceError(f"{name} in the client bundle is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise SourceError(f"{name} in the client bundle is no JSON object")
    return value


def _tar_of_zip(raw: bytes) -> bytes:
    """Return the files of a zip as a gzipped tar: a minimal server has tar and gzip, but no unzip."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as source, tarfile.open(fileobj=out, mode="w:gz", compresslevel=1) as target:
        for item in source.infolist():
            member = tarfile.TarInfo(item.filename.rstrip("/"))
            if item.is_dir():
                member.type, member.mode = tarfile.DIRTYPE, 0o700
                target.addfile(member)
                continue
            content = source.read(item)
            member.size, member.mode = len(content), (item.external_attr >> 16) & 0o777 or 0o600
            target.addfile(member, io.BytesIO(content))
    return out.getvalue()
