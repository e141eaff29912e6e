# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Import attempts: one image in one form, followed until it is Available or refused, with the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import ExportedObject, Policy, Server
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.ens import ENS_IMAGE
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import stamp
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming, states
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.contract import DOCUMENTED, Layout
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.ens_import import import_params

from . import images
from .record import DISKS, HOST, Record
from .waits import Waits

if TYPE_CHECKING:
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.oss import OssApi
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stage import Clock

CLOSED: Final = ("NoPermission",)
"""What ENS answers when it may not read the bucket; UNVERIFIED (facts 4.1)."""

FULL: Final = ("QuotaExceed",)
"""What ENS answers when the account may have no more images."""


@dataclass(frozen=True)
class Form:
    """One form of an import: the container of the files, the number of disks, and how the call describes them."""

    container: str
    layout: Layout = DOCUMENTED
    disks: int = 1
    again: bool = False
    """Whether it is a second image of the same name."""

    @property
    def name(self) -> str:
        """The first part of the image name, and what messages call the form."""
        shape = f"{self.disks}-disks" if self.disks > 1 else "mapping" if self.layout.mapping else "object"
        given = "".join(
            ("" if self.layout.oss_region else "-no-OSSRegion", "" if self.layout.target_region else "-no-target")
        )
        return f"canary-{self.container.replace('.', '-')}-{shape}{given}"


@dataclass
class Attempt:
    """One import: what was asked, what was answered, and what ENS has shown of the image since."""

    form: Form
    name: str
    at: str = ""
    image_id: str = ""
    code: str = ""
    message: str = ""
    request_id: str = ""
    status: str = ""
    sent: float = 0.0
    listed_after: float | None = None
    row: dict[str, Any] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        """Whether ENS is still importing, or does not list the image yet."""
        return bool(self.image_id) and states.outcome(states.ENS_IMAGE, self.status or "Creating") == "pending"

    @property
    def taken(self) -> bool:
        """Whether ENS has taken the call."""
        return bool(self.image_id)

    @property
    def accepted(self) -> bool:
        """Whether the image is Available."""
        return self.taken and states.outcome(states.ENS_IMAGE, self.status or "Creating") == "success"

    @property
    def refused(self) -> bool:
        """Whether ENS has decided against it: by an error, or by the state of the image."""
        return bool(self.code) or (self.taken and not self.open and not self.accepted)

    def outcome(self) -> str:
        """Return in words what came of it: the state of the image, or the error with its request id."""
        if self.code:
            return f"{self.code} ({' '.join(self.message.split())[:200]}; request id {self.request_id or 'unknown'})"
        return f"image {self.image_id} is {self.status or 'not listed'}"

    def evidence(self) -> dict[str, str]:
        """Return action, code, request id and time, and what was seen: the form, and the image."""
        seen = f", image {self.image_id} {self.status or 'not listed'}" if self.image_id else ""
        return {
            "action": "ens.ImportImage",
            "code": self.code or "OK",
            "request_id": self.request_id,
            "time": self.at,
            "seen": self.form.name + seen,
        }


class Importer:
    """Makes the import calls of one canary, and follows them together."""

    def __init__(self, clients: Clients, oss: OssApi, record: Record, policy: Policy, clock: Clock) -> None:
        self._clients, self._oss, self._record, self._policy, self._clock = clients, oss, record, policy, clock
        self.attempts: list[Attempt] = []

    def start(self, form: Form) -> Attempt:
        """Ask for one import, which the record names first: ImportImage has no ClientToken."""
        server = Server(self._record.migration, HOST, self._record.run, base_name=form.name)
        attempt = Attempt(form, server.image_name)
        self._record.images.setdefault(attempt.name, [])
        self._record.keep(self._oss)
        policy = Policy(self._policy.region, self._policy.bucket, images.FORMAT_OF[form.container], layout=form.layout)
        attempt.at = stamp(self._clock.now())
        attempt.sent = self._clock.monotonic()
        self.attempts.append(attempt)
        try:
            answer = self._clients.ens.import_image(import_params(server, policy, self._objects(form)))
        except CloudError as error:
            if error.uncertain:
                # Whether it was begun is not known: the record names it, so that the deletion looks for it.
                raise
            attempt.code, attempt.message, attempt.request_id = error.code, error.message, error.request_id
            if not self._record.images[attempt.name]:
                # Nothing was begun: whoever finds the record does not wait for this image.
                del self._record.images[attempt.name]
                self._record.keep(self._oss)
            return attempt
        attempt.image_id = str(answer["ImageId"])
        attempt.request_id = str(answer.get("RequestId") or "")
        self._record.images[attempt.name].append(attempt.image_id)
        self._record.keep(self._oss)
        return attempt

    def _objects(self, form: Form) -> list[ExportedObject]:
        return [
            ExportedObject(index=index, bucket=self._oss.name, key=key, size=0, virtual_size=0)
            for index, key in enumerate(keys(self._record, form.container, form.disks))
        ]

    def follow(self, attempts: Sequence[Attempt], timeout: float, pause: float, waits: Waits) -> None:
        """Query until every image is Available or failed, or until the timeout."""
        deadline = self._clock.monotonic() + timeout
        while any(attempt.open for attempt in attempts):
            rows = {row["ImageId"]: row for row in self._clients.ens.describe_self_images()}
            for attempt in attempts:
                self._saw(attempt, rows.get(attempt.image_id))
            if self._clock.monotonic() >= deadline or not any(attempt.open for attempt in attempts):
                return
            pending = [f"{row.form.name} is {row.status or 'not listed'}" for row in attempts if row.open]
            waits.says(f"waiting for ENS, at most {timeout:.0f} s: {', '.join(pending)}")
            self._clock.sleep(pause)
            self._record.keep(self._oss)

    def _saw(self, attempt: Attempt, row: dict[str, Any] | None) -> None:
        if row is None:
            return
        if attempt.listed_after is None:
            attempt.listed_after = self._clock.monotonic() - attempt.sent
        attempt.row, attempt.status = row, row.get("Status", "")


def keys(record: Record, container: str, disks: int) -> list[str]:
    """Return the keys of the files of one form, the system disk first."""
    return [naming.canary_disk_key(record.id, disk, container) for disk in DISKS[:disks]]


def sizes(attempt: Attempt) -> list[tuple[str, int]]:
    """Return type and GiB of the disks that ENS reports of an image."""
    return [(disk["type"], disk["size"]) for disk in ENS_IMAGE.value(attempt.row, "disks")]
