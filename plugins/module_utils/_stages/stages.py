# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The stages of a migration, in order. A new stage is a new file and its name in this tuple."""

from __future__ import annotations

from typing import Final

from . import ens_import, export, transfer
from .stage import Stage

STAGES: Final[tuple[Stage, ...]] = (transfer.STAGE, export.STAGE, ens_import.STAGE)

BILLED_BY: Final = {left.kind: left.billed_by for stage in STAGES for left in stage.leaves}
"""By kind of resource: the service that bills it while it exists, '' for none."""
