# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lifecycle rules of buckets and states of archived objects, without a process."""
from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from sandbox.oss.archive import restore, restore_info, state_of
from sandbox.oss.errors import OssError
from sandbox.oss.lifecycle_rules import OVERLAP, check_lifecycle
from sandbox.oss.xml import parse
from sandbox.state.buckets import StoredObject


def rules(*texts: str) -> Element:
    inner = "".join(f"<Rule><Status>Enabled</Status>{text}</Rule>" for text in texts)
    return parse(f"<LifecycleConfiguration>{inner}</LifecycleConfiguration>".encode(), "LifecycleConfiguration")


def wishes(text: str) -> Element:
    return parse(f"<RestoreRequest>{text}</RestoreRequest>".encode(), "RestoreRequest")


def code_of(root: Element, headers: dict[str, str] | None = None) -> str:
    with pytest.raises(OssError) as refused:
        check_lifecycle(root, headers or {})
    return refused.value.code


def days(number: int) -> str:
    return f"<Expiration><Days>{number}</Days></Expiration>"


def transition(number: int, storage_class: str) -> str:
    return f"<Transition><Days>{number}</Days><StorageClass>{storage_class}</StorageClass></Transition>"


@pytest.mark.parametrize(("text", "code"), [
    ("", "MalformedXML"),
    (days(0), "InvalidArgument"),
    (days(3) + transition(4, "IA"), "InvalidArgument"),
    (days(9) + transition(5, "IA") + transition(2, "Archive"), "InvalidArgument"),
    (days(9) + transition(5, "Standard"), "InvalidArgument"),
    (days(9) + "<Tag><Key>%</Key><Value>v</Value></Tag>", "InvalidArgument"),
    ("<Expiration><Date>2026-01-01T10:00:00.000Z</Date></Expiration>", "InvalidArgument"),
    ("<Expiration><CreatedBeforeDate>2026-01-01T00:00:00.000Z</CreatedBeforeDate></Expiration>" + transition(4, "IA"),
     "InvalidRequest"),
])
def test_a_rule_that_makes_no_sense(text: str, code: str) -> None:
    assert code_of(rules(text)) == code


def test_rules_meet_each_other_only_when_that_is_allowed() -> None:
    both = rules("<Prefix>a/</Prefix>" + days(1), "<Prefix>a/b/</Prefix>" + days(2))
    assert code_of(both) == "InvalidArgument"
    check_lifecycle(both, {OVERLAP: "true"})
    check_lifecycle(rules("<Prefix>a/</Prefix>" + days(1), "<Prefix>b/</Prefix>" + days(2)), {})
    assert code_of(rules("<ID>x</ID><Prefix>a/</Prefix>" + days(1), "<ID>x</ID><Prefix>b/</Prefix>" + days(2))) == (
        "InvalidArgument")


def test_a_rule_without_a_name_is_given_one() -> None:
    root = rules(days(1))
    check_lifecycle(root, {})
    assert len(root.findtext("Rule/ID") or "") == 32


def test_an_object_goes_through_its_states() -> None:
    item = StoredObject("k", Path(), 1, storage_class="ColdArchive")
    assert (state_of(item, 0), restore_info(item, 0)) == ("frozen", None)
    body = wishes("<Days>2</Days><JobParameters><Tier>Bulk</Tier></JobParameters>")
    assert restore(item, body, 0) == (202, "Bulk")
    assert [state_of(item, hours * 3600) for hours in (11, 12, 59, 60)] == [
        "restoring", "restored", "restored", "frozen"]
    assert restore_info(item, 12 * 3600) == 'ongoing-request="false", expiry-date="Sat, 03 Jan 1970 12:00:00 GMT"'
    assert restore(item, None, 61 * 3600) == (202, "Standard")


@pytest.mark.parametrize(("storage_class", "text", "code"), [
    ("Standard", "", "OperationNotSupported"),
    ("Archive", "<Days>8</Days>", "InvalidArgument"),
    ("Archive", "<Days>1</Days><JobParameters><Tier>Bulk</Tier></JobParameters>", "MalformedXML"),
    ("DeepColdArchive", "<Days>1</Days><JobParameters><Tier>Bulk</Tier></JobParameters>", "InvalidArgument"),
])
def test_a_restore_that_is_refused(storage_class: str, text: str, code: str) -> None:
    item = StoredObject("k", Path(), 1, storage_class=storage_class)
    with pytest.raises(OssError) as refused:
        restore(item, wishes(text), 0)
    assert (refused.value.code, item.restored_until) == (code, 0)
