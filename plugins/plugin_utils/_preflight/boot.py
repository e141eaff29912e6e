# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Rules about booting: virtio drivers in the initramfs, and the boot loader."""

from __future__ import annotations

import re
from typing import Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight.rule import Facts, Rule

NEEDED: Final = ("virtio_blk", "virtio_pci")
"""Drivers that a kernel needs for the disk of a KVM guest: one for the device and one for its bus."""

GRUB_LEAST: Final = (1, 99)
GRUB_LEAST_OLD: Final = (2, 2)
"""SMC, limits (2021): GRUB 1.99, and 2.02 on the older systems below. The guides of SMC require only 1.99 there, so a
lower version is a risk and not a blocker."""

GRUB_OLD: Final = (("centos", "5"), ("rhel", "5"), ("debian", "7"), ("amzn", ""), ("ol", ""))
"""os-release ID and major version (empty: any) of the systems for which the limits require GRUB 2.02."""

_UNREAD: Final = {
    "unreadable": "only root can read it",
    "too-large": "it is larger than 256 MiB",
    "no-tool": "the host has no program to unpack it",
    "unknown-format": "its format is unknown",
    "none": "/boot contains no kernel and no initramfs",
    "expired": "it was not read in time",
}


def missing_drivers(probe: Facts) -> list[str]:
    """Return the needed drivers that were found neither in the initramfs nor in the kernel."""
    found = {*probe["initramfs"]["modules"], *probe["initramfs"]["builtin"]}
    return [name for name in NEEDED if name not in found]


def _virtio_missing(probe: Facts) -> str | None:
    seen, missing = probe["initramfs"], missing_drivers(probe)
    if not missing or seen["state"] != "read":
        return None
    rest = [name for name in missing if name not in seen["available"]]
    disk = f"; the kernel has no module {', '.join(rest)}" if rest else "; the kernel has the modules"
    return f"{seen['path']} does not contain {' and '.join(missing)}{disk}"


def _virtio_unknown(probe: Facts) -> str | None:
    seen = probe["initramfs"]
    if not missing_drivers(probe) or seen["state"] == "read":
        return None
    if seen["state"] == "none" and seen["kernel_known"]:
        missing = " and ".join(missing_drivers(probe))
        return f"kernel {seen['kernel']} has no initramfs, and its files do not list {missing}"
    return f"{seen['path'] or 'the initramfs'} was not read: {_UNREAD.get(seen['state'], seen['state'])}"


def _kernel_elsewhere(probe: Facts) -> str | None:
    seen = probe["initramfs"]
    if probe["fstab"]["unmounted"]:
        return f"{' and '.join(probe['fstab']['unmounted'])} of /etc/fstab is not mounted"
    if seen["state"] != "none" or seen["kernel_known"]:
        return None
    return f"kernel {probe['kernel']} runs, and neither /boot nor /lib/modules has its files"


def _kernel_gone(probe: Facts) -> str | None:
    gone = probe["initramfs"]["gone"]
    return f"the default entry of {gone[1]} starts {gone[0]}, which is not in /boot" if len(gone) == 2 else None


def _fstab(probe: Facts) -> str | None:
    rows = probe["fstab"]["missing"]
    return f"no device for {', '.join(rows)}" if rows else None


def grub_needed(probe: Facts) -> tuple[int, int]:
    """Return the lowest version of GRUB that SMC supports on this system."""
    system, major = probe["os"]["id"], probe["os"]["version"].split(".")[0]
    old = any(system == name and version in ("", major) for name, version in GRUB_OLD)
    return GRUB_LEAST_OLD if old else GRUB_LEAST


def _text(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]:02d}"


def _legacy_only(probe: Facts) -> list[str]:
    configs = probe["boot_config"]
    old = [name for name in configs if name.endswith(("/menu.lst", "/grub.conf"))]
    return old if old and not any(name.endswith("/grub.cfg") for name in configs) else []


def _grub_old(probe: Facts) -> str | None:
    least = grub_needed(probe)
    found = re.match(r"(\d+)\.(\d+)", probe["grub"] or "")
    if found:
        version = (int(found[1]), int(found[2]))
        return f"GRUB {probe['grub']}, SMC requires {_text(least)}" if version < least else None
    legacy = _legacy_only(probe)
    return f"only GRUB legacy is configured: {', '.join(legacy)}" if legacy else None


def _grub_missing(probe: Facts) -> str | None:
    others = [name for name in probe["boot_config"] if "linux/" in name or name.endswith("lilo.conf")]
    if probe["grub"] or not others or any("grub" in name for name in probe["boot_config"]):
        return None
    return f"GRUB is not installed; the host boots with {', '.join(others)}"


def _grub_unknown(probe: Facts) -> str | None:
    if probe["grub"] or probe["boot_config"]:
        return None
    return "no GRUB program and no GRUB configuration was found"


def _uefi(probe: Facts) -> str | None:
    return "the host boots with UEFI" if probe["boot"] == "uefi" else None


RULES: Final = (
    Rule(
        "virtio-missing",
        8,
        "blocker",
        "The migrated server cannot boot without these drivers in its initramfs. The SMC client fails with "
        "'check virtio failed'.",
        "Add the drivers and rebuild the initramfs of the default kernel with dracut or update-initramfs.",
        "SMC FAQ (2021): check virtio failed; ECS, install a virtio driver (2021)",
        _virtio_missing,
        remediation="remediate_virtio",
    ),
    Rule(
        "kernel-elsewhere",
        8,
        "risk",
        "The kernel that the migrated server boots was not found. A hoster may supply it, or /boot is not mounted. An "
        "image without a kernel does not boot.",
        "Mount /boot, or install a kernel and GRUB on the source, and run the preflight again.",
        "SMC FAQ (2021): Do Grub Failed",
        _kernel_elsewhere,
    ),
    Rule(
        "kernel-gone",
        8,
        "risk",
        "The boot loader of the migrated server starts its default entry. A server whose default entry names a kernel "
        "that is not there does not boot.",
        "Select an entry whose kernel is there (grubby --set-default, grub-set-default), or update the menu of GRUB.",
        "SMC FAQ (2021): Do Grub Failed",
        _kernel_gone,
    ),
    Rule(
        "fstab-missing",
        0,
        "risk",
        "A server that waits for a file system of /etc/fstab which is not there stops while it starts.",
        "Correct /etc/fstab, or add the option nofail to the line.",
        "edgelift.ens_migration",
        _fstab,
    ),
    Rule(
        "grub-too-old",
        10,
        "risk",
        "SMC writes a new GRUB configuration. With an older GRUB, the job fails with 'Do Grub Failed', or the migrated "
        "server does not boot.",
        "Install a newer GRUB on the source, as the guide of SMC for earlier systems describes.",
        "SMC, limits (2021); SMC FAQ (2021): Do Grub Failed",
        _grub_old,
    ),
    Rule(
        "grub-missing",
        10,
        "risk",
        "SMC requires GRUB. Without it, the job fails with 'Do Grub Failed'.",
        "Install GRUB on the source before the migration.",
        "SMC FAQ (2021): Do Grub Failed",
        _grub_missing,
    ),
    Rule(
        "virtio-unknown",
        8,
        "note",
        "Could not check whether the migrated server can boot on KVM.",
        "Check with lsinitrd or lsinitramfs that the initramfs contains the virtio drivers, or probe as root.",
        "SMC FAQ (2021): check virtio failed",
        _virtio_unknown,
    ),
    Rule(
        "grub-unknown",
        10,
        "note",
        "SMC requires GRUB 1.99 or newer. Could not read the version of the host.",
        "Check that the host boots with GRUB.",
        "SMC, limits (2021)",
        _grub_unknown,
    ),
    Rule(
        "uefi-unknown",
        10,
        "note",
        "The vendor does not document whether an ENS instance starts an image with UEFI.",
        "Migrate one server of this kind first, and start an instance of its image.",
        "ECS, DescribeImages: BootMode; ENS, import custom images",
        _uefi,
    ),
)
