# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Resources of ENS: custom images and instances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .resource import Resource

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import Clients
    from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Row


def _images(clients: Clients, ids: Iterable[str]) -> list[Row]:
    # ENS filters are fuzzy (facts 4.2), so all images are listed and the ids compared.
    wanted = set(ids)
    return [image for image in clients.ens.describe_self_images() if image.get("ImageId") in wanted]


def _instances(clients: Clients, ids: Iterable[str]) -> list[Row]:
    # The list of all shows an instance that is being released under its last status.
    wanted = set(ids)
    return [row for row in clients.ens.describe_instances() if row.get("InstanceId") in wanted]


def _send_image(clients: Clients, identity: str) -> None:
    clients.ens.delete_image(identity)


def _send_instance(clients: Clients, identity: str) -> None:
    clients.ens.release_instance(identity)


INSTANCE = Resource("ens_instance", "ens.DescribeInstances", "InstanceId", _instances, _send_instance)

IMAGE = Resource("ens_image", "ens.DescribeSelfImages", "ImageId", _images, _send_image)
