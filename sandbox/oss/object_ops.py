# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is more than bytes about an object: symbolic links, restoring of archived objects."""
from __future__ import annotations

from urllib.parse import quote, unquote

from sandbox.state.buckets import Sums

from .answer import Answer
from .archive import restore
from .body import read_body, read_xml
from .call import Call, http_time
from .errors import OssError
from .template import check_key, template_of
from .write_ops import refuse_overwrite, scratch_file, store

_TARGET = "x-oss-symlink-target"


async def put_symlink(call: Call) -> Answer:
    """PutSymlink: the target need not exist."""
    await read_body(call.request)
    target = unquote(call.request.headers.get(_TARGET, ""))
    if not target:
        raise OssError("InvalidArgument", "A symbolic link needs a target.", details={"ArgumentName": _TARGET})
    check_key(target)
    item = template_of(call, {_TARGET})
    item.kind, item.target = "Symlink", target
    refuse_overwrite(call)
    with scratch_file(call) as path:
        path.touch()
        store(call, item, path, Sums())
    return call.empty(headers={"ETag": f'"{item.etag}"'})


async def get_symlink(call: Call) -> Answer:
    """GetSymlink: the target's key, percent-encoded."""
    (item,) = await call.summed([call.object])
    if item.kind != "Symlink":
        raise OssError("NotSymlink", details={"ObjectName": item.key})
    return call.empty(headers={_TARGET: quote(item.target), "ETag": f'"{item.etag}"',
                               "Last-Modified": http_time(item.modified)})


async def restore_object(call: Call) -> Answer:
    """RestoreObject: 202 when it begins, 200 when a restored one stays longer."""
    body = await read_xml(call.request, "RestoreRequest", required=False)
    status, tier = restore(call.object, body, call.now)
    return call.empty(status, {"x-oss-object-restore-priority": tier} if tier else None)
