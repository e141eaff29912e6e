# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A wave of hosts with wrong answers, each in one way, through the playbook migrate, beside a good one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.source import ask
from support.wave import Player
from support.wave_hosts import hosts_up
from testbed.hosts import Bed

# The play takes a minute.
pytestmark = [pytest.mark.any_core, pytest.mark.long]

WORLD = {"sources": [], "buckets": [{"name": "migration-images", "region": "ap-southeast-1"}]}
# The login shell: it runs each script, and changes what the script says. awk adds the template to every field that
# is no number; HARD are the records that decide whether and how a host is migrated.
HARD = "uname|uid|epoch|block|part|mount|swap|space|loadavg|memory|cpus"
SHELL = """#!/bin/sh
case "$*" in *eval*) ;; *) exec /bin/sh "$@" ;; esac
number=$(($(cat /evil.d/number 2>/dev/null || echo 0) + 1))
echo $number >/evil.d/number
first() { # sudo says that it has begun before it gets the script
    IFS= read -r line
    printf '%s\\n' "$line"
}
case $(cat /evil.mode) in
template) /bin/sh "$@" | { first; awk -v text="$(cat /evil.text)" -v hard="^(HARD)$" 'BEGIN { FS = OFS = "\\t" }
    /^EDGELIFT-/ || NF < 2 || ($1 ~ hard) { print; next }
    { for (i = 2; i <= NF; i++) if ($i !~ /^[0-9.]*$/) $i = $i text; print }'; } ;;
large) /bin/sh "$@" | { first; awk '/ END$/ { for (i = 0; i < 1600000; i++) printf "x\\t%060d\\n", i } { print }'; } ;;
zeros) /bin/sh "$@" | { first; awk '/^EDGELIFT-/ { print; next } { gsub(/\\t/, "\\t\\001\\033[2J"); print }' |
    tr '\\001' '\\000'; } ;;
cut) /bin/sh "$@" | { first; head -n 30; } ;;
disks) case $number in 1) /bin/sh "$@" | { first; grep -v vdb; } ;; *) exec /bin/sh "$@" ;; esac ;;
other) case $number in
    1) exec /bin/sh "$@" ;;
    *) /bin/sh "$@" | { first; sed 's/\\ts-[0-9a-z]*$/\\ts-0other/'; } ;;
    esac ;;
esac
""".replace("HARD", HARD)
HOSTS = {
    "web-01": "", "template-01": "template", "large-01": "large", "zeros-01": "zeros", "cut-01": "cut",
    "db-01": "disks", "other-01": "other",
}  # fmt: skip


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    with hosts_up(tmp_path_factory.mktemp("bed"), *HOSTS) as bed:
        yield bed


REASONS = {
    "template-01": "no-identity: ",
    "large-01": "no-answer: the host got no more time, it sent too much",
    "zeros-01": "answer-not-understood: ",
    "cut-01": "probe-incomplete: ",
    "db-01": "is not this host: SMC shows disks of 20, 20, 40 GiB, the host has 20, 40 GiB",
    "other-01": "s-0other",
}


@pytest.mark.sandbox_world(WORLD)
def test_each_liar_is_kept_out_with_its_reason(sandbox: Any, bed: Bed, tmp_path: Path) -> None:
    mark, reports = tmp_path / "executed", tmp_path / "reports"
    template = f"{{{{ lookup('pipe', 'touch {mark}') }}}}{{% if x %}}"
    login = "mkdir -m 777 /evil.d; echo 0 >/evil.d/number; chmod 666 /evil.d/number; chmod 644 /evil.*t /evil.mode; "
    login += "sed -i 's#^\\(ops:.*\\):.*#\\1:/evil#' /etc/passwd"
    for host, mode in HOSTS.items():
        if mode:
            files = f"cat >/evil <<'END'\n{SHELL}END\nchmod 755 /evil; cat >/evil.text <<'END'\n{template}\nEND\n"
            ask(bed, host, f"{files}echo {mode} >/evil.mode; {login}")
    player = Player(bed, sandbox, tmp_path)
    # Up to the decision which source a host is: what comes after that, all other tests of waves show.
    variables = {"migration_name": "wave", "preflight_report_dir": str(reports), "agent_available_timeout": 20}
    played = player.play("migrate.yml", "--tags", "agent", **variables)
    assert played.receipt, played.output
    rows = {row["host"]: row for row in played.receipt["servers"]}
    assert rows["web-01"]["status"] == "pending", played.output
    for host, words in REASONS.items():
        assert words in " ".join(rows[host]["reasons"]), host
        assert rows[host]["status"] in ("blocked", "failed"), host
    # No template was run, and no report has an escape sequence.
    assert not mark.exists()
    texts = [path.read_text(encoding="utf-8") for path in reports.rglob("*") if path.is_file()]
    assert len(texts) == 2 * len(HOSTS)
    assert not any({"\x1b", "\x00"} & set(text) for text in [*texts, played.output])
