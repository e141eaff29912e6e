# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Stage import: ENS makes an image from the exported objects.

Done when the ENS image is Available, compared exactly by name and disks. The ENS image is the result: it stays.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, Literal

from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.lines import Result
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Decision
from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight import machines
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.ens import ENS_IMAGE
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import moment, not_before
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.smc import JOB
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits, naming, states

from .stage import Leaves, Outcome, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import (
        ExportedObject,
        Policy,
        Row,
        Seen,
        Server,
    )

    from .stage import Context

NAME = "import"
_BEFORE: Final = f"{NAME}.before"
"""What was seen of a server first: the id of an image whose import an earlier run has stopped waiting for."""
_ROUNDED: Final = 10 + limits.ENLARGED_GIB
"""GiB by which a size may differ: disks of ENS instances are multiples of 10 (ENS, RunInstances), and a target disk may
have been enlarged."""
_GB: Final = 0.1
"""More than a size differs by when it counts GB of 10^9 bytes."""


def observe(context: Context, servers: Sequence[Server], seen: dict[str, Seen]) -> None:
    """Fill in the ENS images that have a server's exact image name: one paged describe for the whole wave."""
    by_name = {server.image_name: server for server in servers}
    by_machine: dict[str, list[Server]] = defaultdict(list)
    for server in servers:
        by_machine[naming.machine(server.id)].append(server)
        seen[server.id].ens_images, seen[server.id].namesake = [], ""
    for image in context.clients.ens.describe_self_images():
        # ENS filters are fuzzy (facts 4.2): only an exact comparison counts.
        name = str(image.get("ImageName") or "")
        owner = by_name.get(name)
        if owner:
            seen[owner.id].ens_images.append(image)
            # Two hosts of one run with one fingerprint were told apart before.
            continue
        for twin in by_machine.get(naming.machine(naming.owner_of(name) or ""), ()):
            seen[twin.id].namesake = seen[twin.id].namesake or _namesake(twin, image)
    for server in servers:
        row = seen[server.id]
        if row.ens_images:
            # It was migrated under both names.
            row.namesake = ""
        row.own.pop(NAME, None)
        row.own.setdefault(_BEFORE, _bad(row) if context.policy.fresh else "")
        if result(row) and _sizes_differ(server, row) == "other":
            row.own[NAME] = context.driver.returned(server.id, NAME)


def _namesake(server: Server, image: Row) -> str:
    """Say that this migration has, or makes, an image of the same machine under another inventory name, or return
    ''."""
    other = machines.namesake(server.id, image.get("ImageName", ""))
    if not other or states.outcome(states.ENS_IMAGE, image.get("Status", "")) == "failure":
        return ""
    return (
        f"{machines.SAME_MACHINE} {other}: this migration has its ENS image {image['ImageId']} ({image['ImageName']}, "
        f"{image.get('Status')}), and {server.host} has the same fingerprint. Keep one of the two names in the "
        "inventories, delete that image, or use another migration_name"
    )


def result(seen: Seen) -> Row | None:
    """Return the one ENS image of a server, or None."""
    return seen.ens_images[0] if len(seen.ens_images) == 1 else None


def _bad(seen: Seen) -> str:
    """Return the id of an image whose import has failed, '' for none."""
    image = result(seen) or {}
    return image.get("ImageId", "") if states.outcome(states.ENS_IMAGE, image.get("Status", "")) == "failure" else ""


def _replaceable(server: Server, seen: Seen) -> bool:
    """Return whether an earlier run has stopped waiting for an import whose image is proven to be this server's:
    its name is exact, and it was created after the job of this server, which its tags prove (docs/security.md)."""
    job, image = seen.job, result(seen) or {}
    if not job or not _bad(seen) or _bad(seen) != seen.own.get(_BEFORE):
        return False
    tags = JOB.value(job, "tags")
    ours = tags.get(naming.SERVER_TAG) == server.id and naming.same_wave(server.migration, tags) is True
    return ours and not_before(image.get("CreationTime", ""), job.get("CreationTime", ""))


def conflict(server: Server, seen: Seen) -> str:
    """Say why an ENS image of this exact name cannot be this server's migration, or return ''.

    A name alone proves nothing: two images of one name, or one with other disks than the server's, belong to someone
    else, unless the ledger says that ImportImage has returned this very id. What ENS says of the disks of an image that
    it is still making is not documented, so that is not compared.
    """
    if len(seen.ens_images) > 1:
        ids = ", ".join(image["ImageId"] for image in seen.ens_images)
        return f"image name {server.image_name!r} is used by {len(seen.ens_images)} ENS images ({ids})"
    image = result(seen)
    if image is None or _sizes_differ(server, seen) != "other" or _returned(image, server, seen):
        return ""
    return (
        f"image name {server.image_name!r} is used by ENS image {image['ImageId']}, which is not from this server: "
        f"its disks are {_theirs(image)} GiB, the server's {_ours(server)} GiB"
    )


def notes(server: Server, seen: Seen) -> list[str]:
    """Return what ENS says otherwise of an image that is this server's: sizes that are rounded, missing, or those of
    the system disk alone, or another disk as the system disk."""
    image = result(seen)
    swapped = image is not None and image.get("Status") == "Available" and _swapped(server, image)
    if swapped:
        return [swapped]
    if image is None or not _sizes_differ(server, seen):
        return []
    text = (
        f"ENS reports disks of {_theirs(image)} GiB for image {image['ImageId']}, the server's have "
        f"{_ours(server)} GiB. Compare them in the ENS console before you use the image"
    )
    return [text]


def _returned(image: Row, server: Server, seen: Seen) -> bool:
    """Return whether the ledger names an image as the one that ImportImage has returned, and nothing speaks against it:
    others may write to the ledger."""
    requested = seen.requested.get(NAME)
    known = requested.id if requested and requested.id else seen.own.get(NAME, "")
    return known == image["ImageId"] and image.get("ImageName") == server.image_name and _may_be(image, server, seen)


def _ours(server: Server) -> list[int]:
    """Return the GiB of the disks that the image of a server must have."""
    return sorted(limits.target_gib(disk.bytes) for disk in server.disks)


def _theirs(image: Row) -> list[int]:
    """Return the GiB of the disks that ENS reports. An image of one disk may come without a mapping; its size is then
    that of its system disk."""
    return sorted([disk["size"] for disk in ENS_IMAGE.value(image, "disks")] or [ENS_IMAGE.value(image, "size")])


def _sizes_differ(server: Server, seen: Seen) -> Literal["", "nearly", "other"]:
    """Return how the disks of an image that is Available differ from those of its server: not at all, as numbers that
    are rounded or those of the system disk alone do, or as the disks of another machine."""
    image = result(seen)
    if image is None or not server.disks or image.get("Status") != "Available":
        return ""
    theirs, ours = _theirs(image), _ours(server)
    if theirs == ours:
        return ""
    system = [limits.target_gib(server.disks[0].bytes)]
    return "nearly" if _near(theirs, ours) or _near(theirs, system) else "other"


def _swapped(server: Server, image: Row) -> str:
    """Say that ENS reports a data disk as the system disk of an image, or return ''. Disks of one size look alike, and
    so do disks whose sizes differ by less than ENS may round."""
    reported = [disk["size"] for disk in ENS_IMAGE.value(image, "disks") if disk["type"] == "system"]
    if len(reported) != 1 or not server.disks or not reported[0]:
        return ""
    system, *data = [limits.target_gib(disk.bytes) for disk in server.disks]
    exact = _theirs(image) == _ours(server)
    same = reported == [system] if exact else _near(reported, [system])
    if same or not any(_near(reported, [size]) for size in data):
        return ""
    return (
        f"ENS reports a system disk of {reported[0]} GiB for image {image['ImageId']}, the server's has {system} GiB: "
        "the disks are in the wrong order, and an instance of this image does not start. Run the playbook canary, "
        "delete this image and set migration_contract to the file that the canary writes. Then migrate again under "
        "another migration_name"
    )


def _near(theirs: Sequence[int], ours: Sequence[int]) -> bool:
    """Return whether sizes are the same but for rounding to tens, or to GB of 10^9 bytes."""
    return len(theirs) == len(ours) and all(
        size and abs(size - other) < max(_ROUNDED, other * _GB) for size, other in zip(theirs, ours, strict=True)
    )


def decide(context: Context, server: Server, seen: Seen) -> Decision:
    """Return the next step: asked first for a server (its image may exist), and again when its objects are verified."""
    problem = conflict(server, seen)
    if problem:
        return Decision.fail(f"{problem}. Choose another image_name or migration name, or delete that image")
    image = result(seen)
    if image is None:
        requested = seen.requested.get(NAME)
        if requested and requested.may_appear(context.now):
            return Decision.wait(f"the import of {server.image_name} was requested and is not listed yet")
        if requested and requested.id:
            return Decision.fail(
                f"ENS does not show image {requested.id}, which ImportImage has returned for {server.image_name}: it "
                "was deleted outside this migration. Run the cleanup role for this server, then migrate again"
            )
        return Decision.act("import", f"the objects of {server.host} are verified")
    status = image.get("Status", "")
    state = states.outcome(states.ENS_IMAGE, status)
    if state == "pending":
        return Decision.wait(f"ENS image {image['ImageId']} is {status}")
    if state == "failure" and _replaceable(server, seen):
        return Decision.act("discard", f"the import of ENS image {image['ImageId']} failed in an earlier run")
    if state == "failure":
        return Decision.fail(
            f"ENS image {image['ImageId']} is {status}; ENS gives no reason. Check the format and the objects in the "
            "bucket, and that ENS may read the bucket (bucket policy). The failed image is deleted by the next run "
            "that waits, or by the cleanup"
        )
    return Decision.done(image["ImageId"])


def import_params(server: Server, policy: Policy, objects: Sequence[ExportedObject]) -> dict[str, Any]:
    """Return the ImportImage parameters: one object alone, several as a mapping, in the order of the contract."""
    layout = policy.layout
    region = {"OSSRegion": policy.region} if layout.oss_region else {}
    params: dict[str, Any] = {
        "ImageName": server.image_name,
        "ComputeType": "ens_vm",
        "Architecture": "x86_64",
        "OSType": "linux",
        "ImageFormat": policy.image_format,
        **region,
    }
    if layout.target_region:
        params["TargetOSSRegionId"] = policy.region
    if server.platform in ("centos", "ubuntu"):
        # The only two words that the ImportImage reference lists.
        params["Platform"] = server.platform
    system, *data = sorted(objects, key=lambda item: item["index"])
    if not (data or layout.mapping):
        params["OSSBucket"], params["OSSObject"] = system["bucket"], system["key"]
    else:
        params["DiskDeviceMapping"] = json.dumps(
            [
                {**region, "OSSBucket": item["bucket"], "OSSObject": item["key"]}
                for item in ([*data, system] if layout.system_last else [system, *data])
            ]
        )
    return {**params, **policy.import_parameters}


def about(server: Server, _seen: Seen) -> str:
    """Return the object of an import."""
    return server.image_name


def follow(context: Context, server: Server, seen: Seen, identity: str) -> None:
    """Look for the image with the id that ImportImage has returned, as the ledger says: others may have written that,
    so the image must be this server's by what ENS shows of it."""
    if any(image.get("ImageId") == identity for image in seen.ens_images):
        return
    found = context.clients.ens.describe_self_images(image_id=identity)
    # ENS filters are fuzzy (facts 4.2): only an exact comparison counts.
    seen.ens_images += [image for image in found if image.get("ImageId") == identity and _may_be(image, server, seen)]


def _may_be(image: Row, server: Server, seen: Seen) -> bool:
    """Return whether an image has this server's name, or none while ENS is making it, and is not older than the job."""
    name, pending = image.get("ImageName", ""), states.outcome(states.ENS_IMAGE, image.get("Status", "")) == "pending"
    made, begun = moment(image.get("CreationTime")), moment((seen.job or {}).get("CreationTime"))
    return (name == server.image_name or (pending and not name)) and not (made and begun and made < begun)


def act(context: Context, server: Server, seen: Seen, action: str) -> Outcome:
    """Request the import, which was announced before: ImportImage has no ClientToken. Or delete the image of one that
    has failed."""
    if action == "discard":
        # Written down before the call: an image that was deleted and is still followed would end the server.
        context.driver.record([Result(server.id, NAME, "error", "released")])
        context.clients.ens.delete_image(_bad(seen))
        return Outcome()
    answer = context.clients.ens.import_image(import_params(server, context.policy, seen.objects))
    return Outcome(ids={"image_id": str((answer or {}).get("ImageId") or "")})


def facts(seen: Seen) -> dict[str, str]:
    """Return the ids that a result shows of the import."""
    return {"ens_image_id": (result(seen) or {}).get("ImageId", "")}


STAGE = Stage(
    name=NAME,
    role="ens_import",
    observe=observe,
    decide=decide,
    act=act,
    facts=facts,
    notes=notes,
    needs=frozenset({"oss_object"}),
    leaves=(Leaves("ens_image", billed_by="ENS"),),
    announced={"import": about},
    follow=follow,
    found=lambda seen: (result(seen) or {}).get("ImageId", ""),
    starts=frozenset({"import"}),
    lasting=frozenset({"import"}),
    settles_first=lambda seen: bool(seen.ens_images) or NAME in seen.requested,
    idle=lambda seen: (seen.job is not None or seen.rests) and not seen.ens_images and NAME not in seen.requested,
)
