# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scenario: one line of meaning, fault rules and lifecycle failures; an error names file, line and field."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sandbox.lines import field_name, line_of
from sandbox.world import Failure, WorldError

FOLDER = Path(__file__).resolve().parents[1] / "scenarios"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Match(_Strict):
    """Which calls a rule is for; every given field must fit."""

    product: str = Field(default="*", description="smc, ecs, vpc, ens, sts, location; wildcards * and ?")
    action: str = Field(default="*", description="wildcards * and ?")
    params: dict[str, str] = Field(default={}, description="parameter: value as sent, wildcards * and ?")
    nth: int | None = Field(default=None, ge=1, description="only the nth call that fits, counted from 1")
    probability: float = Field(default=1.0, gt=0, le=1)


class Fault(_Strict):
    """What happens to a call that fits: before its effect, or after it has happened."""

    match: Match = Match()
    phase: Literal["before", "after"] = "before"
    kind: Literal["error", "drop", "delay", "html", "truncate"]
    times: int = Field(default=1, ge=1, description="how often, then calls go on as usual")
    code: str = ""
    message: str = ""
    status: int | None = Field(default=None, ge=400, le=599)
    seconds: float = Field(default=0, ge=0, le=600, description="real seconds of kind delay")
    headers: dict[str, str] = {}

    @model_validator(mode="after")
    def _complete(self) -> Fault:
        if self.kind == "error" and not self.code:
            raise ValueError("kind error needs a code")
        if self.kind == "delay" and not self.seconds:
            raise ValueError("kind delay needs seconds")
        return self


class Scenario(_Strict):
    """A named way in which things go wrong."""

    meaning: str = Field(min_length=1)
    faults: list[Fault] = []
    failures: list[Failure] = []


def load_scenario(path: Path) -> Scenario:
    """The scenario in a YAML file; WorldError names file, line and field."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as failed:
        raise WorldError(f"{path}: cannot be read: {failed.strerror}") from failed
    return parse_scenario(text, str(path))


def parse_scenario(text: str, origin: str) -> Scenario:
    """The scenario in YAML or JSON text; WorldError names ``origin``, line and field."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        document = yaml.safe_load(text)
    except yaml.YAMLError as failed:
        mark = getattr(failed, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        raise WorldError(f"{origin}: {where}not valid YAML: {getattr(failed, 'problem', failed)}") from failed
    if not isinstance(document, dict):
        raise WorldError(f"{origin}: line 1: the top level must be a mapping, found {type(document).__name__}")
    try:
        return Scenario.model_validate(document)
    except ValidationError as failed:
        raise WorldError("; ".join(
            f"{origin}: line {line_of(root, problem['loc'])}: {field_name(problem['loc'])}: {problem['msg']}"
            for problem in failed.errors()
        )) from failed
