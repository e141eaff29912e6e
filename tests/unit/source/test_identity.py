# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import identity

MACHINE = "0123456789abcdef0123456789abcdef"
UUID = "4c4c4544-0042-3510-8052-b4c04f4d3232"
RSA, ED = "ssh-rsa AAAA", "ssh-ed25519 BBBB"


def test_each_part_of_the_identity_counts() -> None:
    whole = identity.fingerprint(MACHINE, UUID, [RSA, ED])
    others = {
        identity.fingerprint("f" * 32, UUID, [RSA, ED]),
        identity.fingerprint(MACHINE, UUID.replace("4", "5"), [RSA, ED]),
        identity.fingerprint(MACHINE, UUID, [RSA]),
        identity.fingerprint("", UUID, [RSA, ED]),
        identity.fingerprint(MACHINE, "", [RSA, ED]),
    }
    assert len(whole) == 64
    assert len(others | {whole}) == 6


def test_order_and_comment_of_keys_do_not_count() -> None:
    keys = [identity.clean_key(f"{RSA} root@web-01"), identity.clean_key(f"{ED} root@web-01")]
    renamed = [identity.clean_key(f"{ED} root@web-02\n"), identity.clean_key(RSA)]
    assert identity.fingerprint(MACHINE, UUID, keys) == identity.fingerprint(MACHINE, UUID, renamed)


def test_a_machine_without_any_identity_has_no_fingerprint() -> None:
    assert identity.fingerprint("", "", []) == ""


def test_what_identifies_no_machine_is_dropped() -> None:
    assert identity.clean_machine_id("uninitialized\n") == ""
    assert identity.clean_machine_id("0" * 32) == ""
    assert identity.clean_machine_id(f"{MACHINE.upper()}\n") == MACHINE
    assert identity.clean_uuid("03000200-0400-0500-0006-000700080009") == ""
    assert identity.clean_uuid("00000000-0000-0000-0000-000000000000") == ""
    assert identity.clean_uuid("Not Settable") == ""
    assert identity.clean_uuid("00020003-0004-0005-0006-000700080009") == ""
    assert identity.clean_key("garbage") == ""


TURNED = "44454c4c-4200-1035-8052-b4c04f4d3232"


def test_a_machine_stays_the_same_when_its_kernel_turns_the_bytes_of_its_uuid() -> None:
    """Change logic for dmi inventory to prefer sysfs, except for UUID: https://github.com/cfengine/masterfiles/pull/1684"""
    assert identity.clean_uuid(UUID.upper()) == identity.clean_uuid(TURNED) == TURNED


def test_clones_without_a_uuid_differ_by_a_network_device() -> None:
    """Duplicate hosts are identified as the same machine when /etc/machine-id is cloned:
    https://github.com/ongridio/ongrid/issues/72"""
    one, other = ("00:16:3e:00:00:01", "00:16:3e:00:00:02")
    assert identity.fingerprint(MACHINE, "", [RSA], [one]) != identity.fingerprint(MACHINE, "", [RSA], [other])
    assert identity.fingerprint(MACHINE, UUID, [RSA], [one]) == identity.fingerprint(MACHINE, UUID, [RSA], [other])
    assert identity.fingerprint("", "", [], [one]) == "", "an address alone identifies nothing"
    assert identity.clean_mac("00:16:3E:00:00:01\n") == one
    assert identity.clean_mac("00:00:00:00:00:00") == ""


def test_a_host_name_may_be_empty_or_contain_blanks() -> None:
    assert identity.parse_uname("Linux web 01 4.18.0 x86_64") == ("Linux", "web 01", "4.18.0", "x86_64")
    assert identity.parse_uname("Linux  4.18.0 x86_64") == ("Linux", "", "4.18.0", "x86_64")
    assert identity.parse_uname("Linux") == ("Linux", "", "", "")
    assert identity.parse_uname("") == ("", "", "", "")
