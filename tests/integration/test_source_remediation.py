# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""source_remediation and its role on hosts behind real SSH: a Debian with real apt and dpkg, a busybox without Python.

Both roots lack a kernel, SELinux and a clock. What is marked as a fake below replaces the
tools of those.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.source import ask, run_module, run_moves, run_playbook
from support.wave_hosts import hosts_up
from testbed.hosts import Bed

pytestmark = pytest.mark.any_core

Moves = Callable[..., list[Any]]
STATE = "/var/lib/edgelift"
KERNEL = "2.6.32-754.el6.x86_64"

# A package rsync that depends on one more, in an archive on the host itself, so that real apt needs no network.
ARCHIVE = r"""
dpkg --purge rsync >/dev/null 2>&1
rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/* /repo
mkdir -p /repo && cd /repo
for row in 'libstandin none' 'rsync libstandin'; do
    set -- $row
    mkdir -p $1/DEBIAN $1/usr/bin
    printf 'Package: %s\nVersion: 9.0\nArchitecture: all\n' $1 >$1/DEBIAN/control
    printf 'Maintainer: nobody <nobody@example.com>\nDescription: stand-in\n' >>$1/DEBIAN/control
    [ $2 = none ] || printf 'Depends: %s\n' $2 >>$1/DEBIAN/control
    [ $1 = libstandin ] || { printf '#!/bin/sh\n' >$1/usr/bin/rsync; chmod 755 $1/usr/bin/rsync; }
    chmod 755 $1 $1/DEBIAN
    dpkg-deb --build $1 $1.deb >/dev/null
    { cat $1/DEBIAN/control; echo "Filename: ./$1.deb"; echo "Size: $(wc -c <$1.deb)"
      echo "SHA256: $(sha256sum $1.deb | cut -d' ' -f1)"; echo; } >>Packages
done
echo 'deb [trusted=yes] file:/repo ./' >/etc/apt/sources.list
hash -r
"""

# Fakes: an initramfs is gzipped text with the names of its files, and each tool writes one and what it was called with.
KERNEL_FILES = f"""
mkdir -p /boot /lib/modules/{KERNEL}/kernel
for name in virtio_pci virtio_blk; do : >/lib/modules/{KERNEL}/kernel/$name.ko; done
echo kernel/ext4.ko | gzip >%s
"""
MAKER = """
cat >%s <<'END'
#!/bin/sh
echo "$@" >>/run/maker
printf 'ext4.ko\\nvirtio_pci.ko\\nvirtio_blk.ko\\n' | gzip >%s
END
chmod 755 %s
"""
# Fake: a clock that is off by what /run/skew says, so that nothing sets the clock of the machine. Only on the Debian:
# the shell of the busybox runs its own date whatever /bin has.
DATE = """
mv /usr/bin/date /usr/bin/date.real
cat >/usr/bin/date <<'END'
#!/bin/sh
now=$(date.real +%s) skew=$(cat /run/skew 2>/dev/null || echo 0)
case "$*" in
*"-s @"*) for last in "$@"; do :; done; echo $((${last#@} - now)) >/run/skew ;;
*) echo $((now + skew)) ;;
esac
END
chmod 755 /usr/bin/date
"""


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    with hosts_up(tmp_path_factory.mktemp("bed"), "web-01", "legacy-01") as bed:
        yield bed


@pytest.fixture
def moves(bed: Bed, tmp_path: Path) -> Moves:
    def run(host: str, *rows: dict[str, Any] | str) -> list[Any]:
        return run_moves(bed, tmp_path, host, "source_remediation", rows)

    return run


def steps(row: dict[str, Any]) -> list[str]:
    """What was done on a host; its message fails the test otherwise."""
    assert not row.get("failed"), row
    assert row["changed"] == bool(row["steps"])
    done: list[str] = row["steps"]
    return done


LEFT = f"ls -d {STATE} 2>/dev/null || echo none"
ABSENT = {"state": "absent"}


def test_rsync_comes_from_the_package_manager_and_goes_with_what_came_along(bed: Bed, moves: Moves) -> None:
    ask(bed, "web-01", ARCHIVE)
    installed = 'dpkg-query -W -f "\\${Package} " | tr " " "\\n" | sort'
    rsync = {"rsync": True}
    before, foreseen, untouched, done, now, again, plan, undone, after, left, nothing = moves(
        "web-01",
        installed,
        {**rsync, "check": True},
        LEFT,
        rsync,
        installed,
        rsync,
        {**ABSENT, "check": True},
        ABSENT,
        installed,
        LEFT,
        ABSENT,
    )
    assert (steps(foreseen), untouched) == (["rsync"], "none")
    assert steps(done) == ["rsync"]
    assert done["diff"] == {"before": {"rsync": "rsync is missing"}, "after": {"rsync": "/usr/bin/rsync"}}
    assert set(now.split()) - set(before.split()) == {"rsync", "libstandin"}
    assert steps(again) == []
    assert steps(plan) == steps(undone) == ["remove the packages libstandin rsync"]
    assert (after, left) == (before, "none")
    assert steps(nothing) == []


def test_an_archive_that_does_not_have_it_is_said_in_its_words(bed: Bed, moves: Moves) -> None:
    ask(bed, "web-01", ARCHIVE + "mv /repo /repo.gone; rm -rf /var/lib/apt/lists/*")
    [row] = moves("web-01", {"rsync": True})
    assert row["failed"]
    assert row["msg"].startswith("apt-get cannot install rsync: ")
    assert "rsync" in row["msg"].partition(": ")[2]


def test_all_three_without_python_and_back(bed: Bed, moves: Moves, tmp_path: Path) -> None:
    image = f"/boot/initrd-{KERNEL}.img"
    ask(bed, "legacy-01", KERNEL_FILES % image + MAKER % ("/sbin/mkinitrd", image, "/sbin/mkinitrd"))
    ask(bed, "legacy-01", "mkdir -p /sys/fs/selinux /etc/selinux; echo 1 >/sys/fs/selinux/enforce")
    ask(bed, "legacy-01", "printf '# keep me\\nSELINUX=enforcing\\nSELINUXTYPE=targeted\\n' >/etc/selinux/config")
    program = tmp_path / "rsync"
    program.write_text("#!/bin/sh\necho rsync\n")
    wanted = {"rsync": True, "rsync_src": str(program), "virtio": True, "selinux": True}
    all_three = ["rsync", "selinux", "virtio"]
    touched = f"md5sum {image} /etc/selinux/config; cat /sys/fs/selinux/enforce; ls /usr/bin/rsync {STATE} 2>&1 || :"
    before, foreseen, untouched, done, told, mode, again, undone, after, nothing = moves(
        "legacy-01",
        touched,
        {**wanted, "check": True},
        touched,
        wanted,
        "rsync; cat /sys/fs/selinux/enforce /run/maker; head -n 2 /etc/selinux/config",
        f"ls -ld {STATE}/remediation | cut -c1-10",
        wanted,
        ABSENT,
        touched,
        ABSENT,
    )
    assert steps(foreseen) == all_three
    assert foreseen["diff"]["before"]["selinux"] == "enforcing now, enforcing after a restart"
    assert foreseen["diff"]["after"] == dict.fromkeys(all_three, "fixed")
    assert untouched == before

    assert steps(done) == all_three
    assert {row["status"] for row in done["faults"].values()} == {"ok"}
    rsync, enforce, called, *config = told.splitlines()
    assert (rsync, enforce, config) == ("rsync", "0", ["# keep me", "SELINUX=permissive"])
    assert called == f"-f --with=virtio_pci --with=virtio_blk --with=virtio_scsi --with=virtio_net {image} {KERNEL}"
    assert mode == "drwx------"
    assert steps(again) == []

    assert "restore /etc/selinux/config" in steps(undone)
    assert after == before
    assert steps(nothing) == []


def test_a_clock_that_is_off_is_set_to_the_controllers(bed: Bed, moves: Moves) -> None:
    ask(bed, "web-01", DATE + "echo 7200 >/run/skew")
    fine, foreseen, done, now, again, _back, slow, later, left = moves(
        "web-01",
        {"clock": True, "clock_tolerance": 14400},
        {"clock": True, "check": True},
        {"clock": True},
        "cat /run/skew",
        {"clock": True},
        "echo -7200 >/run/skew",
        {"clock": True},
        "cat /run/skew",
        LEFT,
    )
    # A clock is not set back: nothing is kept for it.
    assert left == "none"
    assert (steps(fine), steps(foreseen), steps(done), steps(again)) == ([], ["clock"], ["clock"], [])
    for row, left, skew in ((done, now, 7200), (slow, later, -7200)):
        off = row["diff"]["before"]["clock"].partition(" s from")[0]
        assert abs(int(off) - skew) < 30
        assert abs(int(left)) < 30


@pytest.mark.parametrize(
    ("maker", "image", "called", "configured"),
    [
        ("update-initramfs", f"/boot/initrd.img-{KERNEL}", f"-u -k {KERNEL}", "/etc/initramfs-tools/modules"),
        (
            "dracut",
            f"/boot/initramfs-{KERNEL}.img",
            f"-f --add-drivers virtio_pci virtio_blk virtio_scsi virtio_net /boot/initramfs-{KERNEL}.img {KERNEL}",
            "/etc/dracut.conf.d/edgelift-virtio.conf",
        ),
    ],
    ids=["update-initramfs", "dracut"],
)
def test_each_maker_of_an_initramfs_is_configured_and_called(
    bed: Bed, moves: Moves, maker: str, image: str, called: str, configured: str
) -> None:
    folder = configured.rpartition("/")[0]
    ask(bed, "web-01", KERNEL_FILES % image + MAKER % (f"/usr/sbin/{maker}", image, f"/usr/sbin/{maker}"))
    ask(bed, "web-01", f"rm -f /run/maker; mkdir -p {folder}")
    try:
        done, call, content, again, undone, after = moves(
            "web-01",
            {"virtio": True},
            "cat /run/maker",
            f"cat {configured}",
            {"virtio": True},
            ABSENT,
            f"gzip -dc {image}; ls {configured} 2>/dev/null || echo none",
        )
    finally:
        ask(bed, "web-01", f"rm -rf /boot/* /lib/modules/{KERNEL} /usr/sbin/{maker} {folder}")
    assert (steps(done), call, steps(again)) == (["virtio"], called, [])
    assert "virtio_blk" in content
    assert f"restore {image}" in steps(undone)
    assert after == "kernel/ext4.ko\nnone"


def test_what_another_program_changed_since_stays_and_is_named(bed: Bed, moves: Moves) -> None:
    ask(bed, "web-01", "mkdir -p /etc/selinux; echo SELINUX=enforcing >/etc/selinux/config")
    done, _theirs, first, second, now, kept, _gone = moves(
        "web-01",
        {"selinux": True},
        "echo SELINUXTYPE=mls >>/etc/selinux/config",
        ABSENT,
        ABSENT,
        "cat /etc/selinux/config",
        f"cat {STATE}/remediation/kept_*",
        f"rm -rf {STATE} /etc/selinux",
    )
    assert steps(done) == ["selinux"]
    for row in (first, second):
        assert (row["changed"], row["undo"]) == (False, ["restore /etc/selinux/config"])
        assert "/etc/selinux/config was changed since, its former content is" in row["warnings"][0]
    assert (now, kept) == ("SELINUX=permissive\nSELINUXTYPE=mls", "SELINUX=enforcing")


def test_what_is_impossible_changes_nothing_and_every_reason_is_given(bed: Bed, moves: Moves) -> None:
    ask(bed, "legacy-01", "mkdir -p /etc/selinux; echo SELINUX=enforcing >/etc/selinux/config; rm -rf /boot/*")
    row, config, left = moves(
        "legacy-01", {"rsync": True, "virtio": True, "selinux": True}, "cat /etc/selinux/config", LEFT
    )
    assert row["failed"]
    assert "rsync: rsync is missing, and this host has none of apt-get, dnf, yum, zypper and apk" in row["msg"]
    assert "virtio: no initramfs in /boot belongs to an installed kernel" in row["msg"]
    assert (config, left) == ("SELINUX=enforcing", "none")


def test_without_root_it_is_refused(bed: Bed, tmp_path: Path) -> None:
    options = {"selinux": True}
    done = run_module(bed, tmp_path, ["web-01"], "source_remediation", options, vars={"ansible_become": False})
    assert "Set become: true" in done.results["web-01"]["msg"]


def test_the_role_applies_what_a_host_switched_on_and_nothing_by_default(bed: Bed, tmp_path: Path) -> None:
    role = "edgelift.ens_migration.remediate"
    only = {
        "remediate_selinux": "{{ inventory_hostname == 'web-01' }}",
        "remediate_rsync": "{{ not remediate_selinux }}",
    }
    config = {"ansible.builtin.raw": "cat /etc/selinux/config", "register": "config"}
    shown = {
        "ansible.builtin.debug": {"msg": "{{ inventory_hostname }}={{ config.stdout.strip() }} {{ remediate_error }}"}
    }
    tasks: list[dict[str, Any]] = []
    for row in ({}, {"vars": only}, {"undo": True}):
        entry = "undo" if "undo" in row else "main"
        given = {"vars": row["vars"]} if "vars" in row else {}
        tasks += [{"ansible.builtin.include_role": {"name": role, "tasks_from": entry}, **given}, config, shown]
    for host in ("web-01", "legacy-01"):
        ask(bed, host, "mkdir -p /etc/selinux; echo SELINUX=enforcing >/etc/selinux/config")
    done = run_playbook(bed, tmp_path, {"hosts": "all", "gather_facts": False, "tasks": tasks})
    assert done.returncode == 0, done.stdout + done.stderr
    told = re.findall(r"(web|legacy)-01=(SELINUX=\w+)(.*)", done.stdout)
    assert [config for host, config, _error in told if host == "web"] == [
        "SELINUX=enforcing",
        "SELINUX=permissive",
        "SELINUX=enforcing",
    ]
    # The host where it is impossible has its reason, and the other one continues.
    legacy = [(config, error) for host, config, error in told if host == "legacy"]
    assert [config for config, _error in legacy] == ["SELINUX=enforcing"] * 3
    assert "no fix was applied" in legacy[1][1]
