# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The one place from which bytes leave: a pooled requests session with https, SNI, proxies, timeouts and redaction.

The v1 SDK's own transport is not used: it vendors requests 2.18, sends no TLS server name on Python 3.12 and later,
ignores NO_PROXY and reconnects for every call (facts 6.5, trap 36).
"""

from __future__ import annotations

import logging
import os
import platform
import re
import threading
import traceback
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .endpoints import METADATA_HOST, is_loopback
from .errors import CloudError, MissingLibrary, scrub
from .places import CA_NAMES, place
from .tls import Authorities, advice

if TYPE_CHECKING:
    import requests

# Loggers whose debug lines hold signed URLs or headers.
_TALKATIVE = ("urllib3.connectionpool", "oss2.api", "oss2.auth", "oss2.http", "aliyunsdkcore.client")
# urllib3 begins its messages with the connection object.
_OBJECT = re.compile(r"^(?:<[^>]*>|HTTPS?Connection(?:Pool)?\([^)]*\)): ")


class _ScrubbingFilter(logging.Filter):
    """Rewrites log records of the libraries below, so that no handler of a host program sees a signature."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Returns True always: the line stays, its secrets go."""
        record.msg, record.args = scrub(record.getMessage()), ()
        return True


_FILTER = _ScrubbingFilter()


class Http:
    """Sends all requests.

    ``timeout`` is (connect, read) in seconds; ``local_only`` is the loopback fence. ``options`` names, for each host
    that an option gave, that option.
    """

    def __init__(
        self,
        timeout: tuple[float, float],
        ca_bundle: str | None = None,
        local_only: bool = False,
        environ: Mapping[str, str] | None = None,
        options: Mapping[str, str] | None = None,
    ) -> None:
        try:
            import requests
        except ImportError as error:
            raise MissingLibrary("requests", traceback.format_exc()) from error
        self._requests = requests
        # What reading a streamed body may raise, long after send() has returned.
        self.errors: tuple[type[Exception], ...] = (requests.RequestException,)
        self._timeout = timeout
        self.request_seconds = sum(timeout)
        """How long one request may take before it is cancelled."""
        self._local_only = local_only
        self._options = options or {}
        self._authorities = _authorities(ca_bundle, os.environ if environ is None else environ)
        self.session = self._new_session()
        self._owner = threading.get_ident()
        self._sessions = threading.local()
        self.user_agent = (
            f"AlibabaCloud ({platform.system()}; {platform.machine()}) Python/{platform.python_version()}"
            f" python-requests/{requests.__version__} edgelift.ens_migration"
        )
        for name in _TALKATIVE:
            logging.getLogger(name).addFilter(_FILTER)

    def _new_session(self) -> requests.Session:
        session: requests.Session = self._requests.Session()
        # Nothing is taken from the environment behind our back: a .netrc entry would replace OSS signatures,
        # and proxies are decided per host in send().
        session.trust_env = False
        return session

    def _session_here(self) -> requests.Session:
        """Returns the session of this thread: a session of requests is not safe to share."""
        if threading.get_ident() == self._owner:
            return self.session
        if not hasattr(self._sessions, "session"):
            self._sessions.session = self._new_session()
        session: requests.Session = self._sessions.session
        return session

    def send(
        self,
        action: str,
        method: str,
        url: str,
        headers: Mapping[str, Any],
        data: Any = None,
        params: Mapping[str, str] | None = None,
        stream: bool = False,
        metadata: bool = False,
        timeout: tuple[float, float] | None = None,
    ) -> requests.Response:
        """Returns the answer whatever its status; raises CloudError when there is none.

        Redirects are not followed: a signed request has one addressee. Proxies of the environment are used, NO_PROXY is
        honoured, and loopback never goes to a proxy. With ``metadata`` the request is for the instance metadata
        service: it may go to its address in plain http, and never to a proxy.
        """
        parts = urlsplit(url)
        host = parts.hostname or ""
        loopback = is_loopback(host)
        if self._local_only and not loopback:
            raise CloudError(action, "Endpoint.Missing", f"{host} is not on loopback while other endpoints are")
        if parts.scheme != "https" and not loopback and not (metadata and host == METADATA_HOST):
            raise CloudError(action, "Endpoint.Insecure", f"plain http to {host} is refused", hint="Use https.")
        via = {} if loopback or metadata else self._requests.utils.get_environ_proxies(url)
        try:
            return self._session_here().request(
                method,
                url,
                headers=dict(headers),
                data=data,
                params=params,
                timeout=timeout or self._timeout,
                verify=self._authorities.verify,
                proxies=via,
                allow_redirects=False,
                stream=stream,
            )
        except self._requests.RequestException as error:
            raise self.failure(action, host, error, via) from None

    def failure(self, action: str, host: str, error: Exception, proxies: Mapping[str, str] | None = None) -> CloudError:
        """Returns the CloudError for a failure below HTTP: it says whether the request can have reached the service."""
        errors = self._requests.exceptions
        cause = _innermost(error)
        if proxies and (isinstance(error, errors.InvalidProxyURL) or _unreadable_address(cause)):
            # The words of the libraries quote the address, and its password.
            text = f"{host}: the address of the proxy is not valid"
            return CloudError(action, "Connection.Invalid", text, hint="Correct the environment variable https_proxy.")
        text = f"{host}: {_words(cause)}"
        if isinstance(error, errors.SSLError):
            proxy = urlsplit((proxies or {}).get("https", "")).hostname or ""
            hint = advice(cause, host, self._authorities, self._option_of(host), proxy)
            return CloudError(action, "Connection.Untrusted", text, hint=hint)
        if isinstance(error, (errors.ConnectTimeout, errors.ProxyError)) or _never_connected(error):
            return CloudError(action, "Connection.Refused", text, retryable=True)
        if isinstance(error, (errors.ConnectionError, errors.Timeout, errors.ChunkedEncodingError)):
            return CloudError(action, "Connection.Lost", f"no answer from {text}", retryable=True)
        return CloudError(action, "Connection.Invalid", text)

    def _option_of(self, host: str) -> str:
        """Returns the option that gave the host, '' for none; a bucket of OSS is a name below the given host."""
        fits = (option for given, option in self._options.items() if f".{host}".endswith(f".{given}"))
        return next(fits, "")


def _never_connected(error: Exception) -> bool:
    """Returns whether the connection was never made: address unknown, refused, unreachable."""
    from urllib3.exceptions import NewConnectionError

    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(reason, NewConnectionError)


def _unreadable_address(cause: BaseException) -> bool:
    from urllib3.exceptions import LocationValueError

    return isinstance(cause, LocationValueError)


def _innermost(error: BaseException) -> BaseException:
    """Returns the root cause: the outer exceptions of requests quote the signed URL (trap 8)."""
    seen: BaseException = error
    while True:
        nested = [arg for arg in seen.args if isinstance(arg, BaseException)]
        inner = getattr(seen, "reason", None) or (nested[0] if nested else None)
        if not isinstance(inner, BaseException):
            return seen
        seen = inner


def _words(cause: BaseException) -> str:
    return scrub(_OBJECT.sub("", str(cause.args[-1] if cause.args else type(cause).__name__)))


def _authorities(option: str | None, environ: Mapping[str, str]) -> Authorities:
    """Returns the certificate authorities that the option or the environment names; refuses a path that is missing."""
    own = place("ca_bundle", environment=False)
    named = [(own, option), *((f"the environment variable {name}", environ.get(name)) for name in CA_NAMES)]
    source, path = next(((source, path) for source, path in named if path), ("", ""))
    if path and not os.path.exists(path):
        raise CloudError(
            "Reading ca_bundle",
            "CaBundle.NotFound",
            f"{path} does not exist",
            hint=f"Set {source} to a file or folder with certificate authorities (PEM), or remove it.",
        )
    return Authorities(path or "", source)
