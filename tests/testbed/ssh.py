# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SSH keys of a test bed, its known_hosts, and an inventory of its hosts for tests."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from testbed.fleet import Host


def make_key(path: Path, comment: str) -> Path:
    """Generate an ed25519 key pair without passphrase, replacing what is there; the private key's path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)],
        stdin=subprocess.DEVNULL,
        check=True,
        capture_output=True,
    )
    return path


def known_hosts(hosts: list[Host], port: int, public_keys: dict[str, str]) -> str:
    """The text of known_hosts; ``public_keys`` are by the identity of a host."""
    lines = []
    for host in hosts:
        name = host.address if port == 22 else f"[{host.address}]:{port}"
        kind, key = public_keys[host.who].split()[:2]
        lines.append(f"{name} {kind} {key}\n")
    return "".join(lines)


def inventory(hosts: list[Host], port: int, ssh: Path) -> str:
    """An inventory of the hosts in a group ``sources``, as JSON, for tests that make their own fleet."""
    common = {
        "ansible_port": port,
        "ansible_ssh_private_key_file": str(ssh / "id_ed25519"),
        "ansible_ssh_common_args": f"-o UserKnownHostsFile={ssh / 'known_hosts'} -o StrictHostKeyChecking=yes",
    }
    rows = {
        host.name: {"ansible_host": host.address, "ansible_user": host.login, "ansible_become": host.login != "root"}
        for host in hosts
    }
    return json.dumps({"sources": {"hosts": rows, "vars": common}}, indent=2) + "\n"
