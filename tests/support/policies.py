# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The RAM policies below docs/policies: what each job is, which calls it makes, and the file that follows from them.

``make policies`` writes the files from the calls that the jobs make against the local cloud.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import oss2

from support.oss_client import bucket
from support.wave import DB, ROOT, WEB, connection, registered, run, utils

FOLDER = ROOT / "docs" / "policies"
BUCKET = "BUCKET"
"""What the files have in place of the name of the bucket."""
USER = {"access_key": "LTAI5tJobOfPolicy", "secret_key": "secret-of-the-job"}
NAME = "wave"
CODE: dict[str, Any] = {
    "migration": NAME, "name": None, "description": None, "rotate": True, "keep_others": True, "id": None,
    "count": 1, "ttl_days": 1,
}  # fmt: skip
# Calls that the sweep makes in a state that the local cloud does not get into: it deletes the disks and the groups of
# an instance with the instance.
NOT_MADE = frozenset({"ecs:DeleteDisk", "ecs:DeleteSecurityGroup"})
# Calls whose refusal changes no outcome: an activation code is disabled before it is deleted, and the details of an
# export are one of two ways to find its objects.
TOLERATED = {"sweep": {"smc:DisableAccessToken", "ecs:DescribeTaskAttribute"}}
WORLD: dict[str, Any] = {
    "buckets": [{"name": "migration-images", "region": "ap-southeast-1"}],
    "ens_accept_formats": ["qcow2"],
    "sources": [{"name": "web-01", "id": WEB["source_id"], "disks": [{"gib": 20}]},
                {"name": "db-01", "id": DB["source_id"], "disks": [{"gib": 20}, {"gib": 30}, {"gib": 40}]}],
}  # fmt: skip


def preflight(sandbox: Any) -> Any:
    """Check the account as playbooks/preflight.yml does without the proof of the bucket, and a network of the user."""
    options = {"name": NAME, "servers": [WEB, DB], "prove_bucket": False, "vpc_id": "vpc-1", "vswitch_id": "vsw-1"}
    found = run(sandbox, "ens_account_info", **options, **USER)
    rows = [found, *found["servers"]]
    return [sorted(item["id"] for item in row["findings"]) for row in rows]


def canary(sandbox: Any) -> Any:
    """Run a canary."""
    done = run(sandbox, "ens_canary", name="canary", **USER)["canary"]
    answers = {name: row["answer"] for name, row in done["contract"]["questions"].items() if name != "listing_delay"}
    return [answers, done["left"]]


def migrate(sandbox: Any) -> Any:
    """Migrate a server as playbooks/migrate.yml does, without what happens on the source itself."""
    findings = run(sandbox, "ens_account_info", name=NAME, servers=[WEB], strict=True, **USER)["findings"]
    token = run(sandbox, "smc_access_token", **CODE, state="present", **USER)["access_token"]
    run(sandbox, "smc_source_info", source_ids=[WEB["source_id"]], migration=NAME, **USER, name=None, state=None)
    tags = {row["Key"]: row["Value"] for row in utils("_rules.naming").tags(NAME, WEB["host"])}
    source = {"source_id": WEB["source_id"], "sources": None, "description": None, "tags": tags, "name": None}
    run(sandbox, "smc_source", state="present", **source, **USER)
    migration = run(sandbox, "ens_migration", name=NAME, servers=[WEB], **USER)["migration"]
    swept = run(sandbox, "smc_cleanup", name=NAME, servers=[WEB], resources=migration["resources"], **USER)["cleanup"]
    run(sandbox, "smc_access_token", **{**CODE, "id": token["id"]}, state="absent", **USER)
    left = [swept["residual"], sandbox.get("state")["tokens"], sandbox.get("meter")["running"]]
    return [sorted(item["id"] for item in findings), [row["verdict"] for row in migration["servers"]], left]


def cutover(sandbox: Any) -> Any:
    """Migrate a server incrementally, then cut it over as playbooks/cutover.yml does."""
    options = {"name": NAME, "servers": [WEB], "mode": "incremental"}
    done = [run(sandbox, "ens_migration", **options, cutover=now, **USER)["migration"] for now in (False, True)]
    swept = run(sandbox, "smc_cleanup", name=NAME, servers=[WEB], resources=done[-1]["resources"], **USER)["cleanup"]
    verdicts = [row["verdict"] for migration in done for row in migration["servers"]]
    return [verdicts, swept["residual"], sandbox.get("meter")["running"]]


def begin(sandbox: Any) -> None:
    """Begin to copy a server."""
    run(sandbox, "ens_migration", name=NAME, servers=[WEB], wait=False)


def end(sandbox: Any) -> None:
    """Begin the migration with an activation code, and end it with a cleanup."""
    run(sandbox, "smc_access_token", **CODE, state="present")
    run(sandbox, "smc_cleanup", name=NAME)


def status(sandbox: Any) -> Any:
    """Show a migration as playbooks/status.yml does."""
    shown = run(sandbox, "ens_migration_info", name=NAME, hosts=[], **USER)["migration"]
    return [row["status"] for row in shown["servers"]]


def leave(sandbox: Any) -> None:
    """Leave what waves, a canary and a launch that were killed leave, of every kind."""
    clients, naming = utils("_api.clients").make_clients(connection(sandbox)), utils("_rules.naming")
    web, db = (utils("_module.options").server(NAME, entry) for entry in (WEB, DB))
    registered(sandbox, NAME, WEB, DB)
    clients.smc.create_access_token(naming.token_name(NAME), naming.description(NAME), 1, 1)
    run(sandbox, "ens_migration", name=NAME, servers=[WEB])
    image = sandbox.get("state")["images"][0]["id"]
    bucket(sandbox).init_multipart_upload(f"{web.id}_{image}_late.qcow2")
    held = [("ecs.task", "Processing"), ("smc.job", "Running/Syncing")]
    rules = [{"state": {"lifecycle": kind, "at": state}, "do": "hold"} for kind, state in held]
    sandbox.post("faults", {"meaning": "an export and a copy that do not end", "faults": rules})
    clients.ecs.export_image(image, sandbox.bucket, web.id, "qcow2")
    instance = {"name": "No_Delete_SMC_Transition_Instance", "id": "i-leftover001", "region": sandbox.region}
    sandbox.post("seed", {"ecs_instances": [instance]})
    clients.ecs.tag_resources("instance", [instance["id"]], naming.tags(NAME, identity=web.id))
    ens_image, [node, *_more] = sandbox.get("state")["ens_images"][0]["id"], clients.ens.describe_available_resource()
    clients.ens.run_instances({
        "InstanceName": web.job_name, "EnsRegionId": node["ens_region_id"], "InstanceType": node["instance_type"],
        "Amount": 1, "ImageId": ens_image, "InstanceChargeType": "PostPaid", "PasswordInherit": True,
        "ScheduleAreaLevel": "Region", "SchedulingStrategy": "Concentrate",
        "Tags": utils("_rules.instances").tags(NAME, web.host, web.id, "release", {}),
    })  # fmt: skip
    run(sandbox, "ens_migration", name=NAME, servers=[DB], wait=False)
    sandbox.post("seed", {"ens_images": [{"name": db.image_name, "region": sandbox.region, "status": "Unavailable"}]})
    jobs = clients.smc.describe_replication_jobs
    sandbox.until(lambda: jobs(source_ids=[db.source_id])[0]["BusinessStatus"] == "Syncing")


def leave_versions(sandbox: Any) -> None:
    """Leave a finished copy in a bucket with versions."""
    bucket(sandbox).put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    registered(sandbox, NAME, WEB)
    run(sandbox, "ens_migration", name=NAME, servers=[WEB])


def imported(sandbox: Any) -> None:
    """Leave the ENS image of a migrated server."""
    web = utils("_module.options").server(NAME, WEB)
    sandbox.post("seed", {"ens_images": [{"name": web.image_name, "region": sandbox.region}]})


def launch(sandbox: Any) -> Any:
    """Launch, change, stop, start and release an instance, as playbooks/launch.yml and playbooks/verify.yml do."""
    options = {"name": NAME, "host": WEB["host"], "ens_region_id": "cn-dalian-unicom", "instance_type": "ens.sn1.tiny",
               "password": "Launch-Secret-77", "restart": False}  # fmt: skip
    checked = run(sandbox, "ens_instance", check=True, **options, **USER)
    states = [("running", "manual"), ("running", "release"), ("stopped", "release"), ("running", "release")]
    done = [run(sandbox, "ens_instance", state=state, policy=policy, **options, **USER)["changed"]
            for state, policy in states]  # fmt: skip
    look = {"instance_ids": None, "names": None, "stock": False}
    known = run(sandbox, "ens_instance_info", migration=NAME, **look, **USER)["instances"]
    done.append(run(sandbox, "ens_instance", state="absent", **options, **USER)["changed"])
    # The ledger stays.
    billed = [row["kind"] for row in sandbox.get("meter")["running"]]
    return [checked["changed"], bool(checked["price"]), done, [row["status"] for row in known], billed]


def sweep(sandbox: Any) -> Any:
    """Delete what was left, as playbooks/cleanup.yml does."""
    swept = run(sandbox, "smc_cleanup", name=NAME, delete_sources=True, **USER)["cleanup"]
    return [swept["residual"], swept["similar_names"], sandbox.get("meter")["running"]]


CANARY = {
    "ens_activated": "yes", "bucket_access": "yes", "image_formats": ["qcow2"], "plain_raw": "no",
    "oss_region": "given", "target_region": "given", "one_disk": "object", "mapping_order": "system_first",
    "sizes": "exact", "duplicate_names": "refused", "append_race": "yes", "append_after_deletion": "yes",
    "image_quota": "no", "export_role": "yes",
    "bucket": "class Standard, versioning never enabled, encryption none, retention none",
}  # fmt: skip
UNPROVED = ["ens-image-quota-unknown", "image-quota-unknown", "import-unproved", "snapshot-service-unknown"]


@dataclass(frozen=True)
class Case:
    """One way in which a job is run, what is done before it, and the outcome."""

    job: Callable[[Any], Any]
    good: Any
    before: Callable[[Any], None] = lambda _sandbox: None


JOBS: dict[str, list[Case]] = {
    "preflight": [
        Case(
            preflight,
            [sorted([*UNPROVED, "bucket-unproven", "network-unusable"]), ["migration-ended"], ["migration-ended"]],
            end,
        )
    ],
    "canary": [Case(canary, [CANARY, []])],
    "run": [
        Case(migrate, [UNPROVED, ["migrated"], [[], [], []]]),
        Case(cutover, [["synced", "migrated"], [], []], lambda sandbox: registered(sandbox, NAME, WEB)),
    ],
    "status": [Case(status, ["running"], begin)],
    "launch": [Case(launch, [True, True, [True] * 5, ["Running"], ["oss_object"]], imported)],
    "sweep": [Case(sweep, [[], [], []], leave), Case(sweep, [[], [], []], leave_versions)],
}


def statements(recorded: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the document that allows the recorded statements, with any bucket and any key."""
    granted: dict[str, set[str]] = {}
    for entry in recorded:
        for resource in entry["Resource"]:
            place, slash, _key = resource.removeprefix("acs:oss:*:*:").partition("/")
            wanted = "*" if place == "*" else f"acs:oss:*:*:{BUCKET}{slash and '/*'}"
            granted.setdefault(wanted, set()).update(entry["Action"])
    return document(granted)


def document(granted: dict[str, set[str]]) -> dict[str, Any]:
    """Return the policy document that allows actions by resource."""
    rows = [{"Effect": "Allow", "Action": sorted(granted[place]), "Resource": [place]} for place in sorted(granted)]
    return {"Version": "1", "Statement": rows}


def granted_by(policy: dict[str, Any]) -> dict[str, set[str]]:
    """Return the actions of a policy by resource."""
    return {entry["Resource"][0]: set(entry["Action"]) for entry in policy["Statement"]}


def joined(*policies: dict[str, Any]) -> dict[str, Any]:
    """Return a policy that allows what any of these allows."""
    granted: dict[str, set[str]] = {}
    for policy in policies:
        for place, actions in granted_by(policy).items():
            granted.setdefault(place, set()).update(actions)
    return document(granted)


def shipped(name: str) -> dict[str, Any]:
    """Return a policy as it is published."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def write(name: str, policy: dict[str, Any]) -> None:
    """Publish a policy."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(policy, indent=2) + "\n", encoding="utf-8")


def world(policy: dict[str, Any]) -> dict[str, Any]:
    """Return a world in which the user of the jobs has a policy for the bucket of the world."""
    text = json.dumps(policy).replace(BUCKET, WORLD["buckets"][0]["name"])
    key = {"secret": USER["secret_key"], "user": "job"}
    root = {"secret": "SandboxAccessKeySecret0123456"}
    return {**WORLD, "identities": {"job": json.loads(text)},
            "credentials": {"LTAI5tSandboxAccessKey": root, USER["access_key"]: key}}  # fmt: skip


def prepare(sandbox: Any, case: Case, policy: dict[str, Any]) -> None:
    """Begin a world in which the user of the jobs has this policy, with what is to be there before the job."""
    sandbox.reset(world(policy))
    case.before(sandbox)


def recorded(sandbox: Any, case: Case, policy: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Run a job with this policy; return the outcome and the policy that its calls need."""
    prepare(sandbox, case, policy)
    before = sandbox.get("requests")["next"]
    outcome = case.job(sandbox)
    return outcome, statements(sandbox.get(f"policy?since={before}")["Statement"])
