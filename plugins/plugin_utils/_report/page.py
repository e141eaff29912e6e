# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.
"""Render a view as one HTML file. The templates only print: every decision is in the views."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import jinja2
import markupsafe

_TEMPLATES: Final = Path(__file__).parent / "templates"


@functools.cache
def _environment() -> jinja2.Environment:
    """Return an environment of its own: Ansible's does not escape, and evaluates what it prints."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(view: Mapping[str, Any]) -> str:
    """Return the page of a view. Its ``kind`` names the template."""
    return (
        _environment().get_template(f"{view['kind']}.html.j2").render(view=view, style=markupsafe.Markup(stylesheet()))
    )


def stylesheet() -> str:
    """Return the style sheet of every page."""
    return (_TEMPLATES / "page.css").read_text(encoding="utf-8")
