# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of every request, secrets scrubbed: what ``GET /_sandbox/requests`` shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SECRET = {
    "accesskeyid", "signature", "securitytoken", "accesstokencode", "access_token_code", "accesskeysecret",
    "authorization",
    "x-oss-security-token", "x-oss-signature", "x-oss-credential", "ossaccesskeyid", "security-token",
}
_NOISE = {"SignatureMethod", "SignatureNonce", "SignatureType", "SignatureVersion", "Timestamp", "Format"}
_KEEP = 20000
_LONGEST_TEXT = 2000
_LARGEST_PARAMS = 16000


def scrub(value: Any, key: str = "") -> Any:
    """The value without secrets: every mapping entry with a secret name becomes ``***``."""
    if isinstance(value, str):
        return "***" if key and key.lower() in _SECRET else value
    if isinstance(value, dict):
        return {name: scrub(item, str(name)) for name, item in value.items() if name not in _NOISE}
    if isinstance(value, list):
        return [scrub(item) for item in value]
    return value


def _bounded(value: Any, left: list[int]) -> Any:
    """The value with long texts cut; once ``left[0]`` characters were used, the rest is left out."""
    if isinstance(value, dict):
        return {name[:_LONGEST_TEXT]: _bounded(item, left) for name, item in value.items()
                if _use(left, len(name[:_LONGEST_TEXT]))}
    if isinstance(value, list):
        return [_bounded(item, left) for item in value if _use(left, 1)]
    if not isinstance(value, str):
        return value if isinstance(value, (int, float, type(None))) and abs(value or 0) < 1 << 63 else "..."
    text = value if len(value) <= _LONGEST_TEXT else value[:_LONGEST_TEXT] + "..."
    return text if _use(left, len(text)) else "..."


def _use(left: list[int], count: int) -> bool:
    left[0] -= count
    return left[0] >= 0


def _refusal(result: Any) -> Any:
    """A refusal without the string to sign that it may quote, which has the key id and the token of the caller."""
    if isinstance(result, dict) and result.get("Code") == "SignatureDoesNotMatch":
        return {**result, "Message": str(result.get("Message", "")).partition(":")[0]}
    return result


class RequestLog:
    """Numbered entries from 1, the last 20000 kept."""

    def __init__(self) -> None:
        self._entries: list[dict[str, Any]] = []
        self.unsaved: list[dict[str, Any]] = []
        self._count = 0

    def add(
        self, at: str, product: str, action: str, params: Mapping[str, Any], status: int, code: str = "",
        result: Any = None,
    ) -> None:
        """Note one request: virtual time, product, action, parameters, HTTP status, error code, answer."""
        self._count += 1
        shown = result if status < 400 else _refusal(result)
        entry = {"n": self._count, "at": at, "product": product, "action": action[:_LONGEST_TEXT],
                 "params": _bounded(scrub(dict(params)), [_LARGEST_PARAMS]), "status": status, "code": code,
                 "result": scrub(shown)}
        self._entries.append(entry)
        self.unsaved.append(entry)
        if len(self._entries) > _KEEP:
            del self._entries[: _KEEP // 10]

    def since(self, number: int) -> dict[str, Any]:
        """The entries after ``number`` and the number to ask with next."""
        return {"requests": [entry for entry in self._entries if entry["n"] > number], "next": self._count}

    @property
    def last(self) -> int:
        """The number of the last entry."""
        return self._count

    def load(self, entries: list[dict[str, Any]]) -> None:
        """Replace the entries by those of the state file; numbering continues."""
        self._entries, self.unsaved = list(entries), []
        self._count = entries[-1]["n"] if entries else 0

    def touch(self) -> None:
        """Mark every entry as unsaved, before the state file is rewritten."""
        self.unsaved = list(self._entries)

    def latest(self, count: int) -> list[dict[str, Any]]:
        """The last entries, newest first."""
        return self._entries[: -count - 1 : -1]

    def clear(self) -> None:
        """Remove all entries; numbering continues."""
        self._entries.clear()
        self.unsaved.clear()
