# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action of edgelift.ens_migration.instance_check: waits for a booted copy of a server, compares and checks it."""

from __future__ import annotations

import contextlib
import socket
import time
from datetime import datetime, timezone
from typing import Any, Final

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _role_limits
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import (
    answers,
    deadline,
    facts,
    look,
    paths,
    silence,
)
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import remote as _remote
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._verify import checks, compare, outcome

ARGUMENT_SPEC: dict[str, Any] = {
    "address": {"type": "str", "required": True},
    "port": {"type": "int", "default": 22},
    "source": {"type": "dict", "default": {}},
    "checks": {"type": "list", "elements": "dict", "default": [], "options": checks.OPTIONS},
    "ignore": {"type": "list", "elements": "str", "default": []},
    "egress": {"type": "list", "elements": "str", "default": []},
    "probe_timeout": {"type": "int", "default": look.SECONDS},
    "start_timeout": {"type": "int", "default": 900},
    "check_timeout": {"type": "int", "default": 300},
    "poll_interval": {"type": "float", "default": 5},
    **answers.LIMIT_SPEC,
}
ODD: Final = (ArithmeticError, LookupError, TypeError, ValueError)
"""What the evaluation of facts raises for values that no host has."""
_FINAL: Final = ("host key verification failed", "identification has changed")
"""Words of OpenSSH for what no waiting changes."""
_CONNECT_SECONDS: Final = 5
_STILL: Final = {"name": "the copy still answers", "kind": "ssh", "expected": "an answer", "seen": "", "ok": False}


class NotReadyError(Exception):
    """The copy did not answer, or not with facts. The text says why."""


class ActionModule(ActionBase):
    """Checks a booted copy of a server."""

    _VALID_ARGS = frozenset(ARGUMENT_SPEC)

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the verdict with the result of each check; a copy that does not answer is a verdict, not a failure."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, args = self.validate_argument_spec(ARGUMENT_SPEC)
        problem = _problem(args) or self._elsewhere(args["address"])
        if problem:
            return {**result, "failed": True, "msg": problem}
        if self._task.check_mode:
            return {**result, "changed": False, "skipped": True, "msg": "There is no booted copy in check mode"}
        return {**result, "changed": False, **self._verify(args)}

    def _elsewhere(self, address: str) -> str | None:
        """Return why the connection does not go to the copy, None if it does."""
        goes = str(self._play_context.remote_addr or "")
        with contextlib.suppress(KeyError):
            goes = str(self._connection.get_option("host") or goes)
        if self._connection.transport == "local" or goes != address:
            where = "this controller" if self._connection.transport == "local" else goes
            advice = "Do not set ansible_ssh_host or ansible_connection with -e"
            return f"Ansible connects to {where} and not to {address}. {advice}"
        return None

    def _verify(self, args: dict[str, Any]) -> dict[str, Any]:
        begin = time.time()
        started = datetime.fromtimestamp(begin, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        where = {"address": args["address"], "port": args["port"], "started": started}
        probe, row = self._wait(args, begin)
        answered = time.time() - begin
        if probe is None:
            return {**where, **outcome.judgement([row]), "checks": [row], "notes": [], "boot_seconds": None,
                    "seconds": round(answered, 1)}  # fmt: skip
        probe, rows = self._check(args, probe)
        rows = [row, *rows]
        return {
            **where,
            **outcome.judgement(rows),
            "checks": rows,
            "notes": compare.notes(args["source"], probe),
            "boot_seconds": round(answered, 1),
            "seconds": round(time.time() - begin, 1),
        }

    def _wait(self, args: dict[str, Any], begin: float) -> tuple[dict[str, Any] | None, dict[str, Any]]:
        """Return the facts of the copy once it answers, None if it does not in time; and the row of this check."""
        target = f"{args['address']} port {args['port']}"
        expected = f"a shell at {target} within {args['start_timeout']} s"
        row = {"name": "the copy answers over SSH", "kind": "ssh", "expected": expected}
        attempts = 0
        while True:
            attempts += 1
            try:
                probe = self._probe(args)
            except NotReadyError as error:
                is_final = any(words in str(error).lower() for words in _FINAL)
                if is_final or time.time() - begin + args["poll_interval"] > args["start_timeout"]:
                    port = _port_state(args["address"], args["port"])
                    return None, {**row, "seen": f"{attempts} attempts; {port}; last error: {error}", "ok": False}
                time.sleep(args["poll_interval"])
            else:
                return probe, {**row, "seen": f"a shell after {time.time() - begin:.0f} s", "ok": True}

    def _probe(self, args: dict[str, Any]) -> dict[str, Any]:
        begin = time.time()
        waits = look.EGRESS_SECONDS if args["egress"] else 0
        seconds = args["probe_timeout"] + waits - look.END_SECONDS
        values = look.values("/smc", args["egress"], look.EGRESS_SECONDS, args["probe_timeout"])
        seen = self._run(args, look.PIECES, values, look.COMMAND, waits, seconds)
        try:
            return facts.build_probe(seen.answer.records if seen.answer else [], (begin, time.time()))
        except ODD as error:
            raise NotReadyError(f"answer not understood: {type(error).__name__}") from error

    def _run(
        self,
        args: dict[str, Any],
        pieces: tuple[str, ...],
        values: dict[str, str],
        command: str,
        waits: float,
        seconds: int | None = None,
    ) -> _remote.Result:
        # Each attempt counts alone: a copy that boots does not answer at first.
        shell = _remote.Remote(self, answers.limits(args), silence.Silence(args["address"], folder=""))
        try:
            seen = shell.run(pieces, values, command, waits, seconds)
        except (AnsibleConnectionFailure, _remote.SourceError, deadline.ExceededError) as error:
            raise NotReadyError(answers.clean(" ".join(str(error).split()))[:500]) from error
        if seen.answer is None or not seen.answer.complete:
            raise NotReadyError(f"the shell did not answer: {seen.evidence()}")
        return seen

    def _check(self, args: dict[str, Any], probe: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Return the last facts, and all rows. What fails is looked at again until its time is over."""
        wanted = dict(enumerate(args["checks"]))
        passed: dict[int, dict[str, Any]] = {}
        end = time.time() + args["check_timeout"]
        while True:
            open_ = {number: check for number, check in wanted.items() if number not in passed}
            lost: list[dict[str, Any]] = []
            try:
                found = self._make(args, open_, probe)
            except NotReadyError as error:
                found = checks.results(open_, [], probe)
                lost = [{**_STILL, "seen": str(error)}]
            passed.update({number: row for number, row in found.items() if row["ok"]})
            rows = compare.rows(args["source"], probe, args["ignore"]) + compare.targets(probe)
            rows = [*lost, *rows, *(passed.get(number) or found[number] for number in wanted)]
            if all(row["ok"] for row in rows) or time.time() >= end:
                return probe, rows
            time.sleep(args["poll_interval"])
            with contextlib.suppress(NotReadyError):
                probe = self._probe(args)

    def _make(
        self, args: dict[str, Any], wanted: dict[int, dict[str, Any]], probe: dict[str, Any]
    ) -> dict[int, dict[str, Any]]:
        command = checks.command(wanted)
        if not command:
            return checks.results(wanted, [], probe)
        waits = sum(checks.seconds(check) for check in wanted.values())
        seen = self._run(args, checks.PIECES, {}, command, waits)
        return checks.results(wanted, seen.answer.records if seen.answer else [], probe)


def _problem(args: dict[str, Any]) -> str | None:
    """Return which option has an invalid value, or None."""
    return (
        answers.problem(args)
        or paths.named("port", _role_limits.out_of_range("verify_port", args["port"]))
        or paths.named("poll_interval", _role_limits.out_of_range("verify_poll_interval", args["poll_interval"]))
        or paths.named("probe_timeout", _role_limits.out_of_range("verify_probe_timeout", args["probe_timeout"]))
        or paths.named("start_timeout", look.seconds_problem(args["start_timeout"]))
        or paths.named("check_timeout", look.seconds_problem(args["check_timeout"], 0))
        or paths.named("egress", look.egress_problem(args["egress"]))
        or "; ".join(checks.problems(args["checks"]))
        or None
    )


def _port_state(address: str, port: int) -> str:
    """Return what the TCP port answers to the controller itself, without the SSH options of the host.

    A gateway may accept connections for a machine that does not answer. An SSH server speaks first.
    """
    try:
        connection = socket.create_connection((address, port), _CONNECT_SECONDS)
    except ConnectionRefusedError:
        return "the TCP port refuses connections"
    except OSError as error:
        return f"the TCP port does not answer ({error.strerror or 'timeout'})"
    with connection:
        try:
            return "the TCP port answers" if connection.recv(1) else "the TCP port closes connections"
        except TimeoutError:
            return "the TCP port accepts connections and sends nothing"
        except OSError:
            return "the TCP port closes connections"
