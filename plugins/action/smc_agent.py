# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action of edgelift.ens_migration.smc_agent: the SMC client on a source, through a POSIX shell."""

from __future__ import annotations

import re
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.edgelift.ens_migration.plugins.module_utils._secrets import without
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import (
    answers,
    bundle,
    lifecycle,
    look,
    paths,
    remote,
    silence,
)
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source.agent import Agent, Wish, plan

ARGUMENT_SPEC: dict[str, Any] = {
    "state": {"type": "str", "choices": ["absent", "present", "started", "stopped"], "default": "started"},
    "src": {"type": "path"},
    "url": {"type": "str"},
    "sha256": {"type": "str"},
    "allow_unverified": {"type": "bool", "default": False},
    "install_dir": {"type": "str", "default": "/smc"},
    "access_token_id": {"type": "str"},
    "access_token_code": {"type": "str", "no_log": True},
    "credentials_via": {"type": "str", "choices": ["config", "arguments"], "default": "config"},
    "allow_visible_code": {"type": "bool", "default": False},
    "arguments": {"type": "list", "elements": "str", "default": ["--nocheckversion", "--noenterkey"]},
    "environment": {"type": "dict", "default": {}},
    "proxy": {"type": "str"},
    "proxy_credentials": {"type": "str", "no_log": True},
    "start_timeout": {"type": "int", "default": 120},
    "start_on_boot": {"type": "bool", "default": True},
    "force": {"type": "bool", "default": False},
    **answers.LIMIT_SPEC,
}
REQUIRED_IF = [("state", state, ["src", "url"], True) for state in ("present", "started")]
MUTUALLY_EXCLUSIVE = [("src", "url")]
REQUIRED_TOGETHER = [("access_token_id", "access_token_code")]
REQUIRED_BY = {"proxy_credentials": ["proxy"]}

NO_BOOT = (
    "the client does not start after a restart of this host, because the host has neither systemd, nor /etc/local.d, "
    "nor /etc/init.d, nor /etc/rc.local. Run this again after a restart"
)

_SHA256 = re.compile(r"[0-9a-fA-F]{64}\Z")
_URL = re.compile(r"https?://[^/]")
_NOT_IN_URL = re.compile(r"[\s\x00-\x20\x7f-\xa0]")


class ActionModule(ActionBase):
    """Installs, starts and removes the SMC client on a source server."""

    _VALID_ARGS = frozenset(ARGUMENT_SPEC)

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the state of the client and its source id; a failed step is a failure with its cause."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, args = self.validate_argument_spec(
            ARGUMENT_SPEC,
            mutually_exclusive=MUTUALLY_EXCLUSIVE,
            required_if=REQUIRED_IF,
            required_together=REQUIRED_TOGETHER,
            required_by=REQUIRED_BY,
        )
        secrets = {args[name] for name in ("access_token_code", "proxy_credentials") if args[name]}
        problem = _problem(args)
        if problem:
            return {**result, "failed": True, "msg": problem}
        try:
            outcome = self._apply(args, silence.of(task_vars))
        except remote.SourceError as error:
            outcome = {"failed": True, "msg": str(error)}
        masked: dict[str, Any] = without({**result, **outcome}, secrets)
        return masked

    def _apply(self, args: dict[str, Any], silent: silence.Silence) -> dict[str, Any]:
        life = lifecycle.Lifecycle(remote.Remote(self, answers.limits(args), silent), _settings(args))
        before = life.look()
        wish = Wish(
            args["state"],
            (args["sha256"] or "").lower(),
            credentials=bool(args["access_token_code"]) or self._task.check_mode,
            force=args["force"],
            boot_digest=life.boot().digest if args["start_on_boot"] else "",
        )
        steps = plan(before, wish)
        after = before
        if not self._task.check_mode:
            life.prepare(steps, before)
            after = life.take(steps, before)
        changed = any(step != "wait" for step in steps)
        outcome = {"changed": changed, "steps": steps, "agent": after.as_dict(), "source_id": after.source_id}
        if wish.state == "started" and wish.boot_digest and after.boot == "none":
            outcome["warnings"] = [NO_BOOT]
        if self._task.diff:
            outcome["diff"] = {"before": _summary(before), "after": _expected(steps, after, wish)}
        if wish.state == "absent" and after.installed and not self._task.check_mode:
            outcome["msg"] = f"{', '.join(after.dirs)} was not installed by this collection and was not removed"
        return outcome


def _problem(args: dict[str, Any]) -> str | None:
    """Return which option has an invalid value, or None."""
    if args["sha256"] is not None and not _SHA256.match(args["sha256"]):
        return f"sha256 {args['sha256']!r} is not a SHA-256: 64 hexadecimal digits"
    if args["url"] and _NOT_IN_URL.search(args["url"]):
        # Messages about such an address quote it, and its query, in other forms.
        return "url contains a space or a control character. Write it with its percent code, such as %20"
    if args["url"] and not _URL.match(args["url"]):
        return f"url {bundle.bare(args['url'])!r} must begin with https:// or http://. Use src for a local file"
    if args["url"] and not args["sha256"] and not args["allow_unverified"]:
        return "sha256 is required with url. To install an unverified client as root, set allow_unverified: true"
    if args["credentials_via"] == "arguments" and not args["allow_visible_code"]:
        return (
            "with credentials_via: arguments, every user of the host can read the activation code in the list of "
            "processes. To accept this, set allow_visible_code: true"
        )
    return (
        paths.named("start_timeout", look.seconds_problem(args["start_timeout"]))
        or answers.problem(args)
        or paths.named("environment", paths.environment_problem(args["environment"]))
        or paths.named("install_dir", paths.install_dir_problem(args["install_dir"]))
    )


def _settings(args: dict[str, Any]) -> lifecycle.Settings:
    return lifecycle.Settings(
        install_dir=args["install_dir"],
        src=args["src"] or "",
        url=args["url"] or "",
        sha256=args["sha256"] or "",
        token_id=args["access_token_id"] or "",
        token_code=args["access_token_code"] or "",
        credentials_via=args["credentials_via"],
        arguments=args["arguments"],
        environment={str(name): str(value) for name, value in args["environment"].items()},
        proxy=args["proxy"] or "",
        proxy_credentials=args["proxy_credentials"] or "",
        start_timeout=args["start_timeout"],
        force=args["force"],
    )


def _summary(agent: Agent) -> dict[str, Any]:
    return {
        "installed": agent.installed,
        "alive": agent.alive,
        "source_id": agent.source_id,
        "bundle_sha256": agent.bundle_sha256,
        "start_on_boot": agent.boot not in (None, "none"),
    }


def _expected(steps: list[Any], agent: Agent, wish: Wish) -> dict[str, Any]:
    """Return the summary after the steps. The source id of a client is unknown until it has registered."""
    after = _summary(agent)
    if "remove" in steps:
        after = dict.fromkeys(after) | {"installed": False, "alive": False, "start_on_boot": False}
    if "install" in steps:
        after.update(installed=True, bundle_sha256=wish.sha256 or agent.bundle_sha256)
    if "start" in steps or "register" in steps:
        after.update(alive=True, source_id=agent.source_id)
    if "stop" in steps:
        after["alive"] = False
    if "enable" in steps or "disable" in steps:
        after["start_on_boot"] = "enable" in steps and agent.boot != "none"
    return after
