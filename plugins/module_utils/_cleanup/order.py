# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The order of deletion: resources that block others first."""

from __future__ import annotations

from . import ecs, ens, network, oss, smc

ORDER = (
    ens.INSTANCE,
    ens.IMAGE,
    smc.JOB,
    ecs.INSTANCE,
    ecs.DISK,
    ecs.SECURITY_GROUP,
    ecs.IMAGE,
    ecs.SNAPSHOT,
    oss.UPLOAD,
    smc.SOURCE,
    oss.OBJECT,
    smc.ACCESS_TOKEN,
    network.VSWITCH,
    network.VPC,
)
