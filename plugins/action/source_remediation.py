# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action of edgelift.ens_migration.source_remediation: applies and reverts fixes through a POSIX shell."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import (
    answers,
    look,
    paths,
    remedy,
    remote,
    silence,
)

ARGUMENT_SPEC: dict[str, Any] = {
    "state": {"type": "str", "choices": ["absent", "present"], "default": "present"},
    "rsync": {"type": "bool", "default": False},
    "rsync_src": {"type": "path"},
    "virtio": {"type": "bool", "default": False},
    "selinux": {"type": "bool", "default": False},
    "clock": {"type": "bool", "default": False},
    "clock_tolerance": {"type": "int", "default": 60},
    "dhcp": {"type": "bool", "default": False},
    "cloud_init": {"type": "bool", "default": False},
    "environment": {"type": "dict", "default": {}},
    **answers.LIMIT_SPEC,
    # A package manager may have to download its index, and an initramfs takes minutes on an old machine.
    "answer_timeout": {"type": "int", "default": 1800},
}


class ActionModule(ActionBase):
    """Applies the enabled fixes, or reverts them."""

    _VALID_ARGS = frozenset(ARGUMENT_SPEC)

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the applied or reverted fixes; a failed fix is a failure with its cause."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, args = self.validate_argument_spec(ARGUMENT_SPEC)
        problem = _problem(args)
        if problem:
            return {**result, "failed": True, "msg": problem}
        # A fix that is given up half a minute after it began would leave a host half changed: it gets no second chance.
        silent = silence.of(task_vars, second=0)
        work = remedy.Remediation(remote.Remote(self, answers.limits(args), silent), _wanted(args))
        try:
            return {**result, **(self._undo(work) if args["state"] == "absent" else self._apply(work, args))}
        except remote.SourceError as error:
            return {**result, "failed": True, "msg": str(error)}

    def _apply(self, work: remedy.Remediation, args: dict[str, Any]) -> dict[str, Any]:
        if not _wanted(args).faults:
            return {"changed": False, "steps": [], "faults": {}, "undo": []}
        before = work.look()
        remedy.refuse_impossible(before)
        steps = before.needed()
        if self._task.check_mode:
            done = {"changed": bool(steps), "steps": steps, "faults": before.as_dict(), "undo": before.undoable()}
            expected = dict.fromkeys(steps, "fixed")
            return self._with_diff(done, before.details(), {**before.details(), **expected})
        if "rsync" in steps and args["rsync_src"]:
            remedy.read_file(args["rsync_src"])
        for fault in steps:
            work.fix(fault)
        after = work.look() if steps else before
        return self._with_diff(remedy.outcome(after, steps), before.details(), after.details())

    def _undo(self, work: remedy.Remediation) -> dict[str, Any]:
        before = work.look().undoable()
        if self._task.check_mode or not before:
            done = {"changed": bool(before), "steps": before, "faults": {}, "undo": before}
            return self._with_diff(done, {"undo": before}, {"undo": []})
        after = work.undo()
        steps = [line for line in before if line not in after.undoable()]
        done = {"changed": bool(steps), "steps": steps, "faults": {}, "undo": after.undoable()}
        if after.left:
            done["warnings"] = [f"not reverted: {line}" for line in after.left]
        return self._with_diff(done, {"undo": before}, {"undo": after.undoable()})

    def _with_diff(self, done: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
        return {**done, "diff": {"before": before, "after": after}} if self._task.diff else done


def _problem(args: dict[str, Any]) -> str | None:
    """Return which option has an invalid value, or None."""
    return (
        paths.named("clock_tolerance", look.seconds_problem(args["clock_tolerance"]))
        or answers.problem(args)
        or paths.named("environment", paths.environment_problem(args["environment"]))
    )


def _wanted(args: dict[str, Any]) -> remedy.Wanted:
    faults = [fault for fault in remedy.FAULTS if args[fault]] if args["state"] == "present" else []
    return remedy.Wanted(
        faults=faults,
        rsync_src=args["rsync_src"] or "",
        tolerance=args["clock_tolerance"],
        environment={str(name): str(value) for name, value in args["environment"].items()},
    )
