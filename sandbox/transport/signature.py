# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RPC signature version 1 (HMAC-SHA1): the caller and the check of its signature (local-cloud 3.1, 3.2)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote

from sandbox.state.clock import parse_iso
from sandbox.state.cloud import Cloud
from sandbox.state.nonces import Nonces
from sandbox.state.tables import Row

SKEW = 900.0
_NEEDED = ("AccessKeyId", "Signature", "SignatureNonce", "Timestamp", "SignatureMethod", "SignatureVersion")


def percent(text: str) -> str:
    """Percent-encoding as the signature wants it: ``~`` stays, a space is %20."""
    return quote(text, safe="~")


def string_to_sign(method: str, params: Mapping[str, str]) -> str:
    """``POST&%2F&...`` over every parameter but Signature, sorted, empty values included."""
    pairs = "&".join(f"{percent(key)}={percent(params[key])}" for key in sorted(params) if key != "Signature")
    return f"{method}&%2F&{percent(pairs)}"


def sign(secret: str, text: str) -> str:
    """Base64 of HMAC-SHA1 under ``secret&``."""
    return base64.b64encode(hmac.new(f"{secret}&".encode(), text.encode(), hashlib.sha1).digest()).decode()


def authenticate(cloud: Cloud, method: str, params: Mapping[str, str], nonces: Nonces, real_now: float) -> Row:
    """The row of the calling access key, whose nonce is used up from now on; see ``verify``."""
    caller = verify(cloud, method, params, real_now)
    if not nonces.first_use(f"{params['AccessKeyId']}/{params['SignatureNonce']}", real_now):
        raise cloud.error("SignatureNonceUsed")
    return caller


def verify(cloud: Cloud, method: str, params: Mapping[str, str], real_now: float) -> Row:
    """The row of the calling access key, or the refusal that the vendor's gateway gives.

    The time stamp is judged on real time, since clients sign with their own clock; STS expiry on virtual time.
    """
    for name in _NEEDED:
        if not params.get(name):
            raise cloud.error(f"Missing{name}", f"{name} is mandatory for this action.")
    if params["SignatureMethod"] != "HMAC-SHA1" or params["SignatureVersion"] != "1.0":
        raise cloud.error("InvalidSignatureMethod", "Specified signature method is not valid: HMAC-SHA1 1.0 is.")
    try:
        stamp = parse_iso(params["Timestamp"])
    except ValueError:
        raise cloud.error("InvalidTimeStamp.Format") from None
    if abs(stamp - real_now) > SKEW:
        raise cloud.error("InvalidTimeStamp.Expired")
    caller = find_caller(cloud, params["AccessKeyId"], params.get("SecurityToken", ""))
    text = string_to_sign(method, params)
    if not hmac.compare_digest(sign(caller["secret"], text).encode(), params["Signature"].encode()):
        # The v1 SDK splits this message at its colon and compares what follows with its own string (local-cloud 3.4).
        raise cloud.error(
            "SignatureDoesNotMatch",
            f"Specified signature is not matched with our calculation. server string to sign is:{text}",
        )
    return caller


def find_caller(cloud: Cloud, access_key_id: str, token: str) -> Row:
    """The row of an access key, when the security token is the one that belongs to it and has not expired."""
    caller = cloud.credentials.find(access_key_id)
    if caller is None:
        raise cloud.error("InvalidAccessKeyId.NotFound")
    if caller["token"] is None:
        if token:
            raise cloud.error("InvalidSecurityToken.MismatchWithAccessKey")
        return caller
    if not token:
        raise cloud.error("MissingSecurityToken")
    if not hmac.compare_digest(token.encode(), caller["token"].encode()):
        raise cloud.error("InvalidSecurityToken.Malformed")
    if cloud.expired(caller):
        raise cloud.error("InvalidSecurityToken.Expired")
    return caller
