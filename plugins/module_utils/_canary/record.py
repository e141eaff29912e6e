# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The record of a canary: one object in the bucket that names what it makes, before it makes it.

Each canary has a separate migration id, made of the name of the migration and a random text. The record tells both,
so that the next canary and a cleanup can compute the id again: another object cannot pass for the record by chance, and
nothing that existed before the record can have a name with this id.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.lines import MOST_TEXT
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.store import printable
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits, naming

from . import images

if TYPE_CHECKING:
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.oss import OssApi

HOST: Final = "canary"
"""What a canary uses as the host in its migration id."""

CLAIM_SECONDS: Final = 120
"""So long after its last sign of life a canary counts as running: longer than one request and one pause."""

_LARGEST: Final = 64 * 1024
_RUN = re.compile(r"[0-9a-f]{16}")
"""The random text of a canary. A fingerprint is longer: no record can be that of a server whose name is HOST."""

_LATEST: Final = 253_402_300_799
"""The last second that is a date, 9999-12-31T23:59:59Z."""

_MOST_KEYS: Final = 10_000
"""Others can put any number of objects below the prefix of a migration."""


@dataclass
class Record:
    """What a canary makes, who runs it, and since when, in seconds of the service's clock."""

    migration: str
    run: str
    host: str = ""
    process: int = 0
    begun: float = 0.0
    images: dict[str, list[str]] = field(default_factory=dict)
    """By image name: the ids that ImportImage has returned."""
    written: float = field(default=0.0, compare=False)
    """When the object was written last, as OSS lists it."""

    @classmethod
    def new(cls, migration: str) -> Record:
        """Return the record of a canary that begins now."""
        return cls(migration, secrets.token_hex(8), printable(socket.gethostname())[:64], os.getpid())

    @property
    def id(self) -> str:
        """The migration id."""
        return naming.migration_id(self.migration, HOST, self.run)

    @property
    def runner(self) -> str:
        """Who runs it, for messages."""
        return f"{self.host} (process {self.process})"

    @property
    def keys(self) -> list[str]:
        """The keys of all objects that it may write; its record is the last."""
        files = [naming.canary_disk_key(self.id, disk, end) for disk in DISKS for end in images.CONTAINERS]
        return [*files, naming.canary_race_key(self.id), naming.proof_key(self.id), naming.canary_record_key(self.id)]

    def keep(self, oss: OssApi) -> None:
        """Write the record: a sign of life."""
        key = naming.canary_record_key(self.id)
        if not self.begun:
            oss.head(key)
            self.begun = oss.clock.now()
        told = {name: value for name, value in vars(self).items() if name != "written"}
        oss.put_text(key, json.dumps(told) + "\n")

    def running(self, oss: OssApi) -> bool:
        """Return whether it has given a sign of life lately, by the clock of the service."""
        return oss.clock.now() < self.written + CLAIM_SECONDS


DISKS: Final = ("system", "data")
"""The disks of a canary."""


def each(oss: OssApi, migration: str, identity: str = "") -> Iterator[Record]:
    """Yield the records of the canaries of a migration, or of the one with this migration id. What only looks like one
    is left out."""
    prefix = naming.canary_record_key(identity) if identity else naming.objects_prefix(naming.wave_id(migration))
    rows = oss.each_key(prefix)
    for row in islice(rows, _MOST_KEYS):
        identity = row["key"].partition("_")[0]
        if row["key"] != naming.canary_record_key(identity) or row["size"] > _LARGEST:
            continue
        found = _read(oss.get_text(row["key"]) or "")
        if found and found.migration == migration and _RUN.fullmatch(found.run) and found.id == identity:
            found.written = row["modified"]
            # A canary writes its record after it began; others could have it waited for in vain.
            if found.begun <= found.written + limits.DRIFT_SECONDS:
                yield found


def _read(text: str) -> Record | None:
    """Return the record in a text, None where it is none."""
    try:
        given: Any = json.loads(text)
        if not 0 <= float(given["begun"]) <= _LATEST:
            return None
        names = {_text(name): [_text(image) for image in ids] for name, ids in dict(given["images"]).items()}
        return Record(
            str(given["migration"]),
            str(given["run"]),
            _text(given["host"])[:64],
            int(given["process"]),
            float(given["begun"]),
            names,
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return None


def _text(value: Any) -> str:
    """Return a text that a canary has written, and that messages and the terminal may show; raise ValueError."""
    if not isinstance(value, str) or len(value) > MOST_TEXT or not value.isprintable():
        raise ValueError
    return value
