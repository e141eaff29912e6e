# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Results of filters that contain text of hosts and services: Ansible must not take it for a template."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from ansible import template

_ONLY_MARKED: Final = hasattr(template, "trust_as_template")
"""Since ansible-core 2.19 only text that is marked as a template is one."""


def untrusted(filters: Mapping[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """Return the filters with results that are never templates.

    Until 2.18, ansible-core evaluates every text of a fact that it does not know as unsafe. It knows the results of
    tasks, and forgets it when a filter reads them from hostvars: a source could then execute code on the controller.
    """
    return dict(filters) if _ONLY_MARKED else {name: _wrapped(function) for name, function in filters.items()}


def no_template(text: str) -> str:
    """Return the text of an error so that it is no template.

    Until 2.18, ansible-core takes the message of an unreachable host, which a host can write, for one.
    """
    return text if _ONLY_MARKED else re.sub(r"\{(?=[{%#])", "{ ", text)


def never_template(value: Any) -> Any:
    """Return a value of a service, in which Ansible takes no text for a template.

    Only a text with a brace can be one. The others stay plain: C(ansible-inventory) writes each text that is marked as
    an object, which AWX shows as it is.
    """
    if _ONLY_MARKED:
        return value
    if isinstance(value, Mapping):
        return {never_template(key): never_template(item) for key, item in value.items()}
    if isinstance(value, list):
        return [never_template(item) for item in value]
    if isinstance(value, str) and "{" in value:
        from ansible.utils.unsafe_proxy import wrap_var

        return wrap_var(value)
    return value


def _wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    from ansible.utils.unsafe_proxy import wrap_var

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        return wrap_var(function(*args, **options))

    return call
