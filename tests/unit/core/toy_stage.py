# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The new file of the recipe "add a stage": it writes one object with the names of the exported objects of a server.

``test_stage_recipe`` copies it to ``plugins/module_utils/_stages/`` in a copy of the tree, under another name.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from ansible_collections.edgelift.ens_migration.plugins.module_utils._model import Decision, Seen, Server
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import naming
from ansible_collections.edgelift.ens_migration.plugins.module_utils._stages.stage import (
    Context,
    Leaves,
    Outcome,
    Stage,
)

NAME = "listing"


def key_of(server: Server) -> str:
    """Return the key of the object."""
    return f"{naming.objects_prefix(server.id)}_{NAME}.json"


def observe(context: Context, servers: Sequence[Server], seen: dict[str, Seen]) -> None:
    """Look for the object of each server."""
    bucket = context.policy.bucket
    for server in servers:
        found = context.clients.oss(bucket).head(key_of(server)) is not None
        seen[server.id].own[NAME] = key_of(server) if found else ""
        if found:
            context.resources.saw("oss_object", f"{bucket}/{key_of(server)}", server.host)


def decide(context: Context, server: Server, seen: Seen) -> Decision:
    """Return the next step."""
    if seen.own[NAME]:
        return Decision.done(seen.own[NAME])
    requested = seen.requested.get(NAME)
    if requested and requested.may_appear(context.now):
        return Decision.wait("the listing was requested and is not listed yet")
    return Decision.act("write", f"{server.host} has {len(seen.objects)} exported objects")


def act(context: Context, server: Server, seen: Seen, _action: str) -> Outcome:
    """Write the object."""
    text = json.dumps([item["key"] for item in seen.objects])
    context.clients.oss(context.policy.bucket).put_text(key_of(server), text)
    return Outcome(ids={"key": key_of(server)})


def about(_server: Server, seen: Seen) -> str:
    """Return the object of the call."""
    return seen.objects[0]["key"] if seen.objects else ""


STAGE = Stage(
    name=NAME,
    role=NAME,
    observe=observe,
    decide=decide,
    act=act,
    facts=lambda seen: {NAME: seen.own.get(NAME, "")},
    needs=frozenset({"oss_object"}),
    leaves=(Leaves("oss_object", billed_by="OSS"),),
    announced={"write": about},
)
