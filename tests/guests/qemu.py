# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What QEMU is told about a guest, without hardware acceleration, and one run of it."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from guests.machine import Machine

PROGRAM = "qemu-system-x86_64"
# The end of a guest ends QEMU, also when the guest restarts itself.
WORDS = [
    *("-accel", "tcg,thread=multi", "-cpu", "max", "-m", "1024"),
    *("-no-reboot", "-display", "none", "-rtc", "base=utc"),
]
# A machine that is busy gives a guest so little time that its kernel takes the timer for a broken one.
KERNEL_OPTIONS = "no_timer_check"
LOOK_SECONDS = 0.5
FIRMWARE = "/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"


def firmware(machine: Machine, folder: Path) -> list[str]:
    """The words for the firmware of a machine; that of UEFI writes its variables into the folder."""
    if machine.firmware != "uefi":
        return []
    code, variables = FIRMWARE
    own = folder / "variables.fd"
    shutil.copy(variables, own)
    return [
        *("-machine", "q35", "-drive", f"if=pflash,format=raw,readonly=on,file={code}"),
        *("-drive", f"if=pflash,format=raw,file={own}"),
    ]


def run(words: list[str], log: Path, is_over: Callable[[], bool], seconds: float) -> bool:
    """Run QEMU until it ends, ``is_over`` returns true or the time is over; return what ``is_over`` has returned last.
    The kernel ends QEMU when the thread that has started it ends, however that happens."""
    with log.open("wb") as file:
        command = ["setpriv", "--pdeathsig", "KILL", "--", *words]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
        try:
            end = time.monotonic() + seconds
            while not (over := is_over()) and process.poll() is None and time.monotonic() < end:
                time.sleep(LOOK_SECONDS)
        finally:
            process.kill()
            process.wait()
    return over
