# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Rules about the system: operating system, architecture, services and resources."""

from __future__ import annotations

from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight.rule import Facts, Rule
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits

X86_64: Final = ("x86_64", "amd64")
_LIMITS: Final = "SMC, edge node migration, limits (2025-12)"
_CHECKS: Final = "SMC FAQ (2021); SMC, server migration (2025)"

PACKAGE_MANAGERS: Final = ("apt-get", "dnf", "yum", "zypper", "apk", "pacman")
NO_CLOUD_INIT: Final = (("centos", "5"), ("rhel", "5"), ("ol", "5"), ("debian", "6"), ("sles", "10"))
"""The last releases without a package of cloud-init, by os-release ID and major version."""


def _not_linux(probe: Facts) -> str | None:
    return None if probe["system"] == "Linux" else f"uname reports the system {probe['system'] or '(none)'}"


def _not_x86_64(probe: Facts) -> str | None:
    return None if probe["machine"] in X86_64 else f"uname reports the architecture {probe['machine'] or '(none)'}"


def _no_identity(probe: Facts) -> str | None:
    return None if probe["fingerprint"] else "the host has no machine-id, no DMI UUID and no SSH host key"


def _unsafe_folder(probe: Facts) -> str | None:
    unsafe: str | None = probe["agent"]["unsafe"]
    return unsafe


def _rsync_missing(probe: Facts) -> str | None:
    return None if probe["tools"].get("rsync") else "rsync is not in PATH"


def _selinux(probe: Facts) -> str | None:
    return "SELinux is enforcing" if probe["selinux"] == "enforcing" else None


def _needs_root(probe: Facts) -> str | None:
    if probe["uid"] == 0:
        return None
    unread = ", ".join(probe["needs_root"]) or "none"
    return f"probed as uid {probe['uid']}; facts that only root can read: {unread}"


def _clock(probe: Facts, least: int, most: float) -> str | None:
    skew = probe["clock"]["skew_seconds"]
    if skew is None or not least < abs(skew) <= most:
        return None
    sync = ", ".join(probe["clock"]["sync"]) or "no service"
    side = "ahead of" if skew > 0 else "behind"
    return f"the clock of the host is {abs(skew)} s {side} the controller; {sync} synchronizes it"


def _clock_skew(probe: Facts) -> str | None:
    return _clock(probe, limits.SIGNATURE_SECONDS, float("inf"))


def _clock_drift(probe: Facts) -> str | None:
    return _clock(probe, limits.DRIFT_SECONDS, limits.SIGNATURE_SECONDS)


def _clock_unknown(probe: Facts) -> str | None:
    return "the date command of the host does not print seconds" if probe["epoch"] is None else None


def _services(probe: Facts, kind: str) -> list[str]:
    rows = []
    for row in probe["services"]:
        # Data of containers is lost even if none runs; a stopped database is copied like any file.
        if row["kind"] == kind and (row["running"] or (kind == "container" and row["filled"])):
            shown = [*row["processes"], *row["paths"]]
            rows.append(f"{row['name']} ({', '.join(shown)})")
    return rows


def _database(probe: Facts) -> str | None:
    return "; ".join(_services(probe, "database")) or None


def _container(probe: Facts) -> str | None:
    return "; ".join(_services(probe, "container")) or None


def _cloud_init(probe: Facts, path: bool) -> str | None:
    if probe["cloud_init"] or probe["tools"].get("cloud-init"):
        return None
    manager = next((name for name in PACKAGE_MANAGERS if probe["tools"].get(name)), None)
    release = (probe["os"]["id"], probe["os"]["version"].split(".")[0])
    if path:
        possible = manager and release not in NO_CLOUD_INIT
        return f"cloud-init is not installed; {manager} can install it" if possible else None
    if release in NO_CLOUD_INIT:
        return f"cloud-init is not installed, and {probe['os']['name']} has no package of it"
    return None if manager else "cloud-init is not installed, and the host has no package manager"


def _cloud_init_missing(probe: Facts) -> str | None:
    return _cloud_init(probe, path=True)


def _no_cloud_init_path(probe: Facts) -> str | None:
    return _cloud_init(probe, path=False)


def _is_container(probe: Facts) -> str | None:
    seen = probe["container"]
    return f"the host is a container: {seen['kind']} ({seen['sign']})" if seen else None


def _cloud_init_off(probe: Facts) -> str | None:
    return f"cloud-init is switched off by {probe['cloud_init_off']}" if probe["cloud_init_off"] else None


def _client_mount(probe: Facts) -> dict[str, Any] | None:
    """Return the mount on which the client is installed: the longest mount point above its folder."""
    folder = f"{probe['install_dir'] or '/'}/"
    holding = [row for row in probe["mounts"] if folder.startswith(row["target"].rstrip("/") + "/")]
    return max(holding, key=lambda row: len(row["target"]), default=None)


def _noexec(probe: Facts) -> str | None:
    mount = _client_mount(probe)
    if mount is None or not mount["noexec"]:
        return None
    return f"{probe['install_dir']} is on {mount['target']}, which is mounted noexec"


def _space(probe: Facts) -> str | None:
    """Return the shortage of the file system on which the client is installed."""
    mount = _client_mount(probe)
    if mount is None:
        return None
    short = []
    free = mount["available_bytes"]
    if mount["read_only"]:
        short.append("it is mounted read-only")
    elif free is not None and free < limits.CLIENT_FREE_BYTES:
        short.append(f"{free // 1024**2} MiB are free, {limits.CLIENT_FREE_BYTES // 1024**2} MiB are recommended")
    if (mount["inodes_used_percent"] or 0) > limits.INODES_USED_PERCENT:
        short.append(f"{mount['inodes_used_percent']} % of its inodes are used")
    return f"{probe['install_dir']} is on {mount['target']}: {', '.join(short)}" if short else None


def _memory(probe: Facts) -> str | None:
    total, free = probe["memory"]["total_bytes"], probe["memory"]["available_bytes"]
    if not total or free is None or free >= total * (100 - limits.MEMORY_USED_PERCENT) / 100:
        return None
    return f"{free // 1024**2} MiB of {total // 1024**2} MiB of memory are available"


def _processor(probe: Facts) -> str | None:
    load, cpus = probe["load"], probe["cpus"]
    if load is None or not cpus or load <= cpus * limits.LOAD_PER_CPU:
        return None
    return f"a load of {load:g} on {cpus} processors"


def _licences(probe: Facts) -> str | None:
    rows = [f"{row['name']} ({', '.join(row['signs'])}; {row['binding']})" for row in probe["licences"]]
    return "; ".join(rows) or None


NOT_LINUX: Final = Rule(
    "not-linux",
    1,
    "blocker",
    "Only Linux servers can be migrated to ENS images.",
    "Exclude this host from the wave.",
    _LIMITS,
    _not_linux,
    fact=True,
)

BLOCKERS: Final = (
    Rule(
        "not-x86-64",
        2,
        "blocker",
        "ENS imports only images of the x86_64 architecture.",
        "Exclude this host from the wave.",
        _LIMITS,
        _not_x86_64,
        fact=True,
    ),
    Rule(
        "is-container",
        0,
        "blocker",
        "A container has no kernel and no disk, so SMC has nothing to copy that boots.",
        "Migrate the machine that runs it, or move its content to an ENS instance in another way.",
        "SMC, edge node migration, limits (2025-12)",
        _is_container,
        fact=True,
    ),
    Rule(
        "no-identity",
        0,
        "blocker",
        "Without an identity, the next run cannot recognise the server.",
        "Run systemd-machine-id-setup or dbus-uuidgen --ensure on the host, or create SSH host keys.",
        "SMC, DescribeSourceServers: names of sources are not unique",
        _no_identity,
        fact=True,
    ),
    Rule(
        "unsafe-folder",
        0,
        "blocker",
        "Root installs, runs and removes the SMC client. Another user who can change its folder would become root.",
        "Check what is in the folder and correct its owner and mode, or set another folder (agent_install_dir).",
        "edgelift.ens_migration",
        _unsafe_folder,
        fact=True,
    ),
    Rule(
        "clock-skew",
        11,
        "blocker",
        "SMC rejects signed calls if the clock is more than 15 minutes off. The client fails with IllegalTimestamp.",
        "Set the clock, and synchronize it with chrony or ntp.",
        "SMC FAQ (2021): IllegalTimestamp; gateway: InvalidTimeStamp.Expired beyond 15 minutes",
        _clock_skew,
        remediation="remediate_clock",
    ),
)

REST: Final = (
    Rule(
        "rsync-missing",
        7,
        "risk",
        "The SMC client copies with rsync. Without it, the client asks on the terminal whether to install it, or fails "
        "with 'check rsync failed'.",
        "Install the package rsync on the host.",
        _CHECKS,
        _rsync_missing,
        remediation="remediate_rsync",
    ),
    Rule(
        "selinux-enforcing",
        9,
        "risk",
        "The SMC client asks to disable SELinux, or fails with 'check selinux failed'.",
        "Run setenforce 0 on the host, or set SELINUX=permissive in /etc/selinux/config, until the server is migrated.",
        _CHECKS,
        _selinux,
        remediation="remediate_selinux",
    ),
    Rule(
        "clock-drift",
        11,
        "risk",
        "A drifting clock eventually exceeds the 15-minute limit, and signed calls fail. A copy takes hours.",
        "Synchronize the clock with chrony or ntp.",
        "SMC FAQ (2021): IllegalTimestamp",
        _clock_drift,
        remediation="remediate_clock",
    ),
    Rule(
        "busy-database",
        13,
        "risk",
        "rsync fails when files change during the copy, and the copy of a running database is not consistent.",
        "Stop the database during the copy, or exclude its data and restore a backup on the migrated server.",
        "SMC FAQ (2021): Do Rsync Disk x Failed",
        _database,
    ),
    Rule(
        "busy-containers",
        13,
        "risk",
        "rsync fails when containers run during the copy, and SMC does not migrate the Docker folder.",
        "Stop the containers, and move images and volumes to the migrated server in another way.",
        "SMC FAQ (2021): Do Rsync Disk x Failed; SMC, server migration (2025): what is not migrated",
        _container,
    ),
    Rule(
        "no-cloud-init-path",
        14,
        "risk",
        "ENS sets host name, network and password with cloud-init. Without it, the instance may be unreachable.",
        "Configure DHCP and a login on the source before the copy, or use the console of the ENS instance.",
        "ENS, import custom images, notes: cloud-init",
        _no_cloud_init_path,
    ),
    Rule(
        "cloud-init-disabled",
        14,
        "risk",
        "ENS sets host name, network and password with cloud-init. While it is switched off, the instance may be "
        "unreachable.",
        "Switch cloud-init on before the copy, or configure DHCP and a login on the source.",
        "ENS, import custom images, notes: cloud-init",
        _cloud_init_off,
        remediation="remediate_cloud_init",
    ),
    Rule(
        "client-noexec",
        15,
        "risk",
        "No program can be started from the folder of the SMC client.",
        "Set another folder for the client (agent_install_dir).",
        "edgelift.ens_migration",
        _noexec,
    ),
    Rule(
        "low-space",
        15,
        "risk",
        "The client is unpacked and writes its logs there. The vendor warns above 99 % of a file system or its inodes.",
        "Free space, or set another folder for the client (agent_install_dir).",
        "SMC, migration walkthrough; the size is an estimate of edgelift.ens_migration, the vendor documents none",
        _space,
    ),
    Rule(
        "low-memory",
        15,
        "risk",
        "The vendor warns above 95 % of the memory. The kernel may kill the client or another process.",
        "Stop unnecessary services during the copy.",
        "SMC, migration walkthrough",
        _memory,
    ),
    Rule(
        "low-cpu",
        15,
        "risk",
        "The vendor warns above 90 % of the processor. The load of this host is far above that.",
        "Run the copy when the load is lower.",
        "SMC, migration walkthrough; the load is an estimate of edgelift.ens_migration",
        _processor,
    ),
    Rule(
        "needs-root",
        0,
        "risk",
        "The SMC client runs as root. Without root, the probe reads fewer facts, and the fingerprint may differ from "
        "the one that root reads. The next run may not recognise the server.",
        "Run the probe with become: true, as the migration does.",
        "SMC, server migration (2025)",
        _needs_root,
    ),
    Rule(
        "cloud-init-missing",
        14,
        "note",
        "ENS sets host name, network and password with cloud-init.",
        "Install the package cloud-init on the source before the copy.",
        "ENS, import custom images, notes: cloud-init",
        _cloud_init_missing,
        remediation="remediate_cloud_init",
    ),
    Rule(
        "clock-unknown",
        11,
        "note",
        "Could not check the clock.",
        "Compare the clock of the host with the clock of the controller.",
        "SMC FAQ (2021): IllegalTimestamp",
        _clock_unknown,
    ),
    Rule(
        "licence-hints",
        0,
        "note",
        "The migration changes MAC address, IP address and UUID. Licences that are bound to them may become invalid.",
        "Ask the vendor of the licence for a transfer before the cutover.",
        "SMC, edge node migration, notes (2025-12)",
        _licences,
    ),
)
