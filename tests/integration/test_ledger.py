# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger of a migration in a bucket of the sandbox: claims, fences, ends, and objects that are no ledger."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import make_clients
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger import store as stores
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.lines import Call, Result
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.messages import Close
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.session import Stopped
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.store import LedgerStore
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming
from oss2 import models
from support.oss_client import bucket as bucket_of
from support.wave import connection

NAME = "wave"
KEY = naming.ledger_key(NAME, 1)
Make = Callable[..., LedgerStore]


@pytest.fixture
def clients(sandbox: Any) -> Callable[[], Any]:
    return lambda: make_clients(connection(sandbox), environ={})


@pytest.fixture
def make(sandbox: Any, clients: Callable[[], Any]) -> Make:
    return lambda host="awx-1": LedgerStore(clients().oss(sandbox.bucket), NAME, 90.0, host)


def opened(make: Make, host: str = "awx-1", **options: Any) -> LedgerStore:
    ledger = make(host)
    ledger.run(ledger.session.open(**options))
    return ledger


def claim(ledger: LedgerStore, *servers: str) -> list[str]:
    others = ledger.run(ledger.session.claim(servers))
    return [owner.who.host for owner in others.values()]


def test_two_controllers_share_the_servers(make: Make) -> None:
    one, two = opened(make), opened(make, "awx-2")
    assert claim(one, "s1", "s2") == []
    assert claim(two, "s2", "s3") == ["awx-1"]
    assert (one.session.held(), two.session.held()) == (("s1", "s2"), ("s3",))
    one.run(one.session.leave())
    assert claim(two, "s2", "s3") == []


def test_of_many_at_once_each_server_has_one_owner(make: Make) -> None:
    ledgers: list[LedgerStore] = []

    def take(number: int) -> None:
        ledger = opened(make, f"awx-{number}")
        claim(ledger, "s1", f"own-{number}")
        ledgers.append(ledger)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    held = sorted(server for ledger in ledgers for server in ledger.session.held())
    assert held == ["own-0", "own-1", "own-2", "own-3", "own-4", "own-5", "s1"]


def test_ids_are_kept_for_the_next_controller(make: Make) -> None:
    one = opened(make)
    claim(one, "s1")
    assert one.run(one.session.announce([Call("s1", "export", "m-1"), Call("s2", "export")])) == (
        Call("s1", "export", "m-1"),)
    one.run(one.session.record([Result("s1", "export", "done", "t-1")]))
    two = opened(make)
    assert two.session.state.calls["s1", "export"].id == "t-1"


def test_a_stopped_controller_is_refused_also_after_a_deletion(sandbox: Any, make: Make) -> None:
    one = opened(make)
    claim(one, "s1")
    bucket_of(sandbox).delete_object(KEY)
    with pytest.raises(Stopped, match="deleted"):
        one.run(one.session.announce([Call("s1", "export")]))
    two = opened(make, "awx-2")
    claim(two, "s1")
    with pytest.raises(Stopped, match="deleted"):
        one.run(one.session.announce([Call("s1", "export")]))


def test_a_line_in_another_ledger_of_the_same_length_does_not_count(sandbox: Any, make: Make) -> None:
    one = opened(make)
    claim(one, "s1")
    bucket_of(sandbox).delete_object(KEY)
    two = opened(make, "awx-2")
    claim(two, "s1")
    bucket_of(sandbox).append_object(KEY, two.session.state.position, b"\n" * 500)
    two.run(two.session.refresh())
    one.session.state.position = two.session.state.position
    with pytest.raises(Stopped, match="deleted"):
        one.run(one.session.announce([Call("s1", "export")]))
    two.run(two.session.refresh())
    assert dict(two.session.state.skipped) == {"of another ledger": 1}
    assert two.session.held() == ("s1",)


def test_an_end_stops_everyone_until_a_restart(sandbox: Any, make: Make) -> None:
    one, sweep = opened(make), make("laptop")
    claim(one, "s1")
    sweep.run(sweep.session.end())
    with pytest.raises(Stopped) as stopped:
        one.run(one.session.announce([Call("s1", "export")]))
    assert (stopped.value.mark, stopped.value.host) == ("end", "laptop")
    one.run(one.session.leave([Result("s1", "export", "unsent")]))
    assert sweep.run(sweep.session.drivers()) == []
    # The cleanup continues: a restart has to wait.
    with pytest.raises(Stopped):
        opened(make, restart=True)
    sweep.run(sweep.session.finish())
    rows = [(item.key, item.size) for item in bucket_of(sandbox).list_objects("edgelift/").object_list]
    assert rows == [(KEY, 0)]
    for call in (one.session.refresh(), make().session.open()):
        with pytest.raises(Stopped) as ended:
            one.run(call)
        assert (ended.value.mark, ended.value.host) == ("end", "laptop")
    again = opened(make, restart=True)
    assert claim(again, "s1") == []
    assert again.key == naming.ledger_key(NAME, 2)
    assert opened(make).session.number == 2


def test_a_finished_migration_may_continue_without_a_restart(sandbox: Any, make: Make) -> None:
    one = opened(make)
    assert one.run(one.session.close())
    claim(one, "s1")
    two = opened(make)
    assert not two.run(two.session.close())
    one.run(one.session.leave())
    assert two.run(two.session.close())
    assert bucket_of(sandbox).head_object(KEY).content_length == 0
    assert opened(make).session.number == 2


def test_a_crash_between_mark_and_replacement_is_finished_by_the_next(sandbox: Any, make: Make) -> None:
    one = opened(make)
    claim(one, "s1")
    one.run(one.session.leave())
    closing = one.session.close()
    request = next(closing)
    while not isinstance(request, Close):
        request = closing.send(one._perform(request))
    assert bucket_of(sandbox).head_object(KEY).content_length > 0
    assert opened(make).session.number == 2
    assert bucket_of(sandbox).head_object(KEY).content_length == 0


@pytest.mark.parametrize("status", ["Enabled", "Suspended"])
def test_a_bucket_with_versions_keeps_nothing_but_the_empty_object(sandbox: Any, make: Make, status: str) -> None:
    bucket = bucket_of(sandbox)
    bucket.put_bucket_versioning(models.BucketVersioningConfig(status))
    one = opened(make)
    claim(one, "s1")
    one.run(one.session.leave())
    assert one.run(one.session.close())
    assert [row.size for row in bucket.list_object_versions(prefix="edgelift/").versions] == [0]


def test_garbage_is_skipped_and_counted(sandbox: Any, make: Make) -> None:
    bucket = bucket_of(sandbox)
    bucket.append_object(KEY, 0, b"\x00\xffhello\n{}\n" + b"x" * 1000)
    one = opened(make)
    claim(one, "s1")
    two = opened(make, "awx-2")
    assert claim(two, "s1") == ["awx-1"]
    assert dict(two.session.state.skipped) == {"not readable": 3}


def test_a_ledger_of_100_megabytes_is_refused_unread(sandbox: Any, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "MOST_BYTES", 1000)
    bucket_of(sandbox).append_object(KEY, 0, b"x" * 1001)
    with pytest.raises(CloudError, match=rf"{KEY} has 1001 bytes, at most 1000 are read") as error:
        opened(make)
    assert error.value.code == "Object.TooLarge"
    assert "delete this object; or use another bucket or another migration_name" in str(error.value.hint)


def test_an_object_that_is_no_ledger_is_named(sandbox: Any, make: Make) -> None:
    bucket_of(sandbox).put_object(KEY, b"notes")
    with pytest.raises(CloudError, match=r"was not written by this collection \(type Normal, 5 bytes\)") as error:
        opened(make)
    assert error.value.code == "Ledger.NotAppendable"
    assert "another migration_name" in str(error.value.hint)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_lost_answer_is_read_again(sandbox: Any, make: Make, moment: str) -> None:
    one = opened(make)
    rule = {"match": {"product": "oss", "action": "AppendObject"}, "kind": "drop", "phase": moment}
    sandbox.post("faults", {"meaning": "a lost answer", "faults": [rule]})
    assert claim(one, "s1") == []
    assert one.session.held() == ("s1",)
    assert bucket_of(sandbox).get_object(KEY).read().count(b"\n") == 1
