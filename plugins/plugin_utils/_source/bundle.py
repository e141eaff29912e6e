# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The bundle of the SMC client, from a file or a URL, checked before it is sent to a source."""

from __future__ import annotations

import hashlib
import http.client
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
"""The name of the client's program, and the first part of the name of its folder (facts 2.1)."""

DOWNLOAD_SECONDS: Final = 60
"""Seconds without data after which a download fails."""

CONFIG: Final = "user_config.json"
DATA: Final = "client_data"


@dataclass(frozen=True)
class Bundle:
    """A checked bundle. ``payload`` is the gzipped tar that is sent, ``folder`` the only folder in it."""

    payload: bytes
    sha256: str
    folder: str
    config: dict[str, Any]
    data: dict[str, Any]

    @property
    def payload_sha256(self) -> str:
        """Return the SHA-256 of the payload, for the check on the source."""
        return hashlib.sha256(self.payload).hexdigest()


def read_bundle(name: str, raw: bytes, sha256: str = "", machine: str = "") -> Bundle:
    """Return the bundle in ``raw``. Raise SourceError if the SHA-256 or the machine is another, or no client is in it.

    ``name`` is the name for messages, ``machine`` the output of ``uname -m`` on the source. The vendor's download is a
    zip with one archive per architecture (facts 2.1): the archive for the machine is used.
    """
    found = hashlib.sha256(raw).hexdigest()
    if sha256 and found != sha256.lower():
        raise SourceError(
            f"the client bundle {name} was not installed: its SHA-256 is {found}, expected {sha256.lower()}"
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
    """Return the content of a file on the controller. Raise SourceError if it cannot be read."""
    try:
        return Path(src).read_bytes()
    except OSError as error:
        raise SourceError(f"cannot read the client bundle {src}: {error.strerror or error}") from error


def download(url: str) -> bytes:
    """Return the content of a URL. The proxy variables of the controller apply. No message contains the query."""
    try:
        with open_url(url, timeout=DOWNLOAD_SECONDS) as answer:
            content: bytes = answer.read()
            return content
    except (OSError, ValueError, ConnectionError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise SourceError(f"cannot download the client bundle {bare(url)}: {_without_secrets(reason, url)}") from None


def _without_secrets(reason: object, url: str) -> str:
    """Return the text of a failure, or only its class if it may quote the query or the password of the URL."""
    parts = urlsplit(url)
    secrets = [text for text in (parts.query, parts.netloc.rpartition("@")[0]) if text]
    quoting = isinstance(reason, http.client.HTTPException) or any(text in str(reason) for text in secrets)
    return type(reason).__name__ if quoting else str(reason)


def bare(url: str) -> str:
    """Return a URL without its query, which may contain a signature, and without user and password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def with_credentials(config: Mapping[str, Any], token_id: str, token_code: str) -> bytes:
    """Return the content of user_config.json with the activation code.

    UNVERIFIED: the vendor documents an AccessKey pair in this file (facts 2.1), but not these names for an activation
    code.
    """
    return _dump({**config, "access_token_id": token_id, "access_token_code": token_code})


def without_credentials(config: Mapping[str, Any]) -> bytes:
    """Return the original content of user_config.json."""
    return _dump(config)


def with_proxy(data: Mapping[str, Any], ip_port: str, user_pwd: str) -> bytes:
    """Return the content of client_data with a proxy (facts 2.1). The client reads it only before its first run."""
    return _dump({**data, "proxy": {"ip_port": ip_port, "user_pwd": user_pwd}})


def _dump(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=1) + "\n").encode("utf-8")


def _plain(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise SourceError(f"the client bundle contains {name!r}, which would be unpacked outside its folder")
    return str(path)


def _folder(src: str, members: Mapping[str, tarfile.TarInfo]) -> str:
    """Return the folder of the client. Raise SourceError if the bundle contains anything else."""
    tops = sorted({PurePosixPath(name).parts[0] for name in members if name != "."})
    program = members.get(f"{tops[0]}/{CLIENT}") if tops else None
    if len(tops) != 1 or not tops[0].startswith(CLIENT) or program is None or not program.isfile():
        held = ", ".join(tops[:5]) or "nothing"
        raise SourceError(
            f"the client bundle {src} must contain one folder {CLIENT}*/ with the program {CLIENT}, "
            f"but it contains {held}"
        )
    for name, member in members.items():
        if member.issym() or member.islnk():
            base = PurePosixPath(name).parent if member.issym() else PurePosixPath()
            _inside(name, base / member.linkname, tops[0])
        elif not (member.isfile() or member.isdir()):
            raise SourceError(f"the client bundle contains {name!r}, which is not a file, a folder or a link")
    return tops[0]


def _inside(name: str, target: PurePosixPath, folder: str) -> None:
    """Raise SourceError for a link that points outside the folder of the bundle."""
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
    raise SourceError(f"the client bundle contains the link {name!r}, which points outside its folder")


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
    """Return the files of a zip as a gzipped tar: a minimal server has tar and gzip but no unzip."""
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
