# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests share that reach OSS through the vendor's oss2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import oss2
import pytest

# Objects of another owner; their names are similar to ours.
FOREIGN_KEYS = ("el", "el0123456789abcd_m-x_system.qcow2", "edgelift/other.json", "photos/web-01.jpg")


def bucket(sandbox: Any) -> oss2.Bucket:
    """The sandbox's bucket through the vendor's client, with V4 signatures."""
    auth = oss2.AuthV4(sandbox.access_key, sandbox.secret_key)
    return oss2.Bucket(auth, sandbox.endpoint, sandbox.bucket, region=sandbox.region)


def refusal(call: Callable[[], Any]) -> tuple[int, str]:
    """(HTTP status, code) of a refused call."""
    with pytest.raises(oss2.exceptions.OssError) as error:
        call()
    return error.value.status, error.value.code
