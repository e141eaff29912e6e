# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No finding recommends what destroys data: the probe never knows what else a disk holds."""

from __future__ import annotations

import re

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight.rule import Rule
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._preflight import disks, source

DESTROYS = re.compile(
    r"\b(detach|disconnect|unplug|format|reformat|wipe|erase|overwrite|u(n)?mount|mkfs|fdisk|parted|wipefs|"
    r"(lv|vg|pv)remove|delete the (disk|partition|volume)|remove the (disk|partition|volume)|luksFormat|dd if)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("rule", source.RULES, ids=lambda rule: rule.id)
def test_no_fix_touches_what_may_hold_data(rule: Rule) -> None:
    assert not DESTROYS.search(rule.fix), rule.fix


def test_where_the_probe_cannot_tell_what_is_on_a_disk_the_advice_is_to_look() -> None:
    unclear = ("encrypted-disk", "data-disk-not-mounted")
    fixes = {rule.id: rule.fix for rule in disks.RULES}
    assert all(fixes[name].startswith("Look at what is on the disk") for name in unclear)
