# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contracts of the API as tables: actions (one file per product), error codes, lifecycles, regions."""

from __future__ import annotations

from dataclasses import replace

from . import bss, ecs, ens, location, ram, smc, sts, vpc
from .spec import Action, Param, need, text

# Every product takes these; the v1 SDK adds RegionId to each call, and its classes have setters for the others.
_NAMES = ("RegionId", "OwnerId", "OwnerAccount", "ResourceOwnerId", "ResourceOwnerAccount")
_REGIONAL = ("ecs", "vpc")

_PRODUCTS = {
    "smc": smc, "ecs": ecs, "vpc": vpc, "ens": ens, "sts": sts, "ram": ram, "bss": bss, "location": location,
}

READS = ("Describe", "List", "Get", "Query")
"""What the name of an action begins with that changes nothing."""

VERSIONS: dict[str, str] = {module.VERSION: product for product, module in _PRODUCTS.items()}


def _common(product: str, entry: Action) -> tuple[Param, ...]:
    own = {param.name for param in entry.params}
    common = tuple(text(name) for name in _NAMES if name not in own)
    if product in _REGIONAL and entry.regional:
        return (need(common[0]), *common[1:])
    return common


CONTRACTS: dict[str, dict[str, Action]] = {
    product: {entry.name: replace(entry, params=entry.params + _common(product, entry)) for entry in module.ACTIONS}
    for product, module in _PRODUCTS.items()
}
