# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kernel a server boots next: what its boot loader is told, not the newest file and not the kernel that runs.

Reports: "Fix issue with GRUB defaulting to an old kernel" (https://github.com/stackhpc/stackhpc-kayobe-config/pull/878),
and "Force new target kernel to be default boot entry" (https://github.com/oamg/leapp-repository/pull/274).
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import answers
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import script as _script
from support import PATIENCE
from support.shells import SHELLS

FENCE = "EDGELIFT-00"
NEW, OLD = "6.1.0-28-amd64", "6.1.0-21-amd64"
ID = "gnulinux-advanced-u"


def entry(title: str, name: str, kernel: str, initrd: str = "") -> str:
    return f"""menuentry '{title}' --class debian $menuentry_id_option '{name}' {{
\tif [ x$grub_platform = xxen ]; then insmod xzio; insmod lzopio; fi
\tlinux\t/boot/vmlinuz-{kernel} root=UUID=u ro  quiet
\tinitrd\t{initrd}/boot/initrd.img-{kernel}
}}
"""


MENU = f"""if [ "${{next_entry}}" ] ; then
   set default="${{next_entry}}"
else
   set default="%s"
fi
{entry("Debian GNU/Linux", "gnulinux-simple-u", NEW)}submenu 'Advanced options' $menuentry_id_option '{ID}' {{
{entry(f"Debian, with Linux {NEW}", f"gnulinux-{NEW}-u", NEW)}{entry("recovery", "gnulinux-recovery-u", NEW)}
{entry(f"Debian, with Linux {OLD}", f"gnulinux-{OLD}-u", OLD, "/intel-ucode.img ")}}}
menuentry 'Memory test' {{
\tlinux16 /boot/memtest
}}
"""
LEGACY = """#boot=/dev/sda
default=1
timeout=5
title CentOS (2.6.32-754.el6.x86_64)
\troot (hd0,0)
\tkernel /vmlinuz-2.6.32-754.el6.x86_64 ro root=/dev/mapper/vg-root
\tinitrd /initramfs-2.6.32-754.el6.x86_64.img
title CentOS (2.6.32-71.el6.x86_64)
\troot (hd0,0)
\tkernel (hd0,0)/vmlinuz-2.6.32-71.el6.x86_64 ro root=/dev/mapper/vg-root
\tinitrd (hd0,0)/initramfs-2.6.32-71.el6.x86_64.img
"""
BLS = "104a42359fae41b687caac066397aec2-5.14.0-162.22.2.el9_1.x86_64"
BLS_ENTRY = """title Rocky Linux
version 5.14.0-162.22.2.el9_1.x86_64
linux /vmlinuz-5.14.0-162.22.2.el9_1.x86_64
initrd /initramfs-5.14.0-162.22.2.el9_1.x86_64.img $tuned_initrd
options root=UUID=u ro
"""
DEFAULTS = {
    "0": NEW,
    "1": NEW,
    "1>2": OLD,
    f"{ID}>gnulinux-{OLD}-u": OLD,
    f"Advanced options>Debian, with Linux {OLD}": OLD,
    f"gnulinux-{OLD}-u": OLD,
}


def chosen(shell: list[str], root: Path) -> tuple[str, ...]:
    """Release, initramfs and menu of the next kernel, in a tree that is used as /."""
    text = _script.text("probe_menu") + _script.text("probe_boot")
    text = re.sub(r"(?<=[ \"])/(boot|efi|lib/modules|sys/firmware)\b", rf"{root}/\1", text)
    # The menus themselves name files below /boot.
    text = text.replace('"$1" "' + f"{root}/boot/", f'"{root}$1" "{root}/boot/')
    command = f'{text}\nboot_kernel; say next "$release" "$image" "$how" "$gone"'
    script = _script.compose(FENCE, [], {}, command)
    words = [*shell, "-c", 'eval "$(cat)"']
    done = subprocess.run(words, input=script.encode(), capture_output=True, check=False, timeout=PATIENCE)
    assert done.stderr == b""
    answer = answers.parse(FENCE, done.stdout.decode())
    assert answer is not None
    [row] = answer.records
    fields = [field.replace(str(root), "") for field in row.fields]
    return tuple(fields if fields[3] else fields[:3])


def system(root: Path, files: dict[str, str], *kernels: str) -> Path:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, encoding="utf-8")
    for kernel in kernels:
        (root / "lib" / "modules" / kernel).mkdir(parents=True)
    return root


def debian(root: Path, default: str, saved: str = "") -> Path:
    files = {f"boot/{name}-{kernel}": "" for name in ("vmlinuz", "initrd.img") for kernel in (NEW, OLD)}
    files["boot/grub/grub.cfg"] = MENU % default
    if saved:
        files["boot/grub/grubenv"] = f"# GRUB Environment Block\n{saved}\n########"
    return system(root, files, NEW, OLD)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("default", DEFAULTS)
def test_the_default_of_a_menu_may_be_a_number_a_title_or_an_id(shell: list[str], tmp_path: Path, default: str) -> None:
    kernel = DEFAULTS[default]
    found = chosen(shell, debian(tmp_path, default))
    assert found == (kernel, f"/boot/initrd.img-{kernel}", "/boot/grub/grub.cfg")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("saved", ["saved_entry=1>2", "saved_entry=0\nnext_entry=1>2"])
def test_what_grub_has_saved_counts_and_the_next_start_more(shell: list[str], tmp_path: Path, saved: str) -> None:
    assert chosen(shell, debian(tmp_path, "${saved_entry}", saved))[0] == OLD


@pytest.mark.parametrize("shell", SHELLS)
def test_a_menu_of_grub_legacy(shell: list[str], tmp_path: Path) -> None:
    old, new = "2.6.32-71.el6.x86_64", "2.6.32-754.el6.x86_64"
    files = {f"boot/vmlinuz-{kernel}": "" for kernel in (old, new)}
    files |= {f"boot/initramfs-{kernel}.img": "" for kernel in (old, new)}
    root = system(tmp_path, {**files, "boot/grub/menu.lst": LEGACY}, old, new)
    assert chosen(shell, root) == (old, f"/boot/initramfs-{old}.img", "/boot/grub/menu.lst")


@pytest.mark.parametrize("shell", SHELLS)
def test_an_entry_of_the_boot_loader_specification(shell: list[str], tmp_path: Path) -> None:
    """The entry of an image that was cloned may be the saved one, beside those of a newer kernel."""
    old, new = "5.14.0-162.22.2.el9_1.x86_64", "5.14.0-284.30.1.el9_2.x86_64"
    files = {f"boot/vmlinuz-{kernel}": "" for kernel in (old, new)}
    files |= {f"boot/initramfs-{kernel}.img": "" for kernel in (old, new)}
    files |= {"boot/grub2/grub.cfg": "blscfg\n", "boot/grub2/grubenv": f"saved_entry={BLS}\n"}
    root = system(tmp_path, {**files, f"boot/loader/entries/{BLS}.conf": BLS_ENTRY}, old, new)
    assert chosen(shell, root) == (old, f"/boot/initramfs-{old}.img", f"/boot/loader/entries/{BLS}.conf")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_menu_that_names_files_which_are_not_there_says_nothing(shell: list[str], tmp_path: Path) -> None:
    root = system(tmp_path, {"boot/grub/grub.cfg": MENU % "0"})
    assert chosen(shell, root)[2] == ""


@pytest.mark.parametrize("shell", SHELLS)
def test_a_default_entry_whose_kernel_is_gone_is_said(shell: list[str], tmp_path: Path) -> None:
    """The saved entry is of a kernel that was removed: https://github.com/oracle/oracle-linux/issues/148"""
    old, new = "5.14.0-162.22.2.el9_1.x86_64", "5.14.0-284.30.1.el9_2.x86_64"
    files = {"boot/grub2/grub.cfg": "blscfg\n", "boot/grub2/grubenv": f"saved_entry={BLS}\n", f"boot/vmlinuz-{new}": ""}
    root = system(tmp_path, {**files, f"boot/loader/entries/{BLS}.conf": BLS_ENTRY}, new)
    assert chosen(shell, root)[3] == f"/vmlinuz-{old}"
    (root / f"boot/vmlinuz-{new}").unlink()
    assert len(chosen(shell, root)) == 3, "/boot may be on a file system that is not mounted"


EL = "5.14.0-70.el9.x86_64", "5.14.0-162.22.2.el9_1.x86_64", "5.14.0-284.30.1.el9_2.x86_64"
MACHINE = "104a42359fae41b687caac066397aec2"
RESCUE = f"0-rescue-{MACHINE}"


def el9(root: Path, environment: str, menu: str = 'set default="${saved_entry}"\ninsmod blscfg\nblscfg\n') -> Path:
    """A system with three kernels and the rescue entry that the installer makes, as anaconda and grubby leave it."""
    files = {"boot/grub2/grub.cfg": menu, "boot/grub2/grubenv": f"# GRUB Environment Block\n{environment}\n####"}
    for kernel in (*EL, RESCUE):
        text = BLS_ENTRY.replace(EL[1], kernel).replace("Rocky Linux", f"Rocky Linux ({kernel}) 9.2")
        files |= {f"boot/loader/entries/{MACHINE}-{kernel}.conf": text, f"boot/vmlinuz-{kernel}": ""}
        files[f"boot/initramfs-{kernel}.img"] = ""
    return system(root, files, *EL)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("environment", "kernel"),
    [
        # Without a saved entry, with one that is gone, or with a number: sorted by version, the newest first.
        ("kernelopts=x", EL[2]),
        ("saved_entry=ffffffffffffffffffffffffffffffff-4.18.0-80.el8.x86_64", EL[2]),
        ("saved_entry=0", EL[2]),
        ("saved_entry=1", EL[1]),
        ("saved_entry=2", EL[0]),
        (f"saved_entry=Rocky Linux ({EL[0]}) 9.2", EL[0]),
    ],
)
def test_entries_without_a_saved_one_are_sorted_by_version(
    shell: list[str], tmp_path: Path, environment: str, kernel: str
) -> None:
    """https://github.com/redhat-cop/infra.lvm_snapshots/pull/22"""
    found = chosen(shell, el9(tmp_path, environment))
    assert found == (kernel, f"/boot/initramfs-{kernel}.img", f"/boot/loader/entries/{MACHINE}-{kernel}.conf")


@pytest.mark.parametrize("shell", SHELLS)
def test_the_default_of_the_menu_counts_for_entries_too(shell: list[str], tmp_path: Path) -> None:
    """GRUB_DEFAULT=0 beside a saved entry that nothing reads, and a custom entry in front of the others."""
    root = el9(tmp_path, f"saved_entry={MACHINE}-{EL[0]}", 'set default="0"\nblscfg\n' + entry("Custom", "c", EL[1]))
    assert chosen(shell, root)[0] == EL[2]
    (root / "boot/grub2/grub.cfg").write_text('set default="1"\n' + entry("Custom", "c", EL[1]) + "blscfg\n")
    assert chosen(shell, root)[0] == EL[2]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_custom_entry_behind_the_others_has_its_own_kernel(shell: list[str], tmp_path: Path) -> None:
    menu = f'set default="{len([*EL, RESCUE])}"\nblscfg\n' + entry("Custom", "c", EL[1])
    root = el9(tmp_path, "", menu)
    (root / f"boot/initrd.img-{EL[1]}").touch()
    assert chosen(shell, root) == (EL[1], f"/boot/initrd.img-{EL[1]}", "/boot/grub2/grub.cfg")


@pytest.mark.parametrize("shell", SHELLS)
def test_grub_of_the_efi_partition_comes_before_a_menu_that_it_does_not_read(shell: list[str], tmp_path: Path) -> None:
    """grub2-mkconfig -o /boot/grub2/grub.cfg on a system with UEFI whose GRUB reads the file on its own partition."""
    root = debian(tmp_path, "0")
    path = root / "boot/efi/EFI/centos/grub.cfg"
    path.parent.mkdir(parents=True)
    path.write_text(MENU % "1>2")
    assert chosen(shell, root)[0] == NEW
    (root / "sys/firmware/efi").mkdir(parents=True)
    assert chosen(shell, root)[0] == OLD
    path.write_text("search --set=root\nconfigfile $prefix/grub.cfg\n")
    assert chosen(shell, root)[0] == NEW


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("default", "kernel"), [("", EL[2]), (f"default {MACHINE}-{EL[0]}.conf", EL[0]), ("default *", EL[2])]
)
def test_what_kernel_install_has_made_for_systemd_boot(
    shell: list[str], tmp_path: Path, default: str, kernel: str
) -> None:
    """The files of a kernel are in a folder of its name on the EFI partition."""
    files = {"boot/efi/loader/loader.conf": f"timeout 3\n{default}\n"}
    for name in EL:
        folder = f"/{MACHINE}/{name}"
        files[f"boot/efi/loader/entries/{MACHINE}-{name}.conf"] = (
            f"title Linux\nversion {name}\nlinux {folder}/linux\ninitrd {folder}/initrd\n"
        )
        files |= {f"boot/efi{folder}/linux": "", f"boot/efi{folder}/initrd": ""}
    found = chosen(shell, system(tmp_path, files, *EL))
    assert found[:2] == (kernel, f"/boot/efi/{MACHINE}/{kernel}/initrd")


@pytest.mark.parametrize("shell", SHELLS)
def test_the_names_of_genkernel(shell: list[str], tmp_path: Path) -> None:
    kernel = "5.15.32-gentoo-r1"
    names = f"kernel-genkernel-x86_64-{kernel}", f"initramfs-genkernel-x86_64-{kernel}"
    menu = f"menuentry 'Gentoo' {{\n\tlinux\t/{names[0]} root=/dev/vda3 ro\n\tinitrd\t/{names[1]}\n}}\n"
    root = system(tmp_path, {f"boot/{names[0]}": "", f"boot/{names[1]}": "", "boot/grub/grub.cfg": menu}, kernel)
    assert chosen(shell, root) == (kernel, f"/boot/{names[1]}", "/boot/grub/grub.cfg")
    # Without a menu, the name of the initramfs tells the kernel.
    (root / "boot/grub/grub.cfg").unlink()
    assert chosen(shell, root)[:2] == (kernel, f"/boot/{names[1]}")
