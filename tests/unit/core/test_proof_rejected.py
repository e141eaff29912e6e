# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of proof for an ENS image that its verification has rejected: it is Available, and its job is deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.fleet import Fleet

from .cloud import Cloud
from .kit import START, policy, stamp
from .sweep import SERVER, remove, similar


def verified(**changes: Any) -> tuple[Cloud, str, Any]:
    """A server that was migrated and cleaned up, with the id of its image and what the run has listed."""
    cloud = Cloud()
    cloud.register(SERVER)
    made = Fleet(cloud, [SERVER], policy(), clock=cloud.clock())
    made.run(True, 3600, 10)
    first = remove(cloud, SERVER, known=made.resources.rows())
    (image,) = cloud.ens_images
    cloud.ens_images[image].update(changes)
    return cloud, image, first.seen.rows()


NAMED = {"image_names": {SERVER.id: SERVER.image_name}}


def test_an_image_that_was_rejected_is_deleted_after_its_job() -> None:
    cloud, image, known = verified()
    outcome = remove(cloud, SERVER, known=known, rejected_images=frozenset([image]), **NAMED)
    assert (outcome.residual, outcome.similar_names, cloud.ens_images) == ([], [], {})
    (row,) = (row for row in outcome.seen.rows() if row["kind"] == "ens_image")
    assert row["deleted"]


@pytest.mark.parametrize(
    ("changes", "listed", "rejected", "why"),
    [
        ({}, True, False, ""),
        ({}, False, True, "no result of this run lists a job of its server that is older"),
        ({"CreationTime": stamp(START - timedelta(hours=1))}, True, True, "lists a job of its server that is older"),
        ({"ImageName": f"golden-{SERVER.id}"}, True, True, "its name is not the image name"),
    ],
    ids=["not rejected", "of another run", "older", "other name"],
)
def test_an_image_that_this_run_has_not_made_stays(
    changes: dict[str, str], listed: bool, rejected: bool, why: str
) -> None:
    cloud, image, known = verified(**changes)
    given = frozenset([image] if rejected else [])
    outcome = remove(cloud, SERVER, known=known if listed else [], rejected_images=given, **NAMED)
    assert image in cloud.ens_images
    assert why in similar(outcome).get(f"ens_image {image}", "")


def test_an_image_that_was_rejected_and_has_a_namesake_stays() -> None:
    cloud, image, known = verified()
    cloud.add_ens_image(SERVER.image_name, "Available")
    outcome = remove(cloud, SERVER, known=known, rejected_images=frozenset([image]), **NAMED)
    assert len(cloud.ens_images) == 2
    assert "2 images have this name" in similar(outcome)[f"ens_image {image}"]
