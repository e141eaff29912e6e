# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The runtime facts of a source: clock, processors, memory, services, licences, DNS, proxies and egress."""

from __future__ import annotations

import re
from math import ceil, floor
from typing import TYPE_CHECKING, Any

from . import look
from .answers import integer

if TYPE_CHECKING:
    from .rows import Rows

_NAME = re.compile(r"\w+", re.ASCII)
_SWITCH = re.compile(r"\s*PROXY_ENABLED\s*=\s*[\"']?(?P<state>yes|no)\b", re.IGNORECASE)
"""The switch of /etc/sysconfig/proxy (SUSE). Where the last one says no, its proxies are configured and not used."""

_SIGN = re.compile(r"[=:\s]")
_VALUE = re.compile(r"""\s*[=:]?\s*["']?(?P<value>[^"';]*)""")
_ADDRESS = re.compile(
    r"(?P<scheme>(?:https?|ftp|socks\w*)://)?(?P<user>.*@)?(?P<host>(?:\[[0-9A-F:.]+\]|\w[\w.-]*)(?::[0-9]+)?)/?",
    re.ASCII | re.IGNORECASE,
)


def clock(rows: Rows, asked: tuple[float, float] | None) -> dict[str, Any]:
    """Return by how many seconds the clock of the host is ahead of the controller, and its time services.

    A clock between the times before and after the probe has no skew.
    """
    epoch = integer(rows.first("epoch"))
    skew = None
    if epoch is not None and asked:
        begin, end = floor(asked[0]), ceil(asked[1])
        skew = epoch - begin if epoch < begin else max(0, epoch - end)
    return {"skew_seconds": skew, "sync": sorted(rows.words("process") & set(look.CLOCKS))}


def cpus(rows: Rows) -> int | None:
    """Return the number of online processors, from a list such as 0-3,8 or from /proc/cpuinfo."""
    count = 0
    for span in rows.first("cpus").split(","):
        first, _dash, last = span.partition("-")
        low, high = integer(first), integer(last or first)
        if low is not None and high is not None:
            count += high - low + 1
    return count or integer(rows.first("cpu-count")) or None


def load(rows: Rows) -> float | None:
    """Return the load of the last minute."""
    whole, dot, part = next(iter(rows.first("loadavg").split()), "").partition(".")
    numbers = integer(whole), integer(part)
    return float(f"{whole}.{part}") if dot and None not in numbers else None


def memory(rows: Rows) -> dict[str, int | None]:
    """Return total and available memory, and swap, in bytes. Kernels before 3.14 do not report available memory."""
    known = {fields[0]: (integer(fields[1]) or 0) * 1024 for fields in rows.all("memory") if len(fields) == 2}
    free = known.get("MemFree")
    roughly = None if free is None else free + known.get("Buffers", 0) + known.get("Cached", 0)
    return {
        "total_bytes": known.get("MemTotal"),
        "available_bytes": known.get("MemAvailable", roughly),
        "swap_total_bytes": known.get("SwapTotal"),
        "swap_free_bytes": known.get("SwapFree"),
    }


def services(rows: Rows) -> list[dict[str, Any]]:
    """Return the databases and container engines with a process or a data folder."""
    running, paths = rows.words("process"), _paths(rows)
    found = []
    for row in look.SERVICES:
        alive = sorted(running & set(row.processes))
        there = [path for path in row.paths if path in paths]
        if alive or there:
            found.append(
                {
                    "name": row.name,
                    "kind": row.kind,
                    "running": bool(alive),
                    "processes": alive,
                    "paths": there,
                    "filled": [path for path in there if paths[path]],
                }
            )
    return found


def licences(rows: Rows) -> list[dict[str, Any]]:
    """Return the licences that may be bound to the machine, each with its signs and its binding."""
    running, paths = rows.words("process"), _paths(rows)
    found = []
    for row in look.LICENCES:
        signs = [*sorted(running & set(row.processes)), *(path for path in row.paths if path in paths)]
        if signs:
            found.append({"name": row.name, "signs": signs, "binding": row.binding})
    return found


def _paths(rows: Rows) -> dict[str, bool]:
    """Return the paths that exist, and whether they are not empty."""
    return {fields[0]: bool((*fields, "")[1]) for fields in rows.all("path") if fields}


def resolver(rows: Rows) -> dict[str, list[str]]:
    """Return the name servers and search domains of /etc/resolv.conf."""
    pairs = [(*fields, "", "")[:2] for fields in rows.all("resolver")]
    return {
        "nameservers": [value.strip() for name, value in pairs if name == "nameserver"],
        "search": [word for name, value in pairs if name != "nameserver" for word in value.split()],
    }


def proxies(rows: Rows) -> list[dict[str, str]]:
    """Return the configured proxies and the files that configure them: of a line, only the variable and the address."""
    switches = {
        fields[0]: match["state"].lower()
        for fields in rows.all("proxy")
        if len(fields) > 1 and (match := _SWITCH.match(fields[1]))
    }
    found = []
    for fields in rows.all("proxy"):
        source, text = (*fields, "", "")[:2]
        if switches.get(source) == "no":
            continue
        name, value, rest = _assigned(text)
        if value.strip().lower() not in ("", "no", "none", "_none_"):
            found.append({"source": source, "line": f"{name}={_shown(value, rest)}"})
    return found


def _assigned(text: str) -> tuple[str, str, str]:
    """Return the first variable whose name ends with "proxy", its value and what follows, or three times ''.

    proxy_password, PROXY_ENABLED and no_proxy contain no address of a proxy.
    """
    for name in _NAME.finditer(text):
        lowered = name[0].lower()
        if lowered.endswith("proxy") and not lowered.startswith("no") and text[name.end() : name.end() + 1] != "-":
            sign = _SIGN.search(text, name.end())
            value = _VALUE.match(text, sign.start()) if sign else None
            if value and value["value"].strip():
                return name[0], value["value"], text[value.end() :]
    return "", "", ""


def _shown(value: str, rest: str) -> str:
    """Return the address that a value begins with, with *** for user and password, and *** for what is no address.

    A password may contain spaces and quotes: with an @ behind the first word, that word may be a part of it.
    """
    word, *more = value.split(maxsplit=1)
    address = None if "@" in "".join([*more, rest]) else _ADDRESS.fullmatch(word)
    if address is None or not (address["scheme"] or ":" in address["host"]):
        return "***"
    return f"{address['scheme'] or ''}{'***@' if address['user'] else ''}{address['host']}"


def egress(rows: Rows) -> list[dict[str, Any]]:
    """Return, for each target, the result of the connection and of the name resolution.

    Both are ``ok``, ``failed``, ``timeout``, or ``untested`` if the host has no program for the test.
    """
    found = []
    for fields in rows.all("egress"):
        target, state, tool, dns = (*fields, *[""] * 4)[:4]
        found.append({"target": target, "state": state, "dns": dns, "tool": tool or None})
    return found
