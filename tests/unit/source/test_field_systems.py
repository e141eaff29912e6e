# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers of public reports: what they boot, contain and are."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._preflight import source
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import answers
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import script as _script
from support import PATIENCE
from support.shells import SHELLS

from . import field_disks, field_network
from .conftest import Host
from .field_systems import FIELD, PAIRS, TEMPLATE, Field, Pair

DOCS = Path(__file__).resolve().parents[3] / "docs" / "field-reports.md"


@pytest.mark.parametrize("field", FIELD, ids=lambda field: field.name)
def test_a_server_of_a_report_is_judged_as_an_engineer_expects(host: Host, field: Field) -> None:
    host.extra += field.lines
    host.boot = list(field.boot) or host.boot
    probe = host.probe()
    assert {item["id"] for item in source.judge(probe)} == field.findings, field.about
    assert tuple(row["name"] for row in probe["disks"]) == field.disks


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_two_machines_are_never_one_and_one_stays_one(pair: Pair) -> None:
    prints = []
    for lines in (pair.one, pair.other):
        host = Host()
        host.machine_id = ""
        host.extra += [*TEMPLATE, *lines]
        prints.append(host.probe()["fingerprint"])
    assert all(prints)
    assert (prints[0] == prints[1]) == pair.same, pair.about


DMIDECODE = {
    "# dmidecode 2.7\n# SMBIOS entry point at 0x000f0000\n4C4C4544-0042-3510-8052-B4C04F4D3232\n": True,
    "4C4C4544-0042-3510-8052-B4C04F4D3232\nInvalid entry length (16). Fixed up to 11.\n": True,
    "Invalid entry length (0). DMI table is broken! Stop.\n": False,
    "Invalid string keyword: system-uuid\nValid string keywords are:\n  bios-vendor\n": False,
    "# /dev/mem: Permission denied\n": False,
}
"""What dmidecode prints for a UUID: https://github.com/OCSInventory-NG/UnixAgent/pull/120 and
https://github.com/cfengine/masterfiles/pull/1642."""


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("said", DMIDECODE)
def test_what_dmidecode_prints_beside_a_uuid_is_no_uuid(shell: list[str], tmp_path: Path, said: str) -> None:
    """Fake: a dmidecode with these words, on a host whose kernel does not show the UUID."""
    (tmp_path / "said").write_text(said)
    (tmp_path / "mem").write_text("")
    text = _script.text("probe").replace("/dev/mem", f"{tmp_path}/mem").replace("/sys/class/dmi", f"{tmp_path}/dmi")
    fakes = f'found() {{ [ "$1" = dmidecode ]; }}\ndmidecode() {{ [ $# -eq 0 ] || cat {tmp_path}/said; }}\n'
    script = _script.compose("F", [], {}, f"{text}\n{fakes}probe_platform")
    words = [*shell, "-c", 'eval "$(cat)"']
    done = subprocess.run(words, input=script.encode(), capture_output=True, check=False, timeout=PATIENCE)
    answer = answers.parse("F", done.stdout.decode())
    assert answer is not None
    found = [row.fields[0] for row in answer.records if row.key == "dmi product_uuid"]
    assert found == (["4C4C4544-0042-3510-8052-B4C04F4D3232"] if DMIDECODE[said] else [])


def test_the_table_in_the_documentation_has_every_report() -> None:
    text = DOCS.read_text(encoding="utf-8")
    rows = [*FIELD, *PAIRS, *field_network.FIELD, *field_disks.FIELD]
    assert len({row.address for row in rows}) >= 60
    assert [row.name for row in rows if f"| `{row.name}` |" not in text or row.address not in text] == []


BRACES = "{{ lookup('pipe', 'touch /tmp/evil') }}{% for x in y %}"


def test_braces_nul_bytes_and_control_characters_in_every_field_are_text(host: Host) -> None:
    keys = [line.split("\t")[0] for line in host.text().split("\n") if "\t" in line]
    keys += ["net-naming", "net-file", "net-line", "netdev", "net-service", "net-client", "net-generator", "boot-gone"]
    keys += ["container", "proxy", "resolver", "swap", "fstab", "fstab-missing", "df", "virt", "path", "process"]
    for text in (BRACES, "\0\0a\0", "\x1b[2J\x07", "\u202etxt.exe", "x" * 900):
        odd = Host()
        odd.extra += ["\t".join([key, *[text] * 4]) for key in keys if key not in ("uid", "epoch", "block", "part")]
        probe = odd.probe()
        assert "\0" not in str(probe)
        assert "\x1b" not in str(probe)
        assert isinstance(source.judge(probe), list)


def test_an_answer_that_is_cut_off_anywhere_is_incomplete_or_not_understood(host: Host) -> None:
    host.extra += [
        "net-naming\tkernel\t",
        "net-file\tnetplan\t/etc/netplan/1.yaml",
        "net-line\tnetwork: {ethernets: {a: {",
    ]
    text = host.text()
    for stop in range(0, len(text) - 2, 7):
        try:
            answer = answers.parse("EDGELIFT-0123456789abcdef", text[:stop])
        except answers.UnreadableError:
            continue
        assert answer is None or not answer.complete
