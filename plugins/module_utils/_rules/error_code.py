# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What is known of one error of a service: a row of the tables of error codes."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class ErrorCode:
    """One error: its codes (``*`` matches any characters), or the words by which its message is recognized."""

    codes: tuple[str, ...]
    cause: str
    remedy: str
    source: str = ""
    """The vendor's page, by its name; empty for an error of the connection or of this collection."""
    retry: bool = False
    """Whether the same request, or the same job, may be tried again without any other change."""
    words: str = ""
    passing: bool = False
    """Whether a failed job may be started again as soon as others have let go of what it lacked, such as a quota."""
    account: bool = False
    """Whether every other server of the account meets it too, until someone has changed the account."""
    larger: bool = False
    """Whether the job succeeds with target disks that are 1 GiB larger."""

    @property
    def automatic(self) -> bool:
        """Return whether the migration continues without anyone."""
        return self.retry or self.passing or self.larger

    def matches(self, code: str) -> bool:
        """Return whether the code is one of these."""
        return any(fnmatchcase(code, known) for known in self.codes)
