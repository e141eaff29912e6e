# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Rules about the network: the addresses that the client must reach from the source."""

from __future__ import annotations

from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight.rule import Facts, Rule

_PORTS: Final = "SMC FAQ (2021): ports 80, 443, 8080 and 8703; SMC, edge node migration (2025-12)"


def _closed(probe: Facts) -> list[dict[str, Any]]:
    return [row for row in probe["egress"] if row["state"] in ("failed", "timeout")]


def _shown(rows: list[dict[str, Any]]) -> str:
    words = {"failed": "refused or unreachable", "timeout": "no answer"}
    shown = []
    for row in rows:
        unresolved = row["dns"] in ("failed", "timeout")
        shown.append(f"{row['target']} ({'its name cannot be resolved' if unresolved else words[row['state']]})")
    return ", ".join(shown)


def _no_egress(probe: Facts) -> str | None:
    rows = _closed(probe)
    return f"the host cannot reach {_shown(rows)}" if rows and not probe["proxies"] else None


def _by_proxy(probe: Facts) -> str | None:
    rows = _closed(probe)
    if not rows or not probe["proxies"]:
        return None
    return f"the host cannot directly reach {_shown(rows)}; a proxy is configured in {probe['proxies'][0]['source']}"


def _untested(probe: Facts) -> str | None:
    rows = [row["target"] for row in probe["egress"] if row["state"] == "untested"]
    return f"the host has no program to test connections to {', '.join(rows)}" if rows else None


RULES: Final = (
    Rule(
        "no-egress",
        12,
        "blocker",
        "The client must reach SMC to register, and the intermediate instance to copy.",
        "Allow these targets in the firewall, or set a proxy for the client (agent_proxy).",
        _PORTS,
        _no_egress,
    ),
    Rule(
        "egress-by-proxy",
        12,
        "risk",
        "The client does not read the proxy settings of the host.",
        "Set agent_proxy to the proxy that the host uses.",
        _PORTS,
        _by_proxy,
    ),
    Rule(
        "egress-unknown",
        12,
        "note",
        "Could not check whether the client can reach SMC.",
        "Test the connections to these targets on the host.",
        _PORTS,
        _untested,
    ),
)
