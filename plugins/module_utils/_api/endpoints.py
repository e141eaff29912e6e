# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Where each product is reached, and the two rules that keep requests where they belong.

https is used for everything but loopback and the instance metadata service. As soon as one endpoint is on loopback, no
other host is used.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits

from .errors import CloudError
from .places import place

# Product: host, with the region where the service is regional. Sources: facts 6.1 (smc, ecs), facts 4.3 and trap 5
# (ens: one host for every region), aliyunsdkvpc and aliyunsdksts endpoint.py ("regional", neither of the two supported
# regions is in their exception maps), facts 5 (oss).
HOSTS: dict[str, str] = {
    "smc": "smc.aliyuncs.com",
    "ecs": "ecs.{region}.aliyuncs.com",
    "ens": "ens.aliyuncs.com",
    "vpc": "vpc.{region}.aliyuncs.com",
    "sts": "sts.{region}.aliyuncs.com",
    "oss": "oss-{region}.aliyuncs.com",
    "ram": "ram.aliyuncs.com",
    "bss": "business.aliyuncs.com",
}

# Regions whose ECS host does not follow the rule (facts 6.1).
# bss: accounts of the international site have their bills in Singapore (alibabacloud_bssopenapi20171214, endpoints).
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("ecs", "cn-hangzhou"): "ecs-cn-hangzhou.aliyuncs.com",
    ("bss", "ap-southeast-1"): "business.ap-southeast-1.aliyuncs.com",
}

# facts 6.6: the instance metadata service speaks plain http, on a link-local address that never leaves the machine.
METADATA_HOST = "100.100.100.200"
METADATA = f"http://{METADATA_HOST}"
METADATA_OPTION = "endpoints.metadata"

_REGION = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
_ENDPOINT = re.compile(
    r"(?:(?P<scheme>https?)://)?(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::(?P<port>[0-9]{1,5}))?/?"
)


@dataclass(frozen=True)
class Endpoint:
    """A checked endpoint: ``url`` is scheme, host and port without a slash at the end."""

    url: str
    host: str
    loopback: bool


def is_loopback(host: str) -> bool:
    """Returns whether the host is written as a loopback address: names are not resolved, "localhost" alone is known."""
    bare = host.strip("[]").lower()
    if bare == "localhost":
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False


def parse(option: str, value: str) -> Endpoint:
    """Return the endpoint written as "host", "host:port" or a URL.

    Refuse paths, and plain http to any host but loopback and, as the metadata endpoint alone, the metadata address.
    """
    match = _ENDPOINT.fullmatch(value.strip())
    if match is None:
        raise CloudError(
            f"Reading {option}",
            "Endpoint.Malformed",
            f"{value!r} is not a host, host:port, http://... or https://...",
            hint=f"Set {place(option)} to one of these forms, without a path.",
        )
    host, loopback = match["host"], is_loopback(match["host"])
    plain_allowed = loopback or (option == METADATA_OPTION and host == METADATA_HOST)
    scheme = match["scheme"] or ("http" if plain_allowed else "https")
    if scheme == "http" and not plain_allowed:
        raise CloudError(
            f"Reading {option}",
            "Endpoint.Insecure",
            f"{value!r} is plain http to a host that is not loopback: signatures and tokens travel in the URL",
            hint=f"Set {place(option)} to https://{host}, or to the host alone.",
        )
    port = f":{match['port']}" if match["port"] else ""
    return Endpoint(f"{scheme}://{host}{port}", host, loopback)


class Endpoints:
    """The endpoints of one client. Loopback and public hosts are never mixed."""

    def __init__(self, region: str, given: Mapping[str, str | None] | None) -> None:
        if not _REGION.fullmatch(region or ""):
            allowed = " or ".join(limits.IMPORT_REGIONS)
            raise CloudError(
                "Reading region",
                "InvalidRegionId.Malformed" if region else "InvalidRegionId.Missing",
                f"{region!r} is not a region id such as {allowed}" if region else "no region is given",
                hint=f"Set {place('region')} to a region in which ENS imports images: {allowed}, or one of "
                "import_regions (variable migration_import_regions).",
            )
        self.region = region
        self._given = {name: parse(f"endpoints.{name}", value) for name, value in (given or {}).items() if value}
        loopback = sorted(name for name, endpoint in self._given.items() if endpoint.loopback)
        public = sorted(name for name, endpoint in self._given.items() if not endpoint.loopback)
        if loopback and public:
            raise CloudError(
                "Reading endpoints",
                "Endpoint.Mixed",
                f"{', '.join(loopback)} on loopback but {', '.join(public)} elsewhere:"
                " one run talks either to this machine or to the cloud",
                hint=f"Set every endpoint of {place('endpoints')} on loopback, or none.",
            )
        self.local = bool(loopback)
        # Host: the option that gave it, for error messages.
        self.options = {endpoint.host: f"endpoints.{name}" for name, endpoint in self._given.items()}

    def of(self, product: str) -> Endpoint:
        """Returns the product's endpoint; refuses the public default when another endpoint is on loopback."""
        if product in self._given:
            return self._given[product]
        if self.local:
            raise CloudError(
                f"Reaching {product}",
                "Endpoint.Missing",
                f"endpoints.{product} is not given while others are on loopback: nothing is sent to a public host",
                hint=f"Set {place(f'endpoints.{product}')} too.",
            )
        if product == "metadata":
            return parse(METADATA_OPTION, METADATA)
        host = EXCEPTIONS.get((product, self.region), HOSTS[product].format(region=self.region))
        return Endpoint(f"https://{host}", host, False)
