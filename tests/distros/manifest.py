# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The systems of the matrix, from manifest.yml and trees/."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from guests.machine import EXTRAS, FIRMWARES, INITS, LAYOUTS, Machine, Root

HERE = Path(__file__).parent
RECORDED = HERE / "recorded"
HAND_BUILT = "documented file contents, asked on bash and the programs of busybox"
KINDS = ("real", "hand-built")


@dataclass(frozen=True)
class System:
    """One system of the matrix; ``blockers`` are the findings that rightly block it, none on a clean one."""

    name: str
    kind: str
    how: str
    source: str
    blockers: tuple[str, ...] = ()
    root: Root | None = None
    machine: Machine = field(default_factory=Machine)

    @property
    def path(self) -> Path:
        """Where its recording is kept."""
        return RECORDED / f"{self.name}.json"

    @property
    def tree(self) -> Path:
        """Where the files of a hand-built system are described."""
        return HERE / "trees" / f"{self.name}.yml"

    @property
    def real(self) -> bool:
        """Whether a real system answered, and not a tree of documented file contents."""
        return self.kind == "real"


def system(row: dict[str, Any], sources: dict[str, str], packages: dict[str, list[str]]) -> System:
    """The system that one row of the manifest describes; refuses words that it may not use."""
    name = row["name"]
    root = row.get("root")
    machine = Machine(**row.get("machine", {}))
    if (row["kind"] == "real") != ("root" in row):
        raise ValueError(f"{name}: a real system has a root, a hand-built one has none")
    words = (
        *((row["kind"], KINDS), (machine.layout, LAYOUTS), (machine.extra, EXTRAS)),
        *((machine.firmware, FIRMWARES), (machine.init, INITS)),
    )
    for value, allowed in words:
        if value not in allowed:
            raise ValueError(f"{name}: {value!r}, allowed: {', '.join(allowed)}")
    return System(
        name=name,
        kind=row["kind"],
        how=row["how"] if root else HAND_BUILT,
        source=sources[row["source"]],
        blockers=tuple(row.get("blockers", ())),
        root=Root(root["suite"], tuple(packages[root["packages"]] if "packages" in root else ())) if root else None,
        machine=machine,
    )


def load(path: Path = HERE / "manifest.yml") -> list[System]:
    """The systems of the matrix, in the order of the manifest; refuses a name that is there twice."""
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    systems = [system(row, told["sources"], told["packages"]) for row in told["systems"]]
    names = [item.name for item in systems]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{path.name}: named twice: {', '.join(twice)}")
    return systems
