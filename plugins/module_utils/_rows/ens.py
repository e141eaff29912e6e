# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Edge Node Service 2017-11-10: the fields that are read of its answers (docs/facts.md, 4)."""

from __future__ import annotations

from math import ceil
from typing import Any, Final

from .reader import Field, Malformed, Table, number, objects, required


def gib(value: Any) -> int:
    """Return a size as ENS gives it, in whole GiB, rounded up. A text that is no number is 0, like a size that is not
    given: sizes only warn, so none of them may make the whole answer unreadable."""
    try:
        return max(0, ceil(number(value)))
    except Malformed:
        if isinstance(value, str):
            return 0
        raise


ENS_IMAGE: Final = Table(
    "ens.DescribeSelfImages",
    {
        "image_id": required("ImageId"),
        "image_name": Field("ImageName"),
        "status": required("Status"),
        "architecture": Field("Architecture"),
        "platform": Field("Platform"),
        "os_version": Field("OsVersion"),
        "compute_type": Field("ComputeType"),
        "region": Field("RegionId"),
        "creation_time": Field("CreationTime"),
        "size": Field("ImageSize", gib, 0),
        "disks": objects(
            "DiskDeviceMappings.DiskDeviceMapping",
            type=Field("Type"),
            format=Field("Format"),
            size=Field("Size", gib, 0),
        ),
    },
    rows="Images.Image",
    key="ImageId",
)

IMPORT: Final = Table("ens.ImportImage", {"image_id": required("ImageId")})
