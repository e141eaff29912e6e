# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The address of the client bundle may be signed: no output of a failed download shows what is secret in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support import CALM, PATIENCE

ROLE = Path(__file__).parents[2] / "roles" / "agent"
PLAY = [
    {
        "hosts": "all",
        "gather_facts": False,
        "vars_files": [str(ROLE / "vars" / "main.yml")],
        "tasks": [
            {"ansible.builtin.import_tasks": str(ROLE / "tasks" / "bundle.yml")},
            {"name": "After the failure", "ansible.builtin.debug": {"msg": "a host continued"}},
        ],
    }
]


ADDRESS = "http://user:hunter2@127.0.0.1:1/x/bundle.tar.gz?OSSAccessKeyId=k&Signature=s1gn4ture"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (ADDRESS, "could not be downloaded from http://127.0.0.1:1/x/bundle.tar.gz"),
        (f"{ADDRESS} &x=1", "agent_url contains a space or a control character"),
        (f"{ADDRESS}\x7f", "agent_url contains a space or a control character"),
    ],
)
def test_a_failed_download_shows_neither_signature_nor_password(tmp_path: Path, address: str, said: str) -> None:
    (tmp_path / "play.json").write_text(json.dumps(PLAY), encoding="utf-8")
    given: dict[str, Any] = {
        "agent_src": "",
        "agent_url": address,
        "agent_sha256": "ab" * 32,
        "agent_allow_unverified": False,
        "agent_cache_dir": str(tmp_path / "cache"),
    }
    # What the task "Read the variables of the role" returns; the address is not in it.
    options = {name.removeprefix("agent_"): value for name, value in given.items() if name != "agent_url"}
    given["__agent_read"] = {"options": options}
    (tmp_path / "vars.json").write_text(json.dumps(given), encoding="utf-8")
    program = Path(sys.executable).with_name("ansible-playbook")
    done = subprocess.run(
        [program, "-vvvv", "-c", "local", "-i", "a,b,", "-e", f"@{tmp_path / 'vars.json'}", tmp_path / "play.json"],
        env={**os.environ, **CALM},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    shown = done.stdout + done.stderr
    assert done.returncode != 0, shown
    assert said in " ".join(shown.split())
    assert "a host continued" not in shown
    assert [secret for secret in ("hunter2", "s1gn4ture") if secret in shown] == []
