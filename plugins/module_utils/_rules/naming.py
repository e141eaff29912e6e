# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The names that every resource of a migration carries, decided before the call that creates it.

Layout of the migration id, which ends every job and image name and is the OSSPrefix of an export (facts 3.1: letters
and digits only, at most 30)::

    el 607cb8ded6d203 aa8b68a5 5c697c     30 characters
    |  |              |        server: 6 hexadecimal digits (24 bits) of SHA-256 of "<migration>/<host>/<fingerprint>"
    |  |              machine: 8 hexadecimal digits (32 bits) of SHA-256 of "<migration>/<fingerprint>"
    |  wave: 14 hexadecimal digits (56 bits) of SHA-256 of the migration name
    fixed, because OSS and SMC names start with a letter

The first 16 characters are the wave id. With nothing but credentials any controller finds all that a migration left.
Two ids that differ in the last 6 digits alone are one machine under two inventory names, which the name of its image
tells when nothing else of it is left.
Two migration names can have one wave id, so every selection also compares the full name, where the cloud keeps it:
in the tags of a job, of its resources and of the shared network, and in the description of an activation code.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING, Final

from . import limits

if TYPE_CHECKING:
    from collections.abc import Mapping

_PART_LENGTH: Final = 14
_MACHINE_LENGTH: Final = 8
WAVE_LENGTH: Final = 2 + _PART_LENGTH
ID_LENGTH: Final = WAVE_LENGTH + _PART_LENGTH
_ID = re.compile(rf"el[0-9a-f]{{{ID_LENGTH - 2}}}")
_TAIL = re.compile(rf"-({_ID.pattern})(?:[_-]j-[0-9A-Za-z]+)?\Z")
FOLDER: Final = "edgelift"
"""The OSS folder of ledgers and proofs; exported objects begin with the migration id itself."""
WAVE_TAG: Final = "edgelift:wave"
SERVER_TAG: Final = "edgelift:migration"
HOST_TAG: Final = "edgelift:host"
INSTANCE_TAG: Final = "edgelift:instance"
"""Tag of an ENS instance: what a cleanup does with it (keep, manual or release)."""
COMMIT_TAG: Final = "edgelift:commit-by"
"""Tag of an ENS instance: until when a user has to commit it, in UTC, or that it is committed."""
KEEP_TAG: Final = "edgelift:keep"
"""Tag of a source that a migration uses but has not registered: it is never deleted. Its value is the first such
migration."""
WAVE_FIELD: Final = "migration"
"""The field of a proof with the full name of the migration."""
TAG_VALUE_LENGTH: Final = 128
"""facts 1.3."""
_DESCRIPTION: Final = "edgelift"
_DESCRIBED_WAVE: Final = 80
_DESCRIBED_HOST: Final = 36


def _digits(text: str, count: int) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:count]


def migration_problem(migration: str) -> str | None:
    """Return why ``migration`` cannot be the name of a migration, None when it can."""
    if not migration.strip():
        return "the name of the migration is empty. Set migration_name; every migration needs its own name"
    return None


def wave_id(migration: str) -> str:
    """Return the 16 characters that begin the migration id of every server of ``migration``."""
    return "el" + _digits(migration, _PART_LENGTH)


def migration_id(migration: str, host: str, fingerprint: str) -> str:
    """Return the id of one server's migration: the same for the same name, inventory host and machine."""
    machine = _digits(f"{migration}/{fingerprint}", _MACHINE_LENGTH)
    return wave_id(migration) + machine + _digits(f"{migration}/{host}/{fingerprint}", _PART_LENGTH - _MACHINE_LENGTH)


def machine(identity: str) -> str:
    """Return the part of a migration id that all inventory names of one machine share."""
    return identity[: WAVE_LENGTH + _MACHINE_LENGTH]


_LETTERS: Final = str.maketrans("øØłŁđĐð\u0131", "oOlLdDdi") | str.maketrans(
    dict(zip("ßæÆœŒþÞ", ("ss", "ae", "Ae", "oe", "Oe", "th", "Th"), strict=True))
)
"""Latin letters that Unicode does not take apart into a plain letter and a mark."""


def _latin(text: str) -> str:
    """Return ``text`` with plain letters for Latin letters that carry marks, such as ``u`` for ``ü``."""
    apart = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(character for character in apart if not unicodedata.combining(character))


def resource_name(base: str, identity: str) -> str:
    """Return ``base``-``identity``, cut to a name that SMC, ECS and ENS accept (at most 128 characters)."""
    latin = _latin(base)
    cleaned = re.sub(r"[^A-Za-z0-9_:-]+", "-", latin)
    if not latin.isascii():
        # Names of other scripts keep what they have in Latin letters and digits; the id tells them apart.
        cleaned = cleaned.strip("-_:")
        cleaned = cleaned if cleaned[:1].isalpha() else f"host-{cleaned}".rstrip("-")
    if not cleaned[:1].isalpha() or limits.name_problem(f"{cleaned}-{identity}"[:128]):
        # It begins with a digit, or with a word such as "aliyun" that the services reserve.
        cleaned = "h-" + cleaned
    return f"{cleaned[: 127 - len(identity)].rstrip('-_:')}-{identity}"


def owner_of(name: str) -> str | None:
    """Return the migration id that ends ``name``, None when there is none.

    SMC appends ``_<job id>`` to an image name that is already taken, so that ending counts as well.
    """
    found = _TAIL.search(name or "")
    return found.group(1) if found else None


def owned_by(migration: str, name: str) -> str:
    """Return the migration id that ends ``name`` when it is one of ``migration``, else ''. That alone is no proof."""
    identity = owner_of(name) or ""
    return identity if identity.startswith(wave_id(migration)) else ""


def base_of(name: str, identity: str) -> str:
    """Return the part of a resource name before its migration id."""
    return name.rpartition(f"-{identity}")[0]


def is_id(text: str) -> bool:
    """Return whether ``text`` is a complete migration id."""
    return _ID.fullmatch(text) is not None


def base_name_problem(base: str) -> str | None:
    """Return why ``base`` cannot begin an image name (the id is appended to it), None when it can."""
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


def proof_key(identity: str) -> str:
    """Return the OSS key of the object with which the preflight proves that the bucket gives back what it takes."""
    return f"{folder_prefix(identity)}/proof.json"


def canary_prefix(identity: str) -> str:
    """Return the OSS prefix of what a canary writes, in the form of exported objects: files of disks, the object at
    which it races appends, and its record. In the order of keys the record is the last."""
    return f"{objects_prefix(identity)}_canary_"


def canary_disk_key(identity: str, disk: str, container: str) -> str:
    """Return the OSS key of the file of one disk."""
    return f"{canary_prefix(identity)}disk_{disk}.{container}"


def canary_race_key(identity: str) -> str:
    """Return the OSS key of the object at which a canary races appends."""
    return f"{canary_prefix(identity)}race"


def canary_record_key(identity: str) -> str:
    """Return the OSS key of the record of a canary: what it makes, and who runs it."""
    return f"{canary_prefix(identity)}record.json"


def folder_prefix(identity: str) -> str:
    """Return the OSS prefix of what is in the folder for a server (full id) or for a whole migration (wave id)."""
    return f"{FOLDER}/{identity}"


def ledger_prefix(migration: str) -> str:
    """Return what the OSS keys of all ledgers of ``migration`` begin with."""
    return f"{folder_prefix(wave_id(migration))}/ledger"


def ledger_key(migration: str, number: int) -> str:
    """Return the OSS key of the ``number``-th ledger of ``migration``, counted from 1."""
    return f"{ledger_prefix(migration)}{'' if number == 1 else f'.{number}'}"


def ledger_number(migration: str, key: str) -> int:
    """Return which ledger of ``migration`` has this key, 0 for the key of something else."""
    prefix = ledger_prefix(migration)
    found = re.fullmatch(r"\.([2-9]|[1-9][0-9]{1,5})", key.removeprefix(prefix))
    if not key.startswith(prefix):
        return 0
    return 1 if key == prefix else int(found.group(1)) if found else 0


def listing_prefix(key: str) -> str:
    """Return the OSS prefix that lists ``key`` and its neighbours: of the same migration for a key of ours, the key
    itself for any other key."""
    folder, separator, rest = key.partition("/")
    identity = rest.partition("/")[0] if separator and folder == FOLDER else key.partition("_")[0]
    if not is_id(identity):
        return key
    wave = identity[:WAVE_LENGTH]
    return folder_prefix(wave) if folder == FOLDER else objects_prefix(wave)


def objects_prefix(identity: str) -> str:
    """Return the OSS prefix of the exported objects of a server (full id) or of a whole migration (wave id)."""
    return identity


def _described(text: str, length: int) -> str:
    """Return ``text`` with the characters that a description accepts. Other characters become their code, so that
    two names which differ only there stay different."""
    return re.sub(r"[^A-Za-z0-9_-]", lambda found: f"_{ord(found.group()):x}_", text)[:length]


def description(migration: str, host: str = "") -> str:
    """Return the description of a job (with ``host``) or of an activation code: ``edgelift:<migration>[:<host>]``.

    SMC accepts 2 to 128 letters, digits, ``:``, ``_`` and ``-``, a letter first (facts 1.3).
    """
    parts = [_DESCRIPTION, _described(migration, _DESCRIBED_WAVE)]
    if host:
        parts.append(_described(host, _DESCRIBED_HOST))
    return ":".join(parts)


def tags(migration: str, host: str = "", identity: str = "") -> list[dict[str, str]]:
    """Return the tags of a resource. A value has at most 128 characters (facts 1.3).

    ================== ============================== ==================================================
    key                value                          set on
    ================== ============================== ==================================================
    edgelift:wave      full name of the migration     everything that accepts tags: job, VPC, vSwitch
    edgelift:migration migration id of one server     what belongs to one server (``identity``): job, source
    edgelift:host      inventory name of one server   what belongs to one server (with ``host``): job, source
    ================== ============================== ==================================================
    """
    values = {SERVER_TAG: identity, WAVE_TAG: migration, HOST_TAG: host}
    return [{"Key": key, "Value": value[:TAG_VALUE_LENGTH]} for key, value in values.items() if value]


def same_wave(migration: str, tags: Mapping[str, str], description: str = "") -> bool | None:
    """Return whether the tags of a resource name ``migration``; where they name no migration, its description decides.
    None when neither names one."""
    if WAVE_TAG in tags:
        return tags[WAVE_TAG] == migration[:TAG_VALUE_LENGTH]
    prefix, separator, rest = description.partition(":")
    if prefix == _DESCRIPTION and separator:
        return rest.split(":")[0] == _described(migration, _DESCRIBED_WAVE)
    return None
