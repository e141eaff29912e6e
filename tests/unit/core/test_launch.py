# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ENS instance of a migrated server: created once whatever is lost, started, stopped, released, never mistaken."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._module import ens_instance
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import instances, limits, naming
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import fleet

from .cloud import Cloud
from .kit import BUCKET, MIGRATION, REGION, START, lost, refused, server, stamp

SERVER = server()
GOOD = "Example-123"


class Module:
    """What the work of the module sees of AnsibleModule."""

    def __init__(self, check_mode: bool = False, **options: Any) -> None:
        spec = ens_instance.spec().argument_spec
        self.params: dict[str, Any] = {
            **{name: option.get("default") for name, option in spec.items()},
            "region": REGION, "name": MIGRATION, "host": SERVER.host, "bucket": BUCKET, "ens_region_id": "node-1",
            "instance_type": "ens.sn1.tiny", "password_inherit": True, "restart": False, "wait": True,
            "wait_timeout": 4000, "poll_interval": 10.0, **options,
        }  # fmt: skip
        self.check_mode, self._diff = check_mode, True
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)


def with_image(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """A cloud with the Available image of one server; the module takes its time from there."""
    made = Cloud()
    made.add_ens_image(SERVER.image_name)
    monkeypatch.setattr(fleet, "Clock", made.clock)
    monkeypatch.setattr(ens_instance, "datetime", type("Now", (), {"now": staticmethod(lambda _zone: made.now)}))
    return made


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    return with_image(monkeypatch)


def run(cloud: Any, check: bool = False, **options: Any) -> dict[str, Any]:
    return ens_instance.work(Module(check, **options), cloud)  # type: ignore[arg-type]  # in place of AnsibleModule


def fails(cloud: Any, words: str, **options: Any) -> CloudError:
    with pytest.raises(CloudError) as failed:
        run(cloud, **options)
    assert words in str(failed.value), str(failed.value)
    return failed.value


# ---- the life of one instance ----
def test_an_instance_is_created_once_and_proven_by_its_tags(cloud: Cloud) -> None:
    would = run(cloud, check=True)
    assert (would["changed"], would["instance"], would["price"]["amount"]) == (True, {}, 14.4)
    assert (cloud.ens_instances, cloud.mutations()) == ({}, [])
    made = run(cloud, tags={"team": "edge"})
    assert (made["changed"], made["instance"]["status"], made["phase"]) == (True, "Running", "done")
    assert made["instance"]["policy"] == "manual"
    (resource,) = made["resources"]
    assert (resource["kind"], resource["id"]) == ("ens_instance", made["instance"]["instance_id"])
    assert made["diff"]["before"] == {}
    assert made["instance"]["tags"] == {
        naming.WAVE_TAG: MIGRATION, naming.SERVER_TAG: SERVER.id, naming.HOST_TAG: SERVER.host,
        naming.INSTANCE_TAG: "manual", "team": "edge",
    }  # fmt: skip
    again = run(cloud)
    assert (again["changed"], again["instance"]["instance_id"]) == (False, made["instance"]["instance_id"])
    assert again["price"] == {}
    assert cloud.calls["ens.RunInstances"] == 1
    (sent,) = [args for name, args in cloud.log if name == "ens.RunInstances"]
    assert (sent["Amount"], sent["InstanceName"]) == (1, SERVER.job_name)
    assert (sent["SystemDisk"], sent["PasswordInherit"]) == ({"Size": 20}, True)
    assert "Password" not in sent


def test_it_is_stopped_started_and_released(cloud: Cloud) -> None:
    nothing = run(cloud, state="absent")
    assert (nothing["changed"], nothing["phase"]) == (False, "done")
    assert not cloud.objects, "a state that is reached needs no ledger"
    fails(cloud, "has no ENS instance", state="stopped")
    run(cloud)
    assert run(cloud, check=True, state="stopped")["changed"]
    assert run(cloud, state="stopped")["instance"]["status"] == "Stopped"
    assert run(cloud, state="stopped")["changed"] is False
    started = run(cloud)
    assert (started["changed"], started["instance"]["status"]) == (True, "Running")
    assert run(cloud, check=True, state="absent")["changed"]
    assert len(cloud.ens_instances) == 1
    gone = run(cloud, state="absent")
    assert (gone["changed"], gone["instance"], cloud.ens_instances) == (True, {}, {})
    assert run(cloud, state="absent")["changed"] is False
    # What was released is no longer followed.
    assert run(cloud)["changed"]
    assert (cloud.calls["ens.RunInstances"], len(cloud.ens_instances)) == (2, 1)


def test_an_instance_without_a_required_tag_stays_although_the_first_list_lacks_it(cloud: Cloud) -> None:
    run(cloud)
    before = dict(cloud.ens_instances)
    for state in ("running", "absent"):
        cloud.edit("ens.DescribeInstances", lambda _rows: [])
        fails(cloud, "has no tag check=yes, so it stays as it is", state=state, required_tags={"check": "yes"},
              tags={"check": "yes"})
        fails(cloud, "has no tag check=yes, so it stays as it is", state=state, required_tags={"check": "yes"})
    assert (cloud.ens_instances, cloud.calls["ens.RunInstances"]) == (before, 1)


def test_a_kept_instance_is_never_released_and_its_policy_can_change(cloud: Cloud) -> None:
    run(cloud, policy="keep")
    fails(cloud, "has the policy keep", state="absent")
    changed = run(cloud, policy="release")
    assert (changed["changed"], changed["diff"]) == (True, {
        "before": {"instance_id": changed["instance"]["instance_id"], "status": "Running", "policy": "keep"},
        "after": {"instance_id": changed["instance"]["instance_id"], "status": "Running", "policy": "release"},
    })  # fmt: skip
    assert run(cloud, policy="release")["changed"] is False
    assert run(cloud, state="absent")["changed"]


def test_an_instance_without_a_known_policy_counts_as_kept() -> None:
    found = ({}, {naming.INSTANCE_TAG: "burn"}, {naming.INSTANCE_TAG: "release"})
    assert [instances.policy(tags) for tags in found] == ["keep", "keep", "release"]


def test_without_waiting_the_next_run_continues(cloud: Cloud) -> None:
    first = run(cloud, wait=False)
    assert (first["changed"], first["phase"], first["instance"]["status"]) == (True, "launch", "Creating")
    cloud.sleep(60)
    second = run(cloud, wait=False)
    assert (second["changed"], second["phase"], cloud.calls["ens.RunInstances"]) == (False, "done", 1)


# ---- exactly one, whatever is lost ----
@pytest.mark.parametrize("delay", [0, 125, 600, limits.CALL_SETTLE_SECONDS])
def test_no_listing_delay_makes_a_second_instance(cloud: Cloud, delay: float) -> None:
    cloud.listing_seconds = delay
    assert run(cloud, wait_timeout=20_000)["instance"]["status"] == "Running"
    assert (cloud.calls["ens.RunInstances"], len(cloud.ens_instances)) == (1, 1)


@pytest.mark.parametrize("delay", [0, 125, 1700])
def test_a_lost_answer_is_looked_for_before_the_call_is_repeated(cloud: Cloud, delay: float) -> None:
    cloud.listing_seconds = delay
    cloud.fail("ens.RunInstances", lost(), after=True)
    assert run(cloud, wait_timeout=20_000)["instance"]["status"] == "Running"
    assert (cloud.calls["ens.RunInstances"], len(cloud.ens_instances)) == (1, 1)


def test_a_call_that_had_no_effect_is_made_again(cloud: Cloud) -> None:
    cloud.fail("ens.RunInstances", lost())
    assert run(cloud, wait_timeout=20_000)["instance"]["status"] == "Running"
    assert (cloud.calls["ens.RunInstances"], len(cloud.ens_instances)) == (2, 1)


@pytest.mark.parametrize("after", [False, True])
def test_a_process_that_dies_at_the_call_leaves_the_next_one_in_doubt(cloud: Cloud, after: bool) -> None:
    killed: Any = KeyboardInterrupt()
    cloud.fail("ens.RunInstances", killed, after=after)
    with pytest.raises(KeyboardInterrupt):
        run(cloud)
    cloud.listing_seconds = 0
    cloud.sleep(400)
    assert run(cloud, wait_timeout=20_000)["instance"]["status"] == "Running"
    assert len(cloud.ens_instances) == 1


def test_an_instance_that_others_have_released_is_forgotten_with_state_absent(cloud: Cloud) -> None:
    made = run(cloud)["instance"]["instance_id"]
    cloud.ens_instances.clear()
    cloud.sleep(limits.CALL_SETTLE_SECONDS + 60)
    fails(cloud, f"ENS does not show instance {made}")
    assert run(cloud, state="absent")["changed"] is False
    assert run(cloud)["changed"]
    assert len(cloud.ens_instances) == 1


def test_the_answer_of_a_release_may_be_lost(cloud: Cloud) -> None:
    run(cloud)
    cloud.fail("ens.ReleasePostPaidInstance", lost(), after=True)
    assert run(cloud, state="absent")["instance"] == {}
    assert cloud.ens_instances == {}


def test_a_refusal_fails_with_its_cause_and_creates_nothing(cloud: Cloud) -> None:
    cloud.fail("ens.RunInstances", refused("QuotaExceed"))
    fails(cloud, "QuotaExceed")
    assert (cloud.ens_instances, cloud.calls["ens.RunInstances"]) == ({}, 1)
    assert run(cloud)["changed"]


# ---- what is refused before anything exists ----
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"password": "short1!", "password_inherit": False}, "ENS refuses this password"),
        ({"password": "onlylowercase", "password_inherit": False}, "of 1 kinds"),
        ({"password": "Exämple-123", "password_inherit": False}, "characters that ENS does not accept"),
        ({"password_inherit": False}, "one of password, key_pair_name, password_inherit is required"),
        ({"password": GOOD}, "only one of password, password_inherit can be used"),
        ({"ens_region_id": None, "instance_type": None}, "ens_region_id is required"),
        ({"ens_region_id": "mars"}, "ENS has no node 'mars'. It has 2 nodes, such as node-1, node-2"),
        ({"ens_region_id": "node-2"}, "no stock of ens.sn1.tiny. It offers nothing; nodes with ens.sn1.tiny: node-1"),
        ({"instance_type": "ens.sn1.huge"}, "It offers ens.sn1.tiny; nodes with ens.sn1.huge: none"),
        ({"image_id": "m-none"}, "ENS has no own image m-none"),
        ({"host": "db-01"}, "ENS has no image of db-01"),
        ({"name": "other"}, "ENS has no image of web-01 from migration 'other'"),
        ({"image_id": "m-ens0001", "name": "other"}, "is not an image of migration 'other'"),
        ({"system_disk_size": 25}, "multiples of 10"),
        ({"data_disks": [{"size": 10, "category": None}]}, "20 or more"),
        ({"private_ip": "10.0.0.9"}, "private_ip needs vswitch_id"),
        ({"user_data": "x" * 12300}, "16400 bytes in base64"),
        ({"auto_release_time": "tomorrow"}, "a time in UTC such as"),
        ({"auto_release_time": "2026-11-24T08:30:00Z"}, "less than an hour from now"),
        ({"auto_release_time": "2026-11-25T08:00:00Z", "policy": "keep"}, "set only one of them"),
        ({"tags": {"edgelift:wave": "x"}}, "the tag key 'edgelift:wave' is not allowed"),
        ({"tags": {"a": "http://x"}}, "is not allowed in a tag"),
        ({"tags": {f"key-{number}": "x" for number in range(17)}}, "tags has 17 tags, 16 are left"),
        ({"instance_parameters": {"InstanceChargeType": "PrePaid"}}, "is decided by the collection"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_before_anything_exists(cloud: Cloud, options: dict[str, Any], words: str) -> None:
    for check in (True, False):
        error = fails(cloud, words, check=check, **options)
        assert (error.code, error.hint) == ("Input.Invalid", "Nothing was created.")
        assert str(options.get("password")) not in str(error)
    assert (cloud.mutations(), cloud.objects) == ([], {})


def test_the_stock_that_ens_does_not_list_can_be_tried(cloud: Cloud) -> None:
    assert run(cloud, ens_region_id="node-2", check_stock=False)["changed"]


def test_a_price_that_cannot_be_read_is_a_warning(cloud: Cloud) -> None:
    cloud.fail("ens.DescribePrice", refused("CallInterface"))
    module = Module()
    assert ens_instance.work(module, cloud)["price"] == {}  # type: ignore[arg-type]  # in place of AnsibleModule
    assert "could not be read" in module.warnings[0]


def test_images_that_cannot_be_used_are_named(cloud: Cloud) -> None:
    cloud.ens_images.clear()
    cloud.add_ens_image(SERVER.image_name, "Upload_failed")
    fails(cloud, "no ENS image of web-01 is Available: m-ens0002 is Upload_failed")
    for fingerprint in ("one", "two"):
        cloud.add_ens_image(server(fingerprint=fingerprint).image_name)
    fails(cloud, "has 2 ENS images")
    assert run(cloud, image_id="m-ens0003")["instance"]["image_id"] == "m-ens0003"


# ---- what is not this server's ----
def add(cloud: Cloud, **changes: Any) -> dict[str, Any]:
    params = {
        "InstanceName": SERVER.job_name, "EnsRegionId": "node-1", "InstanceType": "ens.sn1.tiny",
        "ImageId": "m-ens0001", "Tags": instances.tags(MIGRATION, SERVER.host, SERVER.id, "manual", {}), **changes,
    }  # fmt: skip
    return cloud.add_ens_instance(params)


@pytest.mark.parametrize("state", ["running", "absent"])
@pytest.mark.parametrize(
    ("tags", "words"),
    [([], "it has no tag edgelift:wave"), (naming.tags(MIGRATION, SERVER.host, "el1"), "is not the migration ID"),
     (naming.tags(MIGRATION, "db-01", SERVER.id), "this migration would name it db-01")],
)  # fmt: skip
def test_a_name_alone_proves_nothing(cloud: Cloud, state: str, tags: list[Any], words: str) -> None:
    add(cloud, Tags=tags)
    if state == "absent":
        # The module looks no further than at what is proven.
        assert run(cloud, state=state)["changed"] is False
    else:
        fails(cloud, words, state=state)
    assert len(cloud.ens_instances) == 1
    assert cloud.mutations() in ([], ["oss.PutText"])


def test_two_instances_of_one_server_are_refused_with_both_ids(cloud: Cloud) -> None:
    add(cloud)
    add(cloud)
    fails(cloud, "i-ens0001 (web-01-")
    assert "i-ens0002" in str(fails(cloud, "each of them billed", state="absent"))
    assert len(cloud.ens_instances) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [({"image_id": "m-2"}, "image_id m-ens0001, not m-2"),
     ({"ens_region_id": "node-2"}, "ens_region_id node-1, not node-2"),
     ({"instance_type": "ens.big"}, "instance_type ens.sn1.tiny, not ens.big")],
)  # fmt: skip
def test_an_instance_with_other_properties_is_an_error(cloud: Cloud, options: dict[str, Any], words: str) -> None:
    add(cloud)["Status"] = "Running"
    fails(cloud, words, **options)
    assert len(cloud.ens_instances) == 1


def test_an_expired_instance_is_an_error_and_an_unknown_status_is_waited_for(cloud: Cloud) -> None:
    row = add(cloud)
    row["Status"] = "Expired"
    fails(cloud, "is Expired. Renew it in the console, or release it")
    row["Status"] = "Migrating"
    fails(cloud, "in phase launch; last state: ENS instance i-ens0001 is Migrating", wait_timeout=100)


@pytest.mark.parametrize("password", [GOOD, "aaaaaaA1", "A" * 28 + "a1", "abc-1234", "ABC\\\"123"])
def test_passwords_that_ens_accepts(password: str) -> None:
    assert limits.password_problem(password) is None


WEAK = ["", "Aa1-", "A" * 29 + "a1", "alllower-", "12345678", "Example 123", "Exampleé-1"]


@pytest.mark.parametrize("password", WEAK)
def test_passwords_that_ens_refuses(password: str) -> None:
    problem = limits.password_problem(password)
    assert problem
    assert not password or password not in problem


def test_the_time_of_the_release_may_be_an_hour_ahead(cloud: Cloud) -> None:
    at = stamp(START + timedelta(hours=1))
    run(cloud, auto_release_time=at, policy="release")
    (sent,) = [args for name, args in cloud.log if name == "ens.RunInstances"]
    assert sent["AutoReleaseTime"] == at
    # The same task run again changes nothing, also shortly before that time.
    cloud.sleep(1800)
    assert run(cloud, auto_release_time=at, policy="release")["changed"] is False
