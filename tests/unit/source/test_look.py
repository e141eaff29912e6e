# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the probe's scripts read by themselves: archives of initramfs, connections, and the records they make."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import answers, facts, look
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import script as _script
from support import PATIENCE
from support.shells import SHELLS

pytestmark = pytest.mark.any_core
FENCE = "EDGELIFT-00"
DRIVERS = "usr/lib/modules/6.1.0-9-amd64/kernel/drivers"
BLK, PCI = f"{DRIVERS}/block/virtio_blk.ko.xz", f"{DRIVERS}/virtio/virtio_pci.ko"
# Both name modules that the archive does not hold.
LISTS = {"usr/lib/modules/6.1.0-9-amd64/modules.order": "kernel/drivers/block/virtio_blk.ko\n" * 9, "init": "\n"}

# What mksh has not built in, and what yash takes from itself only where PATH has it too.
BUILTIN = ("printf", "[", "kill", "echo")
EGRESS = (Path(_script.__file__).parent / "probe_egress.sh").read_text(encoding="utf-8") + "\nprobe_egress"


def newc(files: dict[str, str], magic: str = "070701") -> bytes:
    """A cpio archive as the kernel takes it, filled up to whole blocks of 512 bytes as cpio does."""
    out = b""
    for number, (name, content) in enumerate({**files, "TRAILER!!!": ""}.items()):
        fields = [number, 0o100644, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0]
        out += (magic + "".join(f"{field:08X}" for field in fields) + name).encode() + b"\0"
        out += b"\0" * (-len(out) % 4) + content.encode()
        out += b"\0" * (-len(out) % 4)
    return out + b"\0" * (-len(out) % 512)


def packed(program: str) -> Callable[[bytes], bytes]:
    def pack(data: bytes) -> bytes:
        return subprocess.run([program, "-c"], input=data, capture_output=True, check=True).stdout

    return pack


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "xz": lambda data: lzma.compress(data, check=lzma.CHECK_CRC32),
    "lzma": lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
    "bzip2": bz2.compress,
    "zstd": packed("zstd"),
    "lz4": packed("lz4"),
}
CASES = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            not (name in ("plain", "lzma") or shutil.which(name)), reason=f"this machine has no {name}"
        ),
    )
    for name in PACKERS
]
EARLY = newc({"kernel/x86/microcode/GenuineIntel.bin": "\0" * 5000})


def run(shell: list[str], values: dict[str, str], pieces: tuple[str, ...], command: str) -> dict[str, Any]:
    script = _script.compose(FENCE, pieces, {**look.values("/smc"), **values}, command)
    words = [*shell, "-c", 'eval "$(cat)"']
    done = subprocess.run(words, input=script.encode(), capture_output=True, check=False, timeout=PATIENCE)
    answer = answers.parse(FENCE, done.stdout.decode("utf-8", "surrogateescape"))
    assert answer is not None
    assert answer.complete
    assert done.stderr == b""
    return facts.build_probe(answer.records)


def initramfs(shell: list[str], file: Path) -> tuple[str, list[str]]:
    found = run(shell, {}, ("probe_boot",), f"initramfs {file}")["initramfs"]
    return found["state"], found["modules"]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("packer", CASES)
def test_modules_of_an_initramfs_are_found_and_lists_of_modules_are_none(
    shell: list[str], packer: str, tmp_path: Path
) -> None:
    full = newc({**LISTS, BLK: "x" * 3000, PCI: "y" * 9000, "etc/fstab": ""})
    bare = newc({**LISTS, f"{DRIVERS}/block/nvme.ko": "z" * 5000})
    for name, archive, modules in (("full", full, ["virtio_blk", "virtio_pci"]), ("bare", bare, [])):
        for early in (b"", EARLY):
            file = tmp_path / f"{name}-{len(early)}.img"
            file.write_bytes(early + PACKERS[packer](archive))
            assert initramfs(shell, file) == ("read", modules), file.name


@pytest.mark.parametrize("shell", SHELLS)
def test_modules_in_an_archive_before_the_compressed_one_count(shell: list[str], tmp_path: Path) -> None:
    """As the initramfs of Debian 13 and Ubuntu is laid out: microcode, then modules, then everything else packed."""
    file = tmp_path / "initrd.img"
    file.write_bytes(EARLY + newc({BLK: "x" * 3000}, "070702") + gzip.compress(newc({PCI: "y", **LISTS})))
    assert initramfs(shell, file) == ("read", ["virtio_blk", "virtio_pci"])


@pytest.mark.parametrize("shell", SHELLS)
def test_what_cannot_be_read_is_said_and_not_guessed(shell: list[str], tmp_path: Path) -> None:
    for name, content, state in (
        ("noise", b"not an archive" * 100, "unknown-format"),
        ("large", b"", "too-large"),
        ("lzop", b"\x89LZO\0\r\n\x1a\n" * 9, "read" if shutil.which("lzop") else "no-tool"),
    ):
        file = tmp_path / name
        file.write_bytes(content)
        if name == "large":
            with file.open("r+b") as handle:
                handle.truncate(300 * 1024**2)
        assert initramfs(shell, file) == (state, []), name


@pytest.fixture
def ports() -> Iterator[tuple[int, int]]:
    """A port that listens, and one that does not."""
    with socket.socket() as listening, socket.socket() as closed:
        listening.bind(("127.0.0.1", 0))
        closed.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1], closed.getsockname()[1]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("tool", ["bash", "busybox nc", "python3", "perl"])
def test_egress_is_tried_with_whatever_the_host_has(
    shell: list[str], tool: str, tmp_path: Path, ports: tuple[int, int]
) -> None:
    """PATH has one program that can connect, and what the script needs besides."""
    program, _space, applet = tool.partition(" ")
    if not shutil.which(program):
        pytest.skip(f"this machine has no {program}")
    for name in ("sleep", "true", "getent", *BUILTIN):
        (tmp_path / name).symlink_to(shutil.which(name) or "/missing")
    # What pyenv puts into PATH is a script that needs more programs.
    real = os.path.realpath(sys.executable) if program == "python3" else shutil.which(program)
    (tmp_path / (applet or program)).symlink_to(real or "/missing")
    targets = " ".join(f"{host}:{port}" for host, port in zip(("127.0.0.1", "localhost"), ports, strict=True))
    shell = [shutil.which(shell[0]) or shell[0], *shell[1:]]
    values = {"EGRESS": targets, "EGRESS_TIMEOUT": "4"}
    rows = run(shell, values, (), f"PATH={tmp_path}\n{EGRESS}")["egress"]
    assert [(row["state"], row["dns"], row["tool"]) for row in rows] == [
        ("ok", "untested", applet or program),
        ("failed", "ok", applet or program),
    ]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_target_that_never_answers_ends_with_the_time_and_leaves_no_process(shell: list[str], tmp_path: Path) -> None:
    slow = tmp_path / "bash"
    slow.write_text(f"#!/bin/sh\necho $$ >>{tmp_path}/pids\nexec {shutil.which('sleep')} 77\n")
    slow.chmod(0o755)
    command = f"PATH={tmp_path}:$PATH\n{EGRESS}"
    [row] = run(shell, {"EGRESS": "192.0.2.1:443", "EGRESS_TIMEOUT": "1"}, (), command)["egress"]
    assert (row["state"], row["dns"]) == ("timeout", "untested")
    assert not any(Path("/proc", pid).exists() for pid in (tmp_path / "pids").read_text().split())


@pytest.mark.parametrize("shell", SHELLS)
def test_without_a_program_that_connects_nothing_is_known(shell: list[str], tmp_path: Path) -> None:
    shell = [shutil.which(shell[0]) or shell[0], *shell[1:]]
    for name in ("sleep", *BUILTIN):
        (tmp_path / name).symlink_to(shutil.which(name) or "/missing")
    command = f"PATH={tmp_path}\n{EGRESS}"
    [row] = run(shell, {"EGRESS": "192.0.2.1:443"}, (), command)["egress"]
    assert (row["state"], row["tool"]) == ("untested", None)


@pytest.mark.parametrize("target", ["smc.aliyuncs.com:443", "192.0.2.1:8703", "a:1"])
def test_targets(target: str) -> None:
    assert look.egress_problem([target]) is None


@pytest.mark.parametrize("target", ["smc.aliyuncs.com", "h:0", "h:65536", "h:x", "$(id):1", "a b:1", "-x:1", ":1", ""])
def test_targets_that_are_none(target: str) -> None:
    assert (look.egress_problem(["a:1", target]) or "").startswith(f"has {target!r}, which must be ")


def test_no_time_is_no_time_to_connect() -> None:
    assert look.seconds_problem(0) == "is 0, it must be at least 1 second"
    assert look.seconds_problem(1) is None


def test_the_probe_has_time_for_more_than_its_connection_tests() -> None:
    assert look.timeout_problem(15, 10) is None
    assert look.timeout_problem(15, 11) == "is 15, it must be at least 16 seconds: 5 more than egress_timeout"
