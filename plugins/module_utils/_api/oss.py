# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Object Storage Service through oss2 with V4 signatures: oss2 builds and signs, our session sends."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import limits

from .appendable import AppendableObjects
from .auth import renew_refused
from .errors import CloudError, MissingLibrary
from .gate import Gate
from .listings import MAX_KEYS, Listings
from .paging import chunks
from .service_clock import ServiceClock

if TYPE_CHECKING:
    from .auth import CredentialSource
    from .http import Http
    from .pace import Calls, Pace
    from .retry import Retry

Result = TypeVar("Result")

_UNREADABLE = (RuntimeError, SyntaxError, ValueError, TypeError, AttributeError, LookupError)
"""What oss2 raises for a body or a header that is not what it expects, such as a gateway's HTML or a missing size. What
ElementTree raises for HTML is a SyntaxError."""

_NONE = 404

MOST_TEXT = 1 << 20
"""How many bytes of a text object are read. What this collection writes is smaller."""

# oss2 gives a HEAD without the x-oss-err header no code: the status is all there is (facts 5).
_CODE_OF_STATUS = {403: "AccessDenied", 404: "NoSuchKey", 409: "FileAlreadyExists"}


class OssConnection:
    """What the buckets of one run share: region, endpoint, credentials and session."""

    def __init__(
        self,
        region: str,
        url: str,
        credentials: CredentialSource,
        http: Http,
        retry: Retry,
        calls: Calls,
        pace: Pace,
    ) -> None:
        try:
            import oss2
        except ImportError as error:
            raise MissingLibrary("oss2", traceback.format_exc()) from error
        self.oss2 = oss2
        self.http = http
        self.retry = retry
        self.calls = calls
        self.pace = pace
        self.gate = Gate()
        self._region = region
        self._url = url
        self._credentials = credentials
        self._here = threading.local()
        self.clock = ServiceClock()

    def bucket(self, name: str) -> Any:
        """Returns oss2's Bucket; V4 signatures carry the region, which the service checks (facts 5)."""
        return self.oss2.Bucket(self.oss2.ProviderAuthV4(self), self._url, name, session=self, region=self._region)

    def get_credentials(self) -> Any:
        """Returns the current credentials in oss2's form: this object is oss2's credentials provider."""
        now = self._credentials.get()
        return self.oss2.credentials.Credentials(now.access_key, now.secret_key, now.security_token)

    def do_request(self, request: Any, **_options: Any) -> Any:
        """Returns oss2's Response for oss2's Request: this object is oss2's session. Our timeout counts, not oss2's."""
        sent = self.clock.reading()
        answer = self.http.send(
            self._action,
            request.method,
            request.url,
            {**request.headers, "User-Agent": self.http.user_agent},
            data=request.data,
            params=request.params,
            stream=True,
        )
        self.clock.saw(answer.headers.get("Date", ""), sent)
        return self.oss2.http.Response(answer)

    def run(self, operation: str, call: Callable[[], Result], repeatable: bool = True) -> Result:
        """Returns what the call returns; every failure is a CloudError with action "oss.<operation>"."""
        self._here.action = f"oss.{operation}"

        def once() -> Result:
            sent = self.pace.wait(self._action)
            self.gate(self._action)
            self.calls.add(self._action)
            try:
                return call()
            except self.oss2.exceptions.OssError as error:
                refusal = self._translate(error)
                self.pace.saw(self._action, sent, refusal)
                raise renew_refused(refusal, self._credentials) from None
            except self.http.errors as error:
                raise self.http.failure(self._action, self._url, error) from None
            except _UNREADABLE as error:
                problem = f"{type(error).__name__}: {error}"
                raise CloudError(self._action, "Answer.Unreadable", problem, retryable=True) from None

        return self.retry.run(once, repeatable)

    def find(self, operation: str, call: Callable[[], Result]) -> Result | None:
        """Returns what the call returns, as ``run`` does; None when there is no object with its key."""
        try:
            return self.run(operation, call)
        except CloudError as error:
            if error.code == "NoSuchKey":
                return None
            raise

    @property
    def _action(self) -> str:
        """The call that this thread makes."""
        action: str = self._here.action
        return action

    def _translate(self, error: Any) -> CloudError:
        status = error.status if error.status > 0 else None
        code = error.code or (_CODE_OF_STATUS.get(status, f"HTTP.{status}") if status else type(error).__name__)
        message = error.message or (f"HTTP {status}" if status else str(error.body))
        # A bucket of another region is refused with the host that would be right, outside of the message.
        endpoint = error.details.get("Endpoint")
        return CloudError(
            self._action,
            code,
            f"{message} ({endpoint})" if endpoint else message,
            request_id=error.request_id,
            http_status=status,
            retryable=status is not None and (status >= 500 or status == 429),
        )


class OssApi(AppendableObjects, Listings):
    """One bucket. Only keys that are given are ever written or deleted."""

    _connection: OssConnection

    def __init__(self, bucket: str, connection: OssConnection) -> None:
        self.name = bucket
        self._connection = connection
        try:
            self._bucket = connection.bucket(bucket)
        except connection.oss2.exceptions.ClientError as error:
            hint = f"The name of a bucket has {limits.BUCKET_RULE} (roles: migration_bucket)."
            raise CloudError(f"Using bucket {bucket!r}", "InvalidBucketName", str(error.body), hint=hint) from None
        self._versioned: bool | None = None

    def bucket_info(self) -> dict[str, Any]:
        """Returns what the bucket is; location is a region id, without the "oss-" before it (facts 5)."""
        info = self._connection.run("GetBucketInfo", self._bucket.get_bucket_info)
        rule = info.bucket_encryption_rule
        self._versioned = info.versioning_status in ("Enabled", "Suspended")
        return {
            "name": info.name,
            "location": (info.location or "").removeprefix("oss-"),
            "storage_class": info.storage_class,
            "versioning": info.versioning_status or "",
            "encryption": (rule.sse_algorithm or "") if rule else "",
            "encryption_key": (rule.kms_master_keyid or "") if rule else "",
            "acl": info.acl.grant if info.acl else "",
            "creation_date": info.creation_date,
        }

    def retention(self) -> dict[str, Any]:
        """Returns state (InProgress or Locked) and days of the retention policy, {} where the bucket has none."""
        try:
            found = self._connection.run("GetBucketWorm", self._bucket.get_bucket_worm)
        except CloudError as error:
            if error.code == "NoSuchWORMConfiguration":
                return {}
            raise
        return {"state": found.state or "", "days": found.retention_period_days}

    def overwrite_rules(self) -> list[dict[str, Any]]:
        """Returns the rules that forbid to overwrite objects: prefix, suffix, and the principals for whom a rule is,
        [] for all. oss2 has no method for it; 404 means that the bucket has none."""
        parse = self._connection.oss2.xml_utils.ElementTree.fromstring

        def ask() -> Any:
            return parse(self._bucket._do("GET", self.name, "", params={"overwriteConfig": ""}).read())

        try:
            root = self._connection.run("GetBucketOverwriteConfig", ask)
        except CloudError as error:
            if error.http_status == _NONE and error.code != "NoSuchBucket":
                return []
            raise
        return [
            {
                "prefix": rule.findtext("Prefix") or "",
                "suffix": rule.findtext("Suffix") or "",
                "principals": [item.text or "" for item in rule.findall("Principals/Principal")],
            }
            for rule in root.findall("Rule")
        ]

    def delete_key(self, key: str) -> None:
        """Deletes one object, or raises what the service says: an answer for many keys only leaves out the refused."""
        if self._has_versions():
            self._delete_versions(key)
        else:
            self._connection.run("DeleteObject", lambda: self._bucket.delete_object(key))

    def put_text(self, key: str, text: str) -> None:
        """Writes a text object, over an existing one."""
        self._connection.run("PutObject", lambda: self._bucket.put_object(key, text.encode()))

    def put_file(self, key: str, path: str, progress: Callable[[int, int], None]) -> None:
        """Writes a file as an object, over an existing one. ``progress`` is called with the bytes sent and all bytes,
        often while it is sent."""
        self._connection.run(
            "PutObject", lambda: self._bucket.put_object_from_file(key, path, progress_callback=progress)
        )

    def get_text(self, key: str) -> str | None:
        """Returns the object as text, its first MOST_TEXT bytes at most; None when there is no such object."""
        found = self._read(key)
        return found[0] if found else None

    def _read(self, key: str) -> tuple[str, str | None] | None:
        """Returns an object as text and its version, where the bucket has versions; None when there is no object."""

        def read() -> tuple[bytes, str | None]:
            found = self._bucket.get_object(key)
            body = b""
            with closing(found):
                while len(body) < MOST_TEXT and (piece := found.read(MOST_TEXT)):
                    body += piece
            # oss2 sums up what it reads, and leaves the comparison to its caller.
            whole = found.content_length is None or found.content_length <= MOST_TEXT
            if whole and found.server_crc is not None and found.client_crc != found.server_crc:
                problem = f"{key}: the received data has another CRC-64 than OSS reports"
                raise CloudError("oss.GetObject", "Answer.Unreadable", problem, retryable=True)
            return body[:MOST_TEXT], found.versionid

        found = self._connection.find("GetObject", read)
        return found and (found[0].decode("utf-8", errors="replace"), found[1])

    def head(self, key: str) -> dict[str, Any] | None:
        """Returns size (bytes), etag and last_modified (seconds) of an object, None when there is no such object."""
        found = self._connection.find("HeadObject", lambda: self._bucket.head_object(key))
        if found is None:
            return None
        if found.content_length is None:
            raise CloudError("oss.HeadObject", "Answer.Malformed", f"{key}: no Content-Length", retryable=True)
        return {"size": found.content_length, "etag": found.etag, "last_modified": found.last_modified}

    def read_start(self, key: str, length: int) -> dict[str, Any] | None:
        """Returns size, etag, last_modified and the first ``length`` bytes (content) of an object with one request;
        None when there is no such object."""

        def read() -> dict[str, Any]:
            headers = {"x-oss-range-behavior": "standard"}
            with closing(self._bucket.get_object(key, byte_range=(0, length - 1), headers=headers)) as found:
                size = found.headers.get("Content-Range", "").rpartition("/")[2] or str(found.content_length)
                if not size.isdecimal():
                    problem = f"{key}: no Content-Range and no Content-Length"
                    raise CloudError("oss.GetObject", "Answer.Malformed", problem, retryable=True)
                row = {"size": int(size), "etag": found.etag, "last_modified": found.last_modified}
                return {**row, "content": found.read(length)}

        try:
            return self._connection.find("GetObject", read)
        except CloudError as error:
            if error.code != "InvalidRange":
                raise
        # An empty object has no first byte.
        head = self.head(key)
        return head and {**head, "content": b""}

    def read_range(self, key: str, start: int, end_inclusive: int, etag: str = "") -> bytes:
        """Returns the bytes from start to end, both included; fewer when the object is shorter. With ``etag``, an
        object that was replaced is refused (PreconditionFailed).

        "standard" makes OSS refuse a range beyond the end; without it OSS answers with the whole object.
        """
        headers = {"x-oss-range-behavior": "standard", **({"If-Match": f'"{etag}"'} if etag else {})}
        span = (start, end_inclusive)
        body: bytes = self._connection.run(
            "GetObject", lambda: self._bucket.get_object(key, byte_range=span, headers=headers).read()
        )
        return body

    @property
    def clock(self) -> ServiceClock:
        """The time of the service by the answers of this connection."""
        return self._connection.clock

    def put_empty(self, key: str, metadata: Mapping[str, str]) -> None:
        """Puts an object without content in the place of whatever has this key, and removes every older version of
        it. Nothing is billed for it, and an object that was put takes no appends. Metadata is ASCII text."""
        headers = {"x-oss-storage-class": "Standard", **{f"x-oss-meta-{name}": text for name, text in metadata.items()}}
        kept = self._connection.run("PutObject", lambda: self._bucket.put_object(key, b"", headers=headers).versionid)
        if self._has_versions():
            self._delete_versions(key, keep=kept or "")

    def has_key(self, key: str) -> bool:
        """Returns whether there is an object with exactly this key, or a delete marker that hides versions of it."""
        page = self._connection.run("ListObjectsV2", partial(self._bucket.list_objects_v2, key, max_keys=1))
        return any(row.key == key for row in page.object_list) or key in self.each_hidden(key)

    def each_hidden(self, prefix: str) -> Iterator[str]:
        """Yields the keys under the prefix that a delete marker hides from each_key: their versions are billed on."""
        if self._has_versions():
            for page in self._version_pages(prefix):
                yield from (row.key for row in page.delete_marker if row.is_latest)

    def delete_keys(self, keys: Iterable[str]) -> list[str]:
        """Returns the keys that the service says are deleted; only given keys are touched, in calls of at most 1000.

        In a bucket with versioning every version and delete marker of these keys goes: a plain deletion would only
        hide the object, which stays billed (trap 33), behind one more marker.
        """
        wanted = list(dict.fromkeys(keys))
        if not wanted:
            return []
        if self._has_versions():
            return [key for key in wanted if self._delete_versions(key)]
        deleted: list[str] = []
        for some in chunks(wanted, MAX_KEYS):
            result = self._connection.run("DeleteMultipleObjects", partial(self._bucket.batch_delete_objects, some))
            confirmed = set(result.deleted_keys)
            deleted.extend(key for key in some if key in confirmed)
        return deleted

    def _has_versions(self) -> bool:
        if self._versioned is None:
            self.bucket_info()
        return bool(self._versioned)

    def _delete_versions(self, key: str, keep: str = "") -> bool:
        """Returns whether the service has confirmed the deletion of every version of this very key, except the one
        with the id ``keep``."""
        models = self._connection.oss2.models
        complete = True
        for page in self._version_pages(key):
            # The prefix matches longer keys too: only this very key is ours.
            rows = [row for row in (*page.versions, *page.delete_marker) if row.key == key and row.versionid != keep]
            if rows:
                batch = models.BatchDeleteObjectVersionList(
                    [models.BatchDeleteObjectVersion(row.key, row.versionid) for row in rows]
                )
                done = self._connection.run(
                    "DeleteMultipleObjects", partial(self._bucket.delete_object_versions, batch)
                )
                complete = complete and len(done.delete_versions) == len(rows)
        return complete

    def abort_upload(self, key: str, upload_id: str) -> None:
        """Removes an unfinished multipart upload with its parts; one that is gone already is fine."""
        try:
            self._connection.run("AbortMultipartUpload", lambda: self._bucket.abort_multipart_upload(key, upload_id))
        except CloudError as error:
            if error.code != "NoSuchUpload":
                raise
