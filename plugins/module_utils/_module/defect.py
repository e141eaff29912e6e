# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Defects: an exception of this collection's own code ends a module with a message, and with what the run has made."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any

from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError, scrub
from ansible_collections.edgelift.ens_migration.plugins.module_utils._ledger.parent import Orphaned

ISSUES = "https://github.com/edgelift/ens_migration/issues"
CODE = "Collection.Defect"

_HINT = (
    f"This is a defect of the collection edgelift.ens_migration. Report it with this message at {ISSUES}. "
    "Resources that this run has created may still be billed; the cleanup playbook finds and deletes them."
)


class Defect(Exception):
    """An exception that no code of this collection expects; ``last`` is what the run has made so far."""

    def __init__(self, cause: Exception, last: dict[str, Any] | None = None) -> None:
        super().__init__(f"{type(cause).__name__}: {cause}")
        self.cause = cause
        self.last = last or {}

    def failure(self, module: str) -> dict[str, Any]:
        """Return the result of the module: Ansible shows ``exception``, the traceback, only at -vvv."""
        action = f"{module}, in {_place(self.cause)},"
        return {
            "msg": f"{action} failed: {scrub(str(self))}. {_HINT}",
            "error": CloudError(action, CODE, str(self), hint=_HINT).as_dict(),
            "request_id": "",
            "exception": scrub("".join(traceback.format_exception(self.cause))),
            **self.last,
        }


@contextmanager
def made_so_far(last: Callable[[Exception], dict[str, Any]]) -> Iterator[None]:
    """Give every failure inside what the run has made so far: it is billed, and the cleanup wants to know (law 11)."""
    try:
        yield
    except Orphaned:
        raise
    except CloudError as error:
        error.last = last(error)
        raise
    except Exception as error:
        raise Defect(error, last(error)) from error


def _place(error: Exception) -> str:
    """Return the innermost function of this collection that the exception has passed, with its file and line."""
    places = [
        (frame.name, "/".join(parts[parts.index("plugins") + 1 :]), frame.lineno)
        for frame in traceback.extract_tb(error.__traceback__)
        if "ens_migration" in (parts := PurePath(frame.filename).parts) and "plugins" in parts
    ]
    if not places:
        return "an unknown place"
    function, file, line = places[-1]
    return f"{function} ({file}, line {line})"
