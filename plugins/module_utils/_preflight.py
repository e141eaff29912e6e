# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The judgement of a source: what its probe says against a migration, as a table of pure rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from . import _limits

Severity = Literal["blocker", "risk", "note"]
"""A blocker stops the migration of this server; a risk may break it later; a note is for the reader."""

Probe = dict[str, Any]

X86_64: Final = ("x86_64", "amd64")


@dataclass(frozen=True)
class Rule:
    """One class of finding. ``evidence`` returns what the host shows, or None when the rule does not apply."""

    id: str
    severity: Severity
    why: str
    fix: str
    source: str
    evidence: Callable[[Probe], str | None]

    def finding(self, evidence: str) -> dict[str, str]:
        """Return the finding of this rule for one host."""
        return {
            "id": self.id,
            "severity": self.severity,
            "evidence": evidence,
            "why": self.why,
            "fix": self.fix,
            "source": self.source,
        }


def data_disks(probe: Probe) -> list[dict[str, Any]]:
    """Return the disks that hold no part of the root file system."""
    return [disk for disk in probe["disks"] if not disk["system"]]


def _names(disks: list[dict[str, Any]]) -> str:
    return ", ".join(str(disk["name"]) for disk in disks)


def _size(disk: dict[str, Any]) -> str:
    return f"{disk['name']} has {disk['bytes'] / _limits.GIB:.4g} GiB"


def _not_linux(probe: Probe) -> str | None:
    return None if probe["system"] == "Linux" else f"uname says {probe['system'] or 'nothing'}"


def _not_x86_64(probe: Probe) -> str | None:
    return None if probe["machine"] in X86_64 else f"uname says {probe['machine'] or 'nothing'}"


def _too_many(probe: Probe) -> str | None:
    disks = data_disks(probe)
    return f"{len(disks)} data disks: {_names(disks)}" if len(disks) > _limits.MAX_DATA_DISKS else None


def _too_large(probe: Probe) -> str | None:
    limit = _limits.MAX_DATA_DISK_GIB * _limits.GIB
    return "; ".join(_size(disk) for disk in data_disks(probe) if disk["bytes"] > limit) or None


def _encrypted_root(probe: Probe) -> str | None:
    if probe["root"]["encrypted"]:
        return f"{probe['root']['source']}, on which / is mounted, lies on an encrypted volume"
    return None


def _encrypted_disk(probe: Probe) -> str | None:
    if probe["root"]["encrypted"]:
        disks = [disk for disk in probe["disks"] if disk["encrypted"] and not disk["system"]]
    else:
        disks = [disk for disk in probe["disks"] if disk["encrypted"]]
    return f"{_names(disks)}: encrypted volume" if disks else None


def _no_system_disk(probe: Probe) -> str | None:
    if probe["root"]["disk"]:
        return None
    seen = _names(probe["disks"]) or "none"
    return f"/ is mounted from {probe['root']['source'] or 'nothing'}, on no disk of /sys/block (disks: {seen})"


def _no_identity(probe: Probe) -> str | None:
    return None if probe["fingerprint"] else "no machine-id, no DMI uuid and no SSH host key"


def _rsync_missing(probe: Probe) -> str | None:
    return None if probe["tools"].get("rsync") else "no rsync in PATH"


def _selinux(probe: Probe) -> str | None:
    return "SELinux is enforcing" if probe["selinux"] == "enforcing" else None


def _needs_root(probe: Probe) -> str | None:
    if probe["uid"] == 0:
        return None
    unread = ", ".join(probe["needs_root"]) or "nothing on this host"
    return f"probed as uid {probe['uid']}; not readable: {unread}"


def _several_system_disks(probe: Probe) -> str | None:
    disks = probe["root"]["disks"]
    return f"/ lies on {', '.join(disks)}" if len(disks) > 1 else None


def _unmounted(probe: Probe) -> str | None:
    mounted = {name for mount in probe["mounts"] for name in mount["disks"]}
    disks = [disk for disk in data_disks(probe) if disk["name"] not in mounted]
    return f"{_names(disks)}: nothing mounted" if disks else None


def _lvm_root(probe: Probe) -> str | None:
    return f"{probe['root']['source']} is a logical volume" if probe["root"]["lvm"] else None


NOT_LINUX = Rule(
    "not-linux",
    "blocker",
    "ENS images are made from Linux servers only; Windows Server cannot be migrated to them.",
    "Leave this host out of the wave.",
    "SMC, edge node migration, limits (2025-12)",
    _not_linux,
)

RULES: Final = (
    Rule(
        "not-x86-64",
        "blocker",
        "ENS takes images of the x86_64 architecture only.",
        "Leave this host out of the wave.",
        "SMC, edge node migration, limits (2025-12)",
        _not_x86_64,
    ),
    Rule(
        "no-system-disk",
        "blocker",
        "Without the disk that holds / nothing can be said about what would be migrated, nor how large it is.",
        "Check that /proc and /sys are mounted, and that / is on a local disk and not on a network or ZFS root.",
        "SMC, CreateReplicationJob: SystemDiskSize",
        _no_system_disk,
    ),
    Rule(
        "no-identity",
        "blocker",
        "A server that cannot be told from another one cannot be recognised when the wave is run again.",
        "Run systemd-machine-id-setup or dbus-uuidgen --ensure on the host, or create SSH host keys.",
        "edgelift.ens_migration, design law 9",
        _no_identity,
    ),
    Rule(
        "too-many-data-disks",
        "blocker",
        f"ECS exports and ENS imports images with at most {_limits.MAX_DATA_DISKS} data disks.",
        "Move data to fewer disks, or detach the disks that are not to be migrated.",
        "SMC, edge node migration, limits (2025-12); ECS ExportImage: InvalidImage.DiskAmountOrSize",
        _too_many,
    ),
    Rule(
        "data-disk-too-large",
        "blocker",
        f"ECS exports and ENS imports data disks of at most {_limits.MAX_DATA_DISK_GIB} GiB each.",
        f"Move the data to disks of at most {_limits.MAX_DATA_DISK_GIB} GiB, or detach the disk.",
        "SMC, edge node migration, limits (2025-12); ECS ExportImage: InvalidImage.DiskAmountOrSize",
        _too_large,
    ),
    Rule(
        "encrypted-root",
        "blocker",
        "Encrypted disks cannot be imported to ENS, and the copy could not be booted without its passphrase.",
        "Move the root file system to a disk that is not encrypted.",
        "ENS, import custom images, notes; ECS ExportImage: encrypted snapshots are refused",
        _encrypted_root,
    ),
    Rule(
        "encrypted-disk",
        "blocker",
        "Encrypted disks cannot be imported to ENS.",
        "Move the data to a disk that is not encrypted, or detach the disk.",
        "ENS, import custom images, notes; ECS ExportImage: encrypted snapshots are refused",
        _encrypted_disk,
    ),
    Rule(
        "rsync-missing",
        "risk",
        "The SMC client copies with rsync; without it the client asks on the terminal whether to install it, or fails "
        "with 'check rsync failed'.",
        "Install the package rsync on the host.",
        "SMC FAQ (2021); SMC, server migration (2025)",
        _rsync_missing,
    ),
    Rule(
        "selinux-enforcing",
        "risk",
        "The SMC client asks to disable SELinux, or fails with 'check selinux failed'.",
        "Run setenforce 0 on the host, or set SELINUX=permissive in /etc/selinux/config, until the migration is over.",
        "SMC FAQ (2021); SMC, server migration (2025)",
        _selinux,
    ),
    Rule(
        "needs-root",
        "risk",
        "The SMC client runs as root. Without root the probe sees less, and the fingerprint may differ from the one "
        "that root sees, so that a server is not recognised.",
        "Probe with become: true, as the migration does.",
        "SMC, server migration (2025)",
        _needs_root,
    ),
    Rule(
        "several-system-disks",
        "risk",
        "A server has one system disk in SMC; how a root file system on several disks is rebuilt is not documented.",
        "Boot the resulting image once before relying on it, or move / to one disk.",
        "SMC, CreateReplicationJob: SystemDiskSize",
        _several_system_disks,
    ),
    Rule(
        "data-disk-not-mounted",
        "risk",
        "SMC skips data disks on which nothing is mounted, without saying so.",
        "Mount the file systems of the disk, or detach the disk.",
        "SMC, limits (2023-06)",
        _unmounted,
    ),
    Rule(
        "lvm-root",
        "note",
        "SMC turns logical volumes into plain partitions.",
        "Nothing, unless a program on the host relies on LVM.",
        "SMC, limits (2023-06)",
        _lvm_root,
    ),
)
"""Every rule for a Linux host. A host that is something else gets NOT_LINUX alone: its other facts mean nothing."""

NO_SHELL = Rule(
    "no-shell",
    "blocker",
    "The host is looked at, and the SMC client is installed, through a POSIX shell.",
    "Check on the host that /bin/sh runs for the login user and that become works; a Windows host cannot be migrated.",
    "SMC, edge node migration, limits (2025-12)",
    lambda _probe: None,
)
IS_CONTROLLER = Rule(
    "is-controller",
    "blocker",
    "A host of the inventory with a local connection is the controller itself, which would be copied and get a client.",
    "Take localhost out of the wave's group; to migrate the controller, do it from another machine over SSH.",
    "edgelift.ens_migration",
    lambda _probe: None,
)
PROBE_INCOMPLETE = Rule(
    "probe-incomplete",
    "blocker",
    "A host that was seen in part only cannot be judged.",
    "Run the play again; if it stays so, look at the host's own log for what ends the shell.",
    "edgelift.ens_migration",
    lambda _probe: None,
)


def judge(probe: Probe) -> list[dict[str, str]]:
    """Return the findings of a probe, blockers first and otherwise in the order of the table."""
    evidence = NOT_LINUX.evidence(probe)
    if evidence:
        return [NOT_LINUX.finding(evidence)]
    found = [(rule, rule.evidence(probe)) for rule in RULES]
    order = ("blocker", "risk", "note")
    hits = sorted((pair for pair in found if pair[1]), key=lambda pair: order.index(pair[0].severity))
    return [rule.finding(text) for rule, text in hits if text]


def verdict(findings: list[dict[str, str]]) -> str:
    """Return ``blocked`` when a finding is a blocker, else ``clear``."""
    return "blocked" if any(item["severity"] == "blocker" for item in findings) else "clear"


def reasons(findings: list[dict[str, str]]) -> list[str]:
    """Return one sentence for each blocker: its id, what was seen, and why it stops the migration."""
    return [f"{item['id']}: {item['evidence']}. {item['why']}" for item in findings if item["severity"] == "blocker"]


def lines(findings: list[dict[str, str]]) -> list[str]:
    """Return the findings for people to read: severity, id, what was seen, why it matters, and what to do."""
    return [
        f"{item['severity']} {item['id']}: {item['evidence']}. {item['why']} What to do: {item['fix']}"
        for item in findings
    ]
