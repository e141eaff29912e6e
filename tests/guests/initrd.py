# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small initramfs for one kernel: busybox, the modules that reach the disks, and guest_init.sh."""

from __future__ import annotations

import lzma
import shlex
import shutil
import subprocess
from pathlib import Path

MODULES = ("virtio_pci", "virtio_blk", "ext4")
MAPPED = (
    *("dm-mod", "dm-crypt", "raid1", "xts", "ecb", "cbc", "aes_generic", "sha256_generic", "algif_hash"),
    "algif_skcipher",
)
BY_LAYOUT = {"plain": (), "boot-disk": (), "btrfs": ("btrfs",), "thin": (*MAPPED, "dm-thin-pool")}
BY_EXTRA = {"crypt-data": MAPPED}


def load_order(dependencies: str, wanted: tuple[str, ...]) -> list[str]:
    """The files to load, each after what it needs, from the text of modules.dep; what is built in is left out."""
    needs = {}
    for line in dependencies.splitlines():
        path, _colon, rest = line.partition(":")
        needs[path] = rest.split()
    by_name = {Path(path).name.split(".")[0].replace("-", "_"): path for path in needs}
    order: list[str] = []
    for path in (by_name[name.replace("-", "_")] for name in wanted if name.replace("-", "_") in by_name):
        # modules.dep lists all that a module needs, what must come first at the end.
        order += [item for item in [*reversed(needs[path]), path] if item not in order]
    return order


def modules_folder(tree: Path) -> Path:
    """The folder of the newest kernel's modules in a root file system."""
    return max(path for name in ("usr/lib", "lib") for path in (tree / name / "modules").glob("*"))


def make(tree: Path, folder: Path, settings: dict[str, str], output: Path) -> None:
    """Write the initramfs for the kernel in ``tree``; ``folder`` is emptied and used."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "bin").mkdir(parents=True)
    (folder / "modules").mkdir()
    shutil.copy2("/bin/busybox", folder / "bin" / "busybox")
    (folder / "bin" / "sh").symlink_to("busybox")
    shutil.copy2(Path(__file__).with_name("guest_init.sh"), folder / "init")
    (folder / "init").chmod(0o755)
    (folder / "settings").write_text("".join(f"{key}={shlex.quote(value)}\n" for key, value in settings.items()))
    kernel = modules_folder(tree)
    wanted = MODULES + BY_LAYOUT.get(settings["LAYOUT"], MAPPED) + BY_EXTRA.get(settings["EXTRA"], ())
    for number, path in enumerate(load_order((kernel / "modules.dep").read_text(encoding="utf-8"), wanted)):
        content = (kernel / path).read_bytes()
        name = Path(path).name.removesuffix(".xz")
        (folder / "modules" / f"{number:02}-{name}").write_bytes(
            lzma.decompress(content) if path.endswith(".xz") else content
        )
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
    with output.open("wb") as image:
        subprocess.run(
            ["/bin/busybox", "cpio", "-o", "-H", "newc"],
            input="\n".join(names).encode(),
            stdout=image,
            cwd=folder,
            check=True,
            stderr=subprocess.DEVNULL,
        )
