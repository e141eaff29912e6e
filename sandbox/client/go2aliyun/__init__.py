# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client program: the sandbox's replacement for the vendor's go2aliyun_client (facts 2.1 to 2.3).

It runs on a source server, from its own folder, on the interpreter that the bundle carries; the host needs nothing.
"""
from __future__ import annotations

VERSION = "2.8.5"
"""The vendor's version whose documented options and log lines this program follows."""
