# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The refusals of OSS: code, HTTP status, message and error code number (EC), and their XML."""

from __future__ import annotations

from collections.abc import Mapping

from .codes import CODES
from .xml import document

_KNOWN: dict[str, tuple[int, str, str]] = {
    **CODES,
    "AccessDenied": (403, "You have no right to access this object because of bucket acl.", "0003-00000001"),
    "BucketAlreadyExists": (409, "The requested bucket name is not available.", "0015-00000104"),
    "BucketNotEmpty": (409, "The bucket you tried to delete is not empty.", "0015-00000301"),
    "EntityTooLarge": (400, "Your proposed upload exceeds the maximum allowed size.", ""),
    "EntityTooSmall": (400, "Your proposed upload smaller than the minimum allowed size.", ""),
    "FileAlreadyExists": (409, "The object you specified already exists and can not be overwritten.", "0026-00000002"),
    "InvalidAccessKeyId": (403, "The OSS Access Key Id you provided does not exist in our records.", "0002-00000902"),
    "InvalidArgument": (400, "Invalid argument.", ""),
    "InvalidBucketName": (400, "The specified bucket is not valid.", "0015-00000001"),
    "InvalidDigest": (400, "The Content-MD5 you specified was invalid.", ""),
    "InvalidObjectName": (400, "The specified object is not valid.", ""),
    "InvalidPart": (
        400,
        (
            "One or more of the specified parts could not be found or the specified entity tag might not "
            "have matched the part's entity tag."
        ),
        "",
    ),
    "InvalidPartOrder": (
        400,
        ("The list of parts was not in ascending order. Parts list must specified in order by part number."),
        "",
    ),
    "InvalidRange": (416, "The requested range cannot be satisfied", ""),
    "InvalidSecurityToken": (403, "The security token you provided is invalid.", ""),
    "MalformedXML": (
        400,
        "The XML you provided was not well-formed or did not validate against our published schema.",
        "",
    ),
    "MissingContentLength": (411, "You must provide the Content-Length HTTP header.", ""),
    "NoSuchBucket": (404, "The specified bucket does not exist.", "0015-00000101"),
    "NoSuchBucketPolicy": (404, "The bucket policy does not exist", ""),
    "NoSuchCORSConfiguration": (404, "The CORS Configuration does not exist.", ""),
    "NoSuchKey": (404, "The specified key does not exist.", "0026-00000001"),
    "NoSuchLifecycle": (404, "No Row found in Lifecycle Table.", "0014-00000001"),
    "NoSuchServerSideEncryptionRule": (404, "The server side encryption configuration is not found.", ""),
    "NoSuchUpload": (
        404,
        (
            "The specified upload does not exist. The upload ID may be invalid, or the upload may have "
            "been aborted or completed."
        ),
        "0042-00000002",
    ),
    "NoSuchWORMConfiguration": (404, "The WORM Configuration does not exist.", ""),
    "NoSuchOverwriteConfiguration": (404, "The bucket has no overwrite configuration.", ""),
    "NoSuchWebsiteConfiguration": (404, "The specified bucket does not have a website configuration.", ""),
    "NotImplemented": (501, "The local cloud does not emulate this operation.", ""),
    "NotModified": (304, "Not Modified", ""),
    "ObjectNotAppendable": (409, "The object is not appendable", ""),
    "PositionNotEqualToLength": (409, "Position is not equal to file length", "0026-00000016"),
    "PreconditionFailed": (412, "At least one of the pre-conditions you specified did not hold.", ""),
    "RequestTimeTooSkewed": (
        403,
        "The difference between the request time and the current time is too large.",
        "0002-00000504",
    ),
    "SecurityTokenExpired": (403, "The security token you provided has expired.", ""),
    "SignatureDoesNotMatch": (
        403,
        (
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method."
        ),
        "0002-00000040",
    ),
}
"""Code: status, message, EC. Where the EC is empty no source was found for it."""


class OssError(Exception):
    """One refusal; `details` become elements of its XML, `headers` go with the response. A code that is not in the
    table, such as one of a fault rule, has HTTP status 400 unless `status` says otherwise."""

    def __init__(
        self,
        code: str,
        message: str | None = None,
        ec: str | None = None,
        details: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        status: int | None = None,
    ) -> None:
        known, wording, number = _KNOWN.get(code, (400, f"The request was refused with {code}.", ""))
        super().__init__(f"{code}: {message or wording}")
        self.code = code
        self.status = status or known
        self.message = message or wording
        self.ec = number if ec is None else ec
        self.details = dict(details or {})
        self.headers = dict(headers or {})

    def xml(self, request_id: str, host: str) -> bytes:
        """Return the error document."""
        return document(
            "Error",
            [
                ("Code", self.code),
                ("Message", self.message),
                ("RequestId", request_id),
                ("HostId", host),
                *self.details.items(),
                ("EC", self.ec or None),
            ],
        )


def not_emulated(what: str) -> OssError:
    """Return the distinct refusal of something that OSS may know and the local cloud does not."""
    return OssError(
        "NotImplemented", f"The local cloud does not emulate {what}.", headers={"x-sandbox-not-emulated": what}
    )


def catalogue() -> dict[str, tuple[int, str, str]]:
    """Return every code with HTTP status, message and EC."""
    return dict(_KNOWN)
