# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every answer that any sandbox gave in a test session goes through the vendor's models before the session ends.

Sandboxes leave their answers in a folder that the environment names, so that those count too which a playbook or the
demo has started. A difference is an error of the session. A session that runs everything also fails when it had no
answer of an action that the contracts know, or of an operation that OSS carries out; ``ANSWERS=all`` asks the same of
others.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest

from sandbox.server.middleware.log_answers import VARIABLE
from support.oss_roundtrip import unvalidated as unvalidated_oss
from support.roundtrip import VALIDATED, unvalidated

NAME = "answers of the local cloud"
_BUILD = Path(__file__).resolve().parents[2] / "build"


def begin(config: pytest.Config) -> None:
    """Give the session a folder for its answers; the workers of xdist inherit it."""
    if not _is_worker(config):
        _BUILD.mkdir(exist_ok=True)
        os.environ[VARIABLE] = tempfile.mkdtemp(prefix="answers-", dir=_BUILD)


def finish(session: pytest.Session) -> None:
    """Judge the answers where the session ends, and say how many there were."""
    folder = Path(os.environ[VARIABLE])
    if _is_worker(session.config):
        VALIDATED.save(folder)
        return
    began = time.monotonic()
    found = VALIDATED.read(folder)
    if _is_whole(session):
        found += [f"no test had an answer of {kind}" for kind in (
            *unvalidated(VALIDATED.kinds), *unvalidated_oss(VALIDATED.kinds))]
    if found:
        _fail(session, "\n".join([*found, f"the answers are in {folder}"]))
    else:
        shutil.rmtree(folder)
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and VALIDATED.answers:
        reporter.write_line(f"\n{NAME}: {VALIDATED.answers} of {len(VALIDATED.kinds)} actions, "
                            f"held against the vendor's models in {time.monotonic() - began:.1f} s")


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _is_whole(session: pytest.Session) -> bool:
    """True for a session that has run all tests and not failed; where something is missing anyway, that is no news."""
    config = session.config
    option = config.option
    selected = option.markexpr not in ("", "not long")
    narrowed = option.keyword or selected or option.ignore or option.deselect or option.collectonly
    everything = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not narrowed
    return (everything or os.environ.get("ANSWERS") == "all") and session.exitstatus == pytest.ExitCode.OK


def _fail(session: pytest.Session, text: str) -> None:
    session.testsfailed += 1
    if session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        report = pytest.TestReport(NAME, (NAME, None, NAME), {}, "failed", text, "call")
        reporter.stats.setdefault("error", []).append(report)
