# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verification of a copy: which checks are refused, what differs from the source, and the verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import instances, naming
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source.answers import Record
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._verify import checks, compare, outcome

from .conftest import MACHINE_ID, Host

DIGEST = "a" * 64
EMPTY = dict.fromkeys(checks.OPTIONS)


def check(**values: Any) -> dict[str, Any]:
    return {**EMPTY, **values}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"kind": "ping"}, "check 1 has kind 'ping'. Allowed: command, port, http, service, mount, file"),
        ({"kind": "port"}, "check 1 (port) has no port"),
        ({"kind": "port", "port": 0}, "check 1 (port) has no port"),
        ({"kind": "port", "port": 65536}, "check 1 (port) has port 65536, it must be a whole number, 1 to 65535"),
        ({"kind": "port", "port": 22, "text": "a"}, "check 1 (port) has 'text', which this kind does not use"),
        ({"kind": "command", "command": "a\0b"}, "it must be a text of 1 to 4096 characters without NUL"),
        ({"kind": "command", "command": "true", "rc": 256}, "has rc 256, it must be a whole number, 0 to 255"),
        ({"kind": "command", "command": "true", "timeout": 0}, "has timeout 0, it must be a whole number, 1 to 600"),
        ({"kind": "http", "url": "ftp://a/"}, "it must be a URL such as http://127.0.0.1:8080/health"),
        ({"kind": "http", "url": "http://a b/"}, "it must be a URL"),
        ({"kind": "http", "url": "http://[::1/"}, "it must be a URL"),
        ({"kind": "http", "url": "http://a:99999/"}, "it must be a URL"),
        ({"kind": "http", "url": "http://me:secret@a/"}, "it must not contain a user or a password"),
        ({"kind": "service", "service": "-x"}, "it must be the name of a service"),
        ({"kind": "service", "service": "a;b"}, "it must be the name of a service"),
        ({"kind": "mount", "path": "data"}, "it must be an absolute path"),
        ({"kind": "file", "path": "/a", "sha256": "abc"}, "it must be 64 hexadecimal digits"),
    ],
)
def test_a_check_that_cannot_be_made_is_refused(values: dict[str, Any], words: str) -> None:
    (text,) = checks.problems([check(**values)])
    assert words in text


def test_checks_that_can_be_made() -> None:
    rows: list[dict[str, Any]] = [
        {"kind": "command", "command": "true", "rc": 0}, {"kind": "port", "port": 22},
        {"kind": "http", "url": "https://[::1]:8443/a?b=c", "status": 204},
        {"kind": "service", "service": "app@1.service"},
        {"kind": "mount", "path": "/"}, {"kind": "file", "path": "/a", "sha256": DIGEST, "timeout": 600},
    ]  # fmt: skip
    assert checks.problems([check(**row) for row in rows]) == []
    assert checks.problems(rows * 20) == ["120 checks, at most 100 are allowed"]


def test_what_a_host_answers_decides_only_its_own_check() -> None:
    wanted = dict(enumerate([check(kind="command", command="true"), check(kind="file", path="/a", sha256=DIGEST)]))
    for records in (
        [Record("check", ("0", "0")), Record("check", ("7", "0", "1", "x"))],
        [Record("check", ("0", "0 0", "1", "x")), Record("check", ("1", "{{ 7 * 7 }}", "", ""))],
        [Record("expired", ("check-0", "30"))],
        [],
    ):
        rows = checks.results(wanted, records, {})
        assert [row["ok"] for row in rows.values()] == [False, False]
    assert checks.results(wanted, [Record("expired", ("check-0", "30"))], {})[0]["seen"].endswith("within 30 s")


def test_ports_and_mounts_are_facts_of_the_host(host: Host) -> None:
    host.extra += ["listen\t00000000:0016", "mount\t/dev/vda2\t/data\txfs\trw"]
    rows = [
        check(kind="port", port=22), check(kind="port", port=80), check(kind="mount", path="/data/", fstype="xfs"),
        check(kind="mount", path="/data", fstype="ext4"), check(kind="mount", path="/other"),
    ]  # fmt: skip
    found = checks.results(dict(enumerate(rows)), [], host.probe())
    assert [row["ok"] for row in found.values()] == [True, False, True, False, False]
    assert checks.command(dict(enumerate(rows))) == ""


# ---- the comparison ----
STATE = [
    "user\troot\t0", "user\tshop\t1000", "listen\t00000000:0016", "listen\t00000000:0050", "listen\t00000000:C350",
    "running-by\tsystemd", "running\tsshd", "running\tnginx", "running\tvmtoolsd", "running\tgetty@tty1",
    "route\teth0\t0102000A", "resolver\tnameserver\t192.0.2.1", "address\t192.0.2.9", "net-naming\tkernel\t",
    "netdev\teth0\tphysical\tvirtio_net\t52:54:00:00:00:01",
]  # fmt: skip


def source() -> Host:
    host = Host()
    host.uname = "Linux web-01 6.1.0-28-amd64 x86_64"
    host.disk("vdb", 20, mounted="/data")
    host.extra += STATE
    return host


def copy() -> Host:
    """A copy of the source, on another network card and with another address."""
    host = source()
    host.extra = [line.replace("00:01", "00:02").replace("192.0.2.9", "10.0.0.2") for line in host.extra]
    return host


def failed(before: dict[str, Any], after: dict[str, Any], *ignored: str) -> dict[str, str]:
    return {row["kind"]: row["seen"] for row in compare.rows(before, after, ignored) if not row["ok"]}


def test_a_copy_has_what_the_source_has() -> None:
    assert failed(source().probe(), copy().probe()) == {}
    assert compare.notes(source().probe(), copy().probe()) == [
        "The addresses: 192.0.2.9 on the source, 10.0.0.2 on the copy."
    ]
    kinds = [row["kind"] for row in compare.rows(source().probe(), copy().probe())]
    assert sorted(kinds) == sorted(compare.KINDS)


@pytest.mark.parametrize(
    ("old", "new", "kind", "seen"),
    [
        ("user\tshop\t1000", "", "users", "missing: shop (uid 1000)"),
        ("user\tshop\t1000", "user\tshop\t1001", "users", "different: shop is uid 1001, not uid 1000"),
        ("listen\t00000000:0050", "", "listening", "missing: 80"),
        ("running\tnginx", "", "services", "missing: nginx"),
        ("route\teth0\t0102000A", "", "network", "addresses 10.0.0.2; default route none"),
        ("address\t10.0.0.2", "address\t127.0.0.1", "network", "addresses none; default route 10.0.2.1 on eth0"),
        ("resolver\tnameserver\t192.0.2.1", "", "name_servers", "none"),
        ("mount\t/dev/vdb1\t/data\text4\trw", "", "file_systems", "missing: /data (ext4)"),
        ("mount\t/dev/vdb1\t/data\text4\trw", "mount\t/dev/vdb1\t/data\text4\tro", "file_systems",
         "different: /data is ext4, read-only, not ext4"),
        ("mount\t/dev/vdb1\t/data\text4\trw", "mount\t/dev/vdb1\t/data\text4\trw\nfs-errors\tvdb1", "file_systems",
         "different: /data is ext4 with errors, not ext4"),
        ("00:02", "00:01", "identity", "the source itself answers at this address"),
    ],
)  # fmt: skip
def test_what_is_missing_on_the_copy_is_named(old: str, new: str, kind: str, seen: str) -> None:
    host = copy()
    host.extra = [line.replace(old, new) for line in host.extra]
    assert failed(source().probe(), host.probe()) == {kind: seen}
    assert failed(source().probe(), host.probe(), kind) == {}


def test_another_machine_and_another_kernel() -> None:
    host = copy()
    host.machine_id = "f" * 32
    host.uname = "Linux web-01 5.10.0-1-amd64 x86_64"
    assert failed(source().probe(), host.probe()) == {
        "identity": f"machine-id {'f' * 32}", "kernel": "kernel 5.10.0-1-amd64"
    }  # fmt: skip
    assert MACHINE_ID in str(compare.rows(source().probe(), host.probe()))


def test_single_items_can_be_ignored() -> None:
    host = copy()
    host.extra = [line for line in host.extra if line not in ("listen\t00000000:0050", "running\tnginx")]
    assert failed(source().probe(), host.probe(), "listening:80", "services:ng*") == {}
    assert failed(source().probe(), host.probe(), "listening:8080", "services:ssh*") == {
        "listening": "missing: 80", "services": "missing: nginx"
    }  # fmt: skip


def test_a_source_without_facts_leaves_the_copy_to_be_judged_alone() -> None:
    rows = compare.rows({}, copy().probe())
    assert [(row["kind"], row["ok"]) for row in rows] == [("network", True), ("name_servers", True)]
    assert failed({}, Host().probe()) == {"network": "addresses none; default route none"}
    assert compare.notes({}, copy().probe()) == ["The source could not be probed, so nothing is compared with it."]


def test_a_host_without_systemd_is_compared_by_its_processes() -> None:
    old, new = source(), copy()
    for host in (old, new):
        host.extra = [line.replace("running-by\tsystemd", "running-by\tprocesses") for line in host.extra]
    new.extra = [line for line in new.extra if line != "running\tnginx"]
    assert failed(old.probe(), new.probe()) == {"services": "missing: nginx"}
    assert failed(old.probe(), copy().probe()) == {}


# ---- the verdict ----
ROW = {"name": "TCP ports listen", "kind": "listening", "expected": "22, 80", "seen": "missing: 80", "ok": False}


def test_nothing_checked_is_not_verified() -> None:
    assert outcome.judgement([]) == {"verdict": "failed", "reasons": []}
    assert outcome.judgement([{**ROW, "ok": True}])["verdict"] == "verified"
    assert outcome.judgement([ROW])["reasons"] == ["TCP ports listen: expected 22, 80, seen missing: 80"]
    assert outcome.result({}, {}, "", {})["reasons"] == ["nothing was checked"]


def test_the_result_names_what_is_left() -> None:
    run = {"checks": [{**ROW, "ok": True}], "address": "10.0.0.2", "port": 22, "boot_seconds": 41.5, "seconds": 43.0}
    found = {"instance_id": "i-1", "image_id": "m-1", "status": "Running", "ens_region_id": "cn-dalian-unicom"}
    done = outcome.result(run, found, "", {"changed": True})
    assert (done["verdict"], done["released"], done["warnings"]) == ("verified", True, [])
    kept = outcome.result(run, found, "", {"skipped": True})
    assert (kept["verdict"], kept["released"]) == ("verified", False)
    left = outcome.result(run, found, "it was stopped", {"failed": True, "msg": "Throttling."})
    assert (left["verdict"], left["reasons"], left["released"]) == ("failed", ["it was stopped"], False)
    (warning,) = left["warnings"]
    assert warning.startswith("The instance was not released: Throttling. It may still be billed until its release")
    lines = outcome.table(["web-01", "db-01"], {"web-01": {"verify_result": left}, "db-01": {}})
    assert lines[2].split() == ["web-01", "failed", "m-1", "i-1", "1", "of", "1", "42", "s"]
    assert "not verified" in lines[-1]


def test_only_a_proven_instance_of_the_host_counts() -> None:
    identity = naming.migration_id("wave_01", "web-01", "machine")
    tags = {row["Key"]: row["Value"] for row in instances.tags("wave_01", "web-01", identity, "release", outcome.TAG)}
    row = {"instance_id": "i-1", "instance_name": naming.resource_name("web-01", identity), "tags": tags}
    assert outcome.instance([row], "web-01", "wave_01")["ours"] is True
    assert outcome.instance([row], "db-01", "wave_01") == {}
    assert outcome.instance([row], "web-01", "wave_02") == {}
    assert outcome.instance([{**row, "instance_name": "web-01"}], "web-01", "wave_01") == {}
    other = {key: value for key, value in tags.items() if key not in outcome.TAG}
    assert outcome.instance([{**row, "tags": other}], "web-01", "wave_01")["ours"] is False


def test_the_options_of_a_check_are_the_same_everywhere() -> None:
    root = Path(__file__).resolve().parents[3]
    spec = yaml.safe_load((root / "roles/verify/meta/argument_specs.yml").read_text(encoding="utf-8"))
    role = spec["argument_specs"]["main"]["options"]["verify_checks"]["options"]
    text = (root / "plugins/modules/instance_check.py").read_text(encoding="utf-8")
    module = yaml.safe_load(text.split('DOCUMENTATION = r"""')[1].split('"""')[0])["options"]["checks"]["suboptions"]
    for options in (role, module):
        plain = {name: {key: row[key] for key in row if key != "description"} for name, row in options.items()}
        assert plain == checks.OPTIONS
    tag = yaml.safe_load((root / "roles/verify/vars/main.yml").read_text(encoding="utf-8"))["__verify_tag"]
    assert tag == outcome.TAG


@pytest.mark.parametrize(
    ("policy", "ok", "error", "release", "rejected"),
    [
        ("delete", False, "", {"changed": True}, True),
        ("keep", False, "", {"changed": True}, False),
        ("delete", True, "", {"changed": True}, False),
        # Nothing is known of the image, or an instance of it may still exist.
        ("delete", None, "no stock", {"changed": True}, False),
        ("delete", False, "it was stopped", {"changed": True}, False),
        ("delete", False, "", {"skipped": True}, False),
        ("delete", False, "", {"failed": True, "msg": "Throttling"}, False),
    ],
)
def test_only_an_image_whose_copy_was_checked_is_rejected(
    policy: str, ok: bool | None, error: str, release: dict[str, Any], rejected: bool
) -> None:
    rows = [] if ok is None else [{"name": "ssh", "ok": ok, "expected": "a shell", "seen": "nothing"}]
    found = outcome.result({"checks": rows}, {"image_id": "m-1"}, error, release, policy)
    assert (found["rejected"], found["image_id"]) == (rejected, "m-1")
