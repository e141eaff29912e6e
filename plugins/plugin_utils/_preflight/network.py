# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Rules about the network: what the client has to reach from the source."""

from __future__ import annotations

from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight.rule import Facts, Rule

_PORTS: Final = "SMC FAQ (2021): ports 80, 443, 8080 and 8703; SMC, edge node migration (2025-12)"


def _closed(probe: Facts) -> list[dict[str, Any]]:
    return [row for row in probe["egress"] if row["state"] in ("failed", "timeout")]


def _shown(rows: list[dict[str, Any]]) -> str:
    words = {"failed": "refused or unreachable", "timeout": "no answer"}
    return "; ".join(
        f"{row['target']}: {'its name is not found' if row['dns'] in ('failed', 'timeout') else words[row['state']]}"
        for row in rows
    )


def _no_egress(probe: Facts) -> str | None:
    rows = _closed(probe)
    return f"not reached from the host: {_shown(rows)}" if rows and not probe["proxies"] else None


def _by_proxy(probe: Facts) -> str | None:
    rows = _closed(probe)
    if not rows or not probe["proxies"]:
        return None
    return f"not reached directly: {_shown(rows)}; a proxy is configured in {probe['proxies'][0]['source']}"


def _untested(probe: Facts) -> str | None:
    rows = [row["target"] for row in probe["egress"] if row["state"] == "untested"]
    return f"no program on the host opens connections: {', '.join(rows)}" if rows else None


RULES: Final = (
    Rule(
        "no-egress",
        12,
        "blocker",
        "The client has to reach SMC to register, and the intermediate instance to copy.",
        "Open the firewall for these targets, or give the client a proxy (agent_proxy).",
        _PORTS,
        _no_egress,
    ),
    Rule(
        "egress-by-proxy",
        12,
        "risk",
        "The client does not read the host's proxy settings: it has to be given the proxy.",
        "Set agent_proxy to the proxy that the host uses.",
        _PORTS,
        _by_proxy,
    ),
    Rule(
        "egress-unknown",
        12,
        "note",
        "Whether the client can reach SMC could not be tested.",
        "Test the targets from the host by hand.",
        _PORTS,
        _untested,
    ),
)
