# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pytest plugin for the vendor's tests: the same dice in every run, and no way off this machine.

The tests draw names, sizes, thread counts and kinds of bucket; some want hosts of the vendor, with the key that they
were given. Here every test begins with the same seed, its own name, and no name but this machine's is looked up.
"""
from __future__ import annotations

import random
import socket
from typing import Any

import pytest

_LOOPBACK = ("127.0.0.1", "localhost")
_getaddrinfo, _gethostbyname = socket.getaddrinfo, socket.gethostbyname


def _checked(host: Any) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name not in _LOOPBACK:
        raise socket.gaierror(socket.EAI_NONAME, f"{name}: not on this machine")


def _find_addresses(host: Any, *arguments: Any, **options: Any) -> Any:
    _checked(host)
    return _getaddrinfo(host, *arguments, **options)


def _find_host(name: str) -> str:
    _checked(name)
    return _gethostbyname(name)


def pytest_configure() -> None:
    """Draw the names that the vendor's modules draw when they are imported, and close the way out."""
    random.seed("oss2")
    socket.getaddrinfo = _find_addresses
    socket.gethostbyname = _find_host


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> None:
    """Begin a test with its own dice."""
    random.seed(item.nodeid)
