# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The classes of findings that may block a migration, and the findings of each class."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight import account, network
from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight.rule import Rule
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits

from . import source


class Class(NamedTuple):
    """One class: its number, whether the source or the account is checked, and its title."""

    number: int
    side: Literal["source", "account"]
    title: str

    @property
    def ids(self) -> list[str]:
        """Return the ids of its findings."""
        return [rule.id for rule in ALL.values() if rule.number == self.number]


ALL: Final[dict[str, Rule]] = {
    rule.id: rule
    for rule in (
        source.NOT_LINUX,
        *source.RULES,
        source.NO_SHELL,
        source.IS_CONTROLLER,
        source.PROBE_INCOMPLETE,
        source.NO_ANSWER,
        source.NOT_UNDERSTOOD,
        source.UNREACHABLE,
        *account.RULES,
        *network.RULES,
        *account.SERVER_RULES,
    )
}
"""Every rule by its id."""

CLASSES: Final = (
    Class(1, "source", "not Linux"),
    Class(2, "source", "not x86_64"),
    Class(3, "source", f"more than {limits.MAX_DATA_DISKS} data disks"),
    Class(4, "source", f"a data disk above {limits.MAX_DATA_DISK_GIB} GiB"),
    Class(5, "source", f"compressed total that could exceed {limits.MAX_TOTAL_BYTES // 1024**4} TiB"),
    Class(6, "source", "encrypted disk"),
    Class(7, "source", "rsync missing"),
    Class(8, "source", "virtio missing in the initramfs"),
    Class(9, "source", "SELinux enforcing"),
    Class(10, "source", "GRUB too old"),
    Class(11, "source", "clock skew"),
    Class(12, "source", "no egress"),
    Class(13, "source", "busy database or container folders"),
    Class(14, "source", "no cloud-init path for ENS"),
    Class(15, "source", "not enough space, CPU or memory"),
    Class(16, "source", "LVM made plain, swap lost"),
    Class(17, "account", "balance"),
    Class(18, "account", "real-name verification"),
    Class(19, "account", "SMC service role"),
    Class(20, "account", "snapshot service"),
    Class(21, "account", "quotas"),
    Class(22, "account", "image export role"),
    Class(23, "account", "bucket, region and format"),
    Class(24, "account", "image name, source image"),
    Class(25, "account", "proof by a canary"),
    Class(26, "account", "clock of the controller"),
    Class(27, "source", "network after the move"),
)
