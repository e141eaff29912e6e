# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The ledger of a migration in its bucket: performs the protocol of ``session`` with AppendObject and ranged reads."""

from __future__ import annotations

import os
import secrets
import socket
from itertools import islice
from typing import TYPE_CHECKING, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rows.reader import Malformed, number
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming

from .lines import LATEST, MOST_TEXT, Mark, Who
from .messages import Append, Appended, Close, Done, Found, Listed, Listing, Note, Read
from .session import Contended, Session

if TYPE_CHECKING:
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.appendable import Tail
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.oss import OssApi

    from .messages import Answer, Operation, Request, Value

MOST_BYTES: Final = 16 * 1024 * 1024
"""The largest ledger that is read: two months of heartbeats. A larger one was not written by this collection alone."""

MOST_LISTED: Final = 10_000
"""So many objects with keys like that of a ledger are read. Each cleanup of the whole migration adds one."""

_MARKS: Final[dict[str, Mark]] = {"end": "end", "close": "close"}


def printable(text: str) -> str:
    """Return a text as the lines of a ledger take it."""
    return "".join(char if char.isprintable() else "?" for char in text)[:MOST_TEXT]


class LedgerStore:
    """The ledger of one migration in one bucket, as one process takes part in it.

    ``margin`` is what must be left of the lease when a mutating call is sent, in seconds: at least the time after which
    a request is cancelled.
    """

    def __init__(self, oss: OssApi, migration: str, margin: float, host: str = "") -> None:
        self._oss = oss
        self._migration = migration
        who = Who(secrets.token_hex(8), printable(host or socket.gethostname()), os.getpid())
        self.session = Session(naming.wave_id(migration), who, oss.clock, secrets.token_hex(8), margin)

    @property
    def key(self) -> str:
        """The key of the ledger in use."""
        return naming.ledger_key(self._migration, max(1, self.session.number))

    def run(self, operation: Operation[Value]) -> Value:
        """Return what an operation of the session returns; perform what it asks for on the way.

        Raises Stopped when this process may do nothing more for the migration, and CloudError when the bucket fails or
        what has the ledger's key is no ledger.
        """
        try:
            request = next(operation)
            while True:
                request = operation.send(self._perform(request))
        except StopIteration as end:
            value: Value = end.value
            return value
        except Contended as error:
            raise self._refused("Ledger.Contended", f"{error}: no line could be appended") from None

    def _perform(self, request: Request) -> Answer:
        if isinstance(request, Listing):
            return self._list()
        if isinstance(request, Read):
            return self._read(request)
        if isinstance(request, Append):
            return self._append(request)
        return self._close(request)

    def _list(self) -> Listed:
        """Return the numbers of the ledgers. Refuse one that is in use although a later one exists: a ledger is closed
        before the next one begins, so something else has written one of them, and two runs would not see each other."""
        numbers, open_ones = self._listed()
        if any(one < numbers[-1] for one in open_ones):
            # Pages of a list are not of one moment.
            numbers, open_ones = self._listed()
        for one in open_ones:
            if one < numbers[-1]:
                raise _foreign(
                    f"oss://{self._oss.name}/{naming.ledger_key(self._migration, numbers[-1])}",
                    f"it exists although the ledger before it, {naming.ledger_key(self._migration, one)}, is in use",
                    "Find out which of the two objects this collection has not written, and delete it, or use another "
                    "bucket or another migration_name.",
                )
        return Listed(tuple(numbers))

    def _listed(self) -> tuple[list[int], list[int]]:
        """Return the numbers of the ledgers, and those of the ledgers that take appends."""
        prefix = naming.ledger_prefix(self._migration)
        rows = self._oss.each_key(prefix)
        found = {naming.ledger_number(self._migration, row["key"]): row["kind"] for row in islice(rows, MOST_LISTED)}
        found.pop(0, None)
        if next(rows, None) is not None:
            # The newest ledger may be behind the others.
            raise _foreign(
                f"oss://{self._oss.name}/{prefix}",
                f"more than {MOST_LISTED} objects have keys that begin like its own",
                "Delete the objects that this collection has not written, or use another bucket.",
            )
        return sorted(found), sorted(number for number, kind in found.items() if kind == "Appendable")

    def _read(self, request: Read) -> Found:
        key = naming.ledger_key(self._migration, request.number)
        while True:
            tail = self._oss.read_from(key, request.position, MOST_BYTES)
            date = self._oss.clock.now()
            if tail is None:
                return Found("absent", date)
            if tail.kind != "Appendable":
                return Found("closed", date, note=self._note(key, tail))
            if tail.length < request.position:
                return Found("replaced", date)
            # Between the two calls that an empty rest takes, the object may have grown.
            if tail.length == request.position + len(tail.content):
                break
        if None not in (request.crc, tail.crc) and self._oss.crc_of(tail.content, request.crc or 0) != tail.crc:
            return Found("replaced", date)
        return Found("open", date, tail.content, tail.crc)

    def _note(self, key: str, tail: Tail) -> Note:
        mark = _MARKS.get(tail.metadata.get("edgelift-mark", ""))
        host, at, who = (tail.metadata.get(f"edgelift-{name}", "") for name in ("host", "at", "id"))
        try:
            if mark is not None and 0 <= number(at) <= LATEST:
                return Note(mark, printable(host), number(at), printable(who))
        except Malformed:
            # Others can give an object the metadata of a mark.
            pass
        raise _foreign(
            f"oss://{self._oss.name}/{key}",
            f"the object was not written by this collection (type {tail.kind}, {tail.length} bytes)",
            "Delete this object, or use another bucket or another migration_name.",
        )

    def _append(self, request: Append) -> Appended:
        key = naming.ledger_key(self._migration, request.number)
        try:
            made = self._oss.append(key, request.position, request.text)
        except CloudError as error:
            if error.uncertain:
                return Appended("lost", self._oss.clock.now())
            raise
        date = self._oss.clock.now()
        if made is None:
            return Appended("refused", date)
        known = request.crc if request.position else 0
        if None not in (known, made.crc) and self._oss.crc_of(request.text.encode(), known or 0) != made.crc:
            return Appended("replaced", date)
        return Appended("written", date, made.crc)

    def _close(self, request: Close) -> Done:
        note = request.note
        self._oss.put_empty(
            naming.ledger_key(self._migration, request.number),
            {
                "edgelift-mark": note.mark,
                "edgelift-host": _encoded(note.host),
                "edgelift-at": f"{note.at:.0f}",
                "edgelift-id": _encoded(note.id),
            },
        )
        return Done(self._oss.clock.now())

    def _refused(self, code: str, text: str) -> CloudError:
        hint = "Find out who else writes below edgelift/ in the bucket, then run the same command again."
        return CloudError(f"Writing the ledger oss://{self._oss.name}/{self.key}", code, text, hint=hint)


def _foreign(where: str, text: str, hint: str) -> CloudError:
    return CloudError(f"Reading the ledger {where}", "Ledger.NotAppendable", text, hint=hint)


def _encoded(text: str) -> str:
    """Return a text as a header takes it."""
    return text.encode("ascii", "backslashreplace").decode()
