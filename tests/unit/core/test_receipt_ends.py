# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a receipt has of hooks that did not run, an unfinished cutover, and an image that was rejected."""

from __future__ import annotations

from typing import Any

import pytest

from .test_filters import CLEAR, FILTERS, done, row

QUIESCED = {**CLEAR, "hooks_quiesced": "1790000000.5"}
AFTER = {"migration_hook_after_cutover": "after.yml", "hooks_after_failure": "failure.yml"}


@pytest.mark.parametrize(
    ("facts", "verdict", "warnings"),
    [
        (QUIESCED, "migrated", ["the hook after the cutover (after.yml) has not run"]),
        (QUIESCED, "failed", ["the hook after the failure (failure.yml) has not run"]),
        ({**QUIESCED, "verify_error": "no node"}, "migrated", ["the hook after the failure (failure.yml) has not run"]),
        ({**QUIESCED, "hooks_ended": "after_cutover"}, "migrated", []),
        ({**QUIESCED, "hooks_ended": "after_failure"}, "failed", []),
        ({**QUIESCED, "hooks_after_cutover_error": "no shell"}, "migrated", ["no shell"]),
        ({**QUIESCED, "hooks_after_cutover": "", "migration_hook_after_cutover": ""}, "migrated", []),
        # Neither hook is due.
        (QUIESCED, "pending", []),
        (CLEAR, "migrated", []),
    ],
)
def test_a_hook_that_was_due_and_has_not_run_is_a_warning(
    facts: dict[str, Any], verdict: str, warnings: list[str]
) -> None:
    found = row({**AFTER, **facts}, done(verdict=verdict, reasons=["no disk"]))["warnings"]
    assert len(found) == len(warnings)
    assert all(words in warning for words, warning in zip(warnings, found, strict=True))


@pytest.mark.parametrize(
    ("facts", "more", "cutover"),
    [
        (QUIESCED, {"cut_over": "2026-09-21T14:00:00Z"}, "cutover since 2026-09-21T14:00:00Z, not finished"),
        (QUIESCED, {}, "cutover since 2026-09-21T14:13:20Z, not finished"),
        # The playbook migrate continues the cutover of an earlier run.
        (CLEAR, {"cut_over": "2026-09-21T14:00:00Z"}, "cutover since 2026-09-21T14:00:00Z, not finished"),
        (CLEAR, {}, ""),
    ],
)
def test_a_pending_cutover_says_what_to_do_next(facts: dict[str, Any], more: dict[str, str], cutover: str) -> None:
    pending = row(facts, done(verdict="pending", **more))
    told = " ".join(FILTERS["wave_table"]([pending]))
    assert (cutover in told, "Run the playbook cutover again" in told) == (True, bool(cutover))
    # One that has failed says so in its reasons, and the hook after the failure runs.
    failed = row(facts, done(verdict="failed", reasons=["no disk"], **more))
    assert "Run the playbook cutover again" not in " ".join(FILTERS["wave_table"]([failed]))


@pytest.mark.parametrize(
    ("cleanup", "image", "told", "retry"),
    [
        ({"resources": [{"kind": "ens_image", "id": "m-1", "deleted": "now"}]}, "", "image m-1 was deleted", "again"),
        ({"similar_names": [{"kind": "ens_image", "id": "m-1", "reason": "no job"}]}, "m-1", "no job", "continue"),
        ({}, "m-1", "delete: the cleanup has not run", "continue"),
    ],
)
def test_the_receipt_has_what_happened_to_a_rejected_image(
    cleanup: dict[str, Any], image: str, told: str, retry: str
) -> None:
    failed = {"verdict": "failed", "reasons": ["x"], "rejected": True, "image_id": "m-1"}
    facts = {"web-01": {**CLEAR, "verify_result": failed}}
    migration = {"servers": [done(settled=True)]}
    (found,) = FILTERS["wave_receipt"](["web-01"], facts, "wave_01", migration, cleanup)["servers"]
    assert (found["status"], found["ens_image_id"], found["retry"]) == ("failed", image, retry)
    assert told in " ".join([*found["reasons"], *found["warnings"]])
