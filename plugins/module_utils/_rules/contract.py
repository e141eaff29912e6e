# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The cloud contract: what a canary has proved of one account, where the documents of the vendor leave it open.

A contract is a mapping with the answers to the questions below, each with its evidence. It counts before the defaults,
and after what the user sets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Final

VERSION: Final = 1
"""The version of the form of a contract."""

VALID_DAYS: Final = 30
"""After so many days a contract is old: the vendor may have changed what it says. Our own line."""

UNKNOWN: Final = "unknown"
"""The answer to a question that could not be settled."""

_MOST_PROBLEMS: Final = 8
"""So many problems of a contract are named, the others are counted."""

_SETTLED_WITHIN: Final = 7 * 86400
"""Seconds of the longest listing delay that a contract may name."""


@dataclass(frozen=True)
class Question:
    """A question, and the answers it may have: words, a list of words, seconds, or a text."""

    asks: str
    words: tuple[str, ...] = ()
    kind: str = "word"

    def problem(self, answer: Any) -> str:
        """Return what is wrong with an answer, '' for nothing."""
        if answer == UNKNOWN:
            return ""
        if self.kind == "list":
            right = isinstance(answer, (list, tuple)) and all(item in self.words for item in answer)
            return "" if right else f"must be a list of {', '.join(self.words)}"
        if self.kind == "number":
            number = isinstance(answer, (int, float)) and not isinstance(answer, bool)
            return "" if number and 0 <= answer <= _SETTLED_WITHIN else f"must be 0 to {_SETTLED_WITHIN} seconds"
        if self.kind == "text":
            return "" if isinstance(answer, str) else "must be a text"
        return "" if answer in self.words else f"must be one of {', '.join((*self.words, UNKNOWN))}"


QUESTIONS: Final[dict[str, Question]] = {
    "ens_activated": Question("Is ENS activated in the account?", ("yes", "no")),
    "bucket_access": Question("May ENS read the bucket?", ("yes", "no")),
    "image_formats": Question(
        "Which formats does ENS import, in the form in which ECS exports them?", ("qcow2", "raw", "vhd"), "list"
    ),
    "plain_raw": Question("Does ENS import a raw file that is not in an archive?", ("yes", "no")),
    "oss_region": Question("Does ENS take an import with OSSRegion?", ("given", "omitted")),
    "target_region": Question("Does ENS take an import with TargetOSSRegionId?", ("given", "omitted")),
    "one_disk": Question("How is an image of one disk imported?", ("object", "mapping")),
    "mapping_order": Question(
        "Which item of DiskDeviceMapping becomes the system disk?", ("system_first", "system_last")
    ),
    "listing_delay": Question("After how many seconds does ENS list an imported image?", kind="number"),
    "sizes": Question("Which disk sizes does ENS report?", ("exact", "rounded", "system_only")),
    "duplicate_names": Question("Does ENS take a second image of one name?", ("allowed", "refused")),
    "append_race": Question("Of eight appends at one position, does exactly one succeed?", ("yes", "no")),
    "append_after_deletion": Question("Is an append at an old position refused after a deletion?", ("yes", "no")),
    "image_quota": Question("Was the quota of ENS images reached?", ("yes", "no")),
    "export_role": Question("May ECS take the export role, and may the role write to the bucket?", ("yes", "no")),
    "bucket": Question("What are class, versioning, encryption and retention of the bucket?", kind="text"),
}
"""By name: every question of a contract."""


@dataclass(frozen=True)
class Layout:
    """How ImportImage is told about the objects."""

    oss_region: bool = True
    target_region: bool = True
    mapping: bool = False
    """Whether an image of one disk comes as a DiskDeviceMapping too."""
    system_last: bool = False
    """Whether the system disk is the last item of a DiskDeviceMapping."""


DOCUMENTED: Final = Layout()
"""As the vendor documents it."""


class Malformed(ValueError):
    """What is given as a contract is none; the text says why."""


@dataclass(frozen=True)
class Contract:
    """What was proved, when, and of which account, region and bucket."""

    account: str
    region: str
    bucket: str
    written: datetime
    answers: Mapping[str, Any] = field(default_factory=dict)

    def answer(self, question: str) -> Any:
        """Return the answer to a question, None where it is not settled."""
        found = self.answers.get(question)
        return None if found == UNKNOWN else found

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats that ENS imports, the preferred one first; () where that is not known."""
        return tuple(self.answer("image_formats") or ())

    @property
    def layout(self) -> Layout:
        """How an import is to be described."""
        return Layout(
            oss_region=self.answer("oss_region") != "omitted",
            target_region=self.answer("target_region") != "omitted",
            mapping=self.answer("one_disk") == "mapping",
            system_last=self.answer("mapping_order") == "system_last",
        )

    @property
    def settle_seconds(self) -> int:
        """How long a list of ENS may not show a new image: twice what was seen."""
        return int(2 * (self.answer("listing_delay") or 0))

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"the contract of {self.written:%Y-%m-%d}"

    def refusals(self, exported: Sequence[str], chosen: str, bucket: str) -> list[str]:
        """Return why no image can be imported: none of the formats that ECS exports (or the ``chosen`` one), the
        bucket, or the appends."""
        found = []
        formats = self.answer("image_formats")
        if formats is not None and chosen not in formats:
            taken = " and ".join(formats) or "no format"
            found.append(
                f"ENS imports {taken} by {self.name}, ECS exports {' and '.join(exported)} here, and {chosen} is used"
            )
        if bucket == self.bucket and self.answer("bucket_access") == "no":
            found.append(f"ENS may not read bucket {bucket!r} by {self.name}")
        if "no" in (self.answer("append_race"), self.answer("append_after_deletion")):
            found.append(f"OSS takes appends that it must refuse, by {self.name}: nothing keeps two controllers apart")
        return found

    def doubts(self, account: str, region: str, bucket: str, now: datetime) -> list[str]:
        """Return why its answers may not hold: it is old, or it was proved elsewhere. '' for what is not known."""
        days = (now - self.written).days
        found = [f"{self.name} is {days} days old (at most {VALID_DAYS})"] if days > VALID_DAYS else []
        if self.written > now + timedelta(days=1):
            found.append(f"{self.name} is from the future")
        for what, ours, theirs in (
            ("account", account, self.account),
            ("region", region, self.region),
            ("bucket", bucket, self.bucket),
        ):
            if ours and ours != theirs:
                found.append(f"{self.name} is of {what} {theirs!r}, this migration uses {ours!r}")
        return found


def read(given: Any) -> Contract:
    """Return the contract in a mapping; raise Malformed with every problem."""
    if not isinstance(given, Mapping):
        raise Malformed(f"it is a {type(given).__name__}, not a mapping")
    if given.get("version") != VERSION:
        raise Malformed(f"its version is {_shown(given.get('version'))}, this collection reads version {VERSION}")
    problems = [
        f"{name} is {_shown(given.get(name))}, it must be a text"
        for name in ("account", "region", "bucket")
        if not isinstance(given.get(name), str) or not given[name]
    ]
    written = _moment(given.get("written"))
    if written is None:
        problems.append(f"written is {_shown(given.get('written'))}, it must be a time such as 2026-11-29T12:00:00Z")
    questions = given.get("questions")
    answers, wrong = _answers(questions) if isinstance(questions, Mapping) else ({}, ["questions is no mapping"])
    problems += wrong
    if problems or written is None:
        more = f"; and {len(problems) - _MOST_PROBLEMS} more" if len(problems) > _MOST_PROBLEMS else ""
        raise Malformed("; ".join(problems[:_MOST_PROBLEMS]) + more)
    return Contract(given["account"], given["region"], given["bucket"], written, answers)


def _answers(questions: Mapping[Any, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the answers by question, and what is wrong with them."""
    answers: dict[str, Any] = {}
    problems = []
    for name, row in questions.items():
        if name not in QUESTIONS:
            problems.append(f"there is no question {str(name)[:40]!r}; there are {', '.join(QUESTIONS)}")
        elif not isinstance(row, Mapping) or "answer" not in row:
            problems.append(f"{name} has no answer")
        else:
            problem = QUESTIONS[name].problem(row["answer"])
            problems += [f"the answer to {name} {problem}"] if problem else []
            answers[name] = row["answer"]
    return answers, problems


def _shown(value: Any) -> str:
    """Return a value as a message quotes it: short, whatever it is. Aliases of YAML can make it very large."""
    if isinstance(value, _PLAIN):
        return repr(value)[:60]
    return f"a {type(value).__name__}"


_PLAIN: Final = (str, int, float, bool, datetime, type(None))


def _moment(value: Any) -> datetime | None:
    """Return the time in a contract: a text, or what YAML has made of one."""
    try:
        if isinstance(value, str):
            # Python 3.10 does not know the Z.
            value = datetime.fromisoformat(value.replace("Z", "+00:00"))
        if not isinstance(value, datetime):
            return None
        return value.astimezone(timezone.utc) if value.tzinfo else value.replace(tzinfo=timezone.utc)
    except (ValueError, OverflowError):
        return None
