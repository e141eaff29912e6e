# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The refusals that belong to configurations of buckets, symbolic links, archived objects and versions."""
from __future__ import annotations

CODES: dict[str, tuple[int, str, str]] = {
    "FileImmutable": (409, "The object you specified is immutable.", ""),
    "InvalidEncryptionAlgorithmError": (400, "The Encryption Algorithm you specified is not valid.", ""),
    "InvalidObjectState": (403, "The operation is not valid for the object's state", ""),
    "InvalidPolicyDocument": (400, "The policy document is not valid.", ""),
    "InvalidRequest": (400, "The request is not valid.", ""),
    "InvalidTargetBucketForLogging": (400, "The target bucket for logging does not exist or is not owned by you.", ""),
    "InvalidTargetType": (400, "The target of the symbolic link is a symbolic link.", ""),
    "MethodNotAllowed": (405, "The specified method is not allowed against this resource.", ""),
    "NoSuchVersion": (404, "The specified version does not exist.", ""),
    "NotSymlink": (400, "The object is not a symbolic link.", "0043-00000101"),
    "OperationNotSupported": (400, "The operation is not supported for this resource", ""),
    "RestoreAlreadyInProgress": (409, "The restore operation is in progress.", ""),
    "SymlinkTargetNotExist": (404, "The target of the symbolic link does not exist.", "0026-00000012"),
    "WORMConfigurationLocked": (403, "The WORM Configuration is locked.", ""),
}
"""Code: status, message, EC. Codes and statuses are documented, messages approximate; the ECs have pages."""

_UNSOURCED_EC = frozenset({"0002-00000061", "0002-00000142", "0002-00000221", "0002-00000225", "0014-00000001"})
"""Error code numbers that no page, test or log of the vendor or its users confirms."""


def provenance_of(code: str, ec: str) -> str:
    """Return the mark of a refusal: documented only where the code and its number both have a source."""
    if code == "NotImplemented":
        return "invented"
    return "documented" if ec and ec not in _UNSOURCED_EC else "approximate"
