# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import time
from typing import Any

import pytest
from support.local_cloud import KEY, SECRET, LocalCloud

from sandbox.state.clock import iso
from sandbox.transport import acs3
from sandbox.transport.rpc import Reply

NAMES = ["host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"]


def signed(body: bytes = b"", names: list[str] | None = None, **changes: str) -> acs3.Signed:
    """A correctly signed GetCallerIdentity, ``changes`` to its headers included in the signature."""
    headers = {
        "host": "127.0.0.1", "x-acs-action": "GetCallerIdentity", "x-acs-version": "2015-04-01",
        "x-acs-date": iso(time.time()), "x-acs-signature-nonce": "n1",
        "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    names = names or NAMES
    call = acs3.Signed("/", {}, headers, body)
    canonical = acs3.canonical_request("POST", call, names, headers["x-acs-content-sha256"])
    signature = acs3.sign(SECRET, acs3.string_to_sign(canonical))
    headers["authorization"] = (
        f"{acs3.ALGORITHM} Credential={KEY},SignedHeaders={';'.join(names)},Signature={signature}"
    )
    return call


def serve(local: LocalCloud, call: acs3.Signed) -> Reply:
    """What the sandbox answers to it."""
    return local.rpc.serve("POST", {"Action": "GetCallerIdentity", "Version": "2015-04-01"}, call)


def test_a_replay_is_refused(local: LocalCloud) -> None:
    call = signed()
    assert serve(local, call).status == 200
    again = serve(local, call)
    assert (again.status, again.body["Code"]) == (400, "SignatureNonceUsed")


def test_another_body_than_the_signed_one(local: LocalCloud) -> None:
    call = signed(b"a=1")
    reply = serve(local, acs3.Signed(call.path, call.query, call.headers, b"a=2"))
    assert (reply.status, reply.body["Code"]) == (400, "SignatureDoesNotMatch")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"x_acs_date": "yesterday"}, "InvalidTimeStamp.Format"),
        ({"x_acs_date": ""}, "MissingTimestamp"),
        ({"x_acs_signature_nonce": ""}, "MissingSignatureNonce"),
        ({"names": NAMES[1:]}, "IncompleteSignature"),
        ({"names": NAMES[::-1]}, "IncompleteSignature"),
    ],
)
def test_what_the_gateway_refuses(local: LocalCloud, changes: dict[str, Any], code: str) -> None:
    reply = serve(local, signed(**changes))
    assert (reply.status, reply.body["Code"]) == (400, code)


@pytest.mark.parametrize("off", [-1000, 86400])
def test_a_date_more_than_15_minutes_off_is_refused(local: LocalCloud, off: int) -> None:
    reply = serve(local, signed(x_acs_date=iso(time.time() + off)))
    assert (reply.status, reply.body["Code"]) == (400, "InvalidTimeStamp.Expired")
