# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checklist of a hand-over: what the probe has found, and no markup of hosts."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._handover import checklist

from .conftest import Host

INSTANCE: dict[str, Any] = {
    "instance_id": "i-1", "ens_region_id": "cn-dalian-unicom", "status": "Running", "image_id": "m-1",
    "public_ips": ["203.0.113.2"], "private_ips": ["10.0.0.2"], "tags": {"edgelift:instance": "manual"},
    "auto_release_time": "2026-12-01T08:00:00Z",
}  # fmt: skip
VERIFIED = {"verdict": "verified", "started": "2026-11-30T08:00:00Z", "reasons": []}


def lines(host: Host) -> str:
    return checklist(host.probe(), "web-01", INSTANCE, VERIFIED)


def test_the_list_has_what_the_probe_has_found(host: Host) -> None:
    host.extra += [
        "address\t192.0.2.9", "listen\t00000000:0050", "listen\t0100007F:0019", "resolver\tnameserver\t10.1.1.1",
        "resolver\tsearch\tshop.example", "process\tlmgrd", "process\tmysqld", "running-by\tsystemd", "running\tnginx",
        "proxy\t/etc/environment\thttp_proxy=http://me:secret@proxy.example:3128", "process\tchronyd",
    ]  # fmt: skip
    text = lines(host)
    for words in (
        "Old addresses: 192.0.2.9. New addresses: 203.0.113.2, 10.0.0.2.",
        "as far as others use them: 80.",
        "The name servers 10.1.1.1 are private",
        "FlexNet",
        "mysql",
        "The copy was verified at 2026-11-30T08:00:00Z.",
        "Policy manual",
        "ENS releases the instance at 2026-12-01T08:00:00Z.",
    ):
        assert words in text
    assert "secret" not in text
    assert text.count("- [ ] ") > 15


def test_what_is_not_known_is_named_and_never_guessed() -> None:
    text = checklist({}, "web-01", {}, {})
    assert "The source could not be probed" in text
    assert "There is no instance yet" in text
    assert "Old addresses: not known. New addresses: not known yet." in text
    assert "The copy was not verified in this run" in text


@pytest.mark.parametrize("nasty", ["<script>alert(1)</script>", "[a](http://b)", "a\n# b", "{{ 7 * 7 }}", "| a |"])
def test_text_of_hosts_stays_text(host: Host, nasty: str) -> None:
    host.uname = f"Linux {nasty.splitlines()[0]} 4.18.0 x86_64"
    broken = {**INSTANCE, "status": nasty, "auto_release_time": nasty}
    text = checklist(host.probe(), nasty, broken, {"verdict": "failed", "reasons": [nasty] * 50})
    assert "<script>" not in text
    assert "](http://b)" not in text.replace("\\]\\(", "")
    assert "\n# b" not in text
    assert "and 10 more" in text
