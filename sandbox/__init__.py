# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The local Alibaba Cloud: SMC, ECS, VPC, ENS, STS, location RPC and OSS on one loopback port.

Start it with ``python -m sandbox``; ``python -m sandbox --help`` and README.md describe it.
"""
