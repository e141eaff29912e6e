# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that make one host a separate machine: its root's settings, its sysfs, its partitions. Pure."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field

from testbed.disks import SECTOR, Partition
from testbed.fleet import Disk, Host

VIRTIO_MAJOR = 254
DM_MAJOR = 253
MINORS = 16
ENCRYPTED = "cryptroot"
# OpenSSH prefers sntrup761, which costs 0.1 s of processor time for each of the hundreds of connections of a test run.
SSHD_CONFIG = """\
ListenAddress {address}
Port {port}
HostKey /etc/ssh/ssh_host_ed25519_key
AuthorizedKeysFile /etc/ssh/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
KexAlgorithms curve25519-sha256,curve25519-sha256@libssh.org
UsePAM no
UseDNS no
PidFile none
MaxStartups 100
MaxSessions 100
Subsystem sftp internal-sftp
"""
OLD_SYSTEM = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nsshd:x:74:74:sshd:/var/empty:/bin/false\n"
    "nobody:x:99:99:nobody:/:/bin/false\n",
    "etc/group": "root:x:0:\ntty:x:5:\nsshd:x:74:\nnobody:x:99:\n",
    "etc/shadow": "root:*:19000:0:99999:7:::\nsshd:*:19000::::::\nnobody:*:19000::::::\n",
    "etc/redhat-release": "CentOS release 6.10 (Final)\n",
}
UNAME = """\
#!/bin/sh
system={system} node=$(hostname) release={release} machine={machine}
case "${{1:--s}}" in
    -a) echo "$system $node $release $machine" ; exit ;;
esac
answer=
for flag in "${{@:--s}}"; do
    case "$flag" in *s*) answer="$answer $system" ;; esac
    case "$flag" in *n*) answer="$answer $node" ;; esac
    case "$flag" in *r*) answer="$answer $release" ;; esac
    case "$flag" in *m*) answer="$answer $machine" ;; esac
done
echo "${{answer# }}"
"""
STRANGERS = {"windows": ("MINGW64_NT-10.0-20348", "3.4.9.x86_64", "x86_64"), "arm64": ("Linux", "5.10.0", "aarch64")}


@dataclass
class Tree:
    """Files to write below a folder: texts, modes that are not 0644, and symbolic links."""

    texts: dict[str, str] = field(default_factory=dict)
    modes: dict[str, int] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)

    def add(self, path: str, text: str, mode: int = 0o644) -> None:
        """Put one file into the tree."""
        self.texts[path] = text
        if mode != 0o644:
            self.modes[path] = mode


def settings(host: Host) -> str:
    """The shell variables that host.sh reads."""
    mounts = "\n".join(f"/dev/{disk.name}1 /data/{disk.name}" for disk in host.disks[1:])
    source = f"/dev/mapper/{ENCRYPTED}" if "luks-root" in host.kinds else f"/dev/{host.disks[0].name}1"
    values = {"BASE": host.base, "HOST_NAME": host.who, "ROOT_SOURCE": source, "DATA_MOUNTS": mounts}
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())


def root_tree(host: Host, port: int, host_key: str, authorized_keys: str) -> Tree:
    """What is laid over the shared root file system."""
    tree = Tree()
    if host.base == "busybox":
        tree.texts.update(OLD_SYSTEM)
    tree.add("etc/ssh/sshd_config", SSHD_CONFIG.format(address=host.address, port=port))
    tree.add("etc/ssh/ssh_host_ed25519_key", host_key, 0o600)
    tree.add("etc/ssh/authorized_keys", authorized_keys)
    tree.add("etc/hostname", f"{host.who}\n")
    tree.add("etc/hosts", f"127.0.0.1 localhost\n{host.address} {host.who}\n")
    tree.add("etc/machine-id", f"{host.machine_id}\n")
    lines = [f"/dev/{host.disks[0].name}1 / ext4 defaults 0 1"]
    lines += [f"/dev/{disk.name}1 /data/{disk.name} ext4 defaults 0 2" for disk in host.disks[1:]]
    tree.add("etc/fstab", "\n".join(lines) + "\n")
    for kind in sorted(host.kinds & STRANGERS.keys()):
        system, release, machine = STRANGERS[kind]
        tree.add("usr/bin/uname", UNAME.format(system=system, release=release, machine=machine), 0o755)
    return tree


def _block(tree: Tree, path: str, name: str, major: int, minor: int, size: int) -> None:
    """The attributes that a disk and a partition have in common."""
    kind = "partition" if "/" in path else "disk"
    tree.add(f"block/{path}/dev", f"{major}:{minor}\n")
    tree.add(f"block/{path}/ro", "0\n")
    tree.add(f"block/{path}/size", f"{size}\n")
    tree.add(f"block/{path}/uevent", f"MAJOR={major}\nMINOR={minor}\nDEVNAME={name}\nDEVTYPE={kind}\n")
    tree.links[f"class/block/{name}"] = f"../../block/{path}"
    tree.links[f"dev/block/{major}:{minor}"] = f"../../block/{path}"


def _disk(tree: Tree, name: str, major: int, minor: int, size: int, removable: bool = False) -> None:
    """A whole disk's attributes."""
    _block(tree, name, name, major, minor, size)
    tree.add(f"block/{name}/removable", f"{int(removable)}\n")
    tree.add(f"block/{name}/queue/rotational", "1\n")
    tree.add(f"block/{name}/queue/logical_block_size", f"{SECTOR}\n")


def sys_tree(host: Host, parts: dict[str, list[Partition]]) -> Tree:
    """The host's /sys: disks with their partitions, DMI and network, and what is to be skipped: a CD drive, a loop."""
    tree = Tree()
    for number, disk in enumerate(host.disks):
        _disk(tree, disk.name, VIRTIO_MAJOR, number * MINORS, disk.bytes // SECTOR)
        tree.add(f"block/{disk.name}/serial", f"{host.machine_id[:12]}{disk.name}\n")
        tree.add(f"block/{disk.name}/device/vendor", "0x1af4\n")
        for index, part in enumerate(parts[disk.name], start=1):
            _block(tree, f"{disk.name}/{part.name}", part.name, VIRTIO_MAJOR, number * MINORS + index, part.size)
            tree.add(f"block/{disk.name}/{part.name}/partition", f"{index}\n")
            tree.add(f"block/{disk.name}/{part.name}/start", f"{part.start}\n")
    _disk(tree, "sr0", 11, 0, 2097151, removable=True)
    tree.add("block/sr0/device/model", "QEMU DVD-ROM\n")
    _disk(tree, "loop0", 7, 0, 0)
    if "luks-root" in host.kinds:
        _encrypted_root(tree, host, parts[host.disks[0].name][0])
    tree.add("class/dmi/id/product_uuid", f"{host.product_uuid}\n", 0o400)
    tree.add("class/dmi/id/product_serial", f"{host.machine_id[:16]}\n", 0o400)
    tree.add("class/dmi/id/sys_vendor", "QEMU\n")
    tree.add("class/dmi/id/product_name", "Standard PC (i440FX + PIIX, 1996)\n")
    tree.add("class/net/lo/address", "00:00:00:00:00:00\n")
    tree.add("class/net/eth0/address", f"{host.mac}\n")
    return tree


def _encrypted_root(tree: Tree, host: Host, part: Partition) -> None:
    """A dm-crypt device on the system disk's partition."""
    _disk(tree, "dm-0", DM_MAJOR, 0, part.size - 32768)
    tree.add("block/dm-0/dm/name", f"{ENCRYPTED}\n")
    tree.add("block/dm-0/dm/uuid", f"CRYPT-LUKS2-{host.machine_id}-{ENCRYPTED}\n")
    disk = host.disks[0].name
    tree.links[f"block/dm-0/slaves/{part.name}"] = f"../../{disk}/{part.name}"
    tree.links[f"block/{disk}/{part.name}/holders/dm-0"] = "../../../dm-0"


def dev_tree(host: Host) -> Tree:
    """What /dev has beside the disks and the usual nodes."""
    tree = Tree()
    if "luks-root" in host.kinds:
        tree.add("dm-0", "", 0o660)
        tree.links[f"mapper/{ENCRYPTED}"] = "../dm-0"
    return tree


def partitions_text(disks: tuple[Disk, ...], parts: dict[str, list[Partition]]) -> str:
    """The content of /proc/partitions, in blocks of 1024 bytes."""
    lines = ["major minor  #blocks  name", ""]
    for number, disk in enumerate(disks):
        rows = [(disk.name, disk.bytes // SECTOR), *((part.name, part.size) for part in parts[disk.name])]
        for index, (name, sectors) in enumerate(rows):
            lines.append(f"{VIRTIO_MAJOR:4d} {number * MINORS + index:7d} {sectors // 2:10d} {name}")
    return "\n".join(lines) + "\n"
