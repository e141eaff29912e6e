# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox.__main__ import _DEFAULT_WORLD
from sandbox.world.scenario import parse_scenario
from sandbox.world.schema import WorldError, load_world, parse_world


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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("profile: fast\nbukets: []\n", r"line 2: bukets: Extra inputs"),
        ("sources:\n  - name: a\n    disks:\n      - {gib: none}\n",
         r"line 4: sources\[0\].disks\[0\].gib: .* \(found 'none'\)"),
        ("faults:\n  - {kind: drop}\n  - kind: error\n", r"line 3: faults\[1\]: .*kind error needs a code"),
        ("faults:\n  - {match: {action: A}, kind: slow}\n", r"line 2: faults\[0\].kind: .* \(found 'slow'\)"),
        ("faults:\n  - {kind: partial, match: {product: ecs}}\n", r"line 2: faults\[0\]: .*for product oss only"),
        ("faults:\n  - state: {lifecycle: smc.job, at: Syncing}\n    do: hold\n",
         r"line 2: faults\[0\].state: .*has no state 'Syncing'; it has Running/Preparing, InError"),
        ("faults:\n  - state: {lifecycle: smc.job, at: Ready}\n    do: explode\n",
         r"line 2: faults\[0\]: .*no edit 'explode'; there are release_instance, "),
        ("faults:\n  - state: {lifecycle: smc.job, at: Ready}\n    do: spoil_image\n",
         r"line 2: faults\[0\]: .*spoil_image is for ens.image only"),
        ("faults:\n  - state: {lifecycle: smc.job, at: Ready}\n    do: hold\n    times: -1\n",
         r"line 4: faults\[0\].times: "),
    ],
)
def test_a_malformed_file_names_line_and_field(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "world.yml"
    path.write_text(text)
    with pytest.raises(WorldError, match=r"world\.yml: " + message) as refused:
        load_world(path)
    assert "\n" not in str(refused.value)
    with pytest.raises(WorldError, match="scenario: "):
        parse_scenario("meaning: m\n" + text, "scenario")


def test_the_notation_of_the_fault_catalogue_is_read() -> None:
    rule = {"state": {"kind": "smc.job", "at": "Running/Syncing", "source": "web01"}, "do": "release_instance"}
    world = parse_world({"faults": [rule]}, "w.yml")
    again = parse_world(json.loads(world.model_dump_json()), "the state file")
    assert again == world
    assert world.faults[0].state.name == "web01"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match=r"nowhere.yml: cannot be read: No such file"):
        load_world(tmp_path / "nowhere.yml")


def test_an_empty_world_has_defaults() -> None:
    world = parse_world(None, "w.yml")
    assert world.account.quotas.vpc == 10
    assert world.ens_accept_formats == ["qcow2", "raw", "vhd"]


def test_the_world_without_world_file_has_a_bucket_in_both_ens_regions() -> None:
    world = load_world(_DEFAULT_WORLD)
    assert {bucket.region for bucket in world.buckets} == {"ap-southeast-1", "cn-beijing"}
