# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox belongs to its user: pages of other sites make no control calls, other users read no state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
from support import PATIENCE

pytestmark = pytest.mark.any_core


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:1"}, 200),
        ({"Host": "rebound.example.org"}, 403),
        ({"Host": "127.0.0.1.example.org"}, 403),
        ({"Origin": "https://example.org"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
    ],
)
def test_control_calls_check_host_and_origin(sandbox: Any, headers: dict[str, str], status: int) -> None:
    for method, path in (("GET", "health"), ("POST", "throttling")):
        url = f"{sandbox.endpoint}/_sandbox/{path}"
        answer = requests.request(method, url, headers=headers, data="{}", timeout=PATIENCE)
        assert answer.status_code == status


def test_the_page_of_the_sandbox_itself_makes_control_calls(sandbox: Any) -> None:
    headers = {"Origin": sandbox.endpoint}
    assert requests.get(f"{sandbox.endpoint}/_sandbox/health", headers=headers, timeout=PATIENCE).status_code == 200


def test_the_state_is_private_to_the_user(sandbox: Any) -> None:
    state = Path(sandbox.greeting["state"])
    files = [path for path in state.rglob("*") if not path.is_symlink()]
    assert files
    assert [path for path in files if path.stat().st_mode & 0o077] == []
