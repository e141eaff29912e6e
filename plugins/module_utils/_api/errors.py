# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The one error type of the collection, and the scrubber that keeps secrets out of every message."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.error_codes import hint_for

_REDACTED = "***"

# A name and its value as they occur in a query string, once or twice percent-encoded (%3D, %253D), in a header line
# or in JSON. SignatureDoesNotMatch quotes the whole string to sign, that is where the encoded forms come from
# (there %26 ends the value).
_SECRET_NAMES = (
    "AccessKeyId|OSSAccessKeyId|AccessKeySecret|Signature|SecurityToken|security-token|x-oss-security-token"
    "|x-oss-signature|x-oss-credential|x-acs-security-token|AccessTokenCode|access_token_code|accesstokencode"
    "|Credential|Password|x-aliyun-ecs-metadata-token"
)
_SECRET_PAIR = re.compile(
    rf"""(?P<name>(?<![A-Za-z])(?:{_SECRET_NAMES}))(?P<sep>["']?\s*(?:=|:|%3D|%253D)\s*["']?)(?:(?!%(?:25)?26)[^\s&"'<>,;])+""",
    re.IGNORECASE,
)
_AUTHORIZATION = re.compile(r"(Authorization[\"']?\s*[:=]\s*[\"']?)[^\r\n\"']+|\bOSS [^\s:]+:\S+", re.IGNORECASE)
_KEY_ID = re.compile(r"\b(?:LTAI[A-Za-z0-9]{6,}|STS\.[A-Za-z0-9]+)")
_STRING_TO_SIGN = re.compile(r"(server string to sign is)\s*:.*", re.IGNORECASE | re.DOTALL)


def scrub(text: str) -> str:
    """Returns the text without access key ids, signatures, security tokens and activation codes (facts 6.5, trap 8)."""
    text = _STRING_TO_SIGN.sub(r"\1: " + _REDACTED, text)
    text = _AUTHORIZATION.sub(lambda match: (match.group(1) or "OSS ") + _REDACTED, text)
    text = _SECRET_PAIR.sub(lambda match: match["name"] + match["sep"] + _REDACTED, text)
    return _KEY_ID.sub(_REDACTED, text)


# facts 3.3, 3.4 and 5: codes that say "this id does not exist", and not "something it refers to does not exist".
_GONE = re.compile(
    r"Invalid(?:Instance|Image|Disk|Snapshot|SecurityGroup|Vpc|V[Ss]witch|Task)I[dD]\.NotFound"
    r"|Forbidden\.InstanceNotFound|NoSuchKey|NoSuchUpload"
)


def is_gone(code: str) -> bool:
    """Returns whether the code says that the resource itself does not exist, which a deletion takes as success."""
    return _GONE.fullmatch(code) is not None


def is_throttling(code: str) -> bool:
    """Returns whether the code says that the service refused the call because of its rate (facts 3.4)."""
    return "throttling" in code.lower()


def is_token_refused(code: str) -> bool:
    """Returns whether the code says that a temporary credential has ended, or is none: known before any effect."""
    return code.startswith("InvalidSecurityToken") or code == "SecurityTokenExpired"


class CloudError(Exception):
    """A call that failed, or a request that this collection refuses: the only exception that modules report.

    ``action`` is "product.Action" for a call, a verb phrase otherwise. ``code`` is the service's own code. For failures
    below HTTP it is ``Connection.Refused`` (the request was never sent), ``Connection.Lost`` (it was, the answer is not
    known) or ``Answer.Unreadable``. ``retryable`` says that the same call may succeed later.
    """

    def __init__(
        self,
        action: str,
        code: str,
        message: str,
        request_id: str = "",
        http_status: int | None = None,
        retryable: bool = False,
        hint: str | None = None,
        retry_after: float | None = None,
        last: dict[str, Any] | None = None,
    ) -> None:
        self.action = action
        self.code = code
        self.message = scrub(message).strip()
        self.request_id = request_id
        self.http_status = http_status
        self.retryable = retryable
        self.hint = hint_for(code, self.message) if hint is None else hint
        self.retry_after = retry_after
        self.last = last or {}
        super().__init__(str(self))

    def __str__(self) -> str:
        """Returns what failed, why, and the request id under which the vendor's support finds it."""
        where = f"code {self.code}" + (f", request {self.request_id}" if self.request_id else "")
        return f"{self.action} failed: {self.message} ({where})"

    @property
    def refused_before_effect(self) -> bool:
        """Whether the failure proves that nothing was done: refused at the gateway, or never sent."""
        if is_throttling(self.code) or is_token_refused(self.code):
            return True
        return self.http_status == 429 or self.code == "Connection.Refused"

    @property
    def uncertain(self) -> bool:
        """Whether the call may have had its effect although it failed: look before calling again (law 2)."""
        return self.retryable and not self.refused_before_effect

    def as_dict(self) -> dict[str, Any]:
        """Returns the details that modules put under RV(error)."""
        return {
            "action": self.action,
            "code": self.code,
            "request_id": self.request_id,
            "http_status": self.http_status,
            "retryable": self.retryable,
            "hint": self.hint,
        }


class NotSent(CloudError):
    """A call that this run decided not to send: it has had no effect, and may be made later."""

    @property
    def uncertain(self) -> bool:
        """Never: nothing was sent."""
        return False


class MissingLibrary(Exception):
    """A Python package that the controller needs and does not have: the runner names it."""

    def __init__(self, package: str, trace: str) -> None:
        super().__init__(package)
        self.package = package
        self.trace = trace
