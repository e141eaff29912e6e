# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who has started this process, and whether that still lives; tests/integration shows it with real playbooks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger import parent
from support import PATIENCE

PYTHON = "/usr/bin/python3"
PLAYBOOK = [PYTHON, "/usr/bin/ansible-playbook", "migrate.yml"]
Table = dict[int, tuple[int, list[str]]]


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Table:
    """The processes from this one up: two shells, the worker, the playbook, a login shell, init."""
    rows: Table = {
        os.getpid(): (50, [PYTHON, "AnsiballZ_ens_migration.py"]), 50: (40, ["/bin/sh", "-c", "x"]),
        40: (30, PLAYBOOK), 30: (20, PLAYBOOK), 20: (1, ["bash"]), 1: (0, ["init"]),
    }
    monkeypatch.setattr(parent, "parent_of", rows.get)
    monkeypatch.setattr(os, "getppid", lambda: rows[os.getpid()][0])
    return rows


def test_the_line_goes_up_to_the_playbook_and_no_further(table: Table) -> None:
    lineage = parent.Lineage()
    assert lineage.pids == [os.getpid(), 50, 40, 30]
    lineage.check()
    # A closed login shell is none of our business: nohup is a way to run a playbook.
    table[30] = (1, PLAYBOOK)
    lineage.check()


@pytest.mark.parametrize("orphan", [os.getpid(), 50, 40], ids=["itself", "worker", "shell"])
def test_each_end_between_is_noticed(table: Table, orphan: int) -> None:
    lineage = parent.Lineage()
    table[orphan] = (1, table[orphan][1])
    with pytest.raises(parent.Orphaned, match="has ended"):
        lineage.check()


def test_a_process_that_is_gone_is_noticed(table: Table) -> None:
    lineage = parent.Lineage()
    del table[40]
    with pytest.raises(parent.Orphaned):
        lineage.check()


def test_a_playbook_that_runs_another_one_is_not_followed(table: Table) -> None:
    table[30] = (25, PLAYBOOK)
    table[25] = (20, ["/bin/sh", "-c", "ansible-playbook inner.yml"])
    table[20] = (10, [PYTHON, "/usr/bin/ansible-playbook", "outer.yml"])
    table[10] = (1, ["bash"])
    assert parent.Lineage().pids == [os.getpid(), 50, 40, 30]


def test_on_another_machine_the_parent_alone_counts(table: Table) -> None:
    for pid in (40, 30):
        table[pid] = (table[pid][0], ["sshd: root@notty"])
    lineage = parent.Lineage()
    assert lineage.pids == [os.getpid(), 50]
    table[40] = (1, ["sshd"])
    lineage.check()


def test_a_process_that_does_not_watch_has_no_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parent, "_watched", [])
    parent.check()


def test_the_table_of_processes_is_read() -> None:
    told = parent.parent_of(os.getpid())
    assert told is not None
    assert told[0] == os.getppid()
    assert any("python" in word for word in told[1])
    assert parent.parent_of(2**30) is None


SLEEPER = """
import os, signal, sys, time
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger import parent
{before}
parent.watch()
print(os.getpid(), flush=True)
try:
    parent.sleep(60)
except parent.Orphaned as end:
    print(end, flush=True)
"""


def sleeper(before: str) -> subprocess.Popen[str]:
    """Start a process that watches its parent and sleeps; it has printed its id."""
    command = [sys.executable, "-c", SLEEPER.format(before=before)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline().strip() == str(process.pid)
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_wakes_a_process_that_sleeps_and_ends_it_in_order(number: signal.Signals) -> None:
    # Whoever runs the tests may ignore SIGHUP.
    with sleeper("signal.signal(signal.SIGHUP, signal.SIG_DFL)") as process:
        process.send_signal(number)
        output, _errors = process.communicate(timeout=PATIENCE)
    assert output == f"{number.name} has ended this task\n"
    assert process.returncode == 0


def test_nohup_stays_in_force() -> None:
    with sleeper("signal.signal(signal.SIGHUP, signal.SIG_IGN)") as process:
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        output, _errors = process.communicate(timeout=PATIENCE)
    assert output == "SIGTERM has ended this task\n"
