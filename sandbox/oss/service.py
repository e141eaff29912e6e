# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OSS over HTTP: selects the operation of a request, checks the permission and answers errors."""
from __future__ import annotations

import base64
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import formatdate
from functools import partial

from aiohttp import ClientPayloadError, web

from sandbox.faults.rules import Faults
from sandbox.state.cloud import Cloud
from sandbox.world.fault_rules import Fault

from . import bucket_ops, config_ops, faults, list_ops, multipart_ops, object_ops, read_ops, retention, write_ops
from .access import check_access
from .answer import XML, Answer
from .auth import authenticate
from .call import Call
from .codes import provenance_of
from .configs import CONFIGS
from .errors import OssError, not_emulated
from .request import OssRequest
from .signatures import SUBRESOURCES
from .wire import read_request, send

OPERATION = "sandbox_operation"
"""The key under which an OSS request keeps the name of its operation, as the request log shows it."""

_LOG = logging.getLogger("sandbox.oss")

_Handler = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True)
class Operation:
    """One operation: its name in the request log, the access that it needs on a bucket, and its handler.

    `access`: "account" is for the account's own keys; "read" and "write" are also open to others as ACLs say.
    """

    action: str
    access: str
    handler: _Handler
    provenance: str = "documented"


def _configurations() -> dict[str, Operation]:
    table = {}
    for config in CONFIGS:
        for method, verb, handler in (("PUT", "Put", config_ops.put_config), ("GET", "Get", config_ops.get_config),
                                      ("DELETE", "Delete", config_ops.delete_config)):
            if method != "DELETE" or config.deletable:
                table[f"{method} {config.query}"] = Operation(f"{verb}Bucket{config.title}", "account",
                                                              partial(handler, config))
    return table


_SERVICE = {
    "GET": Operation("ListBuckets", "account", bucket_ops.list_buckets),
    "GET regionList": Operation("ListBuckets", "account", bucket_ops.list_buckets, "approximate"),
}

_BUCKET = {
    "GET": Operation("ListObjects", "read", list_ops.list_objects),
    "PUT": Operation("PutBucket", "account", bucket_ops.put_bucket),
    "HEAD": Operation("HeadBucket", "account", bucket_ops.head_bucket),
    "DELETE": Operation("DeleteBucket", "account", bucket_ops.delete_bucket),
    "GET bucketInfo": Operation("GetBucketInfo", "account", bucket_ops.get_info),
    "GET location": Operation("GetBucketLocation", "account", bucket_ops.get_location),
    "GET stat": Operation("GetBucketStat", "account", bucket_ops.get_stat),
    "GET acl": Operation("GetBucketAcl", "account", bucket_ops.get_acl),
    "PUT acl": Operation("PutBucketAcl", "account", bucket_ops.put_acl),
    "GET versioning": Operation("GetBucketVersioning", "account", bucket_ops.get_versioning),
    "PUT versioning": Operation("PutBucketVersioning", "account", bucket_ops.put_versioning),
    "GET versions": Operation("ListObjectVersions", "read", list_ops.list_versions),
    "GET live": Operation("ListLiveChannel", "account", bucket_ops.list_live_channels),
    "GET uploads": Operation("ListMultipartUploads", "account", multipart_ops.list_uploads),
    "POST delete": Operation("DeleteMultipleObjects", "write", write_ops.delete_objects),
    "POST worm": Operation("InitiateBucketWorm", "account", retention.initiate),
    "POST wormId": Operation("CompleteBucketWorm", "account", retention.complete),
    "DELETE worm": Operation("AbortBucketWorm", "account", retention.abort),
    "GET worm": Operation("GetBucketWorm", "account", retention.get),
    "PUT policy": Operation("PutBucketPolicy", "account", config_ops.put_policy),
    "GET policy": Operation("GetBucketPolicy", "account", config_ops.get_policy),
    "DELETE policy": Operation("DeleteBucketPolicy", "account", config_ops.delete_policy),
    **_configurations(),
}

_OBJECT = {
    "GET": Operation("GetObject", "read", read_ops.get_object),
    "HEAD": Operation("HeadObject", "read", read_ops.get_object),
    "PUT": Operation("PutObject", "write", write_ops.put_object),
    "PUT from": Operation("CopyObject", "write", write_ops.copy_object),
    "DELETE": Operation("DeleteObject", "write", write_ops.delete_object),
    # oss2's own tests delete with the parameters of a former get_symlink.
    "DELETE symlink": Operation("DeleteObject", "write", write_ops.delete_object, "approximate"),
    "POST append": Operation("AppendObject", "write", write_ops.append_object),
    "HEAD objectMeta": Operation("GetObjectMeta", "read", read_ops.get_meta),
    "GET acl": Operation("GetObjectAcl", "account", read_ops.get_object_acl),
    "PUT acl": Operation("PutObjectAcl", "account", write_ops.put_object_acl),
    "GET tagging": Operation("GetObjectTagging", "account", read_ops.get_object_tagging),
    "PUT tagging": Operation("PutObjectTagging", "account", write_ops.put_object_tagging),
    "DELETE tagging": Operation("DeleteObjectTagging", "account", write_ops.delete_object_tagging),
    "PUT symlink": Operation("PutSymlink", "write", object_ops.put_symlink),
    "GET symlink": Operation("GetSymlink", "read", object_ops.get_symlink),
    "POST restore": Operation("RestoreObject", "write", object_ops.restore_object),
    "POST uploads": Operation("InitiateMultipartUpload", "write", multipart_ops.initiate),
    "PUT partNumber uploadId": Operation("UploadPart", "write", multipart_ops.upload_part),
    "PUT from partNumber uploadId": Operation("UploadPartCopy", "write", multipart_ops.upload_part_copy),
    "POST uploadId": Operation("CompleteMultipartUpload", "write", multipart_ops.complete),
    "DELETE uploadId": Operation("AbortMultipartUpload", "write", multipart_ops.abort),
    "GET uploadId": Operation("ListParts", "account", multipart_ops.list_parts),
}

# Signed query parameters that do not select an operation.
_MODIFIERS = frozenset({
    "position", "versionId", "security-token", "continuation-token", "x-oss-request-payer", "x-oss-traffic-limit",
    "x-oss-ac-source-ip", "x-oss-ac-subnet-mask", "x-oss-ac-vpc-id", "x-oss-ac-forward-allow"})
_SELECTORS = {"overwriteConfig"} | {
    name for name in SUBRESOURCES if name not in _MODIFIERS and not name.startswith("response-")
}


OPERATIONS = {"the service": _SERVICE, "a bucket": _BUCKET, "an object": _OBJECT}
"""Level: method and query words, or ``from`` with a source of a copy, to the operation."""


async def handle(request: web.Request, cloud: Cloud, rules: Faults) -> web.StreamResponse:
    """Answer one OSS request and note it in the request log as product ``oss`` with its operation's name."""
    request_id = cloud.draws.hexadecimal(24, "oss request")
    action, code = request.method, ""
    request[OPERATION] = action
    logged: dict[str, str] = {}
    try:
        oss = read_request(request)
        logged = {"bucket": oss.bucket, "key": oss.key, "copy_source": oss.headers.get("x-oss-copy-source", ""),
                  **oss.query}
        operation = operation_of(oss)
        action = request[OPERATION] = operation.action
        response = await _answer(request, oss, operation, cloud, rules, request_id, logged)
    except OssError as refusal:
        response, code = await send(request, refused(request, refusal, request_id, cloud)), refusal.code
    except (ConnectionError, ClientPayloadError):
        # The client has disconnected: there is no answer, and nothing was stored.
        response, code = web.Response(status=400), "RequestTimeout"
    except OSError:
        # A full disk, which the middleware answers.
        raise
    except Exception as bug:  # noqa: BLE001  a bug of the sandbox must reach the client as an answer that names it
        _LOG.exception("oss:%s failed", action)
        answer = OssError("InternalError", headers={"x-sandbox-bug": type(bug).__name__}, status=500)
        response, code = await send(request, refused(request, answer, request_id, cloud)), answer.code
    cloud.log("oss", action, {name: value for name, value in logged.items() if value}, response.status, code)
    return response


def operation_of(request: OssRequest) -> Operation:
    """Return the operation that a request asks for; what the local cloud does not know is refused with 501."""
    table = _OBJECT if request.key else _BUCKET if request.bucket else _SERVICE
    words = [request.method]
    if request.method == "PUT" and "x-oss-copy-source" in request.headers:
        words.append("from")
    words += sorted(_SELECTORS.intersection(request.query))
    operation = table.get(" ".join(words))
    if operation is None:
        level = "an object" if request.key else "a bucket" if request.bucket else "the service"
        raise not_emulated(f"{' '.join(words)} on {level}")
    return operation


async def _answer(http: web.Request, request: OssRequest, operation: Operation, cloud: Cloud, rules: Faults,
                  request_id: str, logged: dict[str, str]) -> web.StreamResponse:
    # Before anything else, a fault rule included, that the request might cause.
    identity = authenticate(request, cloud)

    async def perform(fault: Fault | None) -> Answer:
        call = Call(cloud, request, identity, request_id, operation.provenance, fault, noted=logged)
        check_access(call, operation.action, operation.access)
        return await operation.handler(call)

    if identity is None:
        return await send(http, await perform(None))

    # An object may go while its file is read in a thread.
    try:
        return await send(http, await faults.answer(rules, operation.action, logged, perform))
    except FileNotFoundError as error:
        raise OssError("NoSuchKey", details={"Key": request.key}) from error


def refused(request: web.Request | OssRequest, refusal: OssError, request_id: str, cloud: Cloud) -> Answer:
    """Return the answer to a request that was refused."""
    body = refusal.xml(request_id, request.host)
    headers = {"Server": "AliyunOSS", "x-oss-request-id": request_id,
               "x-sandbox-provenance": provenance_of(refusal.code, refusal.ec), **refusal.headers}
    if refusal.code != "RequestTimeTooSkewed":
        # The skew of a request is the one thing that is compared with real time.
        headers["Date"] = formatdate(cloud.clock.time(), usegmt=True)
    if refusal.ec:
        headers["x-oss-ec"] = refusal.ec
    if request.method == "HEAD":
        # A HEAD answer has no body: the document travels in a header (local-cloud 3.6).
        headers["x-oss-err"] = base64.b64encode(body).decode()
    if request.method == "HEAD" or refusal.status == 304:
        return Answer(refusal.status, headers)
    return Answer(refusal.status, {**XML, **headers}, body)
