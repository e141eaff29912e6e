# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Malformed requests for the local cloud, generated from a seed: what no client of the vendor sends.

None of them may have an effect: a request with a good signature is either a read, or it lacks something that its
action needs (a name that exists, a digest that agrees, a body that can be parsed).
"""

from __future__ import annotations

import json
import random
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from urllib.parse import quote, quote_plus, unquote, urlencode

from sandbox.contracts import CONTRACTS, READS, VERSIONS
from sandbox.contracts.spec import Param
from sandbox.oss.service import OPERATIONS
from sandbox.oss.signatures import sign_v1, string_to_sign_v1
from sandbox.state.clock import iso
from sandbox.transport import signature

_PRODUCT_VERSIONS = {product: version for version, product in VERSIONS.items()}
_NO_PRODUCT_HAS = "Zz"
_SCOPE = "20260101/ap-southeast-1/oss/aliyun_v4_request"

TEXTS = (
    "",
    " ",
    "\0",
    "\n",
    "\r\nX-Injected: 1",
    "'; DROP TABLE rows; --",
    "../../etc/passwd",
    "%",
    "%zz",
    "%ff%fe",
    "\u202e",
    "\ud800",
    "\U0001f4a3",
    "\u0661\u0662",
    "\u00b2",
    "NaN",
    "-1",
    "1e999",
    "9" * 5000,
    "a" * 6000,
    "null",
    "[]",
    "{}",
    "[" * 3000,
    '{"a":' * 1000,
    "true",
    "0",
    "*",
    "?",
    "&",
    "=",
    "$(id)",
    "{{ 7 * 7 }}",
    "<x>&amp;",
    "2026-99-99T99:99:99Z",
    "bytes=-",
    "a/b/c",
    "\\",
    "acs:ecs:*:*:*",
)
BODIES = (
    b"",
    b"\0" * 64,
    b"<",
    b"<a>",
    b"<Delete/>",
    b"<a>" * 5000,
    b"<a>" * 5000 + b"</a>" * 5000,
    b"\xff\xfe\xfa",
    b"{}",
    b"[" * 100000,
    b'{"a":' * 20000,
    b'"\\ud800"',
    b"<?xml version='1.0' encoding='utf-16'?><a/>",
    b"a=b&a=c&%=%",
    b"<!DOCTYPE a [<!ENTITY b 'b'>"
    + b"".join(b"<!ENTITY c%d '%s'>" % (n, (b"&c%d;" % (n - 1) if n else b"&b;") * 10) for n in range(9))
    + b"]><a>&c8;</a>",
    b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
    b'{"token_id": "\\ud800", "token_code": [], "report": 1}',
)


@dataclass(frozen=True)
class Wire:
    """One request as bytes; ``kind`` says what is wrong with it, and ``effect`` names the action of an answer 2xx."""

    kind: str
    data: bytes
    read: bool


def malformed(seed: int, count: int, host: str, key: str, secret: str, bucket: str) -> list[Wire]:
    """Return ``count`` requests, of every kind about equally many."""
    draw = random.Random(seed)
    make = _Maker(draw, host, key, secret, bucket)
    kinds: tuple[Callable[[], Wire], ...] = (
        make.bytes_that_are_no_request,
        make.rpc_with_a_broken_signature,
        make.rpc_read,
        make.rpc_change,
        make.oss_with_a_broken_signature,
        make.oss_signed,
        make.agent,
        make.acs3,
    )
    return [kinds[number % len(kinds)]() for number in range(count)]


class _Maker:
    def __init__(self, draw: random.Random, host: str, key: str, secret: str, bucket: str) -> None:
        self._draw, self._host, self._key, self._secret, self._bucket = draw, host, key, secret, bucket

    def bytes_that_are_no_request(self) -> Wire:
        """Request lines, headers and lengths that are not HTTP."""
        noise = self._draw.randbytes(self._draw.randrange(1, 400))
        lines = (
            noise,
            b"GET\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET " + b"/" * 9000 + b" HTTP/1.1\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: 9x\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n" + noise,
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nX: " + noise.replace(b"\n", b"") + b"\r\n\r\n",
            b"GET / HTTP/1.1\r\nX: " + b"x" * 9000 + b"\r\n\r\n",
            b"GET /?" + noise.hex().encode() + b"=%zz HTTP/1.1\r\n\r\n",
        )
        return Wire("no request", self._draw.choice(lines), False)

    def rpc_with_a_broken_signature(self) -> Wire:
        """A call of which one parameter is changed, removed or added after it was signed."""
        params = self._signed(
            "smc",
            self._draw.choice(("CreateAccessToken", "DeleteSourceServer", "CreateReplicationJob")),
            {"Name": "x", "SourceId": "s-sandboxweb01", "Count": "5", "TimeToLiveInDays": "1"},
        )
        name = self._draw.choice(sorted(params))
        if name in ("Action", "Version") or self._draw.random() < 0.5:
            params[self._text() or "Added"] = self._text()
        elif self._draw.random() < 0.5:
            params[name] = self._text() + "x"
        else:
            del params[name]
        return self._rpc(params, "broken signature", False)

    def rpc_read(self) -> Wire:
        """A read whose parameters have any value."""
        product = self._draw.choice(sorted(CONTRACTS))
        names = [name for name in CONTRACTS[product] if name.startswith(READS)]
        if not names:
            return self.rpc_change()
        return self._call(product, self._draw.choice(names), True)

    def rpc_change(self) -> Wire:
        """A change with any parameters, and one more that no action has."""
        product = self._draw.choice(sorted(CONTRACTS))
        return self._call(product, self._draw.choice(sorted(CONTRACTS[product])), False)

    def oss_with_a_broken_signature(self) -> Wire:
        """An operation whose Authorization, date or URL is not what was signed."""
        method, query = self._operation()
        headers = {"Date": formatdate(time.time(), usegmt=True)}
        kind = self._draw.randrange(4)
        if kind == 0:
            headers["Authorization"] = self._draw.choice(
                (
                    "OSS",
                    f"OSS {self._key}:",
                    f"OSS {self._key}:{self._text()}",
                    "OSS2 AccessKeyId:,Signature:x",
                    "OSS4-HMAC-SHA256 Credential=a/b/c/oss/aliyun_v4_request,Signature=00",
                    f"OSS4-HMAC-SHA256 Credential={self._key}/{_SCOPE},Signature=00",
                    f"Bearer {self._text()}",
                )
            )
        elif kind == 1:
            query = {**query, "OSSAccessKeyId": self._key, "Expires": self._text(), "Signature": self._text()}
        elif kind == 2:
            query = {
                **query,
                "x-oss-signature-version": "OSS4-HMAC-SHA256",
                "x-oss-date": self._text(),
                "x-oss-credential": f"{self._key}/{_SCOPE}",
                "x-oss-expires": self._text(),
                "x-oss-signature": self._text(),
            }
        else:
            headers["Date"] = self._text()
            headers["Authorization"] = f"OSS {self._key}:AAAA"
        return self._http(
            method, self._oss_path(query, "nothing.here"), headers, self._draw.choice(BODIES), "broken signature", False
        )

    def oss_signed(self) -> Wire:
        """A signed operation with any query, headers and body; a change has a digest that does not agree."""
        method, query = self._operation()
        query = {name: value for name, value in query.items() if _encodable(value)}
        key = self._draw.choice(("", "nothing.here", quote(self._plain()[:300], safe="")))
        bucket = self._draw.choice((self._bucket, "no-such-bucket", "UPPER", "a", quote(self._plain()[:60], safe="")))
        read = method in ("GET", "HEAD")
        if not read and not key:
            # What changes a bucket that exists could be allowed: another one is named.
            bucket = "no-such-bucket" if method != "PUT" or query else "UPPER"
        headers = {
            "Date": formatdate(time.time(), usegmt=True),
            "Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA==",
            "x-oss-storage-class": "Imaginary",
            "x-oss-object-acl": "imaginary",
        }
        for name in self._draw.sample(
            (
                "range",
                "x-oss-tagging",
                "if-modified-since",
                "x-oss-meta-a",
                "x-oss-copy-source",
                "x-oss-symlink-target",
                "x-oss-range-behavior",
                "if-match",
                "x-oss-copy-source-range",
                "x-oss-forbid-overwrite",
                "content-type",
                "x-oss-security-token",
            ),
            3,
        ):
            headers[name] = _header(self._text())
        text = string_to_sign_v1(
            method, unquote(bucket), unquote(key), query, {k.lower(): v for k, v in headers.items()}, headers["Date"]
        )
        headers["Authorization"] = f"OSS {self._key}:{sign_v1(self._secret, text)}"
        return self._http(method, self._path(bucket, key, query), headers, self._draw.choice(BODIES), "signed", read)

    def agent(self) -> Wire:
        """A call of the client on a source server with any body."""
        name = self._draw.choice(("register", "attach", "poll", "forget", "none"))
        fields = ("token_id", "token_code", "report", "source_id", "agent_key", "access_id", "signature")
        body = {
            field: self._draw.choice((self._text(), 1, None, [], {}, {"disks": [1], "system": 2}))
            for field in self._draw.sample(fields, 4)
        }
        if self._draw.random() < 0.5:
            body["source_id"] = "s-sandboxweb01"
        data = self._draw.choice((json.dumps(body).encode(), *BODIES))
        return self._http("POST", f"/_agent/{name}", {"Content-Type": "application/json"}, data, "agent", False)

    def acs3(self) -> Wire:
        """A call with the newer signature whose headers have any value."""
        headers = {
            "x-acs-action": "DescribeSourceServers",
            "x-acs-version": _PRODUCT_VERSIONS["smc"],
            "x-acs-date": iso(time.time()),
            "x-acs-signature-nonce": secrets.token_hex(8),
            "x-acs-content-sha256": "0" * 64,
            "Authorization": f"ACS3-HMAC-SHA256 Credential={self._key},SignedHeaders=host;x-acs-action;"
            "x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=00",
        }
        name = self._draw.choice(sorted(headers))
        if name not in ("x-acs-action", "x-acs-version"):
            headers[name] = _header(self._text())
        return self._http("POST", "/", headers, self._draw.choice(BODIES), "acs3", False)

    # ---- parts ----
    def _text(self) -> str:
        return self._draw.choice(TEXTS)

    def _plain(self) -> str:
        return self._text().encode("utf-8", "ignore").decode()

    def _call(self, product: str, action: str, read: bool) -> Wire:
        values = {}
        for param in self._draw.sample(CONTRACTS[product][action].params, self._draw.randrange(4)):
            values.update(self._values(param, param.name, 0))
        if not read:
            values[f"{_NO_PRODUCT_HAS}{self._draw.randrange(100)}"] = "1"
        return self._rpc(self._signed(product, action, values), "signed", read)

    def _values(self, param: Param, name: str, depth: int) -> dict[str, str]:
        if param.fields and depth < 2 and self._draw.random() < 0.7:
            inner = self._draw.choice(param.fields)
            index = self._draw.choice(("1", "0", "-1", "\u00b2", "x", "99999"))
            return self._values(inner, f"{name}.{index}.{inner.name}", depth + 1)
        return {name + self._draw.choice(("", "", ".1", "..", ".x.y", ".\u00b2")): self._text()}

    def _signed(self, product: str, action: str, values: Mapping[str, str]) -> dict[str, str]:
        params = {
            "Action": action,
            "Version": _PRODUCT_VERSIONS[product],
            "Format": "JSON",
            "AccessKeyId": self._key,
            "RegionId": "ap-southeast-1",
            "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0",
            "SignatureNonce": secrets.token_hex(8),
            "Timestamp": iso(time.time()),
            **values,
        }
        params = {key: value for key, value in params.items() if _encodable(key) and _encodable(value)}
        params["Signature"] = signature.sign(self._secret, signature.string_to_sign("POST", params))
        return params

    def _rpc(self, params: Mapping[str, str], kind: str, read: bool) -> Wire:
        inside = {key: value for key, value in params.items() if key in ("Action", "Version")}
        form = "&".join(
            f"{quote_plus(key, errors='surrogatepass')}={quote_plus(value, errors='surrogatepass')}"
            for key, value in params.items()
            if key not in inside
        )
        return self._http(
            "POST",
            f"/?{urlencode(inside)}",
            {"Content-Type": "application/x-www-form-urlencoded"},
            form.encode(),
            kind,
            read,
        )

    def _operation(self) -> tuple[str, dict[str, str]]:
        words = self._draw.choice([name for table in OPERATIONS.values() for name in table]).split()
        extra = self._draw.sample(
            (
                "max-keys",
                "marker",
                "prefix",
                "delimiter",
                "encoding-type",
                "versionId",
                "position",
                "max-parts",
                "max-uploads",
                "part-number-marker",
                "list-type",
                "continuation-token",
            ),
            2,
        )
        query = {word: self._text() for word in words[1:] if word != "from"}
        return words[0], {**query, **{name: self._text() for name in extra}}

    def _oss_path(self, query: Mapping[str, str], key: str) -> str:
        return self._path(self._draw.choice((self._bucket, "no-such-bucket", "a")), key, query)

    @staticmethod
    def _path(bucket: str, key: str, query: Mapping[str, str]) -> str:
        words = "&".join(
            f"{quote_plus(name)}={quote_plus(value, errors='surrogatepass')}" for name, value in query.items()
        )
        return f"/{bucket}/{key}?{words}"[:8000]

    def _http(self, method: str, target: str, headers: Mapping[str, str], body: bytes, kind: str, read: bool) -> Wire:
        lines = [
            f"{method} {target} HTTP/1.1",
            f"Host: {self._host}",
            f"Content-Length: {len(body)}",
            "Connection: close",
            *(f"{name}: {_header(value)}" for name, value in headers.items()),
        ]
        return Wire(kind, "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body, read)


def _header(value: str) -> str:
    return "".join(char for char in value if char not in "\r\n\0" and _encodable(char))[:7000].strip()


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
