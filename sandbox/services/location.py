# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The location service: every product is here."""

from __future__ import annotations

from typing import Any

from sandbox.state.cloud import Cloud

from .call import Call, Handler
from .places import REGIONS


def describe_endpoints(cloud: Cloud, call: Call) -> dict[str, Any]:
    """The sandbox's own host and port for whatever service is asked for."""
    if call.params["Id"] not in REGIONS:
        raise cloud.error("InvalidRegionId", "The specified region does not exist.", 400)
    code = call.params["ServiceCode"]
    endpoint = {
        "Id": call.params["Id"],
        # The vendor's own spelling; its SDK reads both.
        "SerivceCode": code,
        "Namespace": "",
        "Type": call.params.get("Type", "openAPI"),
        "Endpoint": cloud.endpoint.removeprefix("http://"),
        "Protocols": {"Protocols": ["HTTP"]},
    }
    return {"Success": True, "Endpoints": {"Endpoint": [endpoint]}}


HANDLERS: dict[str, Handler] = {"DescribeEndpoints": describe_endpoints}
