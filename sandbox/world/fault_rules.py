# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the section ``faults`` of scenarios and world files: over calls, and over states (local-cloud 6)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Discriminator, Field, Tag, model_validator

from sandbox.contracts.lifecycles import GONE, LIFECYCLES

from .documents import Strict

RPC_KINDS = frozenset({"stale", "replay"})
OSS_KINDS = frozenset({"crc", "partial"})
LIFECYCLE_NAMES = Literal["smc.source", "smc.job", "ecs.instance", "ecs.task", "ens.image"]

JOB, TASK, IMAGE, SOURCE = "smc.job", "ecs.task", "ens.image", "smc.source"

# The edits and the lifecycles that they apply to. sandbox.faults.edits implements them.
EDITS: dict[str, tuple[str, ...]] = {
    "release_instance": (JOB,),
    "take_source_offline": (JOB, SOURCE),
    "delete_image": (JOB, TASK),
    "expire_job": (JOB,),
    "step_back": (JOB,),
    "drop_progress": (JOB,),
    "hold": (JOB, TASK, IMAGE),
    "remove_object": (TASK,),
    "empty_object": (TASK,),
    "truncate_object": (TASK,),
    "spoil_object": (TASK,),
    "shrink_object": (TASK,),
    "add_objects": (TASK,),
    "add_similar_image": (TASK, IMAGE),
    "spoil_image": (IMAGE,),
    "expire_tokens": (JOB, TASK, IMAGE, SOURCE),
    "empty_balance": (JOB, TASK, IMAGE, SOURCE),
}


class Match(Strict):
    """The calls that a rule applies to; every given field must match."""

    product: str = Field(default="*", description="smc, ecs, vpc, ens, sts, location, oss; wildcards * and ?")
    action: str = Field(default="*", description="of OSS: the operation as the request log names it; wildcards * and ?")
    params: dict[str, str] = Field(default={}, description="parameter: value as sent, wildcards * and ?")
    bucket: str | None = Field(default=None, description="of OSS; wildcards * and ?")
    key: str | None = Field(default=None, description="of OSS; wildcards * and ?")
    nth: int | None = Field(default=None, ge=1, description="only the nth call that matches, counted from 1")
    probability: float = Field(default=1.0, gt=0, le=1)


class Fault(Strict):
    """What happens to a call that matches: before its effect, or after it."""

    match: Match = Match()
    phase: Literal["before", "after"] = "before"
    kind: Literal["error", "drop", "delay", "html", "truncate", "stale", "replay", "crc", "partial"]
    times: int = Field(default=1, ge=1, description="how often; later calls work normally")
    code: str = ""
    message: str = ""
    status: int | None = Field(default=None, ge=400, le=599)
    seconds: float | None = Field(default=None, gt=0, le=86400, description="delay: real ones; stale: virtual ones")
    calls: int | None = Field(default=None, ge=1, description="stale: as it was before the last n changing calls")
    row: Literal["omit", "duplicate"] | None = Field(default=None, description="stale: what happens to the first row")
    headers: dict[str, str] = {}

    @model_validator(mode="after")
    def _complete(self) -> Fault:
        if self.kind == "error" and not self.code:
            raise ValueError("kind error needs a code")
        if self.kind == "delay" and not self.seconds:
            raise ValueError("kind delay needs seconds")
        if self.kind == "delay" and (self.seconds or 0) > 600:
            raise ValueError("kind delay takes at most 600 real seconds")
        if self.kind == "stale" and (self.seconds, self.calls, self.row) == (None, None, None):
            raise ValueError("kind stale needs seconds, calls or row")
        if self.kind in RPC_KINDS and self.match.product == "oss":
            raise ValueError(f"kind {self.kind} is not for product oss")
        if self.kind in OSS_KINDS and self.match.product not in ("oss", "*"):
            raise ValueError(f"kind {self.kind} is for product oss only")
        return self


class State(Strict):
    """The rows that a rule applies to: those of ``lifecycle`` that enter the state ``at``."""

    lifecycle: LIFECYCLE_NAMES = Field(validation_alias=AliasChoices("lifecycle", "kind"))
    at: str
    name: str = Field(default="*", validation_alias=AliasChoices("name", "source"),
                      description="source name (smc.source, smc.job) or image name; wildcards * and ?")

    @model_validator(mode="after")
    def _known(self) -> State:
        known = states_of(self.lifecycle)
        if self.at not in known:
            raise ValueError(f"{self.lifecycle} has no state {self.at!r}; it has {', '.join(known)}")
        return self


class StateFault(Strict):
    """A change made when a row enters a state, as if another user or the cloud had made it."""

    state: State
    do: str
    times: int = Field(default=1, ge=1, description="for how many rows, or how often for the same one")
    after: float = Field(default=0, ge=0, description="virtual seconds after the state was entered")
    seconds: float | None = Field(default=None, gt=0, description="virtual seconds that it lasts; unset: permanently")
    disk: int = Field(default=-1, ge=-1, le=15, description="which object of an export, by disk index; -1 is the last")
    count: int = Field(default=3, ge=1, le=5000, description="how many objects to add")
    key: str = Field(default="{id}-not-ours/{n}", description="of added objects; {id} is the export's OSSPrefix")

    @model_validator(mode="after")
    def _possible(self) -> StateFault:
        if self.do not in EDITS:
            raise ValueError(f"there is no edit {self.do!r}; there are {', '.join(EDITS)}")
        if self.state.lifecycle not in EDITS[self.do]:
            raise ValueError(f"the edit {self.do} is for {', '.join(EDITS[self.do])} only")
        return self


def states_of(lifecycle: str) -> list[str]:
    """Every state of a lifecycle, in the order of its table."""
    edges = LIFECYCLES[lifecycle].edges
    return list(dict.fromkeys(state for edge in edges for state in (edge.origin, edge.to) if state != GONE))


def _which(rule: Any) -> str:
    has_state = "state" in rule or "do" in rule if isinstance(rule, dict) else isinstance(rule, StateFault)
    return "state rule" if has_state else "call rule"


Rule = Annotated[
    Annotated[Fault, Tag("call rule")] | Annotated[StateFault, Tag("state rule")], Discriminator(_which)
]
