# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The checks of a user on a booted copy: what they may be, the commands that make them, and what their answers mean."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source.answers import Record, integer

PIECES: Final = ("verify_checks",)
"""The script with the functions below."""
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "command": ("command",),
    "port": ("port",),
    "http": ("url",),
    "service": ("service",),
    "mount": ("path",),
    "file": ("path", "sha256"),
}
"""The kinds of checks, and the options that each of them needs."""
OPTIONAL: Final[Mapping[str, tuple[str, ...]]] = {
    "command": ("rc", "text"),
    "http": ("status", "text"),
    "mount": ("fstype",),
}
"""Further options of a kind."""
_EVERY: Final = ("kind", "name", "timeout")
OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "kind": {"type": "str", "required": True, "choices": list(KINDS)},
    "name": {"type": "str"},
    "timeout": {"type": "int"},
    **{option: {"type": "str"} for option in ("command", "text", "url", "service", "path", "fstype", "sha256")},
    **{option: {"type": "int"} for option in ("rc", "port", "status")},
}
"""The options of a check, as an argument spec."""
MOST: Final = 100
MOST_SECONDS: Final = 600
SECONDS: Final = 30
"""Seconds for one check, unless it has its own timeout."""
_SERVICE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@:\\-]{0,199}")
_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")
Check = Mapping[str, Any]
Row = dict[str, Any]


def problems(checks: Sequence[Check]) -> list[str]:
    """Return why these checks cannot be made, each with the number of the check, which begins at 1."""
    if len(checks) > MOST:
        return [f"{len(checks)} checks, at most {MOST} are allowed"]
    return [f"check {number} {words}" for number, check in enumerate(checks, 1) if (words := _problem(check))]


def _problem(check: Check) -> str:
    given = {name for name, value in check.items() if value is not None}
    kind = str(check.get("kind"))
    if kind not in KINDS:
        return f"has kind {kind!r}. Allowed: {', '.join(KINDS)}"
    if unknown := sorted(given - {*_EVERY, *KINDS[kind], *OPTIONAL.get(kind, ())}):
        return f"({kind}) has {', '.join(map(repr, unknown))}, which this kind does not use"
    if missing := [name for name in KINDS[kind] if not check.get(name)]:
        return f"({kind}) has no {', '.join(missing)}"
    for name in sorted(given):
        if words := _RULES.get(name, _anything)(check[name]):
            return f"({kind}) has {name} {check[name]!r}, {words}"
    return ""


def _anything(_value: Any) -> str:
    return ""


def _number(low: int, high: int) -> Callable[[Any], str]:
    def rule(value: Any) -> str:
        fits = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
        return "" if fits else f"it must be a whole number, {low} to {high}"

    return rule


def _text(value: Any) -> str:
    fits = isinstance(value, str) and 0 < len(value) <= 4096 and "\0" not in value
    return "" if fits else "it must be a text of 1 to 4096 characters without NUL"


def _path(value: Any) -> str:
    return _text(value) or ("" if value.startswith("/") else "it must be an absolute path")


def _url(value: Any) -> str:
    try:
        parts = urlsplit(value)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except (ValueError, AttributeError, TypeError):
        fits = False
    if fits and "@" in parts.netloc:
        return "it must not contain a user or a password: they would appear in results and reports"
    fits = fits and value.isascii() and value.isprintable() and " " not in value and len(value) <= 2000
    return "" if fits else "it must be a URL such as http://127.0.0.1:8080/health"


def _pattern(pattern: re.Pattern[str], words: str) -> Callable[[Any], str]:
    return lambda value: "" if isinstance(value, str) and pattern.fullmatch(value) else words


_RULES: Final[Mapping[str, Callable[[Any], str]]] = {
    "name": _text,
    "timeout": _number(1, MOST_SECONDS),
    "command": _text,
    "rc": _number(0, 255),
    "text": _text,
    "port": _number(1, 65535),
    "url": _url,
    "status": _number(100, 599),
    "service": _pattern(_SERVICE, "it must be the name of a service, such as nginx"),
    "path": _path,
    "fstype": _text,
    "sha256": _pattern(_SHA256, "it must be 64 hexadecimal digits"),
}


def name(check: Check) -> str:
    """Return the name of a check: that of the user, or its kind and what it looks at."""
    return str(check.get("name") or f"{check['kind']} {check[KINDS[check['kind']][0]]}")


def seconds(check: Check) -> int:
    """Return the seconds that a check may take on the host."""
    return int(check.get("timeout") or SECONDS)


def command(checks: Mapping[int, Check]) -> str:
    """Return the shell commands for these checks, '' if the facts of the host answer all of them."""
    lines = []
    for number, check in checks.items():
        if check["kind"] in _ARGUMENTS:
            words = shlex.join(map(str, (number, *_ARGUMENTS[check["kind"]](check))))
            lines.append(f"step check-{number} {seconds(check)} check_{check['kind']} {words}")
    return "\n".join(lines)


def _http(check: Check) -> tuple[str, ...]:
    parts = urlsplit(check["url"])
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return check.get("text") or "", check["url"], parts.scheme, parts.hostname or "", str(port), path


_ARGUMENTS: Final[Mapping[str, Callable[[Check], tuple[str, ...]]]] = {
    "command": lambda check: (check.get("text") or "", check["command"]),
    "http": _http,
    "service": lambda check: (check["service"],),
    "file": lambda check: (check["path"],),
}


def results(checks: Mapping[int, Check], records: Iterable[Record], probe: Mapping[str, Any]) -> dict[int, Row]:
    """Return the result of each check, from the records of its script and the facts of the host."""
    answered: dict[str, tuple[str, ...]] = {}
    for record in records:
        if record.key == "check" and len(record.fields) >= 4:
            answered.setdefault(record.fields[0], record.fields[1:4])
        elif record.key == "expired" and record.fields[0].startswith("check-"):
            # What was killed has said nothing, or not everything.
            late = f"it did not end within {record.fields[1]} s"
            late = late if record.fields[1] != "0" else "there was no time left"
            answered[record.fields[0].removeprefix("check-")] = ("", "", late)
    found = {}
    for number, check in checks.items():
        if check["kind"] in _ARGUMENTS:
            status, text, shown = answered.get(str(number), ("", "", "the script on the host did not answer"))
            expected, seen, is_ok = _JUDGES[check["kind"]](check, status, text, shown)
        else:
            expected, seen, is_ok = _FROM_FACTS[check["kind"]](check, probe)
        found[number] = {
            "name": name(check), "kind": check["kind"], "expected": expected, "seen": seen, "ok": is_ok,
        }  # fmt: skip
    return found


Judged = tuple[str, str, bool]


def _with_text(check: Check, what: str, wanted: int, status: str, text: str, shown: str) -> Judged:
    expected = f"{what} {wanted}" + (f" and the text {check['text']!r}" if check.get("text") else "")
    seen = f"{what} {status}" if status else "no result"
    is_ok = integer(status) == wanted and (not check.get("text") or text == "1")
    if status and check.get("text"):
        seen += " with the text" if text == "1" else " without the text"
    return expected, f"{seen}: {shown}" if shown else seen, is_ok


def _judge_command(check: Check, status: str, text: str, shown: str) -> Judged:
    wanted = check["rc"] if check.get("rc") is not None else 0
    return _with_text(check, "exit status", wanted, status, text, shown)


def _judge_http(check: Check, status: str, text: str, shown: str) -> Judged:
    return _with_text(check, "HTTP status", check.get("status") or 200, status, text, shown)


def _judge_service(_check: Check, status: str, _text: str, shown: str) -> Judged:
    return "running", shown, status == "0"


def _judge_file(check: Check, status: str, _text: str, shown: str) -> Judged:
    wanted = check["sha256"].lower()
    seen = status.lower() if _SHA256.fullmatch(status) else shown or "no digest"
    return f"SHA-256 {wanted}", seen, seen == wanted


_JUDGES: Final[Mapping[str, Callable[[Check, str, str, str], Judged]]] = {
    "command": _judge_command,
    "http": _judge_http,
    "service": _judge_service,
    "file": _judge_file,
}


def _port(check: Check, probe: Mapping[str, Any]) -> Judged:
    rows = (probe.get("state") or {}).get("listening") or []
    found = [row["address"] for row in rows if row["port"] == check["port"]]
    seen = f"TCP port {check['port']} listens on {', '.join(found)}" if found else "nothing listens on this TCP port"
    return f"TCP port {check['port']} listens", seen, bool(found)


def _mount(check: Check, probe: Mapping[str, Any]) -> Judged:
    wanted, path = check.get("fstype") or "", check["path"].rstrip("/") or "/"
    found = next((row for row in reversed(probe.get("mounts") or []) if row["target"] == path), None)
    expected = f"{wanted or 'a file system'} mounted on {path}"
    if found is None:
        return expected, f"nothing is mounted on {path}", False
    seen = f"{found['fstype']} from {found['source']}"
    return expected, seen, wanted in ("", found["fstype"])


_FROM_FACTS: Final[Mapping[str, Callable[[Check, Mapping[str, Any]], Judged]]] = {"port": _port, "mount": _mount}
