# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names: the same on every controller, legal everywhere, and told apart from similar names."""

from __future__ import annotations

import re

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits, naming

ID = "el607cb8ded6d203aa8b68a55c697c"


def test_the_migration_id_is_the_same_on_every_controller_and_in_every_release() -> None:
    # A change here orphans everything that earlier runs have made: no later run would find it again.
    assert naming.migration_id("wave_01", "web-01", "fp") == ID
    assert naming.wave_id("wave_01") == "el607cb8ded6d203"


@pytest.mark.parametrize("other", [("wave_02", "h", "f"), ("wave_01", "i", "f"), ("wave_01", "h", "g")])
def test_another_migration_host_or_machine_is_another_id(other: tuple[str, str, str]) -> None:
    assert naming.migration_id(*other) != naming.migration_id("wave_01", "h", "f")


def test_servers_of_one_migration_share_the_beginning_of_their_ids() -> None:
    ids = {naming.migration_id("wave_01", f"h{number}", "f") for number in range(100)}
    assert len(ids) == 100
    assert {identity[: naming.WAVE_LENGTH] for identity in ids} == {naming.wave_id("wave_01")}


@pytest.mark.parametrize("host", ["web", "Größe", "", "a" * 500, "x/y z"])
def test_the_migration_id_is_a_legal_oss_prefix(host: str) -> None:
    identity = naming.migration_id("Welle ü", host, host)
    assert re.fullmatch("[a-z][a-z0-9]{29}", identity)


def test_wave_and_server_have_at_least_48_bits_each() -> None:
    assert naming.ID_LENGTH <= 30
    assert 4 * (naming.WAVE_LENGTH - 2) >= 48
    assert 4 * (naming.ID_LENGTH - naming.WAVE_LENGTH) >= 48


@pytest.mark.parametrize("migration", ["", " ", "\t\n"])
def test_a_migration_has_a_name(migration: str) -> None:
    assert "Set migration_name" in str(naming.migration_problem(migration))


def test_any_other_name_can_name_a_migration() -> None:
    assert [naming.migration_problem(name) for name in ("wave_01", "Welle ü", "1")] == [None, None, None]


@pytest.mark.parametrize(
    "base",
    [
        "web-01",
        "web-01.example.com",
        "10.0.0.7",
        "007",
        "-_:",
        "",
        "Größe",
        "a",
        "x" * 200,
        "a." * 100,
        "aliyun-web",
        "Aliyun01",
        "acs:web",
        "http:web",
        "https://web",
    ],
)
def test_any_host_name_becomes_a_legal_name_that_ends_with_the_id(base: str) -> None:
    name = naming.resource_name(base, ID)
    assert limits.name_problem(name) is None
    assert name.endswith(f"-{ID}")
    assert naming.owner_of(name) == ID


def test_a_legal_host_name_stays_readable() -> None:
    assert naming.resource_name("web-01", ID) == f"web-01-{ID}"
    assert naming.resource_name("web-01.example.com", ID) == f"web-01-example-com-{ID}"


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("DB/Berlin-01", "DB-Berlin-01"),
        ("Größe-01", "Grosse-01"),
        ("café", "cafe"),
        ("Łódź", "Lodz"),
        ("web ‧ 7", "web-7"),
        ("服务器-01", "host-01"),
        ("服务器", "host"),
        ("db-服务器", "db"),
        ("база.example.com", "example-com"),
    ],
)
def test_a_host_name_that_is_no_resource_name_stays_readable(host: str, base: str) -> None:
    assert naming.resource_name(host, ID) == f"{base}-{ID}"


@pytest.mark.parametrize("name", [f"web-{ID}", f"web-{ID}_j-2zeAbc09", f"web-{ID}-j-2zeabc", f"a-b_c:{ID}-{ID}"])
def test_a_name_of_ours_names_its_owner(name: str) -> None:
    assert naming.owner_of(name) == ID


@pytest.mark.parametrize(
    "name",
    [
        "",
        "web-01",
        ID,
        f"web{ID}",
        f"web_{ID}",
        f"web-{ID}-copy",
        f"web-{ID}0",
        f"web-{ID[:-1]}",
        f"web-{ID.upper()}",
        f"web-{ID[:-1]}g",
        f"web-{ID}_j-",
        f"web-{ID}_x-2ze",
        f"web-{ID}\n",
        "No_Delete_SMC_Transition_Instance",
    ],
)
def test_a_similar_name_has_no_owner(name: str) -> None:
    assert naming.owner_of(name) is None


@pytest.mark.parametrize("base", ["ab", "a" * 97, "Web_01:x-y"])
def test_a_base_name_that_fits_is_taken(base: str) -> None:
    assert naming.base_name_problem(base) is None
    assert naming.resource_name(base, ID) == f"{base}-{ID}"


@pytest.mark.parametrize(
    ("base", "words"), [("a" * 98, "at most 97"), ("1ab", "a letter first"), ("aliyun1", "aliyun"), ("a b", "letter")]
)
def test_a_base_name_that_does_not_fit_is_refused_with_the_rule(base: str, words: str) -> None:
    problem = naming.base_name_problem(base)
    assert problem is not None
    assert words in problem
    assert repr(base) in problem


def test_notes_and_objects_of_a_server_lie_where_its_id_finds_them() -> None:
    assert naming.proof_key(ID) == f"edgelift/{ID}/proof.json"
    assert naming.proof_key(ID).startswith(naming.folder_prefix(ID))
    assert naming.folder_prefix(ID).startswith(naming.folder_prefix(ID[: naming.WAVE_LENGTH]))
    assert naming.objects_prefix(ID) == ID


def test_tags_name_migration_wave_and_host() -> None:
    tags = {tag["Key"]: tag["Value"] for tag in naming.tags("wave_01", "web-01", ID)}
    assert tags == {"edgelift:migration": ID, "edgelift:wave": "wave_01", "edgelift:host": "web-01"}


def test_a_shared_resource_has_the_tag_of_the_wave_only() -> None:
    assert naming.tags("wave_01") == [{"Key": "edgelift:wave", "Value": "wave_01"}]


def test_a_tag_value_is_never_longer_than_the_services_accept() -> None:
    values = [tag["Value"] for tag in naming.tags("w" * 300, "h" * 300, ID)]
    assert max(map(len, values)) == 128


@pytest.mark.parametrize("migration", ["wave_01", "Welle ü", "a b/c:d", "w" * 300, "1", "\U0001f600" * 40])
@pytest.mark.parametrize("host", ["", "web-01.example.com", "Größe", "h" * 300])
def test_a_description_is_legal_and_names_the_migration(migration: str, host: str) -> None:
    text = naming.description(migration, host)
    assert limits.name_problem(text) is None
    assert naming.same_wave(migration, {}, text)
    assert naming.same_wave(f"not {migration}", {}, text) is False


@pytest.mark.parametrize(("one", "other"), [("Welle ü", "Welle ö"), ("a.b", "a b"), ("wave", "wave_2"), ("a:b", "a")])
def test_descriptions_of_two_migrations_differ(one: str, other: str) -> None:
    assert naming.same_wave(one, {}, naming.description(other, "web-01")) is False


def test_the_tag_decides_where_there_is_one() -> None:
    ours = naming.description("wave_01")
    tags = {tag["Key"]: tag["Value"] for tag in naming.tags("w" * 300)}
    assert naming.same_wave("w" * 300, tags, ours)
    assert naming.same_wave("wave_01", tags, ours) is False


@pytest.mark.parametrize("description", ["", "my job", "edgelift", "edgelift-wave_01-web-01"])
def test_what_names_no_migration_decides_nothing(description: str) -> None:
    assert naming.same_wave("wave_01", {"team": "infra"}, description) is None
