# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Argument specs as objects that merge, constraints included; the doc fragment of each has the same name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.basic import env_fallback
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.places import REGION_NAMES
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits

ENDPOINTS = ("smc", "ecs", "ens", "vpc", "sts", "oss", "ram", "bss", "metadata")


@dataclass(frozen=True)
class ArgSpec:
    """What AnsibleModule is told about one concern."""

    argument_spec: dict[str, Any] = field(default_factory=dict)
    mutually_exclusive: Sequence[Sequence[str]] = ()
    required_together: Sequence[Sequence[str]] = ()
    required_one_of: Sequence[Sequence[str]] = ()
    required_if: Sequence[Sequence[Any]] = ()
    required_by: dict[str, Any] = field(default_factory=dict)

    def merge(self, *others: ArgSpec) -> ArgSpec:
        """Return one spec with the options and constraints of all; of two equal names the later one counts."""
        merged = self
        for other in others:
            merged = ArgSpec(
                {**merged.argument_spec, **other.argument_spec},
                [*merged.mutually_exclusive, *other.mutually_exclusive],
                [*merged.required_together, *other.required_together],
                [*merged.required_one_of, *other.required_one_of],
                [*merged.required_if, *other.required_if],
                {**merged.required_by, **other.required_by},
            )
        return merged

    def to_kwargs(self) -> dict[str, Any]:
        """Return the keyword arguments for AnsibleModule."""
        return {
            "argument_spec": self.argument_spec,
            "mutually_exclusive": list(self.mutually_exclusive),
            "required_together": list(self.required_together),
            "required_one_of": list(self.required_one_of),
            "required_if": list(self.required_if),
            "required_by": self.required_by,
        }


def auth_spec() -> ArgSpec:
    """Return the connection options (doc fragment C(alicloud)). The environment's keys are read by _api.auth, as pairs.

    What is missing or contradictory is refused when the clients are made: those messages say where to set it.
    """
    return ArgSpec(
        argument_spec={
            "region": {"type": "str", "fallback": (env_fallback, list(REGION_NAMES))},
            "access_key": {"type": "str", "no_log": True},
            "secret_key": {"type": "str", "no_log": True},
            "security_token": {"type": "str", "no_log": True},
            "profile": {"type": "str"},
            "ecs_role_name": {"type": "str"},
            "endpoints": {"type": "dict", "options": {name: {"type": "str"} for name in ENDPOINTS}},
            "connect_timeout": {"type": "float", "default": limits.CONNECT_TIMEOUT},
            "read_timeout": {"type": "float", "default": limits.READ_TIMEOUT},
            "http_retries": {"type": "int", "default": limits.HTTP_RETRIES},
            "ca_bundle": {"type": "path"},
        }
    )


def wait_spec(timeout: int = limits.WAIT_TIMEOUT, interval: float = limits.POLL_INTERVAL) -> ArgSpec:
    """Return the waiting options (doc fragment C(wait)), in seconds."""
    return ArgSpec(
        argument_spec={
            "wait": {"type": "bool", "default": True},
            "wait_timeout": {"type": "int", "default": timeout},
            "poll_interval": {"type": "float", "default": interval},
        }
    )
