# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the preflight of the account says of what no answer of a service proves."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight import answers

from .test_account import Cloud, ids, look, proved


@pytest.mark.parametrize("questions", [{}, {"image_formats": {"answer": "unknown"}}])
def test_a_contract_that_proves_no_import_is_no_proof(questions: dict[str, Any]) -> None:
    assert "import-unproved" in ids(look(Cloud(), contract=proved(questions=questions)))
    assert "import-unproved" not in ids(look(Cloud()))


def test_a_wave_in_a_network_of_the_user_needs_no_vpc() -> None:
    given = {"vpcs": {"value": 10, "problem": None}, "network": {"value": {}, "problem": None}, "region": "cn-beijing"}
    told = answers.vpcs(given)
    assert told
    assert "10 unless it was increased. The wave needs at most one more" in told
    assert answers.vpcs({**given, "network": {"value": {"vpc_id": "vpc-1"}, "problem": None}}) is None
