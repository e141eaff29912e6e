# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs galaxy-importer where the machine is busy: ansible-lint gets ten times the 180 s that the importer allows."""

from __future__ import annotations

import runpy
import subprocess
from typing import Any

SLOWER = 10


class PatientPopen(subprocess.Popen[Any]):
    """A process whose caller waits longer before it calls the process too slow."""

    def communicate(self, *written: Any, timeout: float | None = None) -> tuple[Any, Any]:
        """Returns stdout and stderr, as Popen does; raises TimeoutExpired later than asked."""
        return super().communicate(*written, timeout=timeout and SLOWER * timeout)


subprocess.Popen = PatientPopen  # type: ignore[misc]  # the importer has no option for it
runpy.run_module("galaxy_importer.main", run_name="__main__")
