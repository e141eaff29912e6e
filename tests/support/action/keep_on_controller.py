# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action ``keep_on_controller``: write the option ``content`` to the file ``dest`` of the controller.

With ansible.builtin.copy, every play of a test would start two module processes for that, half of what a play costs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Writes a file."""

    def run(self, *_given: Any, **_more: Any) -> dict[str, Any]:
        """Write the content, a text or what ansible-core 2.16 has made of a text that is JSON."""
        content = self._task.args["content"]
        text = content if isinstance(content, str) else json.dumps(content)
        Path(self._task.args["dest"]).write_text(text, encoding="utf-8")
        return {"changed": False}
