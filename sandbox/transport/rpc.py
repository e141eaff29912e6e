# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An RPC call from raw parameters to a reply: authenticate, check the contract, let time pass, handle, log."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.contracts import CONTRACTS, VERSIONS
from sandbox.contracts.check import check
from sandbox.contracts.errors import DOCUMENTED, NOT_EMULATED, ServiceError, not_emulated
from sandbox.lifecycles.engine import Engine
from sandbox.services.call import Call
from sandbox.services.places import known_region
from sandbox.services.registry import HANDLERS
from sandbox.state.cloud import Cloud

from . import acs3
from .authorization import refuse_unless_allowed
from .signature import authenticate, verify
from .throttle import Throttle

_LOG = logging.getLogger("sandbox.rpc")

# Parameters of the envelope; the contract sees only what is left.
_SYSTEM = frozenset(
    {"Action", "Version", "Format", "AccessKeyId", "Signature", "SignatureMethod", "SignatureNonce", "SignatureType",
     "SignatureVersion", "Timestamp", "SecurityToken"}
)
_REGIONAL = frozenset({"ecs", "vpc"})


@dataclass(frozen=True)
class Reply:
    """What goes back: HTTP status, JSON body, and the marks of what is emulated and how well, as headers."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str]


class RpcService:
    """Serves SMC, ECS, VPC, ENS, STS and location calls against one cloud."""

    def __init__(self, engine: Engine) -> None:
        self.cloud = engine.cloud
        self._engine = engine
        self._nonces = self.cloud.nonces
        self.throttle = Throttle()

    def serve(self, method: str, params: Mapping[str, str], signed: acs3.Signed | None = None,
              past: Cloud | None = None) -> Reply:
        """Answer one call; every refusal is an answer too. The call is noted in the request log.

        ``signed`` is there for a call with an ACS3 signature; without it the signature is among the parameters.
        ``past`` is the cloud that the answer shows when a fault makes it stale.
        """
        action = params.get("Action", "")
        product = VERSIONS.get(params.get("Version", ""), "")
        request_id = self.cloud.request_id()
        try:
            reply = self._answer(method, params, signed, product, action, request_id, past)
            code = ""
        except ServiceError as refused:
            code = refused.code
            reply = self._refusal(refused, product, request_id)
        except Exception as bug:  # noqa: BLE001  a bug of the sandbox must reach the client as an answer that names it
            _LOG.exception("%s:%s failed", product, action)
            code = "InternalError"
            reply = self._refusal(self.cloud.error(code), product, request_id)
            reply.headers["x-sandbox-bug"] = type(bug).__name__
        shown = {key: value for key, value in params.items() if key not in ("Action", "Version")}
        self.cloud.log(product or "unknown", action, shown, reply.status, code, reply.body)
        return reply

    def knows(self, method: str, params: Mapping[str, str], signed: acs3.Signed | None) -> bool:
        """Return True when the signature is valid; a replay is not looked for, and nothing is kept."""
        try:
            if signed is None:
                verify(self.cloud, method, params, time.time())
            else:
                acs3.verify(self.cloud, method, signed, time.time())
        except (ServiceError, UnicodeError):
            return False
        return True

    def _answer(self, method: str, params: Mapping[str, str], signed: acs3.Signed | None, product: str, action: str,
                request_id: str, past: Cloud | None) -> Reply:
        if signed is None:
            caller = authenticate(self.cloud, method, params, self._nonces, time.time())
        else:
            caller = acs3.authenticate(self.cloud, method, signed, self._nonces, time.time())
        if not product:
            raise not_emulated(f"API version {params.get('Version')!r}")
        contract = CONTRACTS[product].get(action)
        if contract is None:
            raise not_emulated(f"action {product}:{action}")
        if not self.throttle.allows(self.cloud.settings.account.throttling, product, action, self.cloud.clock.real()):
            raise self.cloud.error("Throttling.User")
        typed = check(contract, {key: value for key, value in params.items() if key not in _SYSTEM})
        region = typed.get("RegionId", "")
        if product in _REGIONAL and region:
            known_region(self.cloud, region)
        refuse_unless_allowed(self.cloud, product, action, typed, caller["user"])
        self._engine.tick()
        with self.cloud.tables.whole():
            body = HANDLERS[product][action](past or self.cloud, Call(product, action, typed, region, caller))
        return Reply(200, {"RequestId": request_id, **body}, {"x-sandbox-provenance": contract.provenance})

    def _refusal(self, refused: ServiceError, product: str, request_id: str) -> Reply:
        headers = {"x-sandbox-provenance": refused.provenance or DOCUMENTED}
        if refused.code == NOT_EMULATED:
            headers["x-sandbox-not-emulated"] = refused.message
        return Reply(refused.status, refused.body(request_id, product or "unknown"), headers)
