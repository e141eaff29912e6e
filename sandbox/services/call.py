# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a handler gets, and the shapes that many answers share: pages, tags, fuzzy names."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from sandbox.contracts.errors import error
from sandbox.contracts.numbers import is_number
from sandbox.state.cloud import Cloud
from sandbox.state.tables import Row, Table

Item = TypeVar("Item")


@dataclass(frozen=True)
class Call:
    """One authenticated, checked call: typed parameters, region, and the row of the calling access key."""

    product: str
    action: str
    params: dict[str, Any]
    region: str
    caller: Row


Handler = Callable[[Cloud, Call], "dict[str, Any]"]


def page(items: list[Item], params: dict[str, Any], default: int = 10) -> tuple[list[Item], dict[str, int]]:
    """One page (default size 10!) and the paging keys {PageNumber, PageSize, TotalCount} of the answer."""
    number, size = params.get("PageNumber", 1), params.get("PageSize", default)
    start = (number - 1) * size
    return items[start : start + size], {"PageNumber": number, "PageSize": size, "TotalCount": len(items)}


def token_page(items: list[Item], params: dict[str, Any], default: int = 10) -> tuple[list[Item], dict[str, Any]]:
    """One page by MaxResults/NextToken when the call uses them, else by PageNumber/PageSize (facts 3.3)."""
    if "MaxResults" not in params and "NextToken" not in params:
        return page(items, params, default)
    size = params.get("MaxResults", default)
    text = params.get("NextToken", "0")
    if not is_number(text):
        raise error("InvalidParameter.NextToken", f"The specified NextToken {text} was not handed out here.")
    start = int(text)
    more = str(start + size) if start + size < len(items) else ""
    return items[start : start + size], {"NextToken": more, "TotalCount": len(items)}


def tags_of(params: dict[str, Any]) -> dict[str, str]:
    """The Tag.N of a call as a mapping; a key that the vendor reserves is refused (facts 1.3)."""
    tags = {}
    for tag in params.get("Tag", []):
        key, value = tag.get("Key", ""), tag.get("Value", "")
        if not key or len(key) > 128 or key.lower().startswith(("aliyun", "acs:", "http://", "https://")):
            raise error("InvalidParameter.TagKey", f"The specified tag key {key!r} is not valid.")
        if len(value) > 128 or value.lower().startswith(("http://", "https://")):
            raise error("InvalidParameter.TagValue", f"The specified tag value {value!r} is not valid.")
        tags[key] = value
    return tags


def add_tags(table: Table, params: dict[str, Any]) -> dict[str, Any]:
    """Adds the Tag.N of a call to its resources: all of them, or none when one is unknown or gets more than 20."""
    tags = tags_of(params)
    rows = [table.get(resource_id) for resource_id in params["ResourceId"]]
    for row in rows:
        if row is None:
            raise error("InvalidResourceId.NotFound")
        if len({**row["tags"], **tags}) > 20:
            raise error("NumberExceed.Tags")
    for row in filter(None, rows):
        table.update(row["id"], tags={**row["tags"], **tags})
    return {}


def has_tags(row: Row, params: dict[str, Any]) -> bool:
    """True when the row carries every tag that the call filters by; a tag without value matches any value."""
    for tag in params.get("Tag", []):
        key = tag.get("Key", "")
        if key not in row["tags"] or ("Value" in tag and row["tags"][key] != tag["Value"]):
            return False
    return True


def tag_list(row: Row) -> dict[str, list[dict[str, str]]]:
    """Tags as SMC and VPC write them."""
    return {"Tag": [{"Key": key, "Value": value} for key, value in row["tags"].items()]}


def ecs_tag_list(row: Row) -> dict[str, list[dict[str, str]]]:
    """Tags as ECS writes them."""
    return {"Tag": [{"TagKey": key, "TagValue": value} for key, value in row["tags"].items()]}


def shown(cloud: Cloud, rows: Iterable[Row], delay: float) -> list[Row]:
    """The rows that were made at least ``delay`` virtual seconds ago: a list may lag behind a write."""
    return [row for row in rows if cloud.clock.time() - row["created"] >= delay]


def named(rows: Iterable[Row], pattern: str | None) -> list[Row]:
    """The rows whose name matches a pattern with ``*``; no pattern: all."""
    return [row for row in rows if pattern is None or fnmatch.fnmatchcase(row["name"], pattern)]


def fuzzy(rows: Iterable[Row], column: str, part: str | None) -> list[Row]:
    """The rows whose column contains the given text: how ENS and ECS DescribeImages filter names (facts 4.2)."""
    return [row for row in rows if part is None or part in row[column]]


def listed(rows: Iterable[Row], column: str, wanted: list[str] | None) -> list[Row]:
    """The rows whose column is among ``wanted``; None: all, an empty list: none."""
    return [row for row in rows if wanted is None or row[column] in wanted]
