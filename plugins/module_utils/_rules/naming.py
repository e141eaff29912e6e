# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The names that every resource of a migration carries, decided before the call that makes it.

The migration id is the thread: sixteen characters, ``el`` + six digits of the migration name + eight digits of the
server. It ends every job and image name, it is the OSSPrefix of an export (letters and digits only, at most 30),
and with nothing but credentials any controller finds all that a migration left.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from . import limits

ID_LENGTH: Final = 16
_WAVE_LENGTH: Final = 8
_ID = re.compile(r"el[0-9a-f]{14}")
_TAIL = re.compile(r"-(el[0-9a-f]{14})(?:[_-]j-[0-9A-Za-z]+)?\Z")
INTENTS: Final = "edgelift"
"""The OSS folder of intents; exported objects begin with the migration id itself."""


def _digits(text: str, count: int) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:count]


def wave_id(migration: str) -> str:
    """Return the eight characters that begin the migration id of every server of ``migration``."""
    return "el" + _digits(migration, _WAVE_LENGTH - 2)


def migration_id(migration: str, host: str, fingerprint: str) -> str:
    """Return the id of one server's migration: the same for the same name, inventory host and machine."""
    return wave_id(migration) + _digits(f"{migration}/{host}/{fingerprint}", ID_LENGTH - _WAVE_LENGTH)


def resource_name(base: str, identity: str) -> str:
    """Return ``base``-``identity``, cut so that SMC, ECS and ENS take it as a name."""
    cleaned = re.sub(r"[^A-Za-z0-9_:-]", "-", base)
    if not cleaned[:1].isalpha() or limits.name_problem(f"{cleaned}-{identity}"[:128]):
        # A digit first, or a word such as "aliyun" that the services keep for themselves.
        cleaned = "h-" + cleaned
    return f"{cleaned[: 127 - len(identity)].rstrip('-_:')}-{identity}"


def owner_of(name: str) -> str | None:
    """Return the migration id that ends ``name``, or None for a name that is not ours.

    SMC appends ``_<job id>`` to an image name that is already taken, so that ending counts as well.
    """
    found = _TAIL.search(name or "")
    return found.group(1) if found else None


def is_id(text: str) -> bool:
    """Return whether ``text`` is a whole migration id, and not just something that begins like one."""
    return _ID.fullmatch(text) is not None


def base_name_problem(base: str) -> str | None:
    """Say why ``base`` cannot begin an image name of ours (the id is appended to it), or return None."""
    problem = limits.name_problem(base)
    if problem:
        return problem
    longest = 128 - ID_LENGTH - 1
    if len(base) > longest:
        return f"{base!r} is too long: the migration id follows it, so at most {longest} characters fit"
    return None


def token_name(migration: str) -> str:
    """Return the name of the activation code (SMC access token) of a migration."""
    return f"edgelift-{wave_id(migration)}"


def network_name(migration: str) -> str:
    """Return the name of the shared VPC and vSwitch of a migration."""
    return f"edgelift-{wave_id(migration)}"


def intent_key(identity: str, stage: str, number: int = 1) -> str:
    """Return the OSS key under which the ``number``-th intent to run ``stage`` is written before the call."""
    return f"{INTENTS}/{identity}/{stage}{'' if number == 1 else f'.{number}'}.json"


def intents_prefix(identity: str) -> str:
    """Return the OSS prefix of the intents of a server (full id) or of a whole migration (wave id)."""
    return f"{INTENTS}/{identity}"


def objects_prefix(identity: str) -> str:
    """Return the OSS prefix of the exported objects of a server (full id) or of a whole migration (wave id)."""
    return identity


def tags(migration: str, host: str, identity: str) -> list[dict[str, str]]:
    """Return the tags of everything that takes tags; a value has at most 128 characters (facts 1.3)."""
    return [
        {"Key": "edgelift:migration", "Value": identity},
        {"Key": "edgelift:wave", "Value": migration[:128]},
        {"Key": "edgelift:host", "Value": host[:128]},
    ]
