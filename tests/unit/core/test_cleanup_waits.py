# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cleanup of the whole migration beside a run: what it tells as it waits, and the code of a run without a claim."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._cleanup import ownership
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.progress import Teller

from .kit import MIGRATION
from .sweep import scope
from .test_ownership import ONE, begun, driver, sweep
from .waves import cloud_with


def test_a_cleanup_says_once_for_which_run_it_waits_and_until_when() -> None:
    cloud = cloud_with(ONE)
    begun(cloud, ONE)
    told: list[str] = []
    progress = Teller(None, monotonic=cloud.clock().monotonic)
    progress._lines = SimpleNamespace(write=told.append)  # type: ignore[assignment]  # the lines, and no file
    ownership.clean_migration(scope(cloud), [], cloud.clock(), 25, 5, progress)
    (line,) = told
    assert line.startswith("the cleanup waits for the run driven by ")
    assert "stops at its next step or at 2026-11-24T08:05:" in line
    assert line.endswith("at most")


def test_a_code_whose_run_has_not_claimed_yet_goes_with_its_migration() -> None:
    cloud = cloud_with(ONE)
    run_of = driver(cloud)
    run_of.join()
    name, text = naming.token_name(MIGRATION), naming.description(MIGRATION)
    cloud.tokens["at-1"] = {"AccessTokenId": "at-1", "Name": name, "Description": text, "Status": "activated"}
    run_of.leave()
    assert sweep(cloud).residual == []
    assert cloud.tokens == {}
    with pytest.raises(CloudError, match="ended by a cleanup"):
        driver(cloud).own([ONE.id])
