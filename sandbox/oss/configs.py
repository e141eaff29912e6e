# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configurations of buckets as a table: what each is called, what it may say, and what is answered before one is put.

They are checked, kept and answered; they have no effect: nothing expires, no log is written, no policy is applied.
Overwrite rules are the exception.
"""
from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

from sandbox.contracts.numbers import is_number

from .errors import OssError
from .lifecycle_rules import check_lifecycle
from .xml import Content

_CORS_METHODS = ("GET", "PUT", "DELETE", "POST", "HEAD")
_MOST_CORS_RULES = 20
_LONGEST_AGE = 999999999
_MOST_OVERWRITE_RULES = 100
_MOST_BUCKET_TAGS = 20
_LONGEST_TAG_KEY, _LONGEST_TAG_VALUE = 64, 128
_ALGORITHMS = ("AES256", "SM4", "KMS")


@dataclass(frozen=True)
class Config:
    """One configuration. `absent`: the code of the refusal while there is none, or the content of the answer.

    `check` refuses what is wrong and adds what the service adds; it is given the request's headers too.
    """

    query: str
    title: str
    root: str
    absent: str | list[tuple[str, Content]]
    check: Callable[[Element, Mapping[str, str]], None]
    deletable: bool = True


def argument(name: str, value: str) -> OssError:
    """Return the refusal of one value, which names it as the vendor's client expects."""
    return OssError("InvalidArgument", f"The value of {name} is invalid.",
                    details={"ArgumentName": name, "ArgumentValue": value})


def tags_of(root: Element) -> dict[str, str]:
    """Return the tags of a Tagging document; MalformedXML when one has no key or two have the same."""
    tags: dict[str, str] = {}
    for node in root.findall("TagSet/Tag"):
        key = node.findtext("Key") or ""
        if not key or key in tags:
            raise OssError("MalformedXML")
        tags[key] = node.findtext("Value") or ""
    return tags


def encryption_rule(algorithm: str, key_id: str, data_encryption: str) -> list[tuple[str, Content]]:
    """Return the content of an encryption rule; a key belongs to KMS alone, SM4 may encrypt the data under it."""
    if algorithm not in _ALGORITHMS:
        raise OssError("InvalidEncryptionAlgorithmError")
    if key_id and algorithm != "KMS":
        raise argument("KMSMasterKeyID", key_id)
    if data_encryption and (algorithm != "KMS" or data_encryption != "SM4"):
        raise argument("KMSDataEncryption", data_encryption)
    return [("SSEAlgorithm", algorithm), ("KMSMasterKeyID", key_id or None),
            ("KMSDataEncryption", data_encryption or None)]


def check_policy(text: str) -> None:
    """Refuse a bucket policy that is not a JSON object with a Version and statements."""
    try:
        policy = json.loads(text)
    except ValueError as error:
        raise OssError("InvalidPolicyDocument", details={"ErrorDetail": str(error)}) from error
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    if not statements or policy.get("Version") != "1" or not isinstance(statements, list):
        raise OssError("InvalidPolicyDocument")
    for statement in statements:
        if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny") \
                or not statement.get("Action") or not statement.get("Resource"):
            raise OssError("InvalidPolicyDocument")


def _cors(root: Element, _headers: Mapping[str, str]) -> None:
    rules = root.findall("CORSRule")
    if not 0 < len(rules) <= _MOST_CORS_RULES:
        raise OssError("MalformedXML", f"Between 1 and {_MOST_CORS_RULES} rules are allowed, {len(rules)} were given.")
    for rule in rules:
        if rule.find("AllowedOrigin") is None or rule.find("AllowedMethod") is None:
            raise OssError("MalformedXML", "A rule needs an AllowedOrigin and an AllowedMethod.")
        for node in rule.findall("AllowedMethod"):
            if node.text not in _CORS_METHODS:
                raise argument("AllowedMethod", node.text or "")
        _number(rule, "MaxAgeSeconds", 0, _LONGEST_AGE)
    _default(root, "ResponseVary", "false")
    _boolean(root, "ResponseVary")


def _referer(root: Element, _headers: Mapping[str, str]) -> None:
    if root.find("AllowEmptyReferer") is None:
        raise OssError("MalformedXML")
    _default(root, "AllowTruncateQueryString", "true")
    _boolean(root, "AllowEmptyReferer")
    _boolean(root, "AllowTruncateQueryString")


def _logging(root: Element, _headers: Mapping[str, str]) -> None:
    enabled = root.find("LoggingEnabled")
    if enabled is not None and not enabled.findtext("TargetBucket"):
        raise OssError("MalformedXML")


def _tagging(root: Element, _headers: Mapping[str, str]) -> None:
    tags = tags_of(root)
    if len(tags) > _MOST_BUCKET_TAGS:
        raise argument("TagSet", f"{len(tags)} tags")
    for key, value in tags.items():
        if len(key) > _LONGEST_TAG_KEY or len(value) > _LONGEST_TAG_VALUE:
            raise argument("Tag", key)


def _encryption(root: Element, _headers: Mapping[str, str]) -> None:
    rule = root.find("ApplyServerSideEncryptionByDefault")
    if rule is None:
        raise OssError("MalformedXML")
    encryption_rule(*(rule.findtext(name) or "" for name in ("SSEAlgorithm", "KMSMasterKeyID", "KMSDataEncryption")))


def _website(root: Element, _headers: Mapping[str, str]) -> None:
    if root.find("IndexDocument/Suffix") is None and root.find("RoutingRules/RoutingRule") is None:
        raise OssError("MalformedXML", "A website needs an index document or a routing rule.")


def _capacity(root: Element, _headers: Mapping[str, str]) -> None:
    if root.find("StorageCapacity") is None:
        raise OssError("MalformedXML")
    _number(root, "StorageCapacity", -1, 1 << 40)


def _payer(root: Element, _headers: Mapping[str, str]) -> None:
    payer = root.findtext("Payer") or ""
    if payer not in ("BucketOwner", "Requester"):
        raise argument("Payer", payer)


def _overwrite(root: Element, _headers: Mapping[str, str]) -> None:
    rules = root.findall("Rule")
    if not 0 < len(rules) <= _MOST_OVERWRITE_RULES:
        raise OssError("MalformedXML")
    for rule in rules:
        if rule.findtext("Action") != "forbid":
            raise argument("Action", rule.findtext("Action") or "")


def forbids_overwrite(root: Element, key: str) -> bool:
    """Return whether an overwrite configuration forbids everyone to write over an object of this key."""
    return any(
        key.startswith(rule.findtext("Prefix") or "") and key.endswith(rule.findtext("Suffix") or "")
        for rule in root.findall("Rule")
        if rule.find("Principals/Principal") is None
    )


def _default(root: Element, tag: str, text: str) -> None:
    if root.find(tag) is None:
        SubElement(root, tag).text = text


def _boolean(root: Element, tag: str) -> None:
    text = root.findtext(tag) or ""
    if text.lower() not in ("true", "false"):
        raise argument(tag, text)


def _number(root: Element, tag: str, low: int, high: int) -> None:
    text = root.findtext(tag)
    if text is None:
        return
    digits = text.removeprefix("-")
    if not is_number(digits) or not low <= int(text) <= high:
        raise argument(tag, text)


CONFIGS = (
    Config("lifecycle", "Lifecycle", "LifecycleConfiguration", "NoSuchLifecycle", check_lifecycle),
    Config("cors", "Cors", "CORSConfiguration", "NoSuchCORSConfiguration", _cors),
    Config("referer", "Referer", "RefererConfiguration", [
        ("AllowEmptyReferer", "true"), ("AllowTruncateQueryString", "true"), ("RefererList", [])], _referer, False),
    Config("logging", "Logging", "BucketLoggingStatus", [], _logging),
    Config("tagging", "Tags", "Tagging", [("TagSet", [])], _tagging),
    Config("encryption", "Encryption", "ServerSideEncryptionRule", "NoSuchServerSideEncryptionRule", _encryption),
    Config("website", "Website", "WebsiteConfiguration", "NoSuchWebsiteConfiguration", _website),
    Config("qos", "StorageCapacity", "BucketUserQos", [("StorageCapacity", -1)], _capacity, False),
    Config("requestPayment", "RequestPayment", "RequestPaymentConfiguration", [("Payer", "BucketOwner")], _payer,
           False),
    Config("overwriteConfig", "OverwriteConfig", "OverwriteConfiguration", "NoSuchOverwriteConfiguration", _overwrite),
)
"""The limits are documented; the codes of refusals where a vendor test names one, else they are approximate."""
