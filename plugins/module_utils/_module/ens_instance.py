# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The work of ens_instance: the ENS instance of one migrated server, created once, started, stopped or released."""

from __future__ import annotations

import base64
from datetime import datetime, timezone
from math import ceil
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Policy, Server
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.ens import ENS_IMAGE, ENS_INSTANCE
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import moment
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import instances, limits, naming
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import launch
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.fleet import Fleet

from . import options, overrides, single_stage
from .argspec import ArgSpec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import Facts
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.row import Progress

LOGINS = ("password", "key_pair_name", "password_inherit")
_CATEGORIES = ("cloud_efficiency", "cloud_ssd", "local_hdd", "local_ssd")
_MOST_HOURS = 8760
"""A year."""
_SHOWN = ("instance_id", "status", "policy")
"""What a diff shows of an instance."""


def spec() -> ArgSpec:
    """Return the options that only this module has."""
    category = {"type": "str", "choices": list(_CATEGORIES)}
    return ArgSpec(
        argument_spec={
            "name": {"type": "str", "required": True},
            "host": {"type": "str", "required": True},
            "bucket": {"type": "str", "required": True},
            "state": {"type": "str", "default": "running", "choices": ["running", "stopped", "absent"]},
            "policy": {"type": "str", "default": "manual", "choices": list(instances.POLICIES)},
            "image_id": {"type": "str"},
            "image_name": {"type": "str"},
            "ens_region_id": {"type": "str"},
            "instance_type": {"type": "str"},
            "password": {"type": "str", "no_log": True},
            "key_pair_name": {"type": "str"},
            # Whether to use the password of the image: it is no secret.
            "password_inherit": {"type": "bool", "default": False, "no_log": False},
            "system_disk_size": {"type": "int"},
            "system_disk_category": dict(category),
            "data_disks": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {"size": {"type": "int", "required": True}, "category": dict(category)},
            },
            "vswitch_id": {"type": "str"},
            "network_id": {"type": "str"},
            "private_ip": {"type": "str"},
            "security_group_id": {"type": "str"},
            "internet_charge_type": {"type": "str", "choices": ["BandwidthByDay", "95BandwidthByMonth"]},
            "internet_max_bandwidth_out": {"type": "int"},
            "host_name": {"type": "str"},
            "user_data": {"type": "str", "no_log": True},
            "auto_release_time": {"type": "str"},
            "commit_hours": {"type": "float", "default": 0.0},
            "only_overdue": {"type": "bool", "default": False},
            "create": {"type": "bool", "default": True},
            "tags": {"type": "dict", "default": {}},
            "required_tags": {"type": "dict", "default": {}},
            "instance_parameters": {"type": "dict"},
            "check_stock": {"type": "bool", "default": True},
        }
    )


def work(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Return the ENS instance of one server in the wanted state."""
    params = module.params
    migration = options.migration(params)
    options.refuse(input_problems(params))
    rows = [ENS_INSTANCE.facts(row) for row in clients.ens.describe_instances()]
    existing = of_host(migration, params["host"], rows)
    lacking = launch.foreign(_texts(params["required_tags"]), existing) if existing else ""
    options.refuse([lacking] if lacking else [])
    # An existing instance needs no image: that may have been deleted.
    needs_image = not existing and params["create"] and not params["only_overdue"]
    image = _image(clients, migration, params) if needs_image else {"image_id": params["image_id"] or ""}
    if not existing and not params["create"] and params["state"] == "running":
        options.refuse([f"{params['host']} has no ENS instance of migration {migration!r}, and create is false"])
    identity = existing.get("tags", {}).get(naming.SERVER_TAG) or naming.owner_of((image or {}).get("image_name", ""))
    absent = {"changed": False, "instance": {}, "price": {}, "phase": "done", "resources": []}
    if not identity:
        # Nothing shows that this server was ever migrated: there is nothing to stop or release.
        if params["state"] == "stopped" and not params["only_overdue"]:
            options.refuse([f"{params['host']} has no ENS instance of migration {migration!r}"])
        return absent
    server = Server(migration, params["host"], "", known_id=identity)
    wanted = _launch(params, image)
    policy = Policy(params["region"], params["bucket"], "", restart=params["restart"])
    fleet = Fleet(clients, [server], policy, check_mode=module.check_mode, stages=(launch.stage(wanted),))
    known = bool(existing) or fleet.driver.announced(server.id, launch.NAME)
    if params["state"] == "absent" and not known:
        return absent
    price: dict[str, Any] = {}
    if params["state"] == "running" and not known:
        options.refuse(_problems(clients, params, image or {}, datetime.now(timezone.utc)))
        price = _price(module, clients, params, wanted)
    result = single_stage.run(module, fleet, "instance", describe)
    result["changed"] = any(step != f"{launch.NAME}.forget" for step in fleet.acts)
    if module._diff:
        result["diff"] = {"before": _part(existing), "after": _part(result["instance"])}
    return {**result, "price": price}


def of_host(migration: str, host: str, rows: Sequence[Facts]) -> Facts:
    """Return the proven instance of a host of this migration, {} for none; refuse several: each is billed."""
    found = [
        row
        for row in rows
        if row["tags"].get(naming.HOST_TAG) == host[: naming.TAG_VALUE_LENGTH]
        and not instances.doubt(migration, row["instance_name"], row["tags"])
    ]
    if len(found) > 1:
        ids = ", ".join(f"{row['instance_id']} ({row['instance_name']})" for row in found)
        told = f"{host} has {len(found)} ENS instances of this migration, each of them billed: {ids}"
        options.refuse([f"{told}. Release those that are not needed"])
    return found[0] if found else {}


def _image(clients: Clients, migration: str, params: Mapping[str, Any]) -> Facts | None:
    """Return the ENS image of a server; refuse one that is not Available, or not from this migration. For other states
    than running, None when there is none."""
    images = [ENS_IMAGE.facts(row) for row in clients.ens.describe_self_images()]
    found = choose_image(migration, params["host"], params["image_name"] or "", params["image_id"] or "", images)
    if isinstance(found, dict):
        return found
    if params["state"] == "running":
        options.refuse([found])
    return None


def choose_image(migration: str, host: str, base: str, image_id: str, images: Sequence[Facts]) -> Facts | str:
    """Return the image of a host, or why there is none that can be used."""
    if image_id:
        found = [image for image in images if image["image_id"] == image_id]
        if not found:
            return f"ENS has no own image {image_id}"
        if not naming.owned_by(migration, found[0]["image_name"]):
            return f"ENS image {image_id} ({found[0]['image_name']}) is not an image of migration {migration!r}"
    else:
        found = [
            image
            for image in images
            if (identity := naming.owned_by(migration, image["image_name"]))
            and image["image_name"] == naming.resource_name(base or host, identity)
        ]
        if not found:
            return (
                f"ENS has no image of {host} from migration {migration!r}. Migrate it first, or set image_name to the "
                "prefix of its image, or image_id"
            )
    usable = [image for image in found if image["status"] == "Available"]
    if not usable:
        told = ", ".join(f"{image['image_id']} is {image['status']}" for image in found)
        return f"no ENS image of {host} is Available: {told}"
    if len(usable) > 1:
        ids = ", ".join(f"{image['image_id']} ({image['creation_time']})" for image in usable)
        return f"{host} has {len(usable)} ENS images in migration {migration!r}: {ids}. Set image_id to one of them"
    return usable[0]


def input_problems(params: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the options alone; no text contains the password."""
    problems = []
    if params["password"] is not None:
        problem = limits.password_problem(params["password"])
        problems += [f"ENS refuses this password, {problem}"] if problem else []
    given = [name for name in LOGINS if params[name]]
    if len(given) > 1:
        problems.append(f"only one of {', '.join(given)} can be used")
    encoded = _encoded(params["user_data"])
    if len(encoded) > limits.USER_DATA_BYTES:
        problems.append(f"user_data has {len(encoded)} bytes in base64, ENS accepts {limits.USER_DATA_BYTES}")
    problems += _release_problems(params)
    least, step = limits.INSTANCE_DISK_GIB, limits.SYSTEM_DISK_STEP_GIB
    size = params["system_disk_size"]
    if size is not None and (size < least or size % step):
        problems.append(f"system_disk_size is {size}, ENS accepts multiples of {step} from {least}")
    problems += [f"the size of a data disk is {disk['size']}, ENS accepts {least} or more"
                 for disk in params["data_disks"] if disk["size"] < least]
    if params["private_ip"] and not params["vswitch_id"]:
        problems.append("private_ip needs vswitch_id")
    if params["image_name"]:
        problems += filter(None, [naming.base_name_problem(params["image_name"])])
    room = instances.MOST_OWN_TAGS - bool(params["commit_hours"])
    problems += filter(None, [instances.own_tags_problem(params["tags"], room)])
    if not 0 <= params["commit_hours"] <= _MOST_HOURS:
        problems.append(f"commit_hours is {params['commit_hours']:g}, it must be 0 to {_MOST_HOURS}")
    if params["only_overdue"] and params["state"] == "running":
        problems.append("only_overdue needs state=stopped or state=absent")
    return problems + overrides.problems(params)


def _release_problems(params: Mapping[str, Any]) -> list[str]:
    text = params["auto_release_time"]
    if not text:
        return []
    if not text.endswith("Z") or moment(text) is None:
        return [f"auto_release_time is {text!r}, ENS accepts a time in UTC such as 2026-11-24T08:00:00Z"]
    if params["policy"] == "keep":
        return ["auto_release_time releases the instance, and the policy keep never does: set only one of them"]
    return []


def _problems(clients: Clients, params: Mapping[str, Any], image: Facts, now: datetime) -> list[str]:
    """Return why no instance can be created, from the options and from what ENS offers. These calls only read."""
    missing = [name for name in ("ens_region_id", "instance_type") if not params[name]]
    problems = [f"{name} is required to create an instance" for name in missing]
    if not any(params[name] for name in LOGINS):
        problems.append(f"one of {', '.join(LOGINS)} is required to create an instance")
    when = moment(params["auto_release_time"])
    if when and (when - now).total_seconds() < limits.AUTO_RELEASE_SECONDS - 60:
        text = params["auto_release_time"]
        problems.append(f"auto_release_time {text} is less than an hour from now: ENS accepts an hour or more")
    least, size = _system_gib(image), params["system_disk_size"]
    if size is not None and size < least:
        problems.append(f"system_disk_size is {size}, the system disk of image {image['image_id']} has {least} GiB")
    return problems if missing else problems + _stock_problems(clients, params)


def _stock_problems(clients: Clients, params: Mapping[str, Any]) -> list[str]:
    node, kind = params["ens_region_id"], params["instance_type"]
    nodes = {row["ens_region_id"] for row in clients.ens.describe_ens_regions()}
    if node not in nodes:
        near = ", ".join(sorted(nodes)[:10])
        return [f"ens_region_id: ENS has no node {node!r}. It has {len(nodes)} nodes, such as {near}"]
    if not params["check_stock"]:
        return []
    rows = clients.ens.describe_available_resource()
    if any(row["ens_region_id"] == node and row["instance_type"] == kind and row["count"] > 0 for row in rows):
        return []
    here = sorted({row["instance_type"] for row in rows if row["ens_region_id"] == node and row["count"] > 0})
    other = sorted({row["ens_region_id"] for row in rows if row["instance_type"] == kind and row["count"] > 0})
    offers, elsewhere = ", ".join(here[:10]) or "nothing", ", ".join(other[:10]) or "none"
    told = f"node {node} has no stock of {kind}. It offers {offers}; nodes with {kind}: {elsewhere}"
    return [f"{told}. Set check_stock=false to try it nevertheless"]


def _price(module: AnsibleModule, clients: Clients, params: Mapping[str, Any], wanted: launch.Launch) -> dict[str, Any]:
    """Return the price of a month, {} where it cannot be read: it decides nothing."""
    request = {
        "EnsRegionId": wanted.ens_region_id,
        "InstanceType": wanted.instance_type,
        "InternetChargeType": params["internet_charge_type"] or "BandwidthByDay",
        "Period": 1,
        "PeriodUnit": "Month",
        "Quantity": 1,
        "SystemDiskSize": wanted.parameters["SystemDisk"]["Size"],
    }
    try:
        return {**clients.ens.describe_price(request), "period": "Month"}
    except CloudError as error:
        module.warn(f"The price of {wanted.instance_type} on {wanted.ens_region_id} could not be read: {error}")
        return {}


def _launch(params: Mapping[str, Any], image: Facts | None) -> launch.Launch:
    image, step = image or {}, limits.SYSTEM_DISK_STEP_GIB
    system = _system_gib(image) or image.get("size", 0)
    size = params["system_disk_size"] or max(limits.INSTANCE_DISK_GIB, ceil(system / step) * step)
    given = {
        "SystemDisk": _disk(size, params["system_disk_category"]),
        "DataDisk": [_disk(row["size"], row["category"]) for row in params["data_disks"]] or None,
        "Password": params["password"],
        "KeyPairName": params["key_pair_name"],
        "PasswordInherit": params["password_inherit"] or None,
        "VSwitchId": params["vswitch_id"],
        "NetWorkId": params["network_id"],
        "PrivateIpAddress": params["private_ip"],
        "SecurityId": params["security_group_id"],
        "InternetChargeType": params["internet_charge_type"],
        "InternetMaxBandwidthOut": params["internet_max_bandwidth_out"],
        "HostName": params["host_name"],
        "UserData": _encoded(params["user_data"]) or None,
        "AutoReleaseTime": params["auto_release_time"],
    }
    return launch.Launch(
        state=params["state"],
        image_id=image.get("image_id", ""),
        ens_region_id=params["ens_region_id"] or "",
        instance_type=params["instance_type"] or "",
        policy=params["policy"],
        tags=_texts(params["tags"]),
        required_tags=_texts(params["required_tags"]),
        commit_hours=params["commit_hours"],
        only_overdue=params["only_overdue"],
        create=params["create"],
        parameters={
            **{name: value for name, value in given.items() if value is not None},
            **(params["instance_parameters"] or {}),
        },
    )


def _texts(tags: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in tags.items()}


def _system_gib(image: Facts) -> int:
    """Return the GiB of the system disk of an image, 0 where ENS does not show them."""
    return max((disk["size"] for disk in image.get("disks", []) if disk["type"] == "system"), default=0)


def _disk(size: int, category: str | None) -> dict[str, Any]:
    return {"Size": size, **({"Category": category} if category else {})}


def _encoded(text: str | None) -> str:
    return base64.b64encode((text or "").encode("utf-8")).decode()


def describe(row: Progress) -> dict[str, Any]:
    """Return what the module reports of the instance."""
    found = launch.instance(row.seen)
    if not found:
        return {}
    by = instances.commit_by(found["tags"])
    return {
        **found,
        "policy": instances.policy(found["tags"]),
        "commit_by": f"{by:%Y-%m-%dT%H:%M:%SZ}" if by else "",
        "overdue": instances.overdue(found["tags"], datetime.now(timezone.utc)),
        "migration_id": row.server.id,
        "state": row.state,
    }


def _part(found: Mapping[str, Any]) -> dict[str, Any]:
    policy = {"policy": instances.policy(found["tags"])} if found else {}
    return {name: value for name, value in {**found, **policy}.items() if name in _SHOWN}
