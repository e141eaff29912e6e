# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Argument specs, documentation fragments and the runner."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import pytest
import yaml
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError, MissingLibrary
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import (
    argspec,
    defect,
    ens_instance,
    runner,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows import reader

FRAGMENTS = "ansible_collections.edgelift.ens_migration.plugins.doc_fragments"


@pytest.mark.parametrize(
    ("fragment", "spec"), [("alicloud", argspec.auth_spec()), ("wait", argspec.wait_spec())], ids=["alicloud", "wait"]
)
def test_fragment_and_spec_say_the_same(fragment: str, spec: argspec.ArgSpec) -> None:
    text = importlib.import_module(f"{FRAGMENTS}.{fragment}").ModuleDocFragment.DOCUMENTATION
    documented = yaml.safe_load(text)["options"]
    assert set(documented) == set(spec.argument_spec)
    for name, option in spec.argument_spec.items():
        assert documented[name]["type"] == option["type"]
        assert documented[name].get("default") == option.get("default")
        assert documented[name].get("required", False) == option.get("required", False)
        assert set(documented[name].get("suboptions", ())) == set(option.get("options", ()))


def test_secrets_are_never_logged() -> None:
    spec = argspec.auth_spec().argument_spec
    assert all(spec[name]["no_log"] for name in ("access_key", "secret_key", "security_token"))


def test_specs_merge_with_their_constraints() -> None:
    first = argspec.ArgSpec({"a": {"type": "str"}, "b": {"default": 1}}, mutually_exclusive=[("a", "b")])
    second = argspec.ArgSpec({"b": {"default": 2}}, required_if=[("a", "x", ("b",))], required_by={"a": "b"})
    merged = first.merge(second).to_kwargs()
    assert merged["argument_spec"] == {"a": {"type": "str"}, "b": {"default": 2}}
    assert merged["mutually_exclusive"] == [("a", "b")]
    assert merged["required_if"] == [("a", "x", ("b",))]
    assert merged["required_by"] == {"a": "b"}


class Ended(Exception):
    """What exit_json and fail_json end a module with."""


class Module:
    """A module that remembers how it ended."""

    params = {"region": "cn-beijing", "access_key": "unit-key-id", "secret_key": "unit-secret"}
    argument_spec = argspec.auth_spec().argument_spec
    _name = "smc_transfer"

    def exit_json(self, **result: Any) -> None:
        raise Ended("exit", result)

    def fail_json(self, **result: Any) -> None:
        raise Ended("fail", result)


def end_of(work: Any) -> tuple[str, dict[str, Any]]:
    with pytest.raises(Ended) as ended:
        runner.run_module(Module(), work)  # type: ignore[arg-type]  # in place of AnsibleModule
    how, result = ended.value.args
    return how, result


def test_the_result_is_returned() -> None:
    assert end_of(lambda module, clients: {"changed": False, "region": clients.region}) == (
        "exit",
        {"changed": False, "region": "cn-beijing"},
    )


def test_no_result_contains_a_secret_option() -> None:
    """Since 2.22, ansible-core leaves them in results: registered variables, and files written from these."""
    told = {"disk": {"says": ["it is unit-secret"]}, "msg": "unit-key-id"}
    assert end_of(lambda module, clients: told) == ("exit", {"disk": {"says": ["it is ***"]}, "msg": "***"})

    def refused(module: Any, clients: Any) -> dict[str, Any]:
        raise CloudError("smc.X", "Forbidden", "unit-secret", last={"source": {"name": "unit-secret"}})

    how, result = end_of(refused)
    assert (how, result["source"]) == ("fail", {"name": "***"})
    assert "unit-secret" not in str(result)


def test_the_secrets_are_those_of_the_options_of_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    own = ens_instance.spec().argument_spec
    monkeypatch.setattr(Module, "argument_spec", {**Module.argument_spec, **own})
    given = {"password": "Example-123", "user_data": "#!/bin/secret", "host": "web-01", "password_inherit": True}
    monkeypatch.setattr(Module, "params", {**Module.params, **given})
    told = {"seen": ["Example-123 of web-01", "#!/bin/secret"], "inherit": "True"}
    assert end_of(lambda module, clients: told) == ("exit", {"seen": ["*** of web-01", "***"], "inherit": "True"})


def test_a_failure_has_message_details_and_the_last_known_object() -> None:
    def work(module: Any, clients: Any) -> dict[str, Any]:
        raise CloudError("smc.X", "Forbidden.RAM", "No.", "R-1", 403, last={"source": {"source_id": "s-1"}})

    how, result = end_of(work)
    assert how == "fail"
    assert result["msg"].startswith("smc.X failed: No. (code Forbidden.RAM, request R-1). Grant the RAM user")
    assert set(result["error"]) >= {"code", "request_id", "http_status", "retryable", "hint"}
    assert (result["request_id"], result["source"]) == ("R-1", {"source_id": "s-1"})


def test_an_exception_of_our_own_code_is_reported_as_a_defect() -> None:
    def work(module: Any, clients: Any) -> dict[str, Any]:
        row: dict[str, str] = {}
        return {"job": reader.Table("x.Y", {}).value(row, "Signature=abcdef0123456789")}

    how, result = end_of(work)
    assert how == "fail"
    assert result["msg"].startswith("smc_transfer, in value (module_utils/_rows/reader.py, line ")
    assert "failed: KeyError: 'Signature=***'" in result["msg"]
    assert "This is a defect of the collection edgelift.ens_migration." in result["msg"]
    assert "https://github.com/edgelift/ens_migration/issues" in result["msg"]
    assert "may still be billed" in result["msg"]
    assert (result["error"]["code"], result["error"]["retryable"]) == ("Collection.Defect", False)
    assert "Traceback" not in result["msg"]
    assert result["exception"].startswith("Traceback")
    assert "abcdef0123456789" not in str({name: result[name] for name in ("msg", "error")})


def test_a_failure_carries_what_the_run_has_made_so_far() -> None:
    def fail(with_what: Exception) -> Any:
        def work(module: Any, clients: Any) -> dict[str, Any]:
            with defect.made_so_far(lambda error: {"resources": ["i-1"], "why": str(error)}):
                raise with_what

        return work

    assert end_of(fail(ValueError("odd")))[1]["resources"] == ["i-1"]
    assert end_of(fail(ValueError("odd")))[1]["why"] == "odd"
    result = end_of(fail(CloudError("smc.X", "Forbidden.RAM", "No.")))[1]
    assert (result["error"]["code"], result["resources"]) == ("Forbidden.RAM", ["i-1"])


def test_a_missing_jmespath_is_named_before_any_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jmespath", None)
    how, result = end_of(lambda module, clients: pytest.fail("never reached"))
    assert how == "fail"
    assert "jmespath" in result["msg"]


def test_a_missing_library_is_named() -> None:
    def work(module: Any, clients: Any) -> dict[str, Any]:
        raise MissingLibrary("aliyun-python-sdk-smc", "trace")

    how, result = end_of(work)
    assert how == "fail"
    assert "aliyun-python-sdk-smc" in result["msg"]


def test_contradictory_options_fail_before_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Module, "params", {"region": "nowhere!", "access_key": "k", "secret_key": "s"})
    how, result = end_of(lambda module, clients: pytest.fail("never reached"))
    assert (how, result["error"]["code"]) == ("fail", "InvalidRegionId.Malformed")
