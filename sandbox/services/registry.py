# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which function serves which action."""

from __future__ import annotations

from . import (
    account,
    ecs_groups,
    ecs_images,
    ecs_instances,
    ecs_tags,
    ecs_tasks,
    ens_catalog,
    ens_images,
    ens_instances,
    location,
    places,
    ram,
    smc_jobs,
    smc_sources,
    smc_tokens,
    sts,
    vpc,
)
from .call import Handler

HANDLERS: dict[str, dict[str, Handler]] = {
    "smc": {**smc_tokens.HANDLERS, **smc_sources.HANDLERS, **smc_jobs.HANDLERS},
    "ecs": {
        **places.HANDLERS, **ecs_images.HANDLERS, **ecs_tasks.HANDLERS, **ecs_instances.HANDLERS, **ecs_groups.HANDLERS,
        **ecs_tags.HANDLERS, **account.ECS_HANDLERS,
    },
    "vpc": vpc.HANDLERS,
    "ens": {**ens_images.HANDLERS, **ens_catalog.HANDLERS, **ens_instances.HANDLERS},
    "sts": sts.HANDLERS,
    "ram": ram.HANDLERS,
    "bss": account.BSS_HANDLERS,
    "location": location.HANDLERS,
}
