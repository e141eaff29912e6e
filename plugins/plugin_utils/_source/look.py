# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The scripts of the probe, and the names of the programs, services and licences that they search for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

PIECES: Final = (
    "agent_state",
    "probe",
    "probe_disks",
    "probe_menu",
    "probe_boot",
    "probe_net",
    "probe_egress",
    "probe_state",
)
"""The scripts of a probe, in order. They run in one shell, in one round trip."""

COMMAND: Final = "probe_all"
"""The function that runs when the shell has read all scripts."""

SECONDS: Final = 15
"""Seconds after which a probe has ended on the host, whatever the host does."""

END_SECONDS: Final = 2
"""Of these, the seconds for the end of a probe at its limit: to say where it is, and to kill its processes."""

LEAST_SECONDS: Final = 5
"""The least seconds for a probe, beside those for its connection tests."""

EGRESS_SECONDS: Final = 5
"""Seconds for the connection tests of a host, which run in parallel."""

TOOLS: Final = (
    "cat",
    "tar",
    "gzip",
    "unzip",
    "rsync",
    "sha256sum",
    "setsid",
    "nohup",
    "python3",
    "python",
    "curl",
    "wget",
    "systemctl",
    "cloud-init",
    "lvm",
    "dracut",
    "mkinitrd",
    "update-initramfs",
    "mkinitcpio",
    "chronyd",
    "ntpd",
    "ntpdate",
    "timedatectl",
    "apt-get",
    "dnf",
    "yum",
    "zypper",
    "apk",
    "pacman",
)
"""Programs that the probe searches in PATH."""

CLOCKS: Final = ("chronyd", "ntpd", "systemd-timesyn", "openntpd")
"""Processes that synchronize the clock, with the names of the kernel: at most 15 characters."""


@dataclass(frozen=True)
class Service:
    """A program that keeps files open: its processes, and the default folders of its data."""

    name: str
    kind: Literal["database", "container"]
    processes: tuple[str, ...]
    paths: tuple[str, ...]


SERVICES: Final = (
    Service("mysql", "database", ("mysqld", "mariadbd"), ("/var/lib/mysql",)),
    Service("postgresql", "database", ("postgres", "postmaster"), ("/var/lib/postgresql", "/var/lib/pgsql")),
    Service("oracle", "database", ("ora_pmon", "tnslsnr"), ("/u01/app/oracle", "/opt/oracle")),
    Service("mssql", "database", ("sqlservr",), ("/var/opt/mssql",)),
    Service("mongodb", "database", ("mongod", "mongos"), ("/var/lib/mongo", "/var/lib/mongodb")),
    Service("redis", "database", ("redis-server",), ("/var/lib/redis",)),
    Service("db2", "database", ("db2sysc",), ("/home/db2inst1",)),
    Service("etcd", "database", ("etcd",), ("/var/lib/etcd",)),
    Service("influxdb", "database", ("influxd",), ("/var/lib/influxdb",)),
    Service("clickhouse", "database", ("clickhouse-serv",), ("/var/lib/clickhouse",)),
    Service("docker", "container", ("dockerd", "docker"), ("/var/lib/docker",)),
    Service("containerd", "container", ("containerd",), ("/var/lib/containerd",)),
    Service("podman", "container", ("conmon",), ("/var/lib/containers/storage",)),
    Service("kubelet", "container", ("kubelet",), ("/var/lib/kubelet",)),
)


@dataclass(frozen=True)
class Licence:
    """A licence that may be bound to the machine: its processes and files, and what it is bound to."""

    name: str
    processes: tuple[str, ...]
    paths: tuple[str, ...]
    binding: str


LICENCES: Final = (
    Licence("flexnet", ("lmgrd",), ("/usr/local/flexlm", "/opt/flexlm"), "FlexNet: host id, mostly a MAC address"),
    Licence("sentinel", ("hasplmd", "aksusbd", "aksusbd_x86_64"), ("/etc/hasplm", "/var/hasplm"), "Sentinel: hardware"),
    Licence("codemeter", ("CodeMeterLin",), ("/etc/wibu/CodeMeter",), "CodeMeter: a dongle, or the hardware"),
    Licence("rhsm", (), ("/etc/pki/consumer/cert.pem",), "subscription-manager: the machine's uuid"),
    Licence("rhui", (), ("/etc/pki/rhui",), "Red Hat Update Infrastructure: the cloud of the source"),
    Licence("suse", (), ("/etc/zypp/credentials.d/SCCcredentials",), "SUSEConnect: the registered machine"),
    Licence("ubuntu-pro", (), ("/var/lib/ubuntu-advantage/private/machine-token.json",), "Ubuntu Pro: the machine"),
    Licence("cpanel", (), ("/usr/local/cpanel/cpanel.lisc",), "cPanel: the public IP address"),
    Licence("plesk", (), ("/etc/sw/keys/keys",), "Plesk: the machine"),
    Licence("veritas", (), ("/etc/vx/licenses/lic",), "Veritas: the machine"),
)

_TARGET = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*:(?P<port>[0-9]{1,5})\Z")


def seconds_problem(seconds: int, least: int = 1, reason: str = "") -> str | None:
    """Return the words after the name of an option with too few seconds, or None. ``reason`` explains ``least``."""
    if seconds >= least:
        return None
    return f"is {seconds}, it must be at least {least} second{'' if least == 1 else 's'}{reason and f': {reason}'}"


def timeout_problem(timeout: int, egress_seconds: int) -> str | None:
    """Return why the seconds of a probe are too few beside those of its connection tests, or None."""
    reason = f"{LEAST_SECONDS} more than egress_timeout"
    return seconds_problem(timeout, egress_seconds + LEAST_SECONDS, reason)


def egress_problem(targets: Iterable[str]) -> str | None:
    """Return the words after the name of an option with a target that is not valid, or None."""
    for target in targets:
        found = _TARGET.match(target)
        if not found or not 0 < int(found["port"]) < 65536:
            return (
                f"has {target!r}, which must be a host name or an IPv4 address and a port, such as smc.aliyuncs.com:443"
            )
    return None


def values(
    install_dir: str, egress: Iterable[str] = (), egress_seconds: int = EGRESS_SECONDS, seconds: int = SECONDS
) -> dict[str, str]:
    """Return the variables of the scripts; times are in seconds.

    With a multiple of SECONDS for the whole probe, each step has a multiple of its time.
    """
    services = [(row.processes, row.paths) for row in SERVICES]
    licences = [(row.processes, row.paths) for row in LICENCES]
    processes = {name for names, _paths in (*services, *licences) for name in names}.union(CLOCKS)
    return {
        "INSTALL_DIR": install_dir,
        "PROBE_TOOLS": " ".join(TOOLS),
        "PROBE_PROCESSES": " ".join(sorted(processes)),
        "PROBE_PATHS": " ".join(path for _names, paths in (*services, *licences) for path in paths),
        "EGRESS": " ".join(egress),
        "EGRESS_TIMEOUT": str(egress_seconds),
        "TIMES": str(max(1, seconds // SECONDS)),
    }
