# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls to the service (smc-service in the real cloud, /_agent/ in the local one), over plain HTTP."""
from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

TIMEOUT = 10.0
"""Seconds for connecting, and for each answer."""


class ServiceRefused(Exception):
    """The service answered and said no; `code` is its error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{message} (code {code})")
        self.code = code


class ServiceUnreachable(Exception):
    """No usable answer came: the network, or something that is not the service."""


class Service:
    """The service at one address; `proxy` is client_data's `{"ip_port", "user_pwd"}`."""

    def __init__(self, address: str, proxy: Mapping[str, str] | None = None) -> None:
        parts = urlsplit(address)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f"the service address {address!r} in client_data is not http://host:port/path")
        self._target = (parts.hostname, parts.port or 80)
        self._path = parts.path.rstrip("/")
        self._headers = {"Content-Type": "application/json"}
        proxy = proxy or {}
        if proxy.get("ip_port"):
            host, _colon, port = proxy["ip_port"].rpartition(":")
            self._path = f"http://{parts.netloc}{self._path}"
            self._target = (host, int(port))
            if proxy.get("user_pwd"):
                basic = base64.b64encode(proxy["user_pwd"].encode()).decode()
                self._headers["Proxy-Authorization"] = f"Basic {basic}"

    def register_with_code(self, token_id: str, code: str, report: Mapping[str, Any]) -> dict[str, Any]:
        """Import this server with an activation code; return `{"source_id", "agent_key", "interval"}`."""
        return self._post("register", {"token_id": token_id, "token_code": code, "report": report})

    def register_with_key(self, access_id: str, secret: str, report: Mapping[str, Any]) -> dict[str, Any]:
        """Import this server with an access key pair; the secret signs the report and is not sent."""
        text = json.dumps(report, sort_keys=True)
        signature = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        return self._post("register", {"access_id": access_id, "signature": signature, "report": text})

    def attach(self, source_id: str, agent_key: str, report: Mapping[str, Any]) -> dict[str, Any]:
        """Attach again to a source server that was imported before."""
        return self._post("attach", {"source_id": source_id, "agent_key": agent_key, "report": report})

    def poll(self, source_id: str, agent_key: str) -> dict[str, Any]:
        """Beat, and return `{"interval": seconds, "work": None or where to send the disks}`."""
        return self._post("poll", {"source_id": source_id, "agent_key": agent_key})

    def forget(self, source_id: str, agent_key: str) -> None:
        """Say that this server's client has released its source server (--cleardata)."""
        self._post("forget", {"source_id": source_id, "agent_key": agent_key})

    def newest_version(self) -> str:
        """Return the newest version of the client."""
        return str(self._call("GET", "version", None)["version"])

    def _post(self, name: str, content: Mapping[str, Any]) -> dict[str, Any]:
        return self._call("POST", name, json.dumps(content).encode())

    def _call(self, method: str, name: str, body: bytes | None) -> dict[str, Any]:
        connection = http.client.HTTPConnection(*self._target, timeout=TIMEOUT)
        try:
            connection.request(method, f"{self._path}/{name}", body, self._headers)
            response = connection.getresponse()
            answer = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ServiceUnreachable(f"Connect to Server Failed: {type(error).__name__}: {error}") from error
        finally:
            connection.close()
        if not isinstance(answer, dict):
            raise ServiceUnreachable("Connect to Server Failed: the answer is not the service's")
        if response.status >= 500:
            raise ServiceUnreachable(f"Connect to Server Failed: HTTP {response.status}")
        if response.status != 200:
            raise ServiceRefused(str(answer.get("code", response.status)), str(answer.get("message", "refused")))
        return answer
