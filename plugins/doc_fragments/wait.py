# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """How long a module waits: the counterpart of wait_spec() in module_utils/_module/argspec.py."""

    DOCUMENTATION = r"""
options:
  wait:
    description:
      - Whether to wait until the resource has reached the wanted state.
      - A wait also ends when the resource fails, with the cause that the service reports.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to wait. After that, the module fails and returns the last state seen.
    type: int
    default: 600
  poll_interval:
    description:
      - Seconds between two queries.
    type: float
    default: 5.0
"""
