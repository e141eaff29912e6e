# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets leave results, and ansible-core hears of those that it cannot know."""

from __future__ import annotations

import importlib.util

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils import _secrets
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.auth import Credentials
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import remote

PUBLIC = importlib.util.find_spec("ansible.module_utils.secrets") is not None


def test_secrets_are_replaced_in_texts_lists_and_mappings() -> None:
    result = {"msg": "code abc123, again abc123", "steps": ["abc123", 7], "agent": {"x": ("abc",), "alive": True}}
    assert _secrets.without(result, ["abc", "abc123", ""]) == {
        "msg": "code ***, again ***", "steps": ["***", 7], "agent": {"x": ["***"], "alive": True},
    }
    assert result["steps"] == ["abc123", 7]


def test_ansible_core_hears_of_secrets_where_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[list[str]] = []
    monkeypatch.setattr(_secrets, "_register", heard.append)
    Credentials("LTAI5tUnit", "secret-of-a-profile", "")
    assert heard == [["secret-of-a-profile"]]
    monkeypatch.setattr(_secrets, "_register", None)
    _secrets.register(["anything"])
    assert len(heard) == 1


def test_the_public_function_is_used_where_it_is() -> None:
    assert (_secrets._register is not None) == PUBLIC


def test_what_a_host_says_is_shown_without_the_code() -> None:
    shown = remote.Result(None, 1, "", "go2aliyun: code Sup3rSecret is wrong").evidence()
    assert _secrets.without({"msg": shown}, ["Sup3rSecret"]) == {
        "msg": "exit status 1: go2aliyun: code *** is wrong"
    }
