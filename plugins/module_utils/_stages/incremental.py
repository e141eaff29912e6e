# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Incremental jobs: what their runs show, when a server is synced, and what its cutover needs (pure).

SMC repeats such a job: each run copies what has changed and makes an image, then the job is Waiting. The cutover makes
a last run, after which the job is Finished (facts 1.8).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Decision
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import moment, stamp
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.smc import JOB
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits, windows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Policy, Row, Seen, Server

    from .stage import Context

CUT_OVER: Final = "cutover"
AGAIN: Final = "repeat_cutover"
"""The call, made again because its answer was lost and the job is still Waiting. SMC takes it only then, and a job that
was cut over is never Waiting again: nothing is made twice."""

_HOUR: Final = 3600
NO_JOB: Final = "SMC has no job of it for this migration: run the playbook migrate with migration_mode incremental"
_KEPT: Final = "Its job and its images are kept, and billed"


@dataclass(frozen=True)
class Run:
    """One run of a job: the image that it has made, and when it began and ended; None while that is not known."""

    image_id: str
    began: datetime | None
    ended: datetime | None

    @property
    def seconds(self) -> float:
        """How long it took, 0 where that is not known."""
        return (self.ended - self.began).total_seconds() if self.began and self.ended else 0.0


def repeats(job: Row | None) -> bool:
    """Return whether a job repeats its runs."""
    return bool(job) and JOB.value(job or {}, "run_once") is False


def runs(job: Row) -> list[Run]:
    """Return the runs of a job in the order of their begin. SMC documents the list and not its order; where an
    incremental job shows none, its image is that of a run, whose times are those of the job while that waits."""
    rows, waits = JOB.value(job, "runs"), job.get("Status") == "Waiting"
    if not rows and (waits or (repeats(job) and job.get("ImageId"))):
        times = {"start_time": job.get("StartTime"), "end_time": job.get("EndTime")} if waits else {}
        rows = [{"image_id": job.get("ImageId"), "start_time": None, "end_time": None, **times}]
    shown = [Run(str(row["image_id"] or ""), moment(row["start_time"]), moment(row["end_time"])) for row in rows]
    return sorted(shown, key=lambda run: run.began.timestamp() if run.began else 0.0)


def images(job: Row) -> list[str]:
    """Return the images that a job has made, of whatever run."""
    made = [str(job.get("ImageId") or ""), *(row["image_id"] or "" for row in JOB.value(job, "runs"))]
    return list(dict.fromkeys(filter(None, made)))


def last(job: Row) -> Run | None:
    """Return the newest run that has made an image, None before the first one has."""
    return next((run for run in reversed(runs(job)) if run.image_id), None)


def sync(job: Row | None, now: datetime) -> dict[str, Any]:
    """Return what is known of the last sync of an incremental job, {} where there is none. ``lag`` is how many seconds
    ago it began: what was written on the source since then may be missing in its image."""
    done = last(job) if job and repeats(job) else None
    if job is None or done is None:
        return {}
    hours, waiting = JOB.value(job, "frequency"), job.get("Status") == "Waiting"
    following = done.ended + timedelta(hours=hours) if waiting and hours and done.ended else None
    return {
        "job_id": job["JobId"],
        "status": job.get("Status", ""),
        "runs": sum(1 for run in runs(job) if run.image_id),
        "image_id": done.image_id,
        "began": stamp(done.began) if done.began else "",
        "seconds": done.seconds,
        "lag": round((now - done.began).total_seconds()) if done.began else None,
        "next": stamp(following) if following else "",
        "valid_until": str(job.get("ValidTime") or ""),
    }


def text(found: Mapping[str, Any]) -> str:
    """Return what is told of a server that is synced, from ``sync``."""
    since = "SMC has synced it"
    if found["began"]:
        since = f"its last sync began at {found['began']}, {ago(found['lag'])} ago"
    then = f", the next one follows at {found['next']}" if found["next"] else ""
    valid = f". The job is valid until {found['valid_until']}" if found["valid_until"] else ""
    return (
        f"job {found['job_id']} is {found['status']}: {since}{then}{valid}. The intermediate instance and the "
        "snapshots of its images are billed. Run the playbook cutover to finish the migration"
    )


def ago(seconds: float) -> str:
    """Return a time as hours, minutes or seconds."""
    if seconds >= _HOUR:
        return f"{seconds / _HOUR:.1f} h"
    return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.0f} s"


def recall(context: Context, stage: str, server: Server, seen: Seen) -> None:
    """Take over when a run has announced the cutover of the job of a server."""
    if not seen.job or not repeats(seen.job):
        return
    passed = context.driver.announced_ago(server.id, stage, seen.job["JobId"])
    seen.cut_over = None if passed is None else context.now - timedelta(seconds=passed)


def decide(job: Row, seen: Seen, policy: Policy, now: datetime) -> Decision | None:
    """Return the next step of an incremental job; None where the rules for every job apply."""
    if not repeats(job):
        return None if not policy.cutover or job.get("Status") == "Finished" else _runs_once(job)
    status, name, found = job.get("Status", ""), job["JobId"], sync(job, now)
    if status == "Finished":
        return _finished(job)
    if status == "Expired" and found:
        return ended(job, "is Expired and cannot be started again")
    if policy.cutover:
        return _cutover(job, seen, found, now)
    if status == "InError" and seen.cut_over:
        return Decision.fail(
            f"job {name} is InError in its last sync ({_code(job)}). {_KEPT}. Run the playbook cutover again: it stops "
            "the services of the source before it continues the job",
            keep=True,
        )
    if found and (status == "Waiting" or (status == "Running" and not seen.cut_over)):
        return Decision("synced", text(found))
    return None


def _runs_once(job: Row) -> Decision:
    return Decision.fail(f"job {job['JobId']} runs once: run the playbook migrate, it needs no cutover", keep=True)


def _code(job: Row) -> str:
    return job.get("ErrorCode") or "no code"


def ended(job: Row, why: str) -> Decision:
    """Return that a job with images cannot continue: it is not deleted, because its images are worth hours of copying.
    """
    advice = "run the playbook cleanup for this server, then migrate it again"
    return Decision.fail(f"job {job['JobId']} {why}. {_KEPT}. To copy the server again, {advice}", keep=True)


def _finished(job: Row) -> Decision | None:
    """Return why the image of a finished job is not the one of its last run, None if it is."""
    done, named = last(job), job.get("ImageId")
    if done is None or not named or named == done.image_id:
        return None
    return Decision.fail(
        f"job {job['JobId']} names image {named}, its last run has made {done.image_id}: which of them has the state "
        f"at the cutover is not known. {_KEPT}. Compare both in the ECS console",
        keep=True,
    )


def _cutover(job: Row, seen: Seen, found: Mapping[str, Any], now: datetime) -> Decision | None:
    status, name, asked = job.get("Status", ""), job["JobId"], seen.requested.get("transfer")
    if status == "Waiting" and asked is None:
        return Decision.act(CUT_OVER, f"job {name} is Waiting")
    if status == "Waiting" and asked and not asked.id:
        return Decision.act(AGAIN, f"job {name} is still Waiting, and the answer of CutOverReplicationJob was lost")
    if status == "Waiting" and asked:
        late = f"job {name} is Waiting although SMC has taken CutOverReplicationJob"
        return Decision.wait(late) if asked.may_appear(now) else Decision.fail(f"{late}. {_KEPT}", keep=True)
    if status == "InError" and (seen.source or {}).get("State") != "Available":
        return Decision.fail(
            f"job {name} is InError ({_code(job)}), and source {job.get('SourceId')} is "
            f"{(seen.source or {}).get('State') or 'gone'}: its last sync cannot read it. {_KEPT}; the last complete "
            f"image is {found.get('image_id') or 'not made yet'}. Start the source and its SMC client, then run the "
            "playbook cutover again: it continues",
            keep=True,
        )
    if status == "Ready" or (not found and status in ("Stopped", "InError", "Expired")):
        return Decision.fail(f"job {name} is {status}: run the playbook migrate until the server is synced", keep=True)
    return None


def cutover_problems(server: Server, seen: Seen, now: datetime) -> list[str]:
    """Return why the cutover of a server is refused before anything happens."""
    opens, job = windows.next_open(server.copy.windows, now), seen.job
    problems = []
    if opens > now:
        problems.append(
            f"its maintenance window is closed until {stamp(opens)} (migration_windows), and now it is {stamp(now)}"
        )
    if job is None:
        problems.append(NO_JOB)
    elif not repeats(job):
        problems.append(f"job {job['JobId']} runs once: run the playbook migrate, which migrates it without a cutover")
    elif not sync(job, now):
        problems.append(f"job {job['JobId']} is {job.get('Status')} without a complete sync: run the playbook migrate")
    elif job.get("Status") != "Finished" and (seen.source or {}).get("State") not in ("Available", "InUse"):
        state = (seen.source or {}).get("State") or "gone"
        problems.append(f"source {server.source_id} is {state}: start its SMC client, the last sync reads the source")
    return problems


def notes(seen: Seen) -> list[str]:
    """Return that an incremental job was ended by something else, so that its image may lack what was written later."""
    done = last(seen.job) if seen.job and repeats(seen.job) and seen.job.get("Status") == "Finished" else None
    if done is None or seen.cut_over:
        return []
    began = stamp(done.began) if done.began else "an unknown time"
    cut = f"job {(seen.job or {}).get('JobId')} was cut over outside of this collection"
    return [f"{cut}: its image has the state of the source at the last sync, which began at {began}"]


def forecast(server: Server, job: Row | None) -> dict[str, Any]:
    """Return how long a cutover is expected to take, in seconds, and of what that is made; {} for another job.

    SMC shows of a run when it began and ended, and not its bytes. ``seconds`` expects that the last run takes as long
    as the newest one; ``most`` that it copies everything again, as the first one did: SMC documents SyncData as a full
    copy.
    """
    if job is None or not last(job):
        return {}
    done = [run.seconds for run in runs(job) if run.image_id and run.seconds]
    size = float(server.copy.bytes)
    rest = {"export": size / limits.EXPORT_RATE, "import": size / limits.IMPORT_RATE}
    newest, longest = (done[-1], max(done)) if done else (0.0, 0.0)
    finished = job.get("Status") == "Finished"
    parts = {"sync": 0.0 if finished else newest, **rest}
    return {
        "seconds": round(sum(parts.values())),
        "most": round((0.0 if finished else longest) + sum(rest.values())),
        "parts": {name: round(value) for name, value in parts.items()},
        "bytes": server.copy.bytes,
    }
