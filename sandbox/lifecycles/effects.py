# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The effects that edges name, and the functions that implement them."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.effects import ens_import, ens_instance, export, image, intermediate, runs
from sandbox.state.cloud import Cloud
from sandbox.state.tables import Row

Effect = Callable[[Cloud, Row], None]

EFFECTS: dict[str, Effect] = {
    "create_intermediate": intermediate.create,
    "tell_transfer_failure": intermediate.tell_failure,
    "release_intermediate": intermediate.release,
    "finish_job": intermediate.finish,
    "begin_run": runs.begin,
    "end_run": runs.end,
    "start_image": image.start,
    "tell_image_failure": image.tell_failure,
    "create_image": image.create,
    "drop_export": export.drop,
    "finish_export": export.finish,
    "open_upload": export.open_upload,
    "add_part": export.add_part,
    "complete_upload": export.complete_upload,
    "tell_export_failure": export.tell_failure,
    "start_ingest": ens_import.start,
    "tell_ingest_failure": ens_import.tell_failure,
    "finish_ingest": ens_import.finish,
    "release_ens_instance": ens_instance.stop_billing,
}
