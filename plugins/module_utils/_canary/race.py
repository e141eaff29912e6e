# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The race of appends: the ledger of a migration needs that of several appends at one position exactly one succeeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError

if TYPE_CHECKING:
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.oss import OssApi

CONNECTIONS: Final = 8
_ROUNDS: Final = 3


def winners(buckets: Sequence[OssApi], key: str, position: int, number: int) -> tuple[int, int, list[str]]:
    """Append at one position over every connection at the same time. Return how many succeeded, the length of the
    object after that, and the errors other than the refusal of the position."""
    ready = Barrier(len(buckets))

    def append(index: int) -> int | str:
        ready.wait(timeout=60)
        try:
            made = buckets[index].append(key, position, f"round {number} connection {index}\n")
        except CloudError as error:
            return f"{error.code}: {error.message}"
        return made.length if made else 0

    with ThreadPoolExecutor(len(buckets)) as pool:
        results = list(pool.map(append, range(len(buckets))))
    lengths = [result for result in results if isinstance(result, int) and result]
    return len(lengths), max(lengths, default=position), [result for result in results if isinstance(result, str)]


def race(connect: Callable[[], OssApi], key: str) -> tuple[str, str, list[str]]:
    """Return the answers to "exactly one append succeeds" and "an old position is refused after a deletion" (yes, no or
    unknown), and what was seen. The object is deleted."""
    buckets = [connect() for _number in range(CONNECTIONS)]
    position, seen, once = 0, list[str](), "yes"
    for number in range(1, _ROUNDS + 1):
        count, length, errors = winners(buckets, key, position, number)
        seen.append(f"{count} of {CONNECTIONS} appends at position {position} succeeded")
        seen += errors[:1]
        if count > 1:
            once = "no"
        elif not count and once == "yes":
            once = "unknown"
        position = length
    bucket = buckets[0]
    bucket.delete_key(key)
    try:
        refused = bucket.append(key, position, "after the deletion\n") is None
    except CloudError as error:
        if error.uncertain:
            return once, "unknown", [*seen, f"{error.code}: {error.message}"]
        refused = True
        seen.append(f"{error.code} at position {position} after the deletion")
    else:
        seen.append(f"{'refused' if refused else 'accepted'} at position {position} after the deletion")
    bucket.delete_key(key)
    return once, "yes" if refused else "no", seen
