# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The serial consoles of the instances, which the local cloud deletes when an instance is released."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

CONSOLE = ".console"
INSTANCES = "i-*"
"""The ids of instances."""
LOOK_SECONDS = 1.0


@contextlib.contextmanager
def kept_consoles(cloud: Path, folder: Path) -> Iterator[None]:
    """Meanwhile, link the console of each instance into the folder, as <instance id>.console, without earlier ones."""
    for path in folder.glob(f"{INSTANCES}{CONSOLE}"):
        path.unlink()
    stop = threading.Event()

    def look() -> None:
        while True:
            for path in cloud.glob("blobs/guests/*/console"):
                with contextlib.suppress(FileExistsError, FileNotFoundError):
                    os.link(path, folder / f"{path.parent.name}{CONSOLE}")
            if stop.wait(LOOK_SECONDS):
                return

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
