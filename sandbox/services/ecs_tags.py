# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of ECS resources (facts 3.3)."""

from __future__ import annotations

from typing import Any

from sandbox.state.cloud import Cloud

from .call import Call, Handler, add_tags


def tag(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Adds tags to instances, disks, snapshots, images or security groups."""
    tables = {"instance": cloud.instances, "disk": cloud.disks, "snapshot": cloud.snapshots, "image": cloud.images,
              "securitygroup": cloud.security_groups}
    return add_tags(tables[call.params["ResourceType"]], call.params)


HANDLERS: dict[str, Handler] = {"TagResources": tag}
