# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One OSS request as it came over the wire: bucket, key, query, headers, still signed."""
from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, unquote_plus, unquote_to_bytes

from aiohttp import web

from sandbox.oss.errors import OssError


@dataclass(frozen=True)
class OssRequest:
    """What a request says; header names are lower case, the key is decoded."""

    method: str
    bucket: str
    key: str
    query: dict[str, str]
    headers: dict[str, str]
    http: web.Request

    @property
    def host(self) -> str:
        """The host that the client used: endpoints in answers must repeat it, or the client leaves the local cloud."""
        return self.headers.get("host", "127.0.0.1")


def must_close(http: web.Request) -> bool:
    """Return whether the connection ends with the answer: a body was announced that is not waited for.

    A vendor test announces one with a GET and never sends it (local-cloud 3.6).
    """
    return http.method in ("GET", "HEAD", "DELETE") and http.can_read_body


def read_request(http: web.Request) -> OssRequest:
    """Return the request; a key that is not UTF-8 is refused.

    oss2 encodes the slashes of a key: the bucket ends at the first slash that is not encoded (local-cloud 3.6).
    """
    path, _mark, query = http.raw_path.partition("?")
    bucket, _slash, key = path.lstrip("/").partition("/")
    try:
        decoded = unquote_to_bytes(key).decode("utf-8")
    except UnicodeDecodeError as error:
        raise OssError("InvalidObjectName") from error
    headers = {name.lower(): value for name, value in http.headers.items()}
    return OssRequest(http.method, unquote(bucket), decoded, parse_query(query), headers, http)


def parse_query(text: str) -> dict[str, str]:
    """Return the decoded query parameters; one without a value has an empty one."""
    parameters = {}
    for item in filter(None, text.split("&")):
        name, _equals, value = item.partition("=")
        parameters[unquote_plus(name)] = unquote_plus(value)
    return parameters
