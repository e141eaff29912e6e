# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access keys of the account: long-lived ones of the world and temporary ones of STS."""

from __future__ import annotations

from .tables import Row, Table


class Credentials:
    """The rows of access keys: {id, secret, token, expires, user}; ``expires`` is a virtual epoch second."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, access_key_id: str) -> Row | None:
        """Return the row of this access key id, or None; the caller checks whether it has expired."""
        return self._table.get(access_key_id)

    def add(
        self, access_key_id: str, secret: str, token: str | None = None, expires: float | None = None, user: str = ""
    ) -> Row:
        """Tables a key; with ``token`` it is temporary and ends at ``expires``."""
        self._table.delete(access_key_id)
        return self._table.add(
            {"id": access_key_id, "secret": secret, "token": token, "expires": expires, "user": user}
        )
