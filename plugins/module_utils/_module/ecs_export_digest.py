# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The work of ecs_export_digest: read the exported objects of a run once, and return the digest of each disk."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import moment
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import digest, objects
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.ahead import FIRST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.oss import OssApi

_KIND = "oss_object"


class _Late(Exception):
    """The time for all objects is over."""


class _Unchanged:
    """One version of the objects of a bucket: what was replaced meanwhile is refused."""

    def __init__(self, oss: OssApi, etag: str) -> None:
        self._oss, self._etag = oss, etag

    def read_range(self, key: str, start: int, end_inclusive: int) -> bytes:
        """Return the bytes from start to end, both included."""
        return self._oss.read_range(key, start, end_inclusive, self._etag)


def work(module: AnsibleModule, clients: Clients) -> dict[str, Any]:
    """Return a digest, or the reason why there is none, for each exported disk of the hosts."""
    params = module.params
    deadline = time.monotonic() + params["wait_timeout"]

    def check() -> None:
        if time.monotonic() > deadline:
            raise _Late

    oss = clients.oss(params["bucket"])
    disks = exported(params["resources"], params["hosts"], params["bucket"])
    late = f"was not read within {params['wait_timeout']} s (wait_timeout)"

    def read(disk: Mapping[str, Any]) -> dict[str, Any]:
        found = {"host": disk["host"], "index": disk["index"], "object": f"{params['bucket']}/{disk['key']}"}
        try:
            return {**found, "problem": "", **_digest(oss, disk, check)}
        except _Late:
            return {**found, "problem": late}
        except CloudError as error:
            return {**found, "problem": f"could not be read: {error}"}

    return {"changed": False, "digests": clients.pool.each(read, disks)}


def exported(rows: Iterable[Mapping[str, Any]], hosts: Iterable[str], bucket: str) -> list[dict[str, Any]]:
    """Return the objects of the hosts in a bucket, each with the index of its disk, from the resources of a run."""
    wanted = set(hosts)
    keys: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows:
        place, _slash, key = str(row.get("id") or "").partition("/")
        if row.get("kind") == _KIND and row.get("host") in wanted and place == bucket and not row.get("deleted"):
            keys[str(row["host"])][key] = str(row.get("created") or "")
    return [
        {"host": host, "index": index, "key": key, "ended": times[key]}
        for host, times in sorted(keys.items())
        for index, key in enumerate(objects.disk_order(times))
    ]


def _digest(oss: OssApi, disk: Mapping[str, Any], check: Callable[[], None]) -> dict[str, Any]:
    check()
    row = oss.read_start(disk["key"], FIRST)
    problem = objects.replaced(row, moment(disk["ended"]))
    if row is None or problem:
        return {"problem": problem}
    return digest.of_object(_Unchanged(oss, row.get("etag") or ""), disk["key"], row["size"], row["content"], check)
