# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The name of a migration: nothing gives one by default, and without one no module makes a call."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import (
    ecs_image_export,
    ens_image_import,
    ens_migration,
    smc_access_token,
    smc_cleanup,
    smc_transfer,
    vpc_wave_network,
)

from .cloud import Cloud

ROOT = Path(__file__).resolve().parents[3]
WORK = {
    "smc_cleanup": smc_cleanup.work,
    "ens_migration": ens_migration.work,
    "smc_transfer": smc_transfer.work,
    "ecs_image_export": ecs_image_export.work,
    "ens_image_import": ens_image_import.work,
    "smc_access_token": smc_access_token.work,
    "vpc_wave_network": vpc_wave_network.work,
}


class Options(dict[str, Any]):
    """Options of a module, None where a test gives none."""

    def __missing__(self, name: str) -> None:
        return None


@pytest.mark.parametrize("name", ["", " ", "\t\n"])
@pytest.mark.parametrize("module", WORK)
def test_without_a_name_nothing_is_asked_or_changed(module: str, name: str) -> None:
    cloud = Cloud()
    params = Options(name=name, migration=name, region="ap-southeast-1", bucket="images", state="absent")
    with pytest.raises(CloudError, match="the name of the migration is empty"):
        WORK[module](SimpleNamespace(params=params, check_mode=False, _diff=False), cloud)
    assert cloud.log == []


def texts(*folders: str) -> dict[str, str]:
    """Return the YAML files in these folders by name."""
    files = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.yml"))]
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in files}


def test_no_role_and_no_playbook_has_a_name_by_default() -> None:
    found = texts("roles", "playbooks")
    assert len(found) > 30
    for file, text in found.items():
        values = re.findall(r"migration_name\s*\|\s*default\(([^)]*)\)", text)
        assert set(values) <= {"''", "omit", "'', true"}, file
        assert not re.search(r"^\s*migration_name:\s*[^\s#]", text, re.MULTILINE) or "argument_specs" in file, file
        if "/defaults/" in file:
            assert "migration_name" not in (yaml.safe_load(text) or {}), file


@pytest.mark.parametrize("role", ["cleanup", "transfer", "export", "ens_import", "migration", "agent"])
def test_a_role_says_that_its_name_has_no_default(role: str) -> None:
    spec = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    options = spec["argument_specs"]["main"]["options"]
    own = "migration_name" if role in ("migration", "agent") else f"{role}_name"
    assert not options[own].get("default")
