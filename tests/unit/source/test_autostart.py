# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source.autostart import Boot, make_boot
from support import PATIENCE


def boot(folder: str = "/smc", **environment: str) -> Boot:
    return make_boot(folder, ["--nocheckversion", "a b"], environment)


def test_another_argument_or_variable_is_another_set_of_files() -> None:
    assert boot().digest == boot("/smc/").digest
    assert len({boot().digest, boot(x="1").digest, make_boot("/smc", [], {}).digest, boot("/opt/smc").digest}) == 4


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
def test_the_scripts_are_what_a_shell_reads(shell: str, tmp_path: Path) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"this machine has no {shell}")
    words = [program, "sh", "-n"] if shell == "busybox" else [program, "-n"]
    for number, text in enumerate((boot("/srv/a 'b", x="it's").start, boot("/srv/a 'b").init)):
        script = tmp_path / str(number)
        script.write_text(text)
        assert subprocess.run([*words, str(script)], capture_output=True, text=True, check=False).stderr == ""


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze on this machine")
@pytest.mark.parametrize("folder", ["smc", "s m%c"])
def test_systemd_takes_the_unit(tmp_path: Path, folder: str) -> None:
    own = tmp_path / folder / ".edgelift"
    own.mkdir(parents=True)
    (own / "start").write_text("#!/bin/sh\n")
    (own / "start").chmod(0o700)
    unit = tmp_path / "edgelift-smc-client.service"
    unit.write_text(boot(str(tmp_path / folder)).unit)
    command = ["systemd-analyze", "verify", "--man=no", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert str(unit.name) not in done.stderr
    assert done.returncode == 0, done.stderr
    # The check reports a program that it does not find, so a wrong path is noticed.
    unit.write_text(boot(str(tmp_path / "elsewhere")).unit)
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert "is not executable" in done.stderr
