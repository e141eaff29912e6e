# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


def test_a_run_tells_the_policy_that_it_needs(sandbox):
    before = sandbox.get("requests")["next"]
    sandbox.call("smc", "DescribeSourceServers")
    sandbox.call("ens", "DescribeSelfImages")
    (statement,) = sandbox.get(f"policy?since={before}")["Statement"]
    assert statement == {
        "Effect": "Allow", "Action": ["ens:DescribeSelfImages", "smc:DescribeSourceServers"], "Resource": ["*"],
    }
