# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ENS images for guests of the local cloud: disks without a system, with a boot sector at most."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from support.oss_client import bucket

MIB = 1024**2

# mov dx, 0x3f8; mov si, text; next: lodsb; test al, al; jz end; out dx, al; jmp next; end:
_WRITE = bytes.fromhex("baf803 be207c ac 84c0 7403 ee ebf8")
# mov dx, 0x604; mov ax, 0x2000; out dx, ax (ACPI: soft off)
SWITCH_OFF = bytes.fromhex("ba0406 b80020 ef")
# hlt; jmp to it
_WAIT = bytes.fromhex("f4 ebfd")


def boot_sector(word: str, end: bytes = b"") -> bytes:
    """A disk's first sector that writes a word on the serial console, and then waits."""
    code = (_WRITE + end + _WAIT).ljust(0x20, b"\x90") + word.encode() + b"\r\n\0"
    return code.ljust(510, b"\0") + b"\x55\xaa"


def image(sandbox: Any, tmp_path: Path, name: str, contents: list[bytes]) -> str:
    """An ENS image of disks that begin with these bytes."""
    mapping = []
    for number, content in enumerate(contents):
        raw, key = tmp_path / f"{name}.{number}.raw", f"{name}.{number}.qcow2"
        with raw.open("wb") as file:
            file.write(content)
            file.truncate((number + 1) * 64 * MIB)
        subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, tmp_path / key], check=True)
        bucket(sandbox).put_object_from_file(key, str(tmp_path / key))
        mapping.append({"OSSBucket": sandbox.bucket, "OSSObject": key, "OSSRegion": sandbox.region})
    answer = sandbox.call("ens", "ImportImage", ImageName=name, ComputeType="ens_vm", OSType="linux",
                          Architecture="x86_64", ImageFormat="qcow2", DiskDeviceMapping=json.dumps(mapping))
    image_id = answer["ImageId"]

    def available() -> bool:
        return [row["state"] for row in sandbox.get("state")["ens_images"] if row["id"] == image_id] == ["Available"]

    sandbox.until(available)
    for item in mapping:
        bucket(sandbox).delete_object(item["OSSObject"])
    return str(image_id)
