# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Remove secrets from texts that leave the controller: known values, and what has the form of a secret."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote, quote_plus

from ansible_collections.edgelift.ens_migration.plugins.module_utils._secrets import MASK, without

SHORTEST: Final = 6
"""Characters of the shortest known value that is removed. A shorter one is a part of many words."""

_NAME: Final = re.compile(
    r"(?i)(passw(or)?d|passphrase|secret|token|access_?key|private_?key|credential|(^|_)pass($|_)|vault)"
)
_HARMLESS: Final = re.compile(r"(?i)_(via|days|url|file|path|dir|name|user|timeout|prompt|flags|exe|method|lifetime)$")
"""Ends of the names of variables that only speak of a secret."""

_SEVERAL: Final = ("vars", "hostvars", "groups")
"""Variables of Ansible that contain the others again."""
# Every repetition has a bound: a host can write megabytes that begin like a secret again and again.
_KEY: Final = r"(?i)((?:password|passwd|passphrase|secret|token|signature|ossaccesskeyid)[a-z0-9_-]{0,40}"
_VALUE: Final = r"[^\s\"'&,;<>}]{1,4000}"
_FORMS: Final = (
    (re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)", re.S), MASK),
    (re.compile(r"\A[A-Za-z0-9+/=\s]*-----END [A-Z ]{0,40}PRIVATE KEY-----"), MASK),
    (re.compile(r"(?i)(authorization[\"']?\s{0,20}[:=]\s{0,20})[^\r\n]+"), rf"\1{MASK}"),
    (re.compile(r"\b(?:LTAI|STS\.)[0-9A-Za-z]{8,64}"), MASK),
    (re.compile(r"(?<=://)[^/\s:@]{1,256}:[^/\s@]{1,256}(?=@)"), MASK),
    (re.compile(rf"{_KEY}[\"']?\s{{0,20}}[=:]\s{{0,20}}[\"']?)(?!\*\*\*){_VALUE}"), rf"\1{MASK}"),
    (re.compile(rf"{_KEY}%3[dD]){_VALUE}"), rf"\1{MASK}"),
)
"""Access keys, signed URLs, headers, users of URLs, private keys, and values behind a name such as password."""


def named(name: object) -> bool:
    """Return whether the name of a variable says that its value is a secret."""
    return bool(_NAME.search(str(name))) and not _HARMLESS.search(str(name))


def values(variables: Mapping[str, Any], depth: int = 4) -> set[str]:
    """Return the values of the variables whose names say that they are secret, also inside other variables."""
    found: set[str] = set()
    for name, value in variables.items():
        if named(name):
            found |= set(_texts(value))
        elif depth and name not in _SEVERAL:
            for item in value if isinstance(value, list) else [value]:
                found |= values(item, depth - 1) if isinstance(item, dict) else set()
    return found


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
    elif not isinstance(value, bool) and value is not None and len(str(value)) >= SHORTEST:
        yield str(value)


def forms(secrets: Iterable[str]) -> set[str]:
    """Return each secret as it is, and as URLs, JSON and HTTP headers write it."""
    found: set[str] = set()
    for secret in secrets:
        encoded = base64.b64encode(secret.encode("utf-8", "replace")).decode().rstrip("=")
        found |= {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], encoded, secret[::-1]}
    return {text for text in found if len(text) >= SHORTEST}


def scrub(text: str, secrets: Iterable[str]) -> str:
    """Return a text without these secrets and without anything that has the form of a secret."""
    cleaned: str = without(text, secrets)
    for pattern, mask in _FORMS:
        cleaned = pattern.sub(mask, cleaned)
    return cleaned
