# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""What to do about a TLS failure, according to the given certificate authorities, endpoint and proxy."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

from .places import place

# X509_V_ERR_* of OpenSSL, <openssl/x509_vfy.h>.
_UNKNOWN_ISSUER = frozenset({2, 18, 19, 20, 21, 24})
_NOT_YET_VALID, _EXPIRED, _OTHER_NAME = 9, 10, 62
# How OpenSSL reports that the peer's first bytes are no TLS record.
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL")
_NO_CERTIFICATE = ("NO_CERTIFICATE_OR_CRL_FOUND", "PEM LIB", "NO_START_LINE", "NOT_ENOUGH_DATA", "BAD_BASE64")


@dataclass(frozen=True)
class Authorities:
    """The certificate authorities that a client trusts: ``path``, and the option or variable that named it."""

    path: str = ""
    source: str = ""

    @property
    def verify(self) -> bool | str:
        """Return the value of the parameter ``verify`` of requests."""
        return self.path or True


def advice(cause: BaseException, host: str, authorities: Authorities, option: str = "", proxy: str = "") -> str:
    """Return what to do about a TLS failure.

    ``option`` is the option that gave the host, '' for the public endpoint of the service. ``proxy`` is the host of the
    proxy on the way, '' without one.
    """
    code = getattr(cause, "verify_code", 0) if isinstance(cause, ssl.SSLCertVerificationError) else 0
    reason = str(getattr(cause, "reason", "") or "") + " " + str(cause)
    if code in (_NOT_YET_VALID, _EXPIRED):
        return (
            f"Check the clock of the controller (NTP). If it is right, {_owner(host, option, proxy)} needs a new"
            " certificate."
        )
    if code == _OTHER_NAME or "doesn't match" in reason:
        if option:
            return f"Set {place(option)} to a name that the certificate contains."
        if proxy:
            return f"Check the proxy {proxy}: the server that it connects to is not {host}."
        return f"Check the name resolution of the controller: the server at this address is not {host}."
    upper = reason.upper()
    if authorities.path and any(word in upper for word in _NO_CERTIFICATE):
        return f"Set {authorities.source} to a file with PEM certificates: {authorities.path} contains none."
    if code in _UNKNOWN_ISSUER or "CERTIFICATE_VERIFY_FAILED" in upper:
        wanted = f"the certificate authority of {_owner(host, option, proxy)}"
        if authorities.path:
            return f"Add {wanted} to {authorities.path}, which {authorities.source} names."
        return f"Set {place('ca_bundle')} to a file with {wanted}."
    if any(word in upper for word in _NO_TLS):
        where = f"Correct {place(option)}" if option else f"Check the proxy {proxy}" if proxy else "Check the network"
        return f"{where}: the server does not speak TLS. Plain http is allowed on loopback only."
    return f"Check {option or 'the network'}{f' and the proxy {proxy}' if proxy else ''}: the TLS handshake failed."


def _owner(host: str, option: str, proxy: str) -> str:
    """Return whose certificate it most likely is: a public endpoint has a valid one, a proxy may replace it."""
    if proxy and not option:
        return f"the proxy {proxy}"
    return f"{host} ({option})" if option else f"the device in your network that replaces the certificate of {host}"
