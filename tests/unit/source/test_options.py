# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.edgelift.ens_migration.plugins.action import (
    instance_check,
    smc_agent,
    source_probe,
    source_remediation,
)

PLUGINS = Path(__file__).resolve().parents[3] / "plugins"
MODULES, FRAGMENTS = PLUGINS / "modules", PLUGINS / "doc_fragments"


def options(**more: Any) -> dict[str, Any]:
    given = {name: row.get("default") for name, row in smc_agent.ARGUMENT_SPEC.items()}
    return {**given, "sha256": "A" * 64, **more}


def test_the_defaults_can_be_used() -> None:
    assert smc_agent._problem(options()) is None


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("install_dir", "/usr", "install_dir is '/usr', which is a system folder"),
        ("sha256", "a" * 63, "is not a SHA-256"),
        ("sha256", "", "is not a SHA-256"),
        ("url", "ftp://example.com/b.zip?Signature=x", "url 'ftp://example.com/b.zip' must begin with https://"),
        ("url", "https://example.com/b.zip?Signature=x y", "url contains a space or a control character. Write"),
        ("url", "https://example.com/b\x7f.zip", "url contains a space or a control character. Write"),
        ("start_timeout", 0, "start_timeout is 0, it must be"),
        ("environment", {"a b": "c"}, "environment has 'a b', which"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(name: str, value: Any, problem: str) -> None:
    assert problem in (smc_agent._problem(options(**{name: value})) or "")


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("port", 0, "port is 0, it must be 1 to 65535"),
        ("port", 65536, "port is 65536, it must be 1 to 65535"),
        ("poll_interval", -1.0, "poll_interval is -1.0, it must be at least 0.1"),
        ("start_timeout", 0, "start_timeout is 0, it must be"),
        ("probe_timeout", 9, "probe_timeout is 9, it must be at least 10"),
        ("checks", [{"kind": "port", "port": 70000}], "check 1 (port) has port 70000, it must be"),
    ],
)
def test_a_check_of_an_instance_names_a_value_that_cannot_be_used(name: str, value: Any, problem: str) -> None:
    given = {option: row.get("default") for option, row in instance_check.ARGUMENT_SPEC.items()}
    assert instance_check._problem(given) is None
    assert problem in (instance_check._problem({**given, name: value}) or "")


def test_an_address_without_a_checksum_must_be_waived() -> None:
    address = {"url": "https://example.com/client.zip", "sha256": None}
    assert "sha256 is required with url. To install" in (smc_agent._problem(options(**address)) or "")
    assert smc_agent._problem(options(**address, allow_unverified=True)) is None
    assert smc_agent._problem(options(src="/client.zip", sha256=None)) is None


def test_a_code_on_the_command_line_must_be_accepted() -> None:
    given = options(credentials_via="arguments")
    assert "every user of the host can read the activation code" in (smc_agent._problem(given) or "")
    assert smc_agent._problem({**given, "allow_visible_code": True}) is None


def shape(rows: dict[str, Any], below: str) -> dict[str, Any]:
    """What documentation and spec have to say alike of each option, and of the options below it."""
    kept = ("type", "default", "choices", "elements", "required")
    return {
        option: {**{key: row[key] for key in kept if key in row}, "below": shape(row.get(below, {}), below)}
        for option, row in rows.items()
    }


def documented(file: Path) -> Any:
    text = file.read_text(encoding="utf-8").partition('DOCUMENTATION = r"""')[2].partition('"""')[0]
    return yaml.safe_load(text)


@pytest.mark.parametrize("action", [smc_agent, source_probe, source_remediation])
def test_the_twin_documents_what_the_action_takes(action: Any) -> None:
    """ansible-test compares options with documentation for modules alone; for an action it is done here."""
    name = action.__name__.rpartition(".")[2]
    text = documented(MODULES / f"{name}.py")
    rows: dict[str, Any] = {}
    for fragment in text["extends_documentation_fragment"]:
        rows |= documented(FRAGMENTS / f"{fragment.split('.')[2]}.py").get("options", {})
    taken = action.ARGUMENT_SPEC
    assert shape(rows | text["options"], "suboptions") == shape(taken, "options")
    assert frozenset(taken) == action.ActionModule._VALID_ARGS
