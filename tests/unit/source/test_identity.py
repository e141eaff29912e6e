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
    assert identity.clean_uuid(UUID.upper()) == UUID
    assert identity.clean_key("garbage") == ""
