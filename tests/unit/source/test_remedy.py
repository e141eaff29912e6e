# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import answers, remedy
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import script as _script
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source.answers import Record
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source.remote import SourceError
from support.shells import SHELLS

ROWS = [
    ("remedy", "virtio", "needed", "/boot/initrd lacks virtio_blk"),
    ("remedy", "rsync", "ok", "/usr/bin/rsync"),
    ("remedy", "clock", "needed", "900 s from the clock of the controller"),
    ("journal", "rsync", "packages", "yum", "rsync.x86_64 popt.x86_64 "),
    ("journal", "selinux", "enforce", "/selinux/enforce"),
    ("journal", "selinux", "kept", "/etc/selinux/config", "/var/lib/edgelift/remediation/kept_etc_selinux_config"),
    ("journal", "selinux", "sum", "/etc/selinux/config", "123 4"),
    ("journal", "clock", "set", "1795509537"),
]


def seen(*rows: tuple[str, ...]) -> remedy.Seen:
    return remedy.parse_seen(Record(key, tuple(fields)) for key, *fields in rows)


def test_the_clock_is_fixed_first() -> None:
    assert seen(*ROWS).needed() == ["clock", "virtio"]


def test_what_can_be_undone_is_told_without_the_sums_and_the_clock() -> None:
    assert seen(*ROWS).undoable() == [
        "remove the packages rsync.x86_64 popt.x86_64",
        "set enforcing in /selinux/enforce",
        "restore /etc/selinux/config",
    ]


def test_every_impossible_fault_is_a_reason() -> None:
    found = seen(("remedy", "rsync", "impossible", "no archive"), ("remedy", "virtio", "impossible", "no initramfs"))
    with pytest.raises(SourceError, match="rsync: no archive; virtio: no initramfs"):
        remedy.refuse_impossible(found)
    remedy.refuse_impossible(seen(*ROWS))


def test_a_fault_that_is_still_there_is_no_success() -> None:
    with pytest.raises(SourceError, match="these fixes had no effect: clock: 900 s from"):
        remedy.outcome(seen(*ROWS), ["clock"])
    assert remedy.outcome(seen(*ROWS), ["rsync"])["faults"]["rsync"] == {"status": "ok", "detail": "/usr/bin/rsync"}


class Kept:
    """A file that was changed on this machine, with its copy and journal, and the script that undoes it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "config"
        self.file.write_text("ours\n")
        self.state = folder / "edgelift" / "remediation"
        self.state.mkdir(parents=True)
        self.copy = self.state / "kept_config"
        self.copy.write_text("theirs\n")
        sums = subprocess.run(["cksum"], input=self.file.read_bytes(), capture_output=True, check=True).stdout.decode()
        rows = [f"selinux\tkept\t{self.file}\t{self.copy}", f"selinux\tsum\t{self.file}\t{sums.strip()}"]
        (self.state / "journal").write_text("".join(f"{row}\n" for row in rows))

    def undo(self) -> remedy.Seen:
        values = {"STATE_DIR": str(self.state), "FAULTS": "", "EPOCH": "0", "TOLERANCE": "1", "RSYNC_FILE": ""}
        script = _script.compose("F", ["remedy_look", "remedy_undo"], values, "remedy_undo")
        done = subprocess.run([shutil.which("dash") or "sh"], input=script, capture_output=True, text=True, check=True)
        answer = answers.parse("F", done.stdout)
        assert answer is not None
        assert (answer.complete, done.stderr) == (True, "")
        return remedy.parse_seen(answer.records)


@pytest.fixture
def kept(private: Path) -> Kept:
    return Kept(private)


def test_undoing_that_was_cut_off_is_repeated(kept: Kept) -> None:
    kept.file.write_text("theirs\n")
    seen = kept.undo()
    assert (seen.left, seen.journal, kept.file.read_text()) == ([], [], "theirs\n")
    assert not kept.state.parent.exists()


def test_a_copy_that_is_gone_does_no_harm_to_the_file(kept: Kept) -> None:
    kept.copy.unlink()
    assert kept.undo().left == [f"{kept.file}: its copy {kept.copy} is gone"]
    assert kept.file.read_text() == "ours\n"


def test_a_file_that_is_as_it_was_left_is_restored(kept: Kept) -> None:
    assert kept.undo().left == []
    assert kept.file.read_text() == "theirs\n"
    assert not kept.state.parent.exists()


@pytest.mark.parametrize("shell", SHELLS)
def test_a_line_is_added_whole(shell: list[str], private: Path) -> None:
    """Remediation scripts should detect if newline is missing when appending to file:
    https://github.com/ComplianceAsCode/content/issues/548"""
    texts = {"megaraid_sas": "megaraid_sas\nvirtio_pci\n", "a\n": "a\nvirtio_pci\n", "": "virtio_pci\n"}
    for number, before in enumerate(texts):
        (private / str(number)).write_text(before)
        script = _script.compose("F", ["remedy_look", "remedy_do"], {}, f"remedy_add {private}/{number} virtio_pci")
        done = subprocess.run([*shell, "-c", 'eval "$(cat)"'], input=script, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        assert (private / str(number)).read_text() == texts[before]


@pytest.mark.parametrize("shell", SHELLS)
def test_an_initramfs_that_lost_a_module_is_put_back(shell: list[str], private: Path) -> None:
    state = private / "state"
    state.mkdir()
    image = private / "initrd.img-1"
    before = gzip.compress(b"kernel/ext4.ko\n")
    Path(f"{state}/kept{str(image).replace('/', '_')}").write_bytes(before)
    (state / "held").write_text("ext4.ko\n")
    image.write_bytes(gzip.compress(b"kernel/virtio_pci.ko\nkernel/virtio_blk.ko\n"))
    command = f"PATH={private}:/usr/bin:/bin\nremedy_keeps 1 {image} && say kept"
    for name in ("lsinitramfs", "lsinitrd"):
        (private / name).write_text('#!/bin/sh\nexec gzip -dc "$1"\n')
        (private / name).chmod(0o755)
    script = _script.compose("F", ["remedy_look", "remedy_do"], {"STATE_DIR": str(state)}, command)
    done = subprocess.run([*shell, "-c", 'eval "$(cat)"'], input=script, capture_output=True, text=True, check=True)
    assert f"failed\tthe new {image} lost ext4.ko ; the former file was put back" in done.stdout
    assert image.read_bytes() == before
    image.write_bytes(gzip.compress(b"kernel/ext4.ko\nkernel/virtio_pci.ko\nkernel/virtio_blk.ko\n"))
    (state / "held").write_text("ext4.ko\n")
    done = subprocess.run([*shell, "-c", 'eval "$(cat)"'], input=script, capture_output=True, text=True, check=True)
    assert "kept" in done.stdout.splitlines()


LOCKED = {
    "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812 (unattended-upgr)": True,
    "dpkg: error: dpkg frontend lock was locked by another process with pid 812": True,
    "System management is locked by the application with pid 812 (zypper).": True,
    "error: can't create transaction lock on /var/lib/rpm/.rpm.lock (Resource temporarily unavailable)": True,
    "ERROR: Unable to lock database: Resource temporarily unavailable": True,
    "E: Unable to locate package rsync": False,
    "write error on block device": False,
}


@pytest.mark.parametrize("said", LOCKED)
def test_a_fix_waits_for_the_lock_of_the_packages_and_for_nothing_else(said: str, private: Path) -> None:
    """Fake: a package manager that fails twice with these words; the sleep between is skipped."""
    tool = private / "manager"
    again = f"[ $(wc -l <{private}/calls) -gt 2 ] || {{ echo \"{said}\"; exit 1; }}"
    tool.write_text(f"#!/bin/sh\necho x >>{private}/calls\n{again}\n")
    tool.chmod(0o755)
    values = {"STATE_DIR": str(private), "LOCKED_SECONDS": "600"}
    command = f"sleep() {{ :; }}\nremedy_waits {tool} && say done"
    script = _script.compose("F", ["remedy_look", "remedy_do"], values, command)
    done = subprocess.run(["dash"], input=script, capture_output=True, text=True, check=True)
    assert ("done" in done.stdout.splitlines()) == LOCKED[said]
    assert (private / "calls").read_text().count("x") == (3 if LOCKED[said] else 1)
