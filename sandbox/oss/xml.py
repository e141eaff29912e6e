# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""XML as OSS writes and reads it: without a namespace, and with control characters in keys."""
from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from typing import Any

Content = str | int | float | None | Sequence[tuple[str, Any]]
"""Text, or (tag, content) pairs in order; a pair whose content is None is left out."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_SHIFTED = re.compile("[\ue000-\ue01f]")
_SHIFT = 0xE000
_DEEPEST = 20
"""Levels of elements; no document of OSS has more than seven."""


class MalformedXml(ValueError):
    """The body is not XML, or its root is not the expected one."""


def document(tag: str, content: Content) -> bytes:
    """Return an XML document with one root element."""
    return bytes(ET.tostring(_element(tag, content), encoding="utf-8", xml_declaration=True))


def parse(body: bytes, root: str) -> ET.Element:
    """Return the root element of a request's body, without namespaces.

    oss2 writes control characters of keys as they are, which no XML parser takes: they travel in private code points.
    """
    try:
        text = _CONTROL.sub(lambda match: chr(_SHIFT + ord(match[0])), body.decode("utf-8"))
        tree = ET.fromstring(text)  # noqa: S314  a local client wrote it; expat loads nothing and bounds entities
    except (UnicodeDecodeError, ET.ParseError) as error:
        raise MalformedXml(str(error)) from error
    if _deeper(tree, _DEEPEST):
        raise MalformedXml(f"elements are nested more than {_DEEPEST} deep")
    for node in tree.iter():
        node.tag = node.tag.rpartition("}")[2]
        node.text = _SHIFTED.sub(lambda match: chr(ord(match[0]) - _SHIFT), node.text or "")
    if tree.tag != root:
        raise MalformedXml(f"the root element is {tree.tag}, not {root}")
    return tree


def _deeper(root: ET.Element, most: int) -> bool:
    level = [root]
    for _depth in range(most):
        level = [child for node in level for child in node]
    return bool(level)


def text_of(root: ET.Element) -> str:
    """Return the document of an element that `parse` returned; control characters in it cannot be kept."""
    text = bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)).decode()
    if _CONTROL.search(text):
        raise MalformedXml("control characters are not allowed here")
    return text


def _element(tag: str, content: Content) -> ET.Element:
    node = ET.Element(tag)
    if content is None or isinstance(content, (str, int, float)):
        node.text = "" if content is None else str(content)
        return node
    for name, inner in content:
        if inner is not None:
            node.append(_element(name, inner))
    return node
