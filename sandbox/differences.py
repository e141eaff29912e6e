# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m sandbox.differences`` writes docs/sandbox-differences.md from the tables that the sandbox runs on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from sandbox.contracts import CONTRACTS, VERSIONS
from sandbox.contracts.errors import APPROXIMATE, CATALOGUE, DOCUMENTED, INVENTED, NOT_EMULATED
from sandbox.contracts.request_differences import DIFFERENCES, KINDS
from sandbox.contracts.spec import Param
from sandbox.guests.machine import PORTS
from sandbox.oss.codes import provenance_of
from sandbox.oss.configs import CONFIGS
from sandbox.oss.errors import catalogue
from sandbox.oss.service import OPERATIONS

TARGET = Path(__file__).resolve().parents[1] / "docs" / "sandbox-differences.md"

_MEANING = {
    DOCUMENTED: "code and HTTP status are those of the vendor; the wording of the message may differ",
    APPROXIMATE: "an assumption about what the vendor answers",
    INVENTED: "what the vendor answers is not public",
}


def page() -> str:
    """The whole page: what is emulated, which values are not, and how well every error code is documented."""
    sections = (_opening(), _actions(), _values(), _instances(), _requests(), _codes(), _operations(), _oss_codes())
    return "\n".join(line for section in sections for line in section) + "\n"


def _opening() -> Iterator[str]:
    yield "# Where the local cloud differs from Alibaba Cloud"
    yield ""
    yield "Written by `python -m sandbox.differences` from the tables in `sandbox/contracts` and"
    yield "`sandbox/oss`; a test fails when it is not current. What is not listed is refused with"
    yield f"`{NOT_EMULATED}` (RPC) or `NotImplemented` (OSS), HTTP 501, header `x-sandbox-not-emulated`."
    yield ""


def _actions() -> Iterator[str]:
    versions = {product: version for version, product in VERSIONS.items()}
    yield "## Actions that exist"
    yield ""
    yield "| product | version | action | answers are |"
    yield "|---|---|---|---|"
    for product, actions in CONTRACTS.items():
        for name in sorted(actions):
            yield f"| {product} | {versions[product]} | {name} | {actions[name].provenance} |"
    yield ""


def _values() -> Iterator[str]:
    yield "## Values that the vendor accepts and the local cloud does not emulate"
    yield ""
    yield "| action | parameter | values |"
    yield "|---|---|---|"
    for product, actions in CONTRACTS.items():
        for name in sorted(actions):
            for path, values in _elsewhere(actions[name].params, ""):
                yield f"| {product} {name} | {path} | {', '.join(values)} |"
    yield ""


def _elsewhere(params: tuple[Param, ...], path: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for param in params:
        if param.elsewhere:
            yield path + param.name, param.elsewhere
        yield from _elsewhere(param.fields, f"{path}{param.name}.N.")


def _instances() -> Iterator[str]:
    yield "## Instances of ENS"
    yield ""
    yield "An instance has no system, unless its image has content and the local cloud was started with"
    yield "`--boot-instances`: then QEMU boots it. These are differences then too:"
    yield ""
    yield "| what | here |"
    yield "|---|---|"
    yield "| Password, KeyPairName, PasswordInherit, HostName, UserData | checked, and not set in the system |"
    yield "| firmware, devices | BIOS, virtio disks, one virtio network card. Those of ENS are not documented |"
    ports = ", ".join(str(port) for port in PORTS)
    yield f"| public address | of this machine alone; the ports {ports} lead to the system |"
    yield "| DescribeInstanceVncUrl | the URL leads nowhere |"
    yield "| the control call `/_sandbox/instances/<id>` | shows the serial console; ENS has no such API |"
    yield "| a system that switches itself off | its instance is Stopped; what ENS does is not documented |"
    yield ""


def _requests() -> Iterator[str]:
    number = sum(len(names) for entry in DIFFERENCES for names in entry.parameters.values())
    yield f"## Requests that differ from the vendor's models ({number} parameters)"
    yield ""
    yield "`make conformance` compares the contracts with the vendor's request models, which are in"
    yield "`tests/support/vendor_requests.json`: parameters, what is required, types, values, ranges, lengths and"
    yield "numbers of items. It fails when a difference is not listed here, or a listed one is none."
    for kind, meaning in KINDS.items():
        entries = [entry for entry in DIFFERENCES if entry.kind == kind]
        yield ""
        yield f"### {meaning}"
        yield ""
        yield "| action | parameters | reason |"
        yield "|---|---|---|"
        for entry in entries:
            for where, names in entry.parameters.items():
                yield f"| {where.replace(':', ' ')} | {', '.join(names)} | {entry.reason} |"
    yield ""


def _codes() -> Iterator[str]:
    yield "## Error codes of the RPC products"
    yield ""
    yield "A code that is not listed (such as `InvalidParameter.<name>`) is approximate, HTTP 400."
    for mark, meaning in _MEANING.items():
        known = {code: entry.status for code, entry in CATALOGUE.items() if entry.provenance == mark}
        yield ""
        yield f"### {mark.capitalize()} ({len(known)})"
        yield ""
        yield f"{meaning[0].upper()}{meaning[1:]}."
        yield ""
        yield "| code | HTTP status |"
        yield "|---|---|"
        for code in sorted(known):
            yield f"| {code} | {known[code]} |"


def _operations() -> Iterator[str]:
    yield ""
    yield "## Operations of OSS"
    yield ""
    yield "| on | request | operation | answers are |"
    yield "|---|---|---|---|"
    for level, table in OPERATIONS.items():
        for words, operation in table.items():
            yield f"| {level} | {words} | {operation.action} | {operation.provenance} |"
    yield ""
    yield "Configurations of a bucket that are checked, stored and returned, and have no effect:"
    yield f"{', '.join(sorted(config.query for config in CONFIGS))}, policy."
    yield ""
    yield "ACLs apply; referers, traffic limits and requester-pays do not. Bucket host names, HTTPS, image"
    yield "processing, callbacks and live channels do not exist."
    yield ""


def _oss_codes() -> Iterator[str]:
    yield "## Error codes of OSS"
    yield ""
    yield "Codes and HTTP statuses are those of the vendor, except `NotImplemented`. OSS numbers its reasons (EC):"
    yield "an error whose number has a page or a test of the vendor is documented, any other is approximate."
    codes = [(code, status, ec, provenance_of(code, ec)) for code, (status, _text, ec) in sorted(catalogue().items())]
    for mark in _MEANING:
        known = [row for row in codes if row[3] == mark]
        yield ""
        yield f"### {mark.capitalize()} ({len(known)})"
        yield ""
        yield "| code | HTTP status | EC |"
        yield "|---|---|---|"
        for code, status, ec, _mark in known:
            yield f"| {code} | {status} | {ec or '-'} |"


def main() -> int:
    """Write the page and say where."""
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{TARGET}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
