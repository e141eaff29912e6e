# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive for support: planted secrets do not reach it, it stays small, and says what is not in it."""

from __future__ import annotations

import base64
import io
import json
import random
import tarfile
from pathlib import Path
from urllib.parse import quote

import pytest
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._diagnostics import bundle, redact
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._diagnostics.bundle import Member

SECRET = "p+l/a n&t\"e'd=9f3c7b"
VARIABLES = {
    "alicloud_secret_key": SECRET,
    "ansible_become_pass": "root-passphrase",
    "nested": {"deep": {"access_token_code": "nested-code-7777"}},
    "accounts": [{"name": "shop", "db_password": "row-password"}, "plain"],
    "list_of_tokens": ["first-token-1", ["second-token-2"]],
    "number_password": 12345678,
    "agent_token_days": 1,
    "agent_credentials_via": "config",
    "agent_access_token_path": "/a/path/to/a/file",
    "migration_name": "wave_01",
}


def contents(data: bytes) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        rows = archive.getmembers()
        assert all(row.isfile() and row.mode == 0o600 and row.name.startswith("diagnostics/") for row in rows)
        return {row.name.removeprefix("diagnostics/"): archive.extractfile(row).read().decode() for row in rows}  # type: ignore[union-attr]  # only files


def test_the_secrets_of_variables_are_known_by_their_names() -> None:
    found = redact.values(VARIABLES)
    assert found == {
        SECRET, "root-passphrase", "nested-code-7777", "first-token-1", "second-token-2", "12345678",
        "row-password",
    }  # fmt: skip
    assert redact.values({"vars": VARIABLES, "hostvars": {"h": VARIABLES}}) == set()


def test_planted_secrets_are_in_no_member_in_no_form(tmp_path: Path) -> None:
    encoded = base64.b64encode(SECRET.encode()).decode()
    shapes = [SECRET, quote(SECRET, safe=""), json.dumps(SECRET), encoded, SECRET[::-1]]
    receipt = tmp_path / "receipt.json"
    receipt.write_text(json.dumps({"reasons": shapes}), encoding="utf-8")
    logs = {"web-01": {"logs": [{"path": "/smc/console.log", "lines": [*shapes, "root-passphrase", "kept line"]}]}}
    members = [
        bundle.of_data("state.json", {"msg": shapes, SECRET: "a name"}),
        bundle.of_file(str(receipt), 1),
        *bundle.of_logs(["web-01", "off-01"], {**logs, "off-01": {"unreachable": True, "msg": SECRET}}),
        Member(f"hosts/{SECRET}.log", problem=f"failed with {SECRET}"),
    ]
    data, _listed = bundle.make(members, redact.values(VARIABLES))
    whole = json.dumps(contents(data))
    unescaped = "\n".join([*contents(data), *contents(data).values()])
    for shape in [*shapes, encoded.rstrip("="), "root-passphrase"]:
        assert shape not in whole
        assert shape not in unescaped
    assert "kept line" in whole


KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("key LTAI5tQnKxyz0123456789ab is used", "LTAI5tQnKxyz0123456789ab"),
        ("STS.NUgYrLnoC37mZZCNnAbez", "NUgYrLnoC37mZZCNnAbez"),
        ("GET http://b/o?OSSAccessKeyId=AKID12&Expires=1&Signature=q%2Bx%3D&x=1", "q%2Bx"),
        ("GET http://b/o?security-token=CAISabc&y=2", "CAISabc"),
        ("http://b/o?x-oss-signature=0123abcd", "0123abcd"),
        ('{"access_token_code": "abcdef", "n": 1}', "abcdef"),
        ("AccessTokenCode=abcdef", "abcdef"),
        ("Authorization: OSS4-HMAC-SHA256 Credential=x/y, Signature=z", "HMAC"),
        ('"Authorization": "Bearer abc.def"', "abc.def"),
        ("password = hunter22; next", "hunter22"),
        ("proxy http://user:hunter22@proxy:3128/", "hunter22"),
        (f"before\n{KEY}\nafter", "MIIEpAIBAAKCAQEA"),
        (KEY.partition("\n")[2], "MIIEpAIBAAKCAQEA"),
        (KEY.rpartition("\n")[0], "MIIEpAIBAAKCAQEA"),
    ],
)
def test_what_has_the_form_of_a_secret_is_removed_everywhere(text: str, gone: str) -> None:
    cleaned = redact.scrub(text, [])
    assert gone not in cleaned
    assert "***" in cleaned


def test_ordinary_lines_stay_as_they_are() -> None:
    for text in (
        "Import Source Server [s-bp1] Successfully!",
        "job j-1 is InError: QuotaExceeded.Vpc",
        "tokens: 3 of 5",
    ):
        assert redact.scrub(text, []).replace("***", "3") in (text, "tokens: 3 of 5")


def test_the_archive_stays_below_its_limit_and_says_what_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "BUDGET", 50_000)
    dice = random.Random(7)
    noise = [dice.randbytes(10_000).hex() for _number in range(8)]
    members = [*(Member(f"{number}.txt", text) for number, text in enumerate(noise)), Member("small.txt", "small")]
    data, listed = bundle.make(members, [])
    assert len(data) <= 60_000
    found = contents(data)
    left = [row["name"] for row in listed if row["problem"]]
    assert left
    assert set(found) == {"contents.json", "small.txt", *(f"{n}.txt" for n in range(8))} - set(left)
    assert [row["name"] for row in json.loads(found["contents.json"]) if row["problem"]] == left


def test_files_that_cannot_be_included_are_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"a\0b")
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    problems = [bundle.of_file(str(path), 1).problem for path in (tmp_path / "none", tmp_path, tmp_path / "binary")]
    assert ["cannot be read" in problem for problem in problems] == [True, True, False]
    assert problems[2] == "it is no text"
    assert bundle.of_file(str(tmp_path / "latin"), 1).text == "caf\ufffd"
    assert "cannot be read" in bundle.of_file("a\0path", 1).problem


def test_many_hosts_and_odd_results_make_a_small_list() -> None:
    hosts = [f"host-{number}" for number in range(200)]
    results = {host: {"logs": [{"path": "/p", "lines": ["line"] * 20}]} for host in hosts}
    data, listed = bundle.make(bundle.of_logs([*hosts, "odd"], {**results, "odd": "text"}), [])
    assert len(data) < 100_000
    assert len(listed) == 201
    assert json.loads(contents(data)["hosts.json"])["odd"] == "not asked"
