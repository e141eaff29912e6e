# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Try the signed release: a stand-in for a Galaxy server offers the artifact with a signature by a key of this run.

ansible-galaxy must install the collection with a valid signature, and refuse it with a wrong one and without any. A
signature is an armored, detached one of MANIFEST.json.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


class Registry:
    """The answers of a Galaxy server (API v3) that has one version of one collection."""

    def __init__(self, artifact: Path) -> None:
        self.content = artifact.read_bytes()
        found = re.fullmatch(r"(.+?)-(.+)-(.+)\.tar\.gz", artifact.name)
        assert found
        self.namespace, self.name, self.version = found.groups()
        self.file, self.address = artifact.name, ""
        self.signatures: list[str] = []

    def answer(self, path: str) -> Any:
        """Return the document, or the bytes, at a path; None for a path that it does not have."""
        collection = f"/api/v3/collections/{self.namespace}/{self.name}/"
        version = {"version": self.version, "href": f"{collection}versions/{self.version}/"}
        known = {
            "/api/": {"available_versions": {"v3": "v3/"}},
            collection: {"updated_at": "2026-01-01T00:00:00Z", "created_at": "2026-01-01T00:00:00Z"},
            f"{collection}versions/": {"meta": {"count": 1}, "data": [version], "links": {"next": None}},
            version["href"]: {
                **version, "namespace": {"name": self.namespace}, "name": self.name,
                "collection": {"name": self.name}, "metadata": {"dependencies": {}}, "requires_ansible": ">=2.16.0",
                "download_url": f"{self.address}/{self.file}",
                "artifact": {"filename": self.file, "sha256": hashlib.sha256(self.content).hexdigest()},
                "signatures": [{"signature": text} for text in self.signatures],
            },
            f"/{self.file}": self.content,
        }  # fmt: skip
        return known.get(path)


def serve(registry: Registry) -> ThreadingHTTPServer:
    """Serve a registry on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer with a document or a file."""
            found = registry.answer(self.path.partition("?")[0])
            body = found if isinstance(found, bytes) else json.dumps(found).encode()
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Type", "application/octet-stream" if found is body else "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: Any) -> None:
            """Write no log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    registry.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def gpg(*words: str) -> None:
    """Run gpg without questions."""
    subprocess.run(["gpg", "--batch", "--quiet", *words], check=True)


def sign(path: Path) -> str:
    """Return the armored, detached signature of a file."""
    gpg("--armor", "--detach-sign", "--output", f"{path}.asc", str(path))
    return Path(f"{path}.asc").read_text(encoding="utf-8")


def installs(place: Path, registry: Registry, name: str, *signatures: str) -> bool:
    """Return whether ansible-galaxy installs the collection that has these signatures."""
    registry.signatures = list(signatures)
    target = place / name
    command = [str(Path(sys.executable).parent / "ansible-galaxy"), "collection", "install", "--no-cache", "--no-deps",
               "--server", f"{registry.address}/api/", "-p", str(target), "--keyring", str(place / "trial.gpg"),
               "--required-valid-signature-count", "+1", f"{registry.namespace}.{registry.name}"]  # fmt: skip
    # A collection that is on the path is not installed again.
    env = {**os.environ, "ANSIBLE_HOME": str(place / "ansible"), "ANSIBLE_COLLECTIONS_PATH": str(target)}
    ended = subprocess.run(command, env=env, cwd=place, text=True, capture_output=True, check=False)
    print(f"== {name}: exit {ended.returncode}\n{ended.stdout}{ended.stderr}")
    there = (target / "ansible_collections" / registry.namespace / registry.name / "MANIFEST.json").is_file()
    assert there == (ended.returncode == 0)
    return there


def main() -> None:
    """Make a key, sign, and try three installations."""
    if not shutil.which("gpg"):
        print("left out: gpg is not installed")
        return
    [artifact] = (ROOT / "build" / "dist").glob("*.tar.gz")
    # The socket of the agent of gpg has room for about 100 characters.
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        os.environ["GNUPGHOME"] = str(place / "gpg")
        (place / "gpg").mkdir(mode=0o700)
        try:
            gpg("--passphrase", "", "--quick-generate-key", "Trial <release@example.com>", "ed25519", "sign", "1d")
            gpg("--export", "--output", str(place / "trial.gpg"))
            manifest, changed = place / "MANIFEST.json", place / "changed.json"
            with tarfile.open(artifact) as archive:
                archive.extract("MANIFEST.json", place, filter="data")
            changed.write_bytes(manifest.read_bytes() + b"\n")
            right, wrong = sign(manifest), sign(changed)
            registry = Registry(artifact)
            server = serve(registry)
            found = {name: installs(place, registry, name, *signatures) for name, signatures in {
                "signed": (right,), "wrong": (wrong,), "unsigned": ()}.items()}  # fmt: skip
            server.shutdown()
        finally:
            subprocess.run(["gpgconf", "--kill", "all"], check=False)
    assert found == {"signed": True, "wrong": False, "unsigned": False}, found
    print("a valid signature is accepted; a wrong one, and none, are refused")


if __name__ == "__main__":
    main()
