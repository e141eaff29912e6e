# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers of sources, put together the way probe.sh sends them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

GIB = 1024**3
FENCE = "EDGELIFT-0123456789abcdef"
MACHINE_ID = "0123456789abcdef0123456789abcdef"


def sectors(gib: float) -> str:
    return str(int(gib * GIB // 512))


class Host:
    """The lines that one host would send; a test changes the ones that it needs."""

    def __init__(self) -> None:
        self.uname = "Linux web-01 4.18.0-80.el8.x86_64 x86_64"
        self.uid = "0"
        self.firmware = "bios"
        self.epoch = "1795509537"
        self.os_release = ["ID=debian", 'VERSION_ID="12"', 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"']
        self.machine_id = MACHINE_ID
        self.tools = {"rsync": "/usr/bin/rsync", "tar": "/bin/tar", "cloud-init": "/usr/bin/cloud-init"}
        self.boot = [
            "grub\tgrub-install (GRUB) 2.06-13+deb12u1",
            "boot-config\t/boot/grub/grub.cfg",
            "boot-kernel\t6.1.0-28-amd64",
            "modules\t/lib/modules/6.1.0-28-amd64",
            "initramfs\t/boot/initrd.img-6.1.0-28-amd64\tread",
            "initramfs-module\tvirtio_blk.ko",
            "initramfs-module\tvirtio_pci.ko",
        ]
        self.root = "mount\t/dev/vda1\t/\text4\trw,relatime"
        self.blocks: list[str] = []
        self.extra: list[str] = []
        self.disk("vda", 20)

    def disk(self, name: str, gib: float, mounted: str = "", removable: str = "0", hidden: str = "") -> None:
        number = len(self.blocks)
        self.blocks.append(f"block\t{name}\t{sectors(gib)}\t{removable}\t{hidden}\t254:{number * 16}\t\t\t")
        self.extra.append(f"part\t{name}\t{name}1\t1\t{sectors(max(gib - 0.001, 0))}\t254:{number * 16 + 1}")
        if mounted:
            self.extra.append(f"mount\t/dev/{name}1\t{mounted}\text4\trw")

    def mapped(self, name: str, dm_name: str, dm_uuid: str, *slaves: str) -> None:
        self.blocks.append(
            f"block\t{name}\t{sectors(10)}\t0\t\t253:{name[3:]}\t{dm_name}\t{dm_uuid}\t {' '.join(slaves)}"
        )

    def text(self) -> str:
        lines = [f"uname\t{self.uname}", f"uid\t{self.uid}", f"epoch\t{self.epoch}", f"boot\t{self.firmware}"]
        lines += [f"os-release\t{line}" for line in self.os_release]
        lines += [f"machine-id\t{self.machine_id}"] if self.machine_id else []
        lines += [*self.blocks, self.root, *self.extra, *self.boot]
        lines += [f"tool\t{name}\t{path}" for name, path in self.tools.items()]
        return "\n".join(["", f"{FENCE} BEGIN", *lines, f"{FENCE} END", ""])

    def probe(self, asked: tuple[float, float] | None = None) -> dict[str, Any]:
        # pytest may load this file before pytest-ansible has set up the import of collections.
        from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import answers, facts

        answer = answers.parse(FENCE, self.text())
        assert answer is not None
        assert answer.complete
        probe: dict[str, Any] = facts.build_probe(answer.records, asked)
        return probe


@pytest.fixture
def private() -> Iterator[Path]:
    """A folder that no other user can change, with all its parents: the scripts trust no folder below /tmp."""
    with tempfile.TemporaryDirectory(prefix=".edgelift-test-", dir=Path.home()) as folder:
        yield Path(folder)


@pytest.fixture
def host() -> Host:
    return Host()
