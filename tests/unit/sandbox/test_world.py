# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.__main__ import _DEFAULT_WORLD
from sandbox.world import WorldError, load_world, parse_world


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "w.yml: the top level must be a mapping, found list"),
        ({"bukets": []}, "w.yml: bukets: Extra inputs are not permitted"),
        ({"buckets": [{"name": "ok-bucket"}]}, "w.yml: buckets[0].region: Field required"),
        ({"account": {"quotas": {"vpc": -1}}}, "w.yml: account.quotas.vpc: .* (found -1)"),
        ({"sources": [{"name": "a", "disks": []}]}, "w.yml: sources[0].disks: .* at least 1 item"),
        ({"clock_rate": "fast"}, "w.yml: clock_rate: .* (found 'fast')"),
    ],
)
def test_a_malformed_world_names_file_and_field(document: object, message: str) -> None:
    with pytest.raises(WorldError) as refused:
        parse_world(document, "w.yml")
    pattern = message.replace("[", r"\[").replace("]", r"\]").replace("(", r"\(").replace(")", r"\)")
    assert "\n" not in str(refused.value)
    refused.match(pattern)


def test_broken_yaml_names_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "world.yml"
    path.write_text("account:\n  id: [\n")
    with pytest.raises(WorldError, match=r"world.yml: line 3, column 1: not valid YAML"):
        load_world(path)


@pytest.mark.parametrize(("text", "message"), [
    ("region: ap-southeast-1\nbukets: []\n", "world.yml: line 2: bukets: Extra inputs are not permitted"),
    ("sources:\n  - name: a\n    disks: [{gib: 20}]\n  - name: b\n",
     r"world.yml: line 4: sources\[1\].disks: Field required"),
    ("account:\n  quotas:\n    jobs: 5\n    vpc: -1\n", r"world.yml: line 4: account.quotas.vpc: .* \(found -1\)"),
    ("seed: 1\nprofile: slow\n", r"world.yml: line 2: profile: .*'fast', 'realistic' or 'frozen' \(found 'slow'\)"),
    ("jitter: 11\n", r"world.yml: line 1: jitter: .*less than or equal to 10 \(found 11\)"),
])
def test_a_malformed_world_file_names_file_line_and_field(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "world.yml"
    path.write_text(text)
    with pytest.raises(WorldError, match=message):
        load_world(path)


def test_a_world_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "world.yml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(WorldError, match=r"world.yml: not valid YAML"):
        load_world(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match=r"nowhere.yml: cannot be read: No such file"):
        load_world(tmp_path / "nowhere.yml")


def test_an_empty_world_has_defaults() -> None:
    world = parse_world(None, "w.yml")
    assert world.account.quotas.vpc == 10
    assert world.ens_accept_formats == ["qcow2"]


def test_the_world_without_world_file_has_a_bucket_in_both_ens_regions() -> None:
    world = load_world(_DEFAULT_WORLD)
    assert {bucket.region for bucket in world.buckets} == {"ap-southeast-1", "cn-beijing"}
