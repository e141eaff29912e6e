# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""From module options to API clients: endpoints, credentials, one session and one retry policy for all products."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits

from .auth import Credentials, CredentialSource, Static, choose
from .ecs import EcsApi
from .endpoints import Endpoints
from .ens import EnsApi
from .errors import CloudError
from .http import Http
from .metadata import fetch_role
from .oss import OssApi, OssConnection
from .pace import Calls
from .places import place
from .pool import Pool
from .ram_bss import BssApi, RamApi
from .retry import Retry
from .smc import SmcApi
from .sts import StsApi
from .transport import Transport, library
from .vpc import VpcApi


class Clients:
    """The API clients of one module run. ``calls`` counts the requests sent, by "product.Action"."""

    def __init__(self, transport: Transport, workers: int = 1) -> None:
        self.region = transport.region
        self.pool = Pool(workers)
        """Makes calls at the same time."""
        self.calls: Calls = transport.calls
        self.gate = transport.gate
        """Asked before each request that changes something."""
        self._transport = transport
        self._buckets: dict[str, OssApi] = {}

    @property
    def request_seconds(self) -> float:
        """How long one request may take before it is cancelled."""
        return self._transport.http.request_seconds

    @cached_property
    def smc(self) -> SmcApi:
        """Server Migration Center."""
        return SmcApi(self._transport.bound("smc"), self.pool)

    @cached_property
    def ecs(self) -> EcsApi:
        """Elastic Compute Service in our region."""
        return EcsApi(self._transport.bound("ecs"), self.pool)

    @cached_property
    def ens(self) -> EnsApi:
        """Edge Node Service."""
        return EnsApi(self._transport.bound("ens"), self.pool)

    @cached_property
    def vpc(self) -> VpcApi:
        """Virtual Private Cloud in our region."""
        return VpcApi(self._transport.bound("vpc"))

    @cached_property
    def sts(self) -> StsApi:
        """Security Token Service."""
        return StsApi(self._transport.bound("sts"))

    @cached_property
    def ram(self) -> RamApi:
        """Resource Access Management."""
        return RamApi(self._transport.bound("ram"))

    @cached_property
    def bss(self) -> BssApi:
        """The account's bill."""
        return BssApi(self._transport.bound("bss"))

    def oss(self, bucket: str) -> OssApi:
        """Returns the client of one bucket in our region."""
        if bucket not in self._buckets:
            self._buckets[bucket] = OssApi(bucket, self._oss)
        return self._buckets[bucket]

    @cached_property
    def _oss(self) -> OssConnection:
        transport = self._transport
        connection = OssConnection(
            transport.region,
            transport.endpoints.of("oss").url,
            transport.credentials,
            transport.http,
            transport.retry,
            transport.calls,
            transport.pace,
        )
        connection.gate = self.gate
        return connection


class _Fetchers:
    """The calls that temporary credentials come from."""

    def __init__(
        self, endpoints: Endpoints, http: Http, retry: Retry, calls: Calls, allow_imds_v1: bool
    ) -> None:
        self._endpoints = endpoints
        self._http = http
        self._retry = retry
        self._calls = calls
        self._allow_imds_v1 = allow_imds_v1

    def instance_role(self, role_name: str) -> Credentials:
        """Returns the credentials of the ECS instance's role."""
        url = self._endpoints.of("metadata").url
        return self._retry.run(lambda: fetch_role(self._http, url, role_name, self._allow_imds_v1), repeatable=True)

    def assumed_role(
        self, base: Credentials, arn: str, session: str, seconds: int, external_id: str = ""
    ) -> Credentials:
        """Returns the credentials of a role assumed with the given ones."""
        keys = Static(base, "profile")
        transport = Transport(self._endpoints.region, self._endpoints, keys, self._http, self._retry, self._calls)
        return StsApi(transport.bound("sts")).session_credentials(arn, session, seconds, external_id)


def _home() -> Path:
    """Returns the home folder, "~" for a user that has none: Path.home() would fail there."""
    return Path(os.path.expanduser("~"))


def _positive(params: Mapping[str, Any], option: str, default: float, or_zero: bool = False) -> float:
    """Returns a number among the options; refuses one that no timeout and no count can be."""
    value = params.get(option)
    if value is None:
        return default
    if not (0 < value < math.inf or (or_zero and value == 0)):
        allowed = "0 or more" if or_zero else "more than 0"
        raise CloudError(
            f"Reading {option}", "Option.Invalid", f"{option} is {value}", hint=f"Set {place(option)} to {allowed}."
        )
    return float(value)


def _whole(params: Mapping[str, Any], option: str, default: int, most: int) -> int:
    """Returns a number among the options; refuses one that is not 1 to ``most``."""
    value = int(default if params.get(option) is None else params[option])
    if not 1 <= value <= most:
        raise CloudError(
            f"Reading {option}",
            "Option.Invalid",
            f"{option} is {value}",
            hint=f"Set {place(option)} to a whole number from 1 to {most}.",
        )
    return value


def make_clients(
    params: Mapping[str, Any],
    environ: Mapping[str, str] | None = None,
    home: Path | None = None,
    retry: Retry | None = None,
) -> Clients:
    """Returns the clients for a module's connection options; refuses what is contradictory, and sends nothing yet."""
    # Every answer is read with it: a run that could not read what it does makes no call at all.
    library("jmespath", "jmespath")
    environ = os.environ if environ is None else environ
    endpoints = Endpoints(str(params.get("region") or ""), params.get("endpoints"))
    timeout = (
        _positive(params, "connect_timeout", limits.CONNECT_TIMEOUT),
        _positive(params, "read_timeout", limits.READ_TIMEOUT),
    )
    http = Http(timeout, params.get("ca_bundle"), endpoints.local, environ, endpoints.options)
    retry = retry or Retry(attempts=1 + int(_positive(params, "http_retries", limits.HTTP_RETRIES, or_zero=True)))
    calls = Calls()
    allow_imds_v1 = environ.get("ALIBABA_CLOUD_IMDSV1_DISABLED", "").lower() not in ("1", "true")
    fetchers = _Fetchers(endpoints, http, retry, calls, allow_imds_v1)
    credentials: CredentialSource = choose(params, environ, home or _home(), fetchers)
    workers = _whole(params, "parallel_calls", 1, limits.MOST_PARALLEL_CALLS)
    return Clients(Transport(endpoints.region, endpoints, credentials, http, retry, calls), workers)
