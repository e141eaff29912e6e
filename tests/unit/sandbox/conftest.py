# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fixture ``local``."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.local_cloud import LocalCloud


@pytest.fixture
def local(tmp_path: Path, request: pytest.FixtureRequest) -> LocalCloud:
    """A cloud with three sources of two disks each; ``@pytest.mark.sandbox_world({...})`` changes its world."""
    marker = request.node.get_closest_marker("sandbox_world")
    return LocalCloud(tmp_path, marker.args[0] if marker else {})
