# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cloud contract: what is refused, what is doubted, and what counts before what."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import contract as files
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import options
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import contract
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import checks

NOW = datetime(2026, 11, 29, 12, tzinfo=timezone.utc)


def given(**changes: Any) -> dict[str, Any]:
    """A contract as a canary writes it."""
    answers = changes.pop("answers", {})
    return {
        "version": 1,
        "written": "2026-11-29T12:00:00Z",
        "account": "1234567890123456",
        "region": "ap-southeast-1",
        "bucket": "images",
        "questions": {name: {"answer": answer, "evidence": []} for name, answer in answers.items()},
        **changes,
    }


def policy(**changes: Any) -> Any:
    return options.policy({"region": "ap-southeast-1", "bucket": "images", **changes})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], "it is a list"),
        ({}, "its version is None"),
        (given(version=2), "its version is 2"),
        (given(account=""), "account is ''"),
        (given(region=7), "region is 7"),
        (given(written="yesterday"), "written is 'yesterday'"),
        (given(questions=[]), "questions is no mapping"),
        (given(questions={"image_formats": ["raw"]}), "image_formats has no answer"),
        (given(answers={"formats": ["raw"]}), "there is no question 'formats'"),
        (given(answers={"image_formats": "raw"}), "image_formats must be a list of qcow2, raw, vhd"),
        (given(answers={"mapping_order": "system"}), "mapping_order must be one of system_first, system_last, unknown"),
        (given(answers={"listing_delay": True}), "listing_delay must be 0 to"),
        (given(answers={"listing_delay": -1}), "listing_delay must be 0 to"),
        (given(answers={"bucket": 1}), "bucket must be a text"),
    ],
)
def test_what_is_no_contract_is_refused_with_the_reason(value: Any, words: str) -> None:
    with pytest.raises(contract.Malformed) as refused:
        contract.read(value)
    assert words in str(refused.value)


def test_a_contract_may_have_the_time_type_of_yaml() -> None:
    assert contract.read(given(written=NOW)).written == NOW
    assert contract.read(given(written=NOW.replace(tzinfo=None))).written == NOW


def test_old_and_foreign_contracts_are_doubted_each_with_its_words() -> None:
    found = contract.read(given())
    fits = ("1234567890123456", "ap-southeast-1", "images")
    assert found.doubts(*fits, NOW + timedelta(days=30)) == []
    (old,) = found.doubts(*fits, NOW + timedelta(days=31))
    assert "31 days old (at most 30)" in old
    (future,) = found.doubts(*fits, NOW - timedelta(days=2))
    assert "from the future" in future
    others = found.doubts("9" * 16, "cn-beijing", "other", NOW)
    assert [text.split(" is of ")[1].split()[0] for text in others] == ["account", "region", "bucket"]
    assert found.doubts("", "ap-southeast-1", "images", NOW) == [], "an account that is not known is not doubted"


def test_a_file_is_read_from_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "contract.yml"
    for text, words in (
        ("{", "it is no YAML"),
        ("7", "it is a int"),
        ("\xff", "it is no text in UTF-8"),
        ("x" * (1024**2 + 1), "more than"),
    ):
        file.write_bytes(text.encode("latin-1"))
        with pytest.raises(CloudError, match=words) as refused:
            files.load("contract.yml")
        assert (refused.value.code, file.name in str(refused.value)) == ("Contract.Malformed", True)
    file.write_text("{version: 1, written: 2026-11-29T12:00:00Z, account: a, region: r, bucket: b, questions: {}}")
    assert files.load("contract.yml") == files.load(str(file)) == contract.Contract("a", "r", "b", NOW)
    file.unlink()
    with pytest.raises(CloudError, match="it cannot be read"):
        files.load("contract.yml")
    assert files.load("") is files.load(None) is None


def test_the_option_counts_before_the_contract_and_the_contract_before_the_default() -> None:
    raw = given(answers={"image_formats": ["raw"]})
    assert policy().image_format == "qcow2"
    assert policy(contract=raw).image_format == "raw"
    assert policy(contract=raw, image_format="qcow2").image_format == "qcow2"
    assert policy(contract=given(answers={"image_formats": ["vhd", "raw", "qcow2"]})).image_format == "raw"
    assert policy(contract=given(answers={"image_formats": "unknown"})).image_format == "qcow2"


def test_the_layout_of_an_import_is_that_of_the_contract() -> None:
    assert policy().layout == policy(contract=given()).layout == contract.DOCUMENTED
    answers = {
        "oss_region": "omitted",
        "target_region": "omitted",
        "one_disk": "mapping",
        "mapping_order": "system_last",
    }
    assert policy(contract=given(answers=answers)).layout == contract.Layout(False, False, True, True)
    unknown = dict.fromkeys(answers, "unknown")
    assert policy(contract=given(answers=unknown)).layout == contract.DOCUMENTED


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"image_formats": ["vhd"]}, "ENS imports vhd"),
        ({"image_formats": []}, "ENS imports no format"),
        ({"bucket_access": "no"}, "ENS may not read bucket 'images'"),
        ({"append_race": "no"}, "OSS takes appends"),
        ({"append_after_deletion": "no"}, "OSS takes appends"),
    ],
)
def test_what_is_proved_to_fail_is_refused_before_anything_is_made(answers: dict[str, Any], words: str) -> None:
    (refusal,) = checks.contract_refusals(policy(contract=given(answers=answers)))
    assert words in refusal
    (problem,) = checks.input_problems(policy(contract=given(answers=answers)), [])
    assert problem.startswith(refusal)


def test_what_is_not_proved_is_not_refused() -> None:
    assert checks.contract_refusals(policy()) == []
    assert checks.contract_refusals(policy(contract=given())) == []
    other = given(bucket="other", answers={"bucket_access": "no", "image_formats": ["qcow2"]})
    assert checks.contract_refusals(policy(contract=other)) == []


def test_a_list_that_is_known_to_be_late_is_waited_for_twice_as_long() -> None:
    assert policy(contract=given(answers={"listing_delay": 1500})).contract.settle_seconds == 3000
    assert policy(contract=given()).contract.settle_seconds == 0


LETTERS = "abcdefghijklmnopqrstuvwxy"
BOMB = "a: &a [x, x]\n" + "".join(
    f"{new}: &{new} [*{old}, *{old}]\n" for old, new in itertools.pairwise(LETTERS)
)
"""Each name doubles the one before it."""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("written: 2026-13-45", "it is no YAML: month must be in 1..12"),
        ("a: !!timestamp x", "it is no YAML"),
        ("a: 1" + "0" * 5000, "it is no YAML"),
        ("[" * 100_000, "it is nested too deeply"),
        ("\x00", "it is no YAML"),
        ("a: [", "it is no YAML"),
        ("a: !!python/object/apply:os.system [id]", "it is no YAML"),
        ("# " + "x" * 1024**2, "it has more than 1048576 bytes"),
        (BOMB + "version: *y\n", "its version is a list"),
        ("", "it is a NoneType"),
    ],
)
def test_a_file_that_is_made_to_do_harm_is_refused_with_the_reason(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "contract.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CloudError, match="Contract") as refused:
        files.load(str(path))
    assert words in str(refused.value)
    assert len(str(refused.value)) < 1000


@pytest.mark.parametrize(
    "name", ["/dev/zero", "/", "~nobody-of-this-name/contract.yml", "a\0b", "missing.yml", "x" * 5000]
)
def test_a_path_that_is_no_file_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(CloudError, match="cannot be used: it ") as refused:
        files.load(name)
    assert len(str(refused.value)) < 600


def test_a_time_that_no_calendar_has_is_refused() -> None:
    for written in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        with pytest.raises(contract.Malformed, match="written is"):
            contract.read(given(written=written))


def test_of_very_many_problems_some_are_named() -> None:
    with pytest.raises(contract.Malformed, match="and 992 more") as refused:
        contract.read(given(questions={f"q{number}": {} for number in range(1000)}))
    assert len(str(refused.value)) < 10_000
