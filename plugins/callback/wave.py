# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The callback edgelift.ens_migration.wave: shows the progress of a wave while the module ens_migration runs."""

from __future__ import annotations

DOCUMENTATION = r"""
name: wave
type: notification
short_description: Show the progress of a wave while it is migrated
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Shows every server and the whole wave while M(edgelift.ens_migration.ens_migration) runs on the controller.
  - In a terminal, there is one bar per server, with stage, percent, rate, time left and state, if the Python package
    C(rich) is installed on the controller. Without it, and in AWX, in CI and in files, there is one line for each
    change of state, and one summary per minute.
  - AWX and CI are recognised by the environment variables E(JOB_ID), E(AWX_ISOLATED_DATA_DIR), E(RUNNER_OMIT_EVENTS)
    and E(CI).
requirements:
  - Enable it with C(callbacks_enabled = edgelift.ens_migration.wave) in C(ansible.cfg), or with
    E(ANSIBLE_CALLBACKS_ENABLED).
  - rich (optional)
options:
  display:
    description:
      - V(bars) draws bars, V(lines) writes lines, and V(auto) chooses.
    type: str
    default: auto
    choices: [auto, bars, lines]
    ini:
      - section: callback_ens_migration_wave
        key: display
    env:
      - name: EDGELIFT_WAVE_DISPLAY
"""

import os
import sys
import threading
import time
from typing import Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.progress import Follower
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._follow import Following
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._live import bars, wave
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._progress import LOOK_SECONDS

_NOT_A_TERMINAL = ("JOB_ID", "AWX_ISOLATED_DATA_DIR", "RUNNER_OMIT_EVENTS", "CI")


def wants_bars(display: str, environ: Any, terminal: bool) -> bool:
    """Return whether to draw bars."""
    if display != "auto":
        return display == "bars"
    return terminal and environ.get("TERM") != "dumb" and not any(environ.get(name) for name in _NOT_A_TERMINAL)


class CallbackModule(Following):
    """Shows the progress file of the module as bars or lines."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "edgelift.ens_migration.wave"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._fresh: list[str] = []

    def follow(self, path: str, ended: threading.Event) -> None:
        """Show what is new until the task has ended."""
        found = wave.Wave()
        follower = Follower(path, self._fresh.append)
        drawn = bars.Bars() if self._draws() else None
        told = time.monotonic()
        over = ended.wait(LOOK_SECONDS)
        if drawn:
            drawn.start()
        try:
            while True:
                told = self._look(follower, found, drawn, told)
                if over:
                    break
                over = ended.wait(LOOK_SECONDS)
        finally:
            if drawn:
                drawn.stop()

    def _draws(self) -> bool:
        return wants_bars(self.get_option("display"), os.environ, sys.stdout.isatty()) and bars.available()

    def _look(self, follower: Follower, found: wave.Wave, drawn: bars.Bars | None, told: float) -> float:
        follower.look()
        fresh, self._fresh[:] = list(self._fresh), []
        now = time.time()
        shown = wave.lines(found, fresh, now)
        if drawn:
            drawn.show(found, now)
            return told
        for text in shown:
            self._display.display(f"  {text}")
        if found.servers and time.monotonic() - told >= wave.SUMMARY_SECONDS:
            self._display.display(f"  {found.summary(now)}")
            return time.monotonic()
        return told
