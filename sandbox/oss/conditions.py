# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions and ranges of a read: pure decisions over headers."""
from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from .errors import OssError

_RANGE = re.compile(r"bytes=([0-9]{0,19})-([0-9]{0,19})")


def check_conditions(headers: Mapping[str, str], etag: str, modified: float, prefix: str = "") -> None:
    """Refuse with PreconditionFailed or NotModified as If-Match and its kin demand; `prefix` is that of copies."""
    match, none_match = headers.get(f"{prefix}if-match"), headers.get(f"{prefix}if-none-match")
    since, unmodified = headers.get(f"{prefix}if-modified-since"), headers.get(f"{prefix}if-unmodified-since")
    seconds = int(modified)
    if match is not None and match.strip('"') != etag:
        raise OssError("PreconditionFailed", details={"Condition": "If-Match"})
    if unmodified is not None and match is None and seconds > _seconds(unmodified):
        raise OssError("PreconditionFailed", details={"Condition": "If-Unmodified-Since"})
    if none_match is not None and none_match.strip('"') == etag:
        raise OssError("NotModified", headers={"ETag": f'"{etag}"'})
    if since is not None and none_match is None and seconds <= _seconds(since):
        raise OssError("NotModified", headers={"ETag": f'"{etag}"'})


def stretch_of(headers: Mapping[str, str], size: int) -> tuple[int, int] | None:
    """Return (first byte, length) that the Range header asks for, None for the whole object.

    OSS answers a range that cannot be satisfied with the whole object, unless ``x-oss-range-behavior: standard`` asks
    for what HTTP says (local-cloud 3.6).
    """
    text = headers.get("range")
    if text is None:
        return None
    strict = headers.get("x-oss-range-behavior") == "standard"
    match = _RANGE.fullmatch(text.strip())
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        length = int(match[2])
        if strict and length == 0:
            raise _unsatisfied(size)
        if length == 0 or (length > size and not strict):
            return None
        return max(0, size - length), min(length, size)
    first = int(match[1])
    last = int(match[2]) if match[2] else size - 1
    if strict and first >= size:
        raise _unsatisfied(size)
    if first >= size or last < first or (last >= size and not strict):
        return None
    return first, min(last, size - 1) - first + 1


def _unsatisfied(size: int) -> OssError:
    return OssError("InvalidRange", details={"ActualObjectSize": str(size)},
                    headers={"Content-Range": f"bytes */{size}"})


def _seconds(text: str) -> float:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, OverflowError) as error:
        raise OssError("InvalidArgument", f"{text} is not an HTTP date.") from error
