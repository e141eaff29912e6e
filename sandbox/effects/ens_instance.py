# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An ENS instance that is released, by its owner or at its AutoReleaseTime, is no longer billed."""

from __future__ import annotations

from sandbox.state.cloud import Cloud
from sandbox.state.tables import Row


def stop_billing(cloud: Cloud, instance: Row) -> None:
    """End the billing of an instance whose row is deleted next."""
    cloud.meter.stop("ens_instance", instance["id"])
