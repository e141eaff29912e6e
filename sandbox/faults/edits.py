# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The named edits that rules over states can make; sandbox/README.md describes each.

An edit receives the row that has entered the state, and the rule. A resource that it does not find is no error: it
may be deleted by then.
"""

from __future__ import annotations

from collections.abc import Callable

from sandbox.effects import export
from sandbox.effects.intermediate import drop_instance, open_receiver
from sandbox.effects.job_disks import drop_frozen
from sandbox.state.cloud import Cloud
from sandbox.state.tables import Row
from sandbox.state.work import work_key
from sandbox.world.fault_rules import StateFault

from . import object_edits

FOR_GOOD = 10 * 365 * 86400.0
"""Virtual seconds of a permanent effect."""

Edit = Callable[[Cloud, Row, StateFault], None]


def _lasts(cloud: Cloud, rule: StateFault) -> float:
    return cloud.clock.time() + (rule.seconds or FOR_GOOD)


def release_instance(cloud: Cloud, job: Row, _rule: StateFault) -> None:
    """Release the job's intermediate instance, as a user may do in the ECS console."""
    drop_instance(cloud, job["transition_instance_id"])


def take_source_offline(cloud: Cloud, row: Row, rule: StateFault) -> None:
    """Stop the client on the source for ``seconds``."""
    source = cloud.sources.get(row.get("source_id", row["id"]))
    if source is not None:
        cloud.sources.update(source["id"], offline_until=_lasts(cloud, rule))


def delete_image(cloud: Cloud, row: Row, _rule: StateFault) -> None:
    """Delete the ECS image, also during its export; its snapshots stay and the export fails."""
    image_id = row["image_id"]
    cloud.images.delete(image_id)
    for task in cloud.tasks.where(image_id=image_id, state="Processing"):
        cloud.tasks.update(task["id"], error_code="InvalidImageId.NotFound", status_info="The image was deleted.")
        export.drop(cloud, task)
        cloud.tasks.update(task["id"], state="Failed", since=cloud.clock.time())


def expire_job(cloud: Cloud, job: Row, _rule: StateFault) -> None:
    """Let the job's ValidTime expire."""
    cloud.jobs.update(job["id"], valid_until=cloud.clock.time())


def step_back(cloud: Cloud, job: Row, _rule: StateFault) -> None:
    """Set a job in Processing back to Syncing; its progress drops and it copies its disks again."""
    if job["state"] != "Running/Processing":
        return
    cloud.work.forget(work_key("image", job))
    drop_frozen(cloud, job)
    cloud.jobs.update(job["id"], state="Running/Syncing", received=False)
    _sync_again(cloud, job)


def drop_progress(cloud: Cloud, job: Row, _rule: StateFault) -> None:
    """Restart the progress of a job that is Syncing, and its client."""
    if job["state"] == "Running/Syncing":
        _sync_again(cloud, job)


def _sync_again(cloud: Cloud, job: Row) -> None:
    # Another run: progress may only fall between two of them.
    cloud.work.forget(work_key("receiver", job))
    cloud.jobs.update(job["id"], since=cloud.clock.time(), progress=0.0, runs=job["runs"] + 1)
    open_receiver(cloud, job)


def hold(cloud: Cloud, row: Row, rule: StateFault) -> None:
    """Keep the row in its state for ``seconds``; an export task shows 87 %."""
    table = next(table for table in (cloud.jobs, cloud.tasks, cloud.ens_images) if row["id"] in table)
    table.update(row["id"], since=_lasts(cloud, rule), **({"ceiling": 87} if table is cloud.tasks else {}))


def add_similar_image(cloud: Cloud, row: Row, _rule: StateFault) -> None:
    """Add an ENS image whose name begins with the name of the row's image, and list it first."""
    image = cloud.images.get(row.get("image_id", ""))
    name = image["name"] if image is not None else row.get("name", "")
    now = cloud.clock.time()
    ours = cloud.ens_images.where(name=name)
    cloud.ens_images.add(
        {"id": cloud.new_id("m-"), "name": f"{name}-2", "state": "Available", "since": now, "created": now,
         "region": row["region"], "format": "qcow2", "platform": "ubuntu", "os_version": "", "objects": [],
         "disks": [], "error_code": "", "status_info": ""}
    )
    for other in ours:
        cloud.ens_images.to_end(other["id"])


def spoil_image(cloud: Cloud, image: Row, _rule: StateFault) -> None:
    """Make the ENS image Unavailable; ENS gives no reason."""
    cloud.ens_images.update(image["id"], state="Unavailable", since=cloud.clock.time())


def expire_tokens(cloud: Cloud, _row: Row, _rule: StateFault) -> None:
    """Let every STS token expire that was issued so far."""
    for credential in cloud.tables.table("credentials"):
        if credential["token"]:
            cloud.tables.table("credentials").update(credential["id"], expires=cloud.clock.time())


def empty_balance(cloud: Cloud, _row: Row, _rule: StateFault) -> None:
    """Set the balance of the account to 0."""
    account = cloud.settings.account.model_copy(update={"balance": 0.0})
    cloud.settings = cloud.settings.model_copy(update={"account": account})


DO: dict[str, Edit] = {
    edit.__name__: edit
    for edit in (
        release_instance, take_source_offline, delete_image, expire_job, step_back, drop_progress, hold,
        add_similar_image, spoil_image, expire_tokens, empty_balance,
        object_edits.remove_object, object_edits.empty_object,
        object_edits.truncate_object, object_edits.spoil_object, object_edits.shrink_object, object_edits.add_objects,
    )
}
