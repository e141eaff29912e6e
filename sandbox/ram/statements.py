# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies as a world file writes them; RAM's own documents, with capital letters, are accepted too."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


_Action = Annotated[str, StringConstraints(pattern=r"^(\*|[a-z*?]+:[A-Za-z*?]+)$")]
_Resource = Annotated[str, StringConstraints(pattern=r"^(\*|acs:[^:]*:[^:]*:[^:]*:.+)$")]


def _not_root(value: str) -> str:
    if value == "root":
        raise ValueError("root is the account itself and may do everything")
    return value


Name = Annotated[str, AfterValidator(_not_root)]
"""A RAM user or role."""


class Statement(BaseModel):
    """What is allowed or denied on what; ``*`` and ``?`` are wildcards. Conditions are not emulated."""

    model_config = ConfigDict(extra="forbid")

    effect: Annotated[Literal["allow", "deny"], BeforeValidator(_lower)] = Field(
        validation_alias=AliasChoices("effect", "Effect")
    )
    action: Annotated[list[_Action], BeforeValidator(_several), Field(min_length=1)] = Field(
        validation_alias=AliasChoices("action", "Action"), description="such as ecs:Describe* or *"
    )
    resource: Annotated[list[_Resource], BeforeValidator(_several), Field(min_length=1)] = Field(
        default=["*"], validation_alias=AliasChoices("resource", "Resource"),
        description="such as acs:ecs:*:*:image/m-1 or *",
    )


class Identity(BaseModel):
    """The permissions of one RAM user or role; without statements everything is allowed."""

    model_config = ConfigDict(extra="forbid")

    version: Literal["1"] = Field(default="1", validation_alias=AliasChoices("version", "Version"))
    statements: list[Statement] = Field(default=[], validation_alias=AliasChoices("statements", "Statement"))
