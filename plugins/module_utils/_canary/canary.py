# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""A canary: small images are imported in every form that is in doubt, and what ENS makes of them is the contract.

First every container is tried as one object, with both regions given; if ENS takes none of them, without the one, the
other, and both, and then as a mapping. What ENS has taken is then varied in one respect at a time.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Policy, Server
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import stamp
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.contract import (
    DOCUMENTED,
    UNKNOWN,
    VERSION,
    Layout,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages import bucket_proof, checks

from . import account, images, race
from .attempts import CLOSED, FULL, Attempt, Form, Importer, keys, sizes
from .record import CLAIM_SECONDS, HOST, Record, each
from .sweep import Swept, sweep
from .waits import Waits

if TYPE_CHECKING:
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.oss import OssApi
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stage import Clock

LAYOUTS: Final = (
    DOCUMENTED,
    Layout(oss_region=False),
    Layout(target_region=False),
    Layout(oss_region=False, target_region=False),
)
"""The ways to give regions, the documented one first."""

_SIGN_OF_LIFE: Final = CLAIM_SECONDS / 4
"""Seconds between two signs of life while a file is sent."""

MOST_IMAGES: Final = len(images.CONTAINERS) + 6
"""How many images may exist at once: one of each container, and the variations of one of them."""


MOST_LEFTOVERS: Final = 50
"""The records of interrupted canaries that one canary deals with."""


def worst_case(wait_timeout: int) -> dict[str, Any]:
    """Return the most that a canary can leave billed, in GiB and GiB-hours, if nothing is deleted before its end."""
    objects = images.SYSTEM_GIB + 1
    made = MOST_IMAGES * images.SYSTEM_GIB + images.DATA_GIB
    hours = round(3 * wait_timeout / 3600, 2)
    return {
        "oss_gib": objects,
        "ens_gib": made,
        "hours": hours,
        "gib_hours": math.ceil((objects + made) * hours),
    }


def planned_calls(policy: Policy, migration: str) -> list[str]:
    """Return what a canary would do, in order. Which imports come second depends on the answers to the first."""
    bucket, given = policy.bucket, f"OSSRegion and TargetOSSRegionId {policy.region}"
    names, system, data = ", ".join(images.CONTAINERS), images.SYSTEM_GIB, images.DATA_GIB
    record = naming.objects_prefix(naming.wave_id(migration))
    return [
        "ram.GetRole, ram.ListPoliciesForRole, ram.GetPolicy: read",
        "sts.GetCallerIdentity, oss.GetBucketInfo, oss.GetBucketWorm, ens.DescribeSelfImages: read",
        f"oss.AppendObject, oss.DeleteObject: prove that bucket {bucket} gives back what it takes",
        f"oss.PutObject: the record of the canary, whose key begins with {record}, in {bucket}",
        f"oss.AppendObject: {race.CONNECTIONS} at one position, several times; again after oss.DeleteObject",
        f"oss.PutObject: a disk of {system} GiB as {names}",
        f"ens.ImportImage: each of them ({names}) as one object with {given}",
        "ens.ImportImage: if ENS takes none, without the one region, the other, and both; then as DiskDeviceMapping",
        "ens.ImportImage: one that was taken, without each region, as DiskDeviceMapping, and again under its name",
        f"oss.PutObject, ens.ImportImage: two disks of {system} and {data} GiB as DiskDeviceMapping",
        "ens.DescribeSelfImages: until every image is Available or refused",
        "ens.DeleteImage, oss.DeleteObject: all that was made, until no list shows it",
    ]


@dataclass
class Canary:
    """One canary."""

    clients: Clients
    connect: Callable[[], OssApi]
    """Returns a client of the bucket over a separate connection."""
    policy: Policy
    migration: str
    clock: Clock
    wait_timeout: int
    poll_interval: float
    warnings: list[str] = field(default_factory=list)
    swept: Swept = field(default_factory=Swept)
    waits: Waits = field(default_factory=Waits)
    questions: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.oss = self.clients.oss(self.policy.bucket)
        self.record = Record.new(self.migration)
        self.importer = Importer(self.clients, self.oss, self.record, self.policy, self.clock)

    def remove_leftovers(self) -> None:
        """Delete what interrupted canaries of this name have left; refuse while another one runs.

        Others can put any number of records into the bucket: the next canary continues with the rest.
        """
        for record in list(islice(each(self.oss, self.migration), MOST_LEFTOVERS)):
            if record.running(self.oss):
                self._await_end(record)
            self._sweep(record)

    def _await_end(self, record: Record) -> None:
        """Wait until a canary has given no sign of life for the time of its claim; refuse when it gives one."""
        deadline = self.clock.monotonic() + 2 * CLAIM_SECONDS
        while self.clock.monotonic() < deadline:
            now = next(each(self.oss, self.migration, record.id), None)
            if now is None or not now.running(self.oss):
                return
            if now.written > record.written:
                break
            self.waits.says(
                f"waiting at most {2 * CLAIM_SECONDS} s for the end of the canary of {record.runner}: one that "
                f"was killed counts as running for {CLAIM_SECONDS} s, too, after its last sign of life"
            )
            self.clock.sleep(self.poll_interval)
        raise CloudError(
            f"Canary {self.migration!r}",
            "Canary.Running",
            f"another canary of this name is run by {record.runner}",
            hint="Wait until it has ended, or give this one another name.",
        )

    def _sweep(self, record: Record) -> None:
        done = sweep(self.clients, self.oss, record, self.clock, self.wait_timeout, self.poll_interval, self.waits)
        self.swept.deleted += done.deleted
        self.swept.left += done.left

    def run(self) -> dict[str, Any]:
        """Return the contract; what was made is deleted in any case."""
        account_id = checks.account(self.clients, self.policy)
        self._prove_bucket()
        self._activated()
        self.remove_leftovers()
        began = self.clock.now()
        try:
            self.record.keep(self.oss)
            self._account()
            self._race()
            self._imports()
        finally:
            self._sweep(self.record)
        return {
            "version": VERSION,
            "written": stamp(began),
            "account": account_id,
            "region": self.policy.region,
            "bucket": self.policy.bucket,
            "questions": self.questions,
        }

    def problem(self) -> str:
        """Return why no wave can be imported by what was proved, '' if ENS has imported at least one form."""
        formats = self.questions.get("image_formats", {}).get("answer", UNKNOWN)
        if formats and formats != UNKNOWN:
            return ""
        told = "no form of an image was proved" if formats == UNKNOWN else "ENS has refused every form of an image"
        rows = [f"{row.form.name}: {row.outcome()}" for row in self.importer.attempts]
        return f"{told} in region {self.policy.region} with bucket {self.policy.bucket}: {'; '.join(rows)}"

    def _answer(self, question: str, answer: Any, *evidence: dict[str, str]) -> None:
        now = stamp(self.clock.now())
        self.questions[question] = {"answer": answer, "evidence": [{"time": now, **row} for row in evidence]}

    def _prove_bucket(self) -> None:
        """Refuse a bucket that does not give back what it takes, before anything else is written."""
        server = Server(self.migration, HOST, self.record.run)
        problem = bucket_proof.prove(self.oss, server)
        if problem:
            raise CloudError(
                f"Bucket {self.policy.bucket!r}",
                "Bucket.Keeps",
                problem,
                hint="Grant oss:PutObject and oss:DeleteObject on the bucket. Nothing else was written.",
            )

    def _activated(self) -> None:
        """Read the images: where ENS is not activated, or these credentials may not, nothing else is tried."""
        self.clients.ens.describe_self_images()
        self._answer("ens_activated", "yes", {"action": "ens.DescribeSelfImages", "code": "OK", "request_id": ""})

    def _account(self) -> None:
        for question, (answer, evidence) in (
            ("bucket", account.bucket(self.oss, self.oss.bucket_info())),
            ("export_role", account.export_role(self.clients, self.policy.bucket)),
        ):
            self._answer(question, answer, evidence)

    def _race(self) -> None:
        once, refused, seen = race.race(self.connect, naming.canary_race_key(self.record.id))
        rows = [{"action": "oss.AppendObject", "code": "OK", "request_id": "", "seen": text} for text in seen]
        self._answer("append_race", once, *rows[:-1])
        self._answer("append_after_deletion", refused, *rows[-1:])

    # ---- imports ----
    def _imports(self) -> None:
        best, tried = self._first()
        self._formats(tried, best)
        closed = [attempt for attempt in tried if attempt.code in CLOSED]
        readable = "yes" if best else "no" if closed else UNKNOWN
        self._answer("bucket_access", readable, *[row.evidence() for row in closed[:1] or tried[:1]])
        if best:
            self._variations(best)
        full = [attempt for attempt in self.importer.attempts if attempt.code in FULL]
        quota = "yes" if full else "no" if best else UNKNOWN
        self._answer("image_quota", quota, *[row.evidence() for row in full[:1]])
        self._listing()

    def _first(self) -> tuple[Attempt | None, list[Attempt]]:
        """Return the first attempt whose image is Available, and all attempts of the round that has decided it."""
        for container in images.CONTAINERS:
            self._upload(Form(container))
        tried: list[Attempt] = []
        for mapping in (False, True):
            for layout in LAYOUTS:
                forms = [Form(container, replace(layout, mapping=mapping)) for container in images.CONTAINERS]
                tried = [self.importer.start(form) for form in forms]
                if any(attempt.taken for attempt in tried):
                    self._follow(tried)
                    return next((attempt for attempt in tried if attempt.accepted), None), tried
                if any(attempt.code in (*CLOSED, *FULL) for attempt in tried):
                    return None, tried
        return None, tried

    def _upload(self, form: Form) -> None:
        """Write the files of a form and send them, unless they are there already."""
        for key, size in zip(
            keys(self.record, form.container, form.disks), images.sizes(form.container)[: form.disks], strict=True
        ):
            if not self.oss.head(key):
                self._send(key, form.container, size)

    def _send(self, key: str, container: str, size: int) -> None:
        last = self.clock.monotonic()

        def sent(_sent: int, _all: int) -> None:
            nonlocal last
            if self.clock.monotonic() - last > _SIGN_OF_LIFE:
                last = self.clock.monotonic()
                self.record.keep(self.oss)

        with tempfile.TemporaryDirectory(prefix="canary-") as folder:
            path = Path(folder) / "disk"
            images.write(path, container, size)
            self.oss.put_file(key, str(path), sent)

    def _follow(self, attempts: list[Attempt]) -> None:
        self.importer.follow(attempts, self.wait_timeout, self.poll_interval, self.waits)
        for attempt in attempts:
            if attempt.open:
                self.warnings.append(
                    f"ENS image {attempt.image_id} ({attempt.form.name}) was {attempt.status or 'not listed'} after "
                    f"{self.wait_timeout} seconds: the form is neither proved nor refused"
                )

    def _formats(self, tried: list[Attempt], best: Attempt | None) -> None:
        accepted = [row.form.container for row in tried if row.accepted]
        evidence = [row.evidence() for row in tried]
        formats = [images.FORMAT_OF[name] for name in accepted if name != "raw"]
        decided = best or all(row.refused and row.code not in (*CLOSED, *FULL) for row in tried)
        self._answer("image_formats", formats if decided else UNKNOWN, *evidence)
        plain = [row for row in tried if row.form.container == "raw"]
        told = "yes" if "raw" in accepted else "no" if best and all(row.refused for row in plain) else UNKNOWN
        self._answer("plain_raw", told, *[row.evidence() for row in plain])

    def _variations(self, best: Attempt) -> None:
        """Vary what was accepted in one respect at a time, and look at what ENS reports."""
        form, layout = best.form, best.form.layout
        forms = [
            replace(form, layout=replace(layout, oss_region=not layout.oss_region)),
            replace(form, layout=replace(layout, target_region=not layout.target_region)),
            replace(form, layout=replace(layout, mapping=not layout.mapping)),
            replace(form, again=True),
        ]
        pair = replace(form, disks=2)
        if form.container != "raw":
            self._upload(pair)
        other = [self.importer.start(item) for item in forms]
        two = self.importer.start(pair) if form.container != "raw" else None
        self._follow([*other, *([two] if two else [])])
        source, target, shape, again = other
        self._answer("oss_region", "given" if layout.oss_region else "omitted", best.evidence(), source.evidence())
        self._answer(
            "target_region", "given" if layout.target_region else "omitted", best.evidence(), target.evidence()
        )
        self._answer("one_disk", "mapping" if layout.mapping else "object", best.evidence(), shape.evidence())
        told = "allowed" if again.taken else "refused" if again.refused else UNKNOWN
        self._answer("duplicate_names", told, again.evidence())
        self._order(two)
        self._sizes(best, two)

    def _order(self, two: Attempt | None) -> None:
        """Answer which item of a mapping is the system disk, by the size that ENS reports of it."""
        found = UNKNOWN
        if two and two.accepted:
            reported = dict(reversed(sizes(two)))
            system, data = reported.get("system"), reported.get("data")
            near, far = images.SYSTEM_GIB, images.DATA_GIB
            if system is not None and system != data:
                found = "system_first" if abs(system - near) < abs(system - far) else "system_last"
        self._answer("mapping_order", found, *([two.evidence()] if two else []))

    def _sizes(self, best: Attempt, two: Attempt | None) -> None:
        found = UNKNOWN
        shown, pair_of_disks = (sizes(two) if two and two.accepted else []), 2
        if len(shown) == 1:
            found = "system_only"
        elif len(shown) == pair_of_disks:
            exact = sorted(size for _type, size in shown) == [images.SYSTEM_GIB, images.DATA_GIB]
            found = "exact" if exact else "rounded"
        evidence = (two or best).evidence()
        told = ", ".join(f"{kind} {size} GiB" for kind, size in shown) or "none"
        evidence["seen"] += f", reported disks: {told}; true sizes: {images.SYSTEM_GIB} and {images.DATA_GIB} GiB"
        self._answer("sizes", found, evidence)

    def _listing(self) -> None:
        """Answer how long the list was late: the longest time from an answer of ImportImage to the list."""
        seen = [row for row in self.importer.attempts if row.listed_after is not None]
        latest = max(seen, key=lambda row: row.listed_after or 0.0, default=None)
        delay = UNKNOWN if latest is None else math.ceil(latest.listed_after or 0.0)
        self._answer("listing_delay", delay, *([latest.evidence()] if latest else []))
