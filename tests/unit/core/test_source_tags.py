# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tags of several sources in one task: what fails for one source is told for it, and the others get their tags."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import smc_source

from .cloud import Cloud
from .kit import refused, server
from .waves import cloud_with


def tagged(cloud: Cloud, check: bool = False, state: str = "present", **sources: dict[str, Any]) -> dict[str, Any]:
    """What the module returns for these sources, whose ids have _ in place of -."""
    rows = [{"source_id": name.replace("_", "-"), "tags": tags} for name, tags in sources.items()]
    module: Any = SimpleNamespace(params={"state": state, "sources": rows}, check_mode=check, _diff=True)
    return smc_source.work(module, cloud)  # type: ignore[arg-type]  # test classes


def test_sources_are_tagged_in_one_task_and_each_problem_is_that_of_its_source() -> None:
    cloud = cloud_with(*(server(number) for number in range(1, 4)))
    sent: dict[str, dict[str, str]] = {}

    def tag(ids: list[str], tags: dict[str, str]) -> None:
        if ids == ["s-02"]:
            raise refused("Forbidden.Unauthorized", http_status=403)
        sent[ids[0]] = dict(tags)

    cloud.smc.tag_sources = tag  # type: ignore[attr-defined]  # the fake has no tags that change
    known = cloud.sources["s-03"]["Tags"]["Tag"][0]
    wanted: dict[str, Any] = {
        "s_01": {"team": "edge", "rank": 1}, "s_02": {"team": "edge"}, "s_03": {known["Key"]: known["Value"]},
        "s_09": {"a": "b"},
    }
    would = tagged(cloud, check=True, **wanted)
    assert (would["changed"], sent) == (True, {})
    found = tagged(cloud, **wanted)
    assert sent == {"s-01": {"team": "edge", "rank": "1"}}
    assert found["problems"].keys() == {"s-02", "s-09"}
    assert "Forbidden.Unauthorized" in found["problems"]["s-02"]
    assert found["problems"]["s-09"] == "SMC has no such source"
    assert found["changed"]
    assert cloud.calls["smc.DescribeSourceServers"] == 2
    assert tagged(cloud)["changed"] is False


def test_several_sources_are_never_deleted() -> None:
    with pytest.raises(CloudError, match="sources only adds tags"):
        tagged(Cloud(), state="absent", s_01={})
