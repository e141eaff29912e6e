# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""RPC calls: the v1 SDK's request classes build and sign, our session sends, the answer is judged here."""

from __future__ import annotations

import importlib
import json
import threading
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from .auth import renew_refused
from .errors import CloudError, MissingLibrary, is_throttling
from .gate import Gate
from .pace import Pace

if TYPE_CHECKING:
    from .auth import Credentials, CredentialSource
    from .endpoints import Endpoints
    from .http import Http
    from .pace import Calls
    from .retry import Retry


@dataclass(frozen=True)
class Product:
    """Where a product's request classes are: Python package and API version, and the distribution that brings them.

    A product of which one read or two are called has no package: the SDK's core builds its requests from their names.
    """

    package: str
    version: str
    distribution: str


PRODUCTS: dict[str, Product] = {
    "smc": Product("aliyunsdksmc", "v20190601", "aliyun-python-sdk-smc"),
    "ecs": Product("aliyunsdkecs", "v20140526", "aliyun-python-sdk-ecs"),
    "ens": Product("aliyunsdkens", "v20171110", "aliyun-python-sdk-ens"),
    "vpc": Product("aliyunsdkvpc", "v20160428", "aliyun-python-sdk-vpc"),
    "sts": Product("aliyunsdksts", "v20150401", "aliyun-python-sdk-sts"),
    "ram": Product("", "2015-05-01", "aliyun-python-sdk-core"),
    "bss": Product("", "2017-12-14", "aliyun-python-sdk-core"),
}

# facts 3.4. SignatureNonceUsed means that a request of ours was delivered twice and this is the second answer: what the
# first one did is not known, so it is as uncertain as a lost answer (local-cloud 6, row 24).
TRANSIENT_CODES = frozenset({"ServiceUnavailable", "InternalError", "UnknownError", "SignatureNonceUsed"})


_SDK = threading.Lock()
"""Held while the vendor's SDK imports, builds or signs: it does not say which of that is safe in several threads."""


class Call(Protocol):
    """One call of one product: what the API classes are built on."""

    def __call__(
        self, action: str, params: Mapping[str, Any] | None = None, repeatable: bool = False
    ) -> dict[str, Any]:
        """Returns the answer's JSON object."""


def lower_booleans(value: Any) -> Any:
    """Returns the value with booleans as "true" and "false", however deep: the SDK would send "True" (trap 27)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return {name: lower_booleans(item) for name, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [lower_booleans(item) for item in value]
    return value


class Transport:
    """Makes RPC calls with one set of credentials in one region, and counts every request that it sends."""

    def __init__(
        self,
        region: str,
        endpoints: Endpoints,
        credentials: CredentialSource,
        http: Http,
        retry: Retry,
        calls: Calls,
        pace: Pace | None = None,
    ) -> None:
        self.region = region
        self.endpoints = endpoints
        self.credentials = credentials
        self.http = http
        self.retry = retry
        self.calls = calls
        self.gate = Gate()
        self.pace = pace or Pace(retry.sleep, retry.clock)

    def bound(self, product: str) -> Call:
        """Returns the call function of one product."""

        def call(action: str, params: Mapping[str, Any] | None = None, repeatable: bool = False) -> dict[str, Any]:
            return self.call(product, action, params or {}, repeatable)

        return call

    def call(self, product: str, action: str, params: Mapping[str, Any], repeatable: bool = False) -> dict[str, Any]:
        """Returns the answer of one action. Parameters have the names of the SDK's setters; None is left out.

        Lists and objects are given as Python values where the SDK has a setter for them. A parameter that the installed
        SDK does not know yet is sent as a plain query parameter.
        """
        endpoint = self.endpoints.of(product)
        with _SDK:
            request = build_request(product, action, params)
        name = f"{product}.{action}"

        def once() -> dict[str, Any]:
            sent = self.pace.wait(name)
            # Signing is part of the attempt: SignatureNonce and Timestamp must be fresh each time.
            headers, path = self._sign(request)
            headers = {**headers, "User-Agent": self.http.user_agent, "Accept-Encoding": "identity"}
            self.gate(name)
            self.calls.add(name)
            answer = self.http.send(name, request.get_method(), endpoint.url + path, headers)
            try:
                return read_answer(name, answer.status_code, answer.headers, answer.content, request.string_to_sign)
            except CloudError as error:
                self.pace.saw(name, sent, error)
                raise renew_refused(error, self.credentials) from None

        return self.retry.run(once, repeatable)

    def _sign(self, request: Any) -> tuple[dict[str, str], str]:
        credentials = self.credentials.get()
        with _SDK:
            return make_signer(credentials).sign(self.region, request)  # type: ignore[no-any-return]  # SDK: untyped


def make_signer(credentials: Credentials) -> Any:
    """Returns the SDK's signer for the credentials; it adds our RegionId where a request has none (trap 2)."""
    keys = library("aliyunsdkcore.auth.credentials", "aliyun-python-sdk-core")
    if credentials.security_token:
        signers = library("aliyunsdkcore.auth.signers.sts_token_signer", "aliyun-python-sdk-core")
        return signers.StsTokenSigner(
            keys.StsTokenCredential(credentials.access_key, credentials.secret_key, credentials.security_token)
        )
    signers = library("aliyunsdkcore.auth.signers.access_key_signer", "aliyun-python-sdk-core")
    return signers.AccessKeySigner(keys.AccessKeyCredential(credentials.access_key, credentials.secret_key))


def build_request(product: str, action: str, params: Mapping[str, Any]) -> Any:
    """Returns the SDK's request object with its parameters set."""
    where = PRODUCTS[product]
    if where.package:
        module = library(f"{where.package}.request.{where.version}.{action}Request", where.distribution)
        request = getattr(module, f"{action}Request")()
    else:
        request = library("aliyunsdkcore.request", where.distribution).RpcRequest(product, where.version, action)
        request.set_method("POST")
    request.set_accept_format("JSON")
    for name, value in lower_booleans(dict(params)).items():
        setter = getattr(request, f"set_{name}", None)
        if setter is None:
            request.add_query_param(name, value)
        else:
            setter(value)
    return request


def library(module: str, distribution: str) -> Any:
    """Returns a module of a library that the controller needs; a missing one is reported by its distribution's name."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingLibrary(distribution, traceback.format_exc()) from error


def read_answer(
    action: str, status: int, headers: Mapping[str, str], body: bytes, string_to_sign: str = ""
) -> dict[str, Any]:
    """Returns the JSON object of a successful answer; raises CloudError for every other answer.

    An error of ENS may come with HTTP 200: its Code is "0" only when all went well (trap 25). A body that is not a JSON
    object (a gateway's HTML page) is an unreadable answer: the call may have taken effect.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        start = " ".join(body[:200].decode("utf-8", "replace").split())
        raise CloudError(
            action,
            "Answer.Unreadable",
            f"HTTP {status} without a JSON object: {start!r}",
            request_id=headers.get("x-acs-request-id", ""),
            http_status=status,
            retryable=status >= 500 or status < 300,
            retry_after=_retry_after(headers),
        )
    code = str(answer.get("Code") or "")
    if status < 300 and (code in ("", "0") or not action.startswith("ens.")):
        return answer
    message = str(answer.get("Message") or answer.get("Msg") or answer.get("Desc") or "no message")
    hint = None
    if code == "SignatureDoesNotMatch" and string_to_sign and string_to_sign not in message:
        # The SDK compares by message.split(":")[1], which breaks on a message without a colon (facts 6.5).
        hint = "Check the secret key; if it is right, something between here and the service changes requests."
    raise CloudError(
        action,
        code or f"HTTP.{status}",
        message,
        request_id=str(answer.get("RequestId") or ""),
        http_status=status,
        retryable=status >= 500 or status == 429 or is_throttling(code) or code in TRANSIENT_CODES,
        hint=hint,
        retry_after=_retry_after(headers),
    )


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Returns the seconds that the service asks to wait: x-acs-retry-after is in milliseconds (local cloud 3.4)."""
    for name, scale in (("x-acs-retry-after", 0.001), ("Retry-After", 1.0)):
        value = headers.get(name, "")
        if value.isdigit():
            return int(value) * scale
    return None
