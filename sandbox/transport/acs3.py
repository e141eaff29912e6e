# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signature ACS3-HMAC-SHA256 of the alibabacloud_* clients: action, date and nonce are headers (local-cloud 3.5)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.state.clock import parse_iso
from sandbox.state.cloud import Cloud
from sandbox.state.nonces import Nonces
from sandbox.state.tables import Row

from .signature import SKEW, find_caller, percent

ALGORITHM = "ACS3-HMAC-SHA256"
_AUTHORIZATION = re.compile(
    ALGORITHM + r" +Credential=(?P<key>[^,]+), *SignedHeaders=(?P<headers>[^,]+), *Signature=(?P<signature>[0-9a-f]+)"
)
# The headers that the signature must cover.
_SIGNED = frozenset(
    {"host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"}
)


@dataclass(frozen=True)
class Signed:
    """What an ACS3 signature covers: path, query, headers with names in lower case, and the body."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


def canonical_request(method: str, signed: Signed, names: list[str], payload_hash: str) -> str:
    """Method, path, sorted query, the named headers, their names, and the hash of the body, one below the other."""
    query = "&".join(f"{percent(key)}={percent(signed.query[key])}" for key in sorted(signed.query))
    headers = "".join(f"{name}:{signed.headers.get(name, '').strip()}\n" for name in names)
    return "\n".join((method, signed.path, query, headers, ";".join(names), payload_hash))


def string_to_sign(canonical: str) -> str:
    """The algorithm and the SHA-256 of the canonical request."""
    return f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"


def sign(secret: str, text: str) -> str:
    """Hexadecimal HMAC-SHA256 under the secret as it is."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def authenticate(cloud: Cloud, method: str, signed: Signed, nonces: Nonces, real_now: float) -> Row:
    """The row of the calling access key, whose nonce is used up from now on; see ``verify``."""
    caller = verify(cloud, method, signed, real_now)
    if not nonces.first_use(f"{caller['id']}/{signed.headers['x-acs-signature-nonce']}", real_now):
        raise cloud.error("SignatureNonceUsed")
    return caller


def verify(cloud: Cloud, method: str, signed: Signed, real_now: float) -> Row:
    """The row of the calling access key, or the refusal of the gateway; order and codes as with version 1."""
    headers = signed.headers
    for name, code in (("x-acs-date", "MissingTimestamp"), ("x-acs-signature-nonce", "MissingSignatureNonce")):
        if not headers.get(name):
            raise cloud.error(code, f"{name} is mandatory for this action.")
    found = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if found is None:
        raise cloud.error("IncompleteSignature", f"The header Authorization must have the form of {ALGORITHM}.")
    names = found["headers"].split(";")
    lacking = _SIGNED.difference(names)
    if lacking or names != sorted(names):
        raise cloud.error("IncompleteSignature", f"SignedHeaders must be sorted and hold {', '.join(sorted(_SIGNED))}.")
    try:
        stamp = parse_iso(headers["x-acs-date"])
    except ValueError:
        raise cloud.error("InvalidTimeStamp.Format") from None
    if abs(stamp - real_now) > SKEW:
        raise cloud.error("InvalidTimeStamp.Expired")
    caller = find_caller(cloud, found["key"], headers.get("x-acs-security-token", ""))
    payload_hash = hashlib.sha256(signed.body).hexdigest()
    canonical = canonical_request(method, signed, names, payload_hash)
    matches = hmac.compare_digest(sign(caller["secret"], string_to_sign(canonical)), found["signature"])
    if not matches or headers.get("x-acs-content-sha256") != payload_hash:
        raise cloud.error(
            "SignatureDoesNotMatch",
            f"Specified signature is not matched with our calculation. server canonical request is:{canonical}",
        )
    return caller
