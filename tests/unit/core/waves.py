# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the fleet share: a wave on the fake cloud."""

from __future__ import annotations

from typing import Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import ens_import, export, transfer
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.fleet import Fleet
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.row import Progress

from .cloud import Cloud
from .kit import policy, server

THREE = (transfer.STAGE, export.STAGE, ens_import.STAGE)
"""The stages of the tests that count calls: a stage that is added later does not change what they mean."""


def fleet(cloud: Cloud, *servers: Any, using: Any = None, **options: Any) -> Fleet:
    """Return a fleet of these servers on the cloud's clock, with THREE stages unless others are given."""
    options = {"stages": THREE, **options}
    return Fleet(cloud, servers or (server(),), using or policy(), clock=cloud.clock(), **options)


def cloud_with(*servers: Any, **settings: Any) -> Cloud:
    """Return a cloud where these servers are registered."""
    cloud = Cloud(**settings)
    cloud.register(*(servers or (server(),)))
    return cloud


def run(made: Fleet, wait: bool = True, timeout: float = 3600, interval: float = 10) -> list[Progress]:
    """Run a fleet to its end and return its rows."""
    made.run(wait, timeout, interval)
    return made.rows


def verdicts(rows: list[Progress]) -> list[str]:
    """Return the verdicts of the rows."""
    return [row.verdict for row in rows]
