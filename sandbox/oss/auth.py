# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the signature of an OSS request against the account's access keys."""
from __future__ import annotations

import hmac
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from functools import partial
from typing import get_args

from sandbox.contracts.numbers import is_number
from sandbox.contracts.regions import Region
from sandbox.state.cloud import Cloud
from sandbox.state.tables import Row

from . import signatures
from .errors import OssError
from .request import OssRequest

_Signer = Callable[[str], str]

REGIONS: tuple[str, ...] = get_args(Region)

_SKEW = 15 * 60
_V4_NAME = "OSS4-HMAC-SHA256"
_V4 = re.compile(r"OSS4-HMAC-SHA256\s+Credential=(?P<credential>[^,]+),\s*(?:AdditionalHeaders=(?P<before>[^,]*),\s*)?"
                 r"Signature=(?P<signature>[0-9a-f]+)(?:,\s*AdditionalHeaders=(?P<after>[^,]*))?")
_V2 = re.compile(r"OSS2\s+AccessKeyId:(?P<id>[^,]+),(?:AdditionalHeaders:(?P<more>[^,]*),)?Signature:(?P<signature>.+)")
_V1 = re.compile(r"OSS\s+(?P<id>[^:]+):(?P<signature>.+)")


@dataclass(frozen=True)
class Identity:
    """Who signed: the account, the user in it, and for V4 the region that the client believes to talk to."""

    account: str
    user: str
    region: str | None = None


def authenticate(request: OssRequest, cloud: Cloud) -> Identity | None:
    """Return the identity that signed the request, None for an anonymous request; a wrong signature is refused.

    Dates are compared with real time; the expiry of a temporary credential with the virtual clock.
    """
    header, query = request.headers.get("authorization", ""), request.query
    if match := _V4.fullmatch(header):
        return _v4_header(request, cloud, match)
    if match := _V2.fullmatch(header):
        _check_date(_http_date(request))
        text = _text_v2(request, query, _http_date(request), match["more"] or "")
        sign = partial(signatures.sign_v2, text=text)
        return _check(cloud, match["id"], request, sign, match["signature"], text)
    if match := _V1.fullmatch(header):
        _check_date(_http_date(request))
        text = _text_v1(request, query, _http_date(request))
        sign = partial(signatures.sign_v1, text=text)
        return _check(cloud, match["id"], request, sign, match["signature"], text)
    if header:
        raise OssError("InvalidArgument", "Authorization header is invalid.", "0002-00000221")
    if query.get("x-oss-signature-version") == _V4_NAME:
        return _v4_url(request, cloud)
    if query.get("x-oss-signature-version") == "OSS2":
        return _v2_url(request, cloud)
    return _v1_url(request, cloud) if "OSSAccessKeyId" in query else None


def _text_v1(request: OssRequest, query: Mapping[str, str], date: str) -> bytes:
    return signatures.string_to_sign_v1(request.method, request.bucket, request.key, query, request.headers, date)


def _text_v2(request: OssRequest, query: Mapping[str, str], date: str, additional: str) -> bytes:
    return signatures.string_to_sign_v2(request.method, request.bucket, request.key, query, request.headers, date,
                                        list(filter(None, additional.split(";"))))


def _v1_url(request: OssRequest, cloud: Cloud) -> Identity:
    query = request.query
    _check_expires(_number(query.get("Expires", "")))
    text = _text_v1(request, query, query["Expires"])
    return _check(cloud, query["OSSAccessKeyId"], request, lambda secret: signatures.sign_v1(secret, text),
                  query.get("Signature", ""), text)


def _v2_url(request: OssRequest, cloud: Cloud) -> Identity:
    query = dict(request.query)
    signature = query.pop("x-oss-signature", "")
    _check_expires(_number(query.get("x-oss-expires", "")))
    text = _text_v2(request, query, query["x-oss-expires"], query.get("x-oss-additional-headers", ""))
    return _check(cloud, query.get("x-oss-access-key-id", ""), request, lambda secret: signatures.sign_v2(secret, text),
                  signature, text)


def _v4_header(request: OssRequest, cloud: Cloud, match: re.Match[str]) -> Identity:
    key_id, scope, region = _scope(match["credential"], "Invalid signing region in Authorization header.")
    date = request.headers.get("x-oss-date", "")
    _check_date(date)
    return _v4(request, cloud, key_id, scope, region, date, request.query, match["before"] or match["after"] or "",
               match["signature"])


def _v4_url(request: OssRequest, cloud: Cloud) -> Identity:
    query = dict(request.query)
    signature = query.pop("x-oss-signature", "")
    key_id, scope, region = _scope(query.get("x-oss-credential", ""),
                                   "The signing region in credential is invalid.")
    date = query.get("x-oss-date", "")
    _check_expires(_seconds(date) + _number(query.get("x-oss-expires", "")))
    return _v4(request, cloud, key_id, scope, region, date, query, query.get("x-oss-additional-headers", ""), signature)


def _v4(request: OssRequest, cloud: Cloud, key_id: str, scope: str, region: str, date: str, query: Mapping[str, str],
        additional: str, signature: str) -> Identity:
    text = signatures.string_to_sign_v4(request.method, request.bucket, request.key, query, request.headers, date,
                                        scope, list(filter(None, additional.split(";"))))
    signer = _check(cloud, key_id, request, lambda secret: signatures.sign_v4(secret, scope, text), signature, text)
    return replace(signer, region=region)


def _scope(credential: str, wrong_region: str) -> tuple[str, str, str]:
    """Return access key id, scope and region of a V4 credential; a region that does not exist is refused."""
    key_id, _slash, scope = credential.partition("/")
    parts = scope.split("/")
    if len(parts) != 4 or parts[2:] != ["oss", "aliyun_v4_request"]:
        raise OssError("InvalidArgument", "Invalid credential in Authorization header.", "0002-00000225")
    if parts[1] not in REGIONS:
        raise OssError("InvalidArgument", wrong_region, "0002-00000226")
    return key_id, scope, parts[1]


def _check(cloud: Cloud, key_id: str, request: OssRequest, sign: _Signer, signature: str, text: bytes) -> Identity:
    row = cloud.credentials.find(key_id)
    # alibabacloud-oss-v2 sends it in a separate header under V1, where no signature covers it.
    names = ("x-oss-security-token", "security-token")
    token = next((place[name] for place in (request.headers, request.query) for name in names if place.get(name)), None)
    # A temporary key without its token is an unknown key.
    if row is None or (row["token"] and not token):
        raise OssError("InvalidAccessKeyId", details={"OSSAccessKeyId": key_id})
    _check_token(cloud, row, token)
    if not hmac.compare_digest(sign(row["secret"]).encode(), signature.encode()):
        raise OssError("SignatureDoesNotMatch", details={
            "OSSAccessKeyId": key_id, "SignatureProvided": signature,
            "StringToSign": text.decode("utf-8", "replace")})
    return Identity(cloud.settings.account.id, row["user"])


def _check_token(cloud: Cloud, row: Row, token: str | None) -> None:
    if (row["token"] or None) != token:
        raise OssError("InvalidSecurityToken")
    if cloud.expired(row):
        raise OssError("SecurityTokenExpired")


def _http_date(request: OssRequest) -> str:
    return request.headers.get("x-oss-date") or request.headers.get("date", "")


def _check_date(text: str) -> None:
    if abs(_seconds(text) - time.time()) > _SKEW:
        raise OssError("RequestTimeTooSkewed", details={
            "MaxAllowedSkewMilliseconds": str(_SKEW * 1000), "RequestTime": text,
            "ServerTime": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")})


def _check_expires(deadline: float) -> None:
    if time.time() > deadline:
        raise OssError("AccessDenied", "Request has expired.", "0002-00000069")


def _seconds(text: str) -> float:
    try:
        if re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", text):
            return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc).timestamp()
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, OverflowError) as error:
        raise OssError("AccessDenied", "OSS authentication requires a valid Date.", "0002-00000142") from error


def _number(text: str) -> int:
    if not is_number(text):
        raise OssError("AccessDenied", "Query-string authentication requires the Signature, Expires and OSSAccessKeyId "
                                       "parameters.", "0002-00000061")
    return int(text)
