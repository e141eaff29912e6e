# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One OSS request as it was received: bucket, key, query, headers, still signed."""
from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from urllib.parse import unquote_plus


@dataclass(frozen=True)
class OssRequest:
    """What a request says; header names are lower case, the key is decoded; `chunks` gives its body as it arrives."""

    method: str
    bucket: str
    key: str
    query: dict[str, str]
    headers: dict[str, str]
    chunks: Callable[[], AsyncIterator[bytes]]

    @property
    def host(self) -> str:
        """The host that the client used: endpoints in answers must repeat it, or the client calls the real cloud."""
        return self.headers.get("host", "127.0.0.1")


def parse_query(text: str) -> dict[str, str]:
    """Return the decoded query parameters; one without a value has an empty one."""
    parameters = {}
    for item in filter(None, text.split("&")):
        name, _equals, value = item.partition("=")
        parameters[unquote_plus(name)] = unquote_plus(value)
    return parameters
