# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lifecycle rules of a bucket may say: pure decisions over the document."""
from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise
from xml.etree.ElementTree import Element, SubElement, tostring

from sandbox.contracts.numbers import is_number

from .errors import OssError

OVERLAP = "x-oss-allow-same-action-overlap"
"""The header that lets two rules with the same action meet the same objects."""

_MOST_RULES = 1000
_LONGEST_ID = 255
_COLDER = ("IA", "Archive", "ColdArchive", "DeepColdArchive")
_ACTIONS = ("Expiration", "Transition", "AbortMultipartUpload")
_MIDNIGHT = re.compile(r"\d{4}-\d{2}-\d{2}T00:00:00\.000Z")
_TAG_TEXT = re.compile(r"[\w +\-=.:/]*")


def check_lifecycle(root: Element, headers: Mapping[str, str]) -> None:
    """Refuse rules that contradict themselves or each other, and give a name to those that have none."""
    rules = root.findall("Rule")
    if not 0 < len(rules) <= _MOST_RULES:
        raise OssError("MalformedXML", f"Between 1 and {_MOST_RULES} rules are allowed, {len(rules)} were given.")
    for position, rule in enumerate(rules):
        _check_rule(rule, position)
    names = [rule.findtext("ID") or "" for rule in rules]
    if len(set(names)) < len(names):
        raise OssError("InvalidArgument", "Rule ID must be unique. Found same ID for one or more rules.")
    if headers.get(OVERLAP, "").lower() != "true":
        _check_overlap(rules)


def _check_rule(rule: Element, position: int) -> None:
    name = rule.find("ID")
    if name is None:
        name = SubElement(rule, "ID")
    # OSS names such a rule itself; here the same rule gets the same name, so that answers can be compared.
    name.text = name.text or hashlib.sha256(tostring(rule) + bytes([position % 256])).hexdigest()[:32]
    if len(name.text) > _LONGEST_ID:
        raise OssError("InvalidArgument", f"ID length should not exceed allowed limit of {_LONGEST_ID}")
    if rule.findtext("Status") not in ("Enabled", "Disabled"):
        raise OssError("MalformedXML")
    actions = [node for action in (*_ACTIONS, "NoncurrentVersionExpiration", "NoncurrentVersionTransition")
               for node in rule.findall(action)]
    if not actions:
        raise OssError("MalformedXML", "A rule needs an action.")
    for node in actions:
        _check_time(node)
    # Longer keys and values, and more tags than an object may have, are taken: such a rule never meets an object.
    for node in rule.findall("Tag"):
        for tag in ("Key", "Value"):
            if not _TAG_TEXT.fullmatch(node.findtext(tag) or ""):
                raise OssError("InvalidArgument", f"The tag's {tag.lower()} is invalid.")
    marker = rule.find("Expiration/ExpiredObjectDeleteMarker")
    if marker is not None:
        # oss2 writes True and reads only true.
        marker.text = (marker.text or "").lower()
    _check_transitions(rule.findall("Transition"), rule.find("Expiration"))
    _check_transitions(rule.findall("NoncurrentVersionTransition"), rule.find("NoncurrentVersionExpiration"))


def _check_time(node: Element) -> None:
    for tag in ("Days", "NoncurrentDays"):
        text = node.findtext(tag)
        if text is not None and (not is_number(text) or int(text) < 1):
            raise OssError("InvalidArgument", f"'{tag}' in {node.tag} action must be a positive integer.")
    for tag in ("Date", "CreatedBeforeDate"):
        text = node.findtext(tag)
        if text is not None and not _MIDNIGHT.fullmatch(text):
            raise OssError("InvalidArgument", f"'{tag}' must be at midnight GMT.")


def _check_transitions(transitions: Sequence[Element], expiration: Element | None) -> None:
    days: dict[str, int] = {}
    for node in transitions:
        storage_class = node.findtext("StorageClass") or ""
        if storage_class not in _COLDER or storage_class in days:
            raise OssError("InvalidArgument", f"The StorageClass {storage_class!r} is invalid in a Transition.")
        if expiration is not None and _by_date(node) != _by_date(expiration):
            raise OssError("InvalidRequest", "Days and dates must not be mixed in the actions of one rule.")
        days[storage_class] = _days(node)
    last = _days(expiration) if expiration is not None else 0
    in_order = [days[name] for name in _COLDER if days.get(name)]
    if any(first >= second for first, second in pairwise(in_order)):
        raise OssError("InvalidArgument", "Days of a colder storage class must be later than those of a warmer one.")
    if last and in_order and in_order[-1] >= last:
        raise OssError("InvalidArgument", "Days of the Expiration must be later than those of every Transition.")


def _days(node: Element) -> int:
    return int(node.findtext("Days") or node.findtext("NoncurrentDays") or 0)


def _by_date(node: Element) -> bool:
    return node.find("Date") is not None or node.find("CreatedBeforeDate") is not None


def _check_overlap(rules: Sequence[Element]) -> None:
    # Rules with tags or filters may still be apart where their prefixes meet.
    plain = [rule for rule in rules if rule.find("Tag") is None and rule.find("Filter") is None]
    for first, second in combinations(plain, 2):
        prefixes = sorted((rule.findtext("Prefix") or "" for rule in (first, second)), key=len)
        if prefixes[1].startswith(prefixes[0]):
            for action in _ACTIONS:
                if first.find(action) is not None and second.find(action) is not None:
                    raise OssError("InvalidArgument", f"Overlap for same action type {action}")
