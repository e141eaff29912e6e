# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quantities that count towards a quota and are not stored in rows."""

VCPUS = 1
"""vCPUs of every ECS instance here: intermediate instances are of the smallest type that SMC takes (facts 7.2)."""
