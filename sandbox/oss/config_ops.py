# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Putting, getting and deleting the configurations of a bucket."""
from __future__ import annotations

from xml.etree.ElementTree import Element, fromstring

from .answer import Answer
from .body import read_body, read_xml
from .call import Call
from .configs import Config, check_policy, tags_of
from .errors import OssError
from .xml import MalformedXml, document, text_of


async def put_config(config: Config, call: Call) -> Answer:
    """Put<Config>: replaces the former one."""
    root = await read_xml(call.request, config.root)
    if root is None:
        raise OssError("MalformedXML")
    config.check(root, call.request.headers)
    if config.query == "logging":
        _check_target(call, root)
    try:
        call.bucket.configs[config.query] = text_of(root)
    except MalformedXml as error:
        raise OssError("MalformedXML", details={"ErrorDetail": str(error)}) from error
    return call.empty()


async def get_config(config: Config, call: Call) -> Answer:
    """Get<Config>: as it was put, or what is answered while there is none."""
    text = call.bucket.configs.get(config.query)
    if text is not None:
        return call.document(text.encode())
    if isinstance(config.absent, str):
        raise OssError(config.absent, details={"BucketName": call.bucket.name})
    return call.document(document(config.root, config.absent))


async def delete_config(config: Config, call: Call) -> Answer:
    """Delete<Config>: the same answer whether there was one or not; of tags, only the named ones if some are named."""
    named = call.request.query.get(config.query, "")
    if config.query == "tagging" and named:
        left = {key: value for key, value in bucket_tags(call).items() if key not in named.split(",")}
        tags = [("Tag", [("Key", key), ("Value", value)]) for key, value in left.items()]
        call.bucket.configs["tagging"] = document(config.root, [("TagSet", tags)]).decode()
    else:
        call.bucket.configs.pop(config.query, None)
    return call.empty(204)


async def put_policy(call: Call) -> Answer:
    """PutBucketPolicy: JSON, unlike everything else."""
    text = (await read_body(call.request)).decode("utf-8", "replace")
    check_policy(text)
    call.bucket.configs["policy"] = text
    return call.empty()


async def get_policy(call: Call) -> Answer:
    """GetBucketPolicy."""
    text = call.bucket.configs.get("policy")
    if text is None:
        raise OssError("NoSuchBucketPolicy", details={"BucketName": call.bucket.name})
    return Answer(headers=call.headers({"Content-Type": "application/json; charset=utf-8"}), body=text.encode())


async def delete_policy(call: Call) -> Answer:
    """DeleteBucketPolicy."""
    call.bucket.configs.pop("policy", None)
    return call.empty(204)


def bucket_tags(call: Call) -> dict[str, str]:
    """Return the tags of the bucket."""
    return stored_tags(call.bucket.configs)


def stored_tags(configs: dict[str, str]) -> dict[str, str]:
    """Return the tags among a bucket's configurations."""
    text = configs.get("tagging")
    return tags_of(stored(text)) if text else {}


def stored_key(configs: dict[str, str]) -> str:
    """Return the KMS key that the bucket's default encryption names, empty when it names none."""
    text = configs.get("encryption")
    return stored(text).findtext("ApplyServerSideEncryptionByDefault/KMSMasterKeyID") or "" if text else ""


def stored(text: str) -> Element:
    """Return the root element of a configuration that was kept."""
    return fromstring(text)  # noqa: S314  written by this process, after parsing


def _check_target(call: Call, root: Element) -> None:
    name = root.findtext("LoggingEnabled/TargetBucket")
    if name is None:
        return
    target = call.buckets.find(name)
    if target is None or target.owner != call.account or target.region != call.bucket.region:
        raise OssError("InvalidTargetBucketForLogging", details={"TargetBucket": name})
