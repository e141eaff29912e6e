# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the recorder that need neither root nor QEMU."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from distros import guest, handmade, manifest, recording
from guests import initrd
from guests.machine import Root

SYSTEMS = manifest.load()
ROW: dict[str, Any] = {"name": "one", "kind": "real", "how": "made", "source": "debian", "root": {"suite": "bookworm"}}


def parsed(**changes: Any) -> manifest.System:
    return manifest.system({**ROW, **changes}, {"debian": "its archive"}, {"full": ["grub-pc"]})


def test_a_row_names_its_packages_and_its_source() -> None:
    system = parsed(root={"suite": "bookworm", "packages": "full"})
    assert system.root == Root("bookworm", ("grub-pc",))
    assert system.source == "its archive"


@pytest.mark.parametrize(
    "changes",
    [{"kind": "guessed"}, {"kind": "hand-built"}, {"machine": {"layout": "zfs"}}, {"machine": {"firmware": "rom"}}],
    ids=["kind", "root", "layout", "firmware"],
)
def test_a_row_with_words_that_mean_nothing_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="one: "):
        parsed(**changes)


@pytest.mark.parametrize("system", [row for row in SYSTEMS if not row.real], ids=lambda system: system.name)
def test_every_hand_built_system_has_a_tree_and_says_where_its_facts_are_from(system: manifest.System) -> None:
    assert system.tree.is_file()
    assert system.source


def test_there_is_no_tree_without_a_system() -> None:
    names = {row.name for row in SYSTEMS if not row.real}
    assert {path.stem for path in (manifest.HERE / "trees").glob("*.yml")} == names


def test_a_recording_is_read_as_it_was_written() -> None:
    made = recording.Recording("one", "real", 'made "so"', (1, 2), [("uname", "Linux"), ("block", "vda", "", "8")])
    assert recording.read(made.text()) == made
    assert '    ["block", "vda", "", "8"]\n' in made.text()


def test_the_time_of_a_question_is_not_made_shorter() -> None:
    made = recording.Recording("one", "real", "made", (1.97, 2.03), [("uname", "Linux")])
    assert recording.read(made.text()).asked == (1, 3)


def test_modules_are_loaded_after_what_they_need() -> None:
    needs = ["ext4.ko: k/jbd2.ko k/mbcache.ko", "jbd2.ko:", "mbcache.ko:"]
    needs += ["virtio_blk.ko: k/virtio-ring.ko", "virtio-ring.ko:"]
    told = "\n".join(f"k/{line}" for line in needs)
    order = initrd.load_order(told, ("virtio_blk", "ext4", "virtio-ring", "built_in"))
    assert order == ["k/virtio-ring.ko", "k/virtio_blk.ko", "k/mbcache.ko", "k/jbd2.ko", "k/ext4.ko"]


def test_an_archive_of_a_hand_built_initramfs_is_one_that_cpio_reads(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    archive.write_bytes(handmade.cpio(["init", "lib/modules/virtio_blk.ko"]))
    with archive.open("rb") as given:
        done = subprocess.run(["busybox", "cpio", "-t"], stdin=given, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["init", "lib/modules/virtio_blk.ko"]


def test_an_answer_of_a_guest_is_whole_when_its_last_marker_is_there(tmp_path: Path) -> None:
    answer = tmp_path / "answer"
    for text, whole in (("", False), ("uid\t0\nEDGELIFT-0 EN", False), ("uid\t0\r\nEDGELIFT-0 END\r\n.\r\n", True)):
        answer.write_bytes(text.encode())
        assert guest._is_whole(answer) == whole
