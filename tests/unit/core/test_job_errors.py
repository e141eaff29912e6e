# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of failed replication jobs: in which form SMC may tell them, and what cures them.

Time is that of the fake cloud.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Seen
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import error_codes, job_errors, limits
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import transfer

from .cloud import Cloud
from .kit import context, perform, policy, refused, server
from .waves import cloud_with, fleet, run, verdicts

PHRASES = [code for row in job_errors.TABLE for code in row.codes if " " in code]
DOTTED = [code.replace("*", "Something") for row in job_errors.TABLE for code in row.codes if "." in code]
NUMBERED = [code for row in job_errors.TABLE for code in row.codes if "_" in code]


def forms(word: str) -> list[tuple[str, str]]:
    """Return code and StatusInfo as SMC may give them for one word of the FAQ."""
    told = word if " " in word else f"Create transition vpc failed ({word})."
    return [
        (word, ""),
        ("S1", json.dumps({"error_code": "S1", "error_msg": told})),
        ("S1", json.dumps({"ErrorCode": "S1", "Details": [{"Msg": told.upper() if " " in word else told}]})),
        ("S12_7", f"2026-11-24 08:00:00 [ERROR] {told} log return: 3072"),
        ("", told),
    ]


@pytest.mark.parametrize("word", [*PHRASES, *DOTTED])
def test_a_word_is_recognized_in_the_code_and_in_the_status_info(word: str) -> None:
    row = error_codes.find(word)
    assert row is not None
    for code, info in forms(word.replace("*", "3")):
        assert error_codes.find_job(code, info) is row, (code, info)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Do Rsync Disk 0 Failed", "Do Rsync Disk * Failed"),
        ("Do Rsync Disk /dev/vdb 12 failed, log return: 7680", "Do Rsync Disk * Failed"),
        ("Connect to Server 47.100.0.1:8080 Failed", "Connect to Server Failed"),
        ("check virtio driver failed", "check virtio failed"),
        ("CHECK SELINUX FAILED", "check selinux failed"),
    ],
)
def test_numbers_and_names_within_a_phrase_do_not_count(text: str, word: str) -> None:
    row = next(row for row in job_errors.TABLE if word in row.codes)
    assert error_codes.find_job("S1", json.dumps({"error_msg": text})) is row
    assert error_codes.find_job(text, "") is row


@pytest.mark.parametrize("code", NUMBERED)
def test_numbers_are_in_the_table_and_found_in_the_status_info(code: str) -> None:
    row = error_codes.find(code)
    assert row is not None
    assert row.automatic
    assert error_codes.find_job(code, "") is row
    assert error_codes.find_job("InternalError2", json.dumps({"error_code": code})) is row


@pytest.mark.parametrize(
    ("code", "info"),
    [("S1", ""), ("S1", "the connection to a server was a failure"), ("", ""), ("S4_1055", ""), ("S11_U5", "{}"),
     ("B7", '{"error_msg": null}'), ("S1", "[" * 100_000)],
)  # fmt: skip
def test_other_errors_are_unknown_and_retried(code: str, info: str) -> None:
    assert error_codes.find_job(code, info) is error_codes.UNKNOWN


def test_all_that_smc_says_is_shown_in_one_line() -> None:
    assert job_errors.said(json.dumps({"error_code": "S1", "error_msg": "a\nb", "more": [1, None]})) == "S1 a b 1"
    assert job_errors.said("plain  text") == "plain text"
    assert len(job_errors.said("x" * 10_000)) == 600


# ---- refused starts ----
def started(cloud: Cloud) -> str:
    """Start a job as the fleet does; return why it waits."""
    seen = Seen(job=cloud.add_job(server(), "Ready"))
    return perform(transfer.STAGE, context(cloud), server(), seen, "start")


@pytest.mark.parametrize(
    "code",
    [
        "QuotaExceeded.ConcurrentJobs", "ConcurrentQuotaExceed.Job", "ReplicationJob.ConcurrencyLimit", "QuotaExceeded",
        "ReplicationJob.QuotaExceeded", "LimitExceeded.RunningJob", "TooManyJobs", "ExceedLimit.Job", "Job.OverLimit",
    ],
)
def test_a_start_that_is_one_too_many_waits(code: str) -> None:
    cloud = Cloud()
    cloud.fail("smc.StartReplicationJob", refused(code))
    assert code in started(cloud)


@pytest.mark.parametrize("code", ["Forbidden.RAM", "ReplicationJob.InvalidStatus", "InvalidAccountStatus.Frozen"])
def test_another_refusal_of_a_start_is_an_error(code: str) -> None:
    cloud = Cloud()
    cloud.fail("smc.StartReplicationJob", refused(code))
    with pytest.raises(CloudError):
        started(cloud)


# ---- cures ----
def failing(code: str, info: str, times: int, item: Any = None) -> Cloud:
    """Return a cloud where the next runs of the job end in an error."""
    cloud = cloud_with(*([item] if item else []))
    cloud.job_errors["s-01"] = [code] * times
    cloud.edit(
        "smc.DescribeReplicationJobs",
        lambda rows: [{**row, "StatusInfo": info} if row.get("ErrorCode") else row for row in rows],
        times=100_000,
    )
    return cloud


UNKNOWN = ("S77_U9", json.dumps({"error_code": "S77_U9", "error_msg": "the moon is full"}))


def starts(cloud: Cloud) -> int:
    return cloud.calls["smc.StartReplicationJob"]


@pytest.mark.parametrize("retries", [0, 1, 2, 5])
def test_an_unknown_error_is_retried_as_often_as_asked_and_then_shown(retries: int) -> None:
    cloud = failing(*UNKNOWN, times=100)
    (row,) = run(fleet(cloud, using=policy(job_retries=retries)), timeout=20_000)
    assert row.verdict == "failed"
    assert starts(cloud) == 1 + retries
    assert "S77_U9 the moon is full" in row.reasons[0]
    assert error_codes.UNKNOWN.remedy in row.reasons[0]
    assert "billed until the job is deleted" in row.reasons[0]
    assert (f"started again {retries} times" in row.reasons[0]) is bool(retries)


def test_an_unknown_error_that_passes_does_no_harm() -> None:
    cloud = failing(*UNKNOWN, times=2)
    assert verdicts(run(fleet(cloud))) == ["migrated"]
    assert starts(cloud) == 3


def test_pauses_grow_between_the_starts_of_a_failed_job() -> None:
    cloud, when = failing(*UNKNOWN, times=100), list[float]()
    cloud.copy_seconds = 0
    smc: Any = cloud.smc
    start = smc.start_replication_job

    def noting(job_id: str) -> None:
        when.append(cloud.monotonic())
        start(job_id)

    smc.start_replication_job = noting
    run(fleet(cloud, using=policy(job_retries=4)), timeout=20_000, interval=1)
    pauses = [later - earlier for earlier, later in pairwise(when[1:])]
    assert len(pauses) == 3
    assert pauses[0] >= limits.RETRY_PAUSE
    assert all(later >= 2 * limits.RETRY_PAUSE * factor for later, factor in zip(pauses[1:], (1, 2), strict=True))


def test_runs_on_a_schedule_count_the_same_starts() -> None:
    cloud = failing(*UNKNOWN, times=1000)
    for _tick in range(100):
        # Each run is another process: what it knows of the starts is in the ledger.
        made = fleet(cloud, using=policy(job_retries=2))
        run(made, wait=False)
        cloud.sleep(60)
        if verdicts(made.rows) != ["pending"]:
            break
    assert verdicts(made.rows) == ["failed"]
    assert starts(cloud) == 3


def test_a_job_of_another_id_is_counted_from_one() -> None:
    cloud = failing(*UNKNOWN, times=3)
    assert verdicts(run(fleet(cloud))) == ["failed"]
    cloud.jobs.clear()
    cloud.sources["s-01"]["State"] = "Available"
    assert verdicts(run(fleet(cloud))) == ["migrated"]


@pytest.mark.parametrize(("code", "info"), [form for word in DOTTED for form in forms(word)[:2]])
@pytest.mark.parametrize("wait", [True, False])
def test_a_job_that_failed_for_a_quota_is_started_again_until_there_is_room(code: str, info: str, wait: bool) -> None:
    cloud = failing(code, info, times=limits.QUOTA_RETRIES)
    made = fleet(cloud, using=policy(job_retries=0))
    for _tick in range(1 if wait else 1000):
        made = made if wait else fleet(cloud, using=policy(job_retries=0))
        run(made, wait, timeout=50_000)
        cloud.sleep(60)
        if verdicts(made.rows) != ["pending"]:
            break
    assert verdicts(made.rows) == ["migrated"]
    assert starts(cloud) == 1 + limits.QUOTA_RETRIES


def test_a_quota_that_stays_used_up_ends_with_its_remedy() -> None:
    cloud = failing("QuotaExceeded.Vpc", "", times=1000)
    (row,) = run(fleet(cloud), timeout=50_000)
    assert row.verdict == "failed"
    assert error_codes.known("QuotaExceeded.Vpc").remedy in row.reasons[0]
    assert starts(cloud) == 1 + limits.QUOTA_RETRIES


@pytest.mark.parametrize(
    ("code", "info"), [("S4_105", ""), ("S4", '{"error_code": "S4_105", "error_msg": "disk too small"}')]
)
@pytest.mark.parametrize("wait", [True, False])
def test_a_target_disk_that_is_too_small_is_made_1_gib_larger(code: str, info: str, wait: bool) -> None:
    item = server(disks=(20, 40))
    cloud = failing(code, info, 2, item)
    made = fleet(cloud, item)
    for _tick in range(1 if wait else 100):
        made = made if wait else fleet(cloud, item)
        run(made, wait)
        cloud.sleep(60)
        if verdicts(made.rows) != ["pending"]:
            break
    assert verdicts(made.rows) == ["migrated"]
    (job,) = cloud.jobs.values()
    assert (job["SystemDiskSize"], job["DataDisks"]["DataDisk"]) == (22, [{"Index": 1, "Size": 42}])
    assert cloud.calls["smc.CreateReplicationJob"] == starts(cloud) == 3
    assert cloud.calls["smc.DeleteReplicationJob"] == 2


def test_a_disk_that_is_never_large_enough_ends_the_server_and_none_grows_beyond_its_limit() -> None:
    item = server(disks=(20, 499))
    cloud = failing("S4_105", "", 100, item)
    (row,) = run(fleet(cloud, item), timeout=20_000)
    assert row.verdict == "failed"
    assert "S4_105" in row.reasons[0]
    (job,) = cloud.jobs.values()
    assert (job["SystemDiskSize"], job["DataDisks"]["DataDisk"][0]["Size"]) == (20 + limits.ENLARGED_GIB, 500)


@pytest.mark.parametrize("text", ["j-0001/99/99", "j-0001/x/1", "other", "j-0001/1", "9999999999"])
def test_what_others_write_about_retries_decides_about_retries_alone(text: str) -> None:
    cloud = failing(*UNKNOWN, times=1)
    made = fleet(cloud)
    made.driver.own([server().id])
    made.driver.note(server().id, "started", text)
    made.driver.note(server().id, "enlarged", text)
    (row,) = run(made)
    assert row.verdict == ("failed" if text == "j-0001/99/99" else "migrated")
    assert {job["SystemDiskSize"] for job in cloud.jobs.values()} == {20}
