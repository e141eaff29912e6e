# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._source import _remedy
from ansible_collections.edgelift.ens_migration.plugins.module_utils._source._remote import SourceError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._source._script import Record

ROWS = [
    ("remedy", "virtio", "needed", "/boot/initrd lacks virtio_blk"),
    ("remedy", "rsync", "ok", "/usr/bin/rsync"),
    ("remedy", "clock", "needed", "900 s from the controller's clock"),
    ("journal", "rsync", "packages", "yum", "rsync.x86_64 popt.x86_64 "),
    ("journal", "selinux", "enforce", "/selinux/enforce"),
    ("journal", "selinux", "kept", "/etc/selinux/config", "/var/lib/edgelift/remediation/kept_etc_selinux_config"),
    ("journal", "selinux", "sum", "/etc/selinux/config", "123 4"),
    ("journal", "clock", "set", "1795509537"),
]


def seen(*rows: tuple[str, ...]) -> _remedy.Seen:
    return _remedy.parse_seen(Record(key, tuple(fields)) for key, *fields in rows)


def test_the_clock_is_put_right_first() -> None:
    assert seen(*ROWS).needed() == ["clock", "virtio"]


def test_what_can_be_undone_is_told_without_the_sums_and_the_clock() -> None:
    assert seen(*ROWS).undoable() == [
        "remove the packages rsync.x86_64 popt.x86_64",
        "enforce through /selinux/enforce",
        "restore /etc/selinux/config",
    ]


def test_every_impossible_fault_is_a_reason() -> None:
    found = seen(("remedy", "rsync", "impossible", "no archive"), ("remedy", "virtio", "impossible", "no initramfs"))
    with pytest.raises(SourceError, match="rsync: no archive; virtio: no initramfs"):
        _remedy.refuse_impossible(found)
    _remedy.refuse_impossible(seen(*ROWS))


def test_a_fault_that_is_still_there_is_no_success() -> None:
    with pytest.raises(SourceError, match="did not help: clock: 900 s from"):
        _remedy.outcome(seen(*ROWS), ["clock"])
    assert _remedy.outcome(seen(*ROWS), ["rsync"])["faults"]["rsync"] == {"status": "ok", "detail": "/usr/bin/rsync"}
