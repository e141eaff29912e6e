# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each refusal of a connection option says what is wrong, where the option is set, and which values are allowed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.edgelift.ens_migration.plugins.doc_fragments.alicloud import ModuleDocFragment
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import make_clients
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.places import place
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module.argspec import auth_spec

ROOT = Path(__file__).resolve().parents[3]
KEYS = {"region": "cn-beijing", "access_key": "k", "secret_key": "s"}
PROFILE = {"name": "work", "mode": "AK", "access_key_id": "k", "access_key_secret": "s"}


def without(*names: str) -> dict[str, Any]:
    """The options that are right, without these."""
    return {name: value for name, value in KEYS.items() if name not in names}


# Options, environment, what is wrong, and the names and values that the message must have.
REFUSED: list[tuple[dict[str, Any], dict[str, str], str, list[str]]] = [
    (
        without("region"),
        {},
        "no region is given",
        [
            "option region",
            "alicloud_region",
            "ALIBABA_CLOUD_REGION",
            "ALIBABA_CLOUD_REGION_ID",
            "ALICLOUD_REGION",
            "cn-beijing or ap-southeast-1",
            "migration_import_regions",
        ],
    ),
    (
        {**KEYS, "region": "Beijing"},
        {},
        "'Beijing' is not a region id",
        ["alicloud_region", "cn-beijing or ap-southeast-1"],
    ),
    (
        without("secret_key"),
        {},
        "secret_key is not",
        ["option secret_key", "alicloud_secret_key", "or remove access_key"],
    ),
    (without("access_key"), {}, "access_key is not", ["alicloud_access_key", "or remove secret_key"]),
    (
        without("access_key", "secret_key"),
        {"ALICLOUD_ACCESS_KEY": "k"},
        "ALICLOUD_SECRET_KEY is not",
        ["Set ALICLOUD_SECRET_KEY in the environment, or remove ALICLOUD_ACCESS_KEY"],
    ),
    (
        {"region": "cn-beijing", "security_token": "t"},
        {},
        "security_token is given without",
        ["alicloud_access_key", "alicloud_secret_key", "or remove security_token"],
    ),
    (
        {**KEYS, "profile": "work", "ecs_role_name": "r"},
        {},
        "access_key and profile and ecs_role_name are given: only one",
        ["alicloud_access_key", "alicloud_profile", "alicloud_ecs_role_name"],
    ),
    (
        without("access_key", "secret_key"),
        {},
        "no credentials",
        ["ALIBABA_CLOUD_ACCESS_KEY_ID", "alicloud_profile", "alicloud_ecs_role_name", "alicloud_secret_key"],
    ),
    (
        {"region": "cn-beijing", "profile": "other"},
        {},
        "profile 'other' is not in .*it has work",
        ["option profile", "alicloud_profile", "ALIBABA_CLOUD_PROFILE", "ALICLOUD_PROFILE"],
    ),
    ({**KEYS, "endpoints": {"smc": "ftp://x"}}, {}, "is not a host", ["option endpoints.smc", "alicloud_endpoints"]),
    ({**KEYS, "endpoints": {"smc": "http://x"}}, {}, "plain http", ["alicloud_endpoints", "https://x"]),
    ({**KEYS, "endpoints": {"smc": "127.0.0.1", "ens": "x"}}, {}, "smc on loopback", ["alicloud_endpoints"]),
    ({**KEYS, "connect_timeout": 0}, {}, "connect_timeout is 0", ["module_defaults", "more than 0"]),
    ({**KEYS, "read_timeout": -1}, {}, "read_timeout is -1", ["module_defaults", "more than 0"]),
    ({**KEYS, "read_timeout": float("nan")}, {}, "read_timeout is nan", ["more than 0"]),
    ({**KEYS, "http_retries": -1}, {}, "http_retries is -1", ["module_defaults", "0 or more"]),
    (
        {**KEYS, "ca_bundle": "/no/such"},
        {},
        "/no/such does not exist",
        ["option ca_bundle", "alicloud_ca_bundle", "PEM"],
    ),
    (KEYS, {"CURL_CA_BUNDLE": "/no/such"}, "/no/such does not exist", ["environment variable CURL_CA_BUNDLE", "PEM"]),
]


@pytest.mark.parametrize(("params", "environ", "wrong", "names"), REFUSED)
def test_a_refusal_says_what_where_and_which(
    tmp_path: Path, params: dict[str, Any], environ: dict[str, str], wrong: str, names: list[str]
) -> None:
    (tmp_path / ".aliyun").mkdir()
    (tmp_path / ".aliyun/config.json").write_text(json.dumps({"profiles": [PROFILE]}), encoding="utf-8")
    home = tmp_path / "none" if wrong == "no credentials" else tmp_path
    with pytest.raises(CloudError, match=wrong) as refused:
        make_clients(params, environ, home)
    assert [name for name in names if name not in refused.value.hint] == []


def test_every_option_of_a_connection_has_such_a_refusal() -> None:
    """The others are refused by ansible-core, which names option, value and type."""
    tried = {name for row in REFUSED for name in (*row[0], *(["region"] if "region" not in row[0] else []))}
    assert tried == set(auth_spec().argument_spec)


def test_no_retries_are_allowed() -> None:
    make_clients({**KEYS, "http_retries": 0}, {})


def test_the_playbooks_set_the_variables_that_the_messages_name() -> None:
    named = {
        match[1] for name in auth_spec().argument_spec if (match := re.search(r"variable (alicloud_\w+)", place(name)))
    }
    for playbook in ("migrate.yml", "cleanup.yml", "preflight.yml", "step_by_step.yml"):
        text = (ROOT / "playbooks" / playbook).read_text(encoding="utf-8")
        assert set(re.findall(r"\{\{ (alicloud_\w+) \| default\(omit", text)) == named


def test_the_documentation_has_the_names_of_the_environment() -> None:
    documented = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
    for name in ("region", "access_key", "secret_key", "security_token", "profile", "ecs_role_name", "ca_bundle"):
        shown = set(re.findall(r"E\((\w+)\)", str(documented)))
        assert set(re.findall(r"\b[A-Z]+_[A-Z_]+\b", place(name))) <= shown
