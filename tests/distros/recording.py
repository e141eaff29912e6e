# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One recording: the answer of the probe on one system, kept so that people can read it. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import ceil, floor
from typing import Any


@dataclass(frozen=True)
class Recording:
    """What one system answered, and when it was asked and had answered, by the controller's clock, in seconds."""

    name: str
    kind: str
    how: str
    asked: tuple[float, float]
    records: list[tuple[str, ...]]

    def text(self) -> str:
        """The recording as JSON, one record a line."""
        head: dict[str, Any] = {"name": self.name, "kind": self.kind, "how": self.how}
        head["asked"] = [floor(self.asked[0]), ceil(self.asked[1])]
        lines = [f'  "{key}": {json.dumps(value, ensure_ascii=False)},' for key, value in head.items()]
        rows = [f"    {json.dumps(row, ensure_ascii=False)}" for row in self.records]
        return "\n".join(["{", *lines, '  "records": [', ",\n".join(rows), "  ]", "}", ""])


def read(text: str) -> Recording:
    """The recording in a file."""
    told = json.loads(text)
    records = [tuple(row) for row in told["records"]]
    begin, end = told["asked"]
    return Recording(told["name"], told["kind"], told["how"], (begin, end), records)
