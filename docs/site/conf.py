# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Sphinx builds the documentation site (tools/docs.sh)."""

from __future__ import annotations

from typing import Any, Final

from docutils import nodes

ANSIBLE: Final = "https://docs.ansible.com/projects/ansible/latest/"
PAGES: Final = {
    "action_plugins": "plugins/action.html",
    "callback_plugins": "plugins/callback.html",
    "common_return_values": "reference_appendices/common_return_values.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "ansible_collections.ansible.builtin.ssh_connection": "collections/ansible/builtin/ssh_connection.html",
    "inventory_plugins": "plugins/inventory.html",
    "ansible_callbacks_enabled": "reference_appendices/config.html#envvar-ANSIBLE_CALLBACKS_ENABLED",
    "ansible_home": "reference_appendices/config.html#envvar-ANSIBLE_HOME",
}
"""The labels of Ansible's documentation to which the reference of the plugins refers: the build uses no network."""

project = "edgelift.ens_migration"
project_copyright = "Edgelift contributors"

extensions = ["myst_parser", "sphinx_antsibull_ext", "sphinxcontrib.mermaid"]
exclude_patterns = ["changelogs/*"]

# The headings get the anchors that the web view of the repository gives them: links work in both.
myst_heading_anchors = 4
myst_fence_as_directive = ["mermaid"]

html_theme = "sphinx_ansible_theme"
html_title = "Migration to Alibaba Cloud ENS"
html_copy_source = False
html_show_sphinx = False

highlight_language = "yaml"


def link_to_ansible(_app: Any, _env: Any, node: Any, content: nodes.Node) -> nodes.Node | None:
    """Return a link to Ansible's documentation for a label that it defines, else None (a warning follows)."""
    page = PAGES.get(str(node["reftarget"]).lower())
    return nodes.reference("", "", content, refuri=ANSIBLE + page, internal=False) if page else None


def setup(app: Any) -> None:
    """Register the function (called by Sphinx)."""
    app.connect("missing-reference", link_to_ansible)
