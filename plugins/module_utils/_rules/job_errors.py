# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The errors of failed replication jobs: code words and phrases of the SMC FAQ, and numbers such as ``S4_105``.

The FAQ shows phrases of the client's log. The API may give such a phrase as ErrorCode, or a number as ErrorCode and the
phrase within StatusInfo, which is JSON or plain text (facts 7.1). Both are looked for in both.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Final

from . import limits
from .error_code import ErrorCode

FAQ: Final = "SMC FAQ"
ARTICLES: Final = "SMC articles"

TABLE: Final = (
    ErrorCode(
        ("QuotaExceeded.Vpc",),
        f"The account has reached its VPC quota in the region ({limits.DEFAULT_VPCS} unless it was increased). A job "
        "without a network creates a VPC.",
        "Set vpc_id and vswitch_id (roles: migration_vpc_id and migration_vswitch_id) to an existing network, delete a "
        "VPC, or request a quota increase.",
        FAQ,
        passing=True,
    ),
    ErrorCode(
        ("QuotaExceed.*", "QuotaExceeded.*"),
        "A quota of the account is used up: vCPUs, instances, images or another one that the code names.",
        "Wait until other resources of this kind are released, delete some, or request a quota increase.",
        FAQ,
        passing=True,
    ),
    ErrorCode(
        ("Connect to Server Failed",),
        "The source cannot reach the intermediate instance.",
        "Allow TCP 8080 and 8703 from the source to the intermediate instance, and check that the instance runs.",
        FAQ,
        retry=True,
    ),
    ErrorCode(
        ("check rsync failed", "rsync not found"),
        "The source has no rsync.",
        "Install rsync on the source.",
        FAQ,
    ),
    ErrorCode(
        ("check virtio failed",),
        "The initramfs of the source has no virtio driver.",
        "Add the virtio drivers to the initramfs of the source.",
        FAQ,
    ),
    ErrorCode(
        ("check selinux failed",),
        "SELinux is enforcing on the source.",
        "Set SELinux to permissive on the source.",
        FAQ,
    ),
    ErrorCode(
        ("Do Grub Failed",),
        "The source has no GRUB, or an old version.",
        "Install GRUB 1.99 or newer on the source.",
        FAQ,
    ),
    ErrorCode(
        ("Do Rsync Disk * Failed",),
        "The transfer of a disk was interrupted: the connection broke, or files changed too fast.",
        "Check the connection of the source. Stop databases and containers on it, or exclude their folders.",
        FAQ,
        retry=True,
    ),
    ErrorCode(
        ("M199",),
        "The environment check of the source has failed.",
        "Follow the message that SMC gives with the code.",
        FAQ,
    ),
    ErrorCode(
        ("S11_U6", "S11_U7", "S11_U28", "S11_U56"),
        "The source cannot reach port 8080 of the intermediate instance.",
        "Allow TCP 8080 and 8703 from the source to the intermediate instance, also in firewalls between them.",
        ARTICLES,
        retry=True,
    ),
    ErrorCode(
        ("S4_105",),
        "A target disk is smaller than the header of the source disk says.",
        "Migrate again with a larger disk: the job was created again with disks that are 1 GiB larger, which has not "
        "helped or is not possible.",
        ARTICLES,
        larger=True,
    ),
)

_CODE: Final = re.compile(r"\b(?:[A-Z][A-Za-z]+(?:\.[A-Z][A-Za-z0-9]*)+|[A-Z]\d+(?:_[A-Z]?\d+)?)\b")
"""A code within a text: ``QuotaExceeded.Vpc``, ``S4_105``, ``M199``."""

_MOST_BETWEEN: Final = 3
"""Words that may stand between two words of a phrase: numbers, devices, host names."""

_MOST_SAID: Final = 600
"""Characters of StatusInfo that are shown."""


def codes_in(code: str, info: str) -> list[str]:
    """Return the codes that an error has: its ErrorCode, then those that its StatusInfo names."""
    return [name for name in (code, *_CODE.findall(said(info))) if name]


def by_phrase(text: str) -> ErrorCode | None:
    """Return the row with a phrase that is in a text, whatever numbers and names it has in between."""
    return next((row for row in TABLE for phrase in row.codes if " " in phrase and _pattern(phrase).search(text)), None)


@cache
def _pattern(phrase: str) -> re.Pattern[str]:
    words = (re.escape(word) for word in phrase.split() if word != "*")
    return re.compile(rf"\W+(?:\S+\s+){{0,{_MOST_BETWEEN}}}".join(words), re.IGNORECASE)


def said(info: str) -> str:
    """Return what a StatusInfo says as one line: the texts of its JSON, or itself when it is none."""
    try:
        found = json.loads(info)
    except (ValueError, RecursionError):
        found = info
    return " ".join(" ".join(_texts(found)).split())[:_MOST_SAID]


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [] if value is None else [str(value)]
