# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import logging
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.http import Http
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.places import place
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.tls import Authorities, advice

from .conftest import KEY, PRODUCTS, SECRET

HOST = "smc.tls-test.example"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A throwaway certificate authority, certificates of it for HOST (valid, expired), and another authority."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    def certificate(
        subject: str, issuer: str, key: Any, signer: Any, *extensions: x509.ExtensionType, age: float = 0
    ) -> x509.Certificate:
        now = datetime.now(timezone.utc) - timedelta(hours=age)
        builder = x509.CertificateBuilder(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]),
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]),
            key.public_key(),
            x509.random_serial_number(),
            now - timedelta(minutes=5),
            now + timedelta(hours=1),
        )
        for extension in (*extensions, x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
                          x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())):  # fmt: skip
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(signer, hashes.SHA256())

    folder = tmp_path_factory.mktemp("tls")
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    ca = certificate("Throwaway CA", "Throwaway CA", ca_key, ca_key, x509.BasicConstraints(True, None), usage)
    other = certificate("Other CA", "Other CA", key, key, x509.BasicConstraints(True, None), usage)
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(ca.public_bytes(pem))
    (folder / "other.pem").write_bytes(other.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    for name, age in (("leaf", 0), ("expired", 48)):
        names = x509.SubjectAlternativeName([x509.DNSName(HOST)])
        leaf = certificate(HOST, "Throwaway CA", key, ca_key, names, age=age)
        (folder / f"{name}.pem").write_bytes(leaf.public_bytes(pem) + private)
    return {path.stem: str(path) for path in folder.iterdir()}


class TlsServer:
    """A loopback TLS server that records the server name of each handshake and answers one JSON object."""

    def __init__(self, leaf: str) -> None:
        self.names: list[str | None] = []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(leaf)
        self.context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        body = b'{"RequestId": "R", "TotalCount": 0}'
        while True:
            try:
                raw = self.socket.accept()[0]
            except OSError:
                return
            try:
                with self.context.wrap_socket(raw, server_side=True) as connection:
                    connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
            except OSError:
                raw.close()


@pytest.fixture
def tls(authority: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[TlsServer]:
    """The TLS server, with HOST resolving to it."""
    server = TlsServer(authority["leaf"])
    resolve = socket.getaddrinfo

    def to_loopback(host: Any, *args: Any, **options: Any) -> Any:
        return resolve("127.0.0.1" if host == HOST else host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", to_loopback)
    yield server
    server.socket.close()


def test_the_server_name_is_sent_and_the_certificate_checked(
    connect: Any, tls: TlsServer, authority: dict[str, str]
) -> None:
    clients = connect(endpoints={"smc": f"{HOST}:{tls.port}"}, ca_bundle=authority["ca"])
    assert clients.smc.describe_source_servers() == []
    assert tls.names == [HOST]


OWN = place("ca_bundle", environment=False)
CA_VARIABLES = ["ALIBABA_CLOUD_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"]


@pytest.mark.parametrize("variable", CA_VARIABLES)
def test_the_environment_may_name_the_authorities(
    connect: Any, tls: TlsServer, authority: dict[str, str], variable: str
) -> None:
    clients = connect({variable: authority["ca"]}, endpoints={"smc": f"{HOST}:{tls.port}"})
    assert clients.smc.describe_source_servers() == []


@pytest.mark.parametrize("number", range(1, len(CA_VARIABLES)))
def test_the_first_variable_that_names_authorities_counts(connect: Any, number: int) -> None:
    environ = dict.fromkeys(CA_VARIABLES[number:], "/no/such.pem") | {CA_VARIABLES[number - 1]: "/the/first.pem"}
    with pytest.raises(CloudError, match=r"/the/first\.pem does not exist"):
        connect(environ)


def test_an_unknown_authority_is_refused_without_the_signed_url(
    connect: Any, tls: TlsServer, sleeps: list[float]
) -> None:
    clients = connect(endpoints={"smc": f"https://{HOST}:{tls.port}"})
    with pytest.raises(CloudError, match=HOST) as raised:
        clients.smc.describe_source_servers()
    assert (raised.value.code, raised.value.retryable, sleeps) == ("Connection.Untrusted", False, [])
    assert "ca_bundle" in raised.value.hint
    assert KEY not in str(raised.value)


@pytest.mark.parametrize("variable", ["", "ALIBABA_CLOUD_CA_BUNDLE"])
def test_missing_authorities_are_named(connect: Any, variable: str) -> None:
    environ, options = ({variable: "/no/such.pem"}, {}) if variable else ({}, {"ca_bundle": "/no/such.pem"})
    with pytest.raises(CloudError, match=r"/no/such\.pem does not exist") as raised:
        connect(environ, **options)
    assert (variable or "ca_bundle") in raised.value.hint


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ({}, f"Set {place('ca_bundle')} to a file with the certificate authority of {{host}} (endpoints.smc)."),
        (
            {"ca_bundle": "{other}"},
            f"Add the certificate authority of {{host}} (endpoints.smc) to {{other}}, which {OWN} names.",
        ),
        ({"ca_bundle": "{text}"}, f"Set {OWN} to a file with PEM certificates: {{text}} contains none."),
        ({"ca_bundle": "{ca}", "host": "localhost.tls-test.example"}, f"Set {place('endpoints.smc')} to a name that"),
        ({"ca_bundle": "{ca}", "leaf": "expired"}, "Check the clock of the controller (NTP). If it is right, {host}"),
    ],
)
def test_the_hint_fits_what_was_given(
    connect: Any,
    authority: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    given: dict[str, str],
    hint: str,
) -> None:
    """Unknown authority, authority missing in the given file, no certificate in it, another name, expired."""
    text = tmp_path / "text.pem"
    text.write_text("nothing\n", encoding="utf-8")
    names = {**authority, "text": str(text), "host": given.get("host", HOST)}
    server = TlsServer(authority[given.get("leaf", "leaf")])
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _host, *args, **more: resolve("127.0.0.1", *args, **more))
    options = {"ca_bundle": given["ca_bundle"].format(**names)} if "ca_bundle" in given else {}
    with pytest.raises(CloudError) as raised:
        connect(endpoints={"smc": f"https://{names['host']}:{server.port}"}, **options).smc.describe_source_servers()
    server.socket.close()
    assert raised.value.code == "Connection.Untrusted"
    assert raised.value.hint.startswith(hint.format(**names))


def test_a_server_without_tls_is_told_from_one_that_is_not_trusted(connect: Any, wire: Any) -> None:
    with pytest.raises(CloudError) as raised:
        connect(endpoints={"smc": wire.url.replace("http:", "https:")}).smc.describe_source_servers()
    assert raised.value.hint.startswith(f"Correct {place('endpoints.smc')}: the server does not speak TLS.")


@pytest.mark.parametrize(
    ("option", "proxy", "hint"),
    [
        ("", "", "the certificate authority of the device in your network that replaces"),
        ("", "proxy.example", "the certificate authority of the proxy proxy.example."),
        ("endpoints.ens", "", "the certificate authority of h (endpoints.ens)."),
    ],
)
def test_whose_authority_is_missing(option: str, proxy: str, hint: str) -> None:
    cause = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] unable to get local issuer certificate")
    assert advice(cause, "h", Authorities(), option, proxy).startswith(
        f"Set {place('ca_bundle')} to a file with {hint}"
    )
    words = advice(ssl.SSLCertVerificationError("hostname 'h' doesn't match"), "h", Authorities(), option, proxy)
    assert (option or proxy or "name resolution") in words


@pytest.mark.parametrize(
    "url", ["http://example.org/", "http://100.100.100.200/", "http://100.100.100.200.example.org/"]
)
def test_plain_http_leaves_only_for_the_metadata_service(url: str) -> None:
    http = Http((0.1, 0.1), None, environ={})
    with pytest.raises(CloudError, match="plain http") as raised:
        http.send("x.Y", "GET", url, {})
    assert raised.value.code == "Endpoint.Insecure"
    if "100.200/" not in url:
        with pytest.raises(CloudError, match="plain http"):
            http.send("x.Y", "GET", url, {}, metadata=True)


class Fence:
    """Refuses to resolve or connect to anything but loopback, and remembers the attempts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.attempts: list[Any] = []
        resolve, connect = socket.getaddrinfo, socket.socket.connect

        def getaddrinfo(host: Any, *args: Any, **options: Any) -> Any:
            if host != "127.0.0.1":
                self.attempts.append(host)
                raise socket.gaierror(socket.EAI_NONAME, "refused by the test")
            return resolve(host, *args, **options)

        def connecting(own: socket.socket, address: Any) -> Any:
            if address[0] != "127.0.0.1":
                self.attempts.append(address)
                raise OSError("refused by the test")
            return connect(own, address)

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        monkeypatch.setattr(socket.socket, "connect", connecting)


CALLS: dict[str, Callable[[Any], Any]] = {
    "smc": lambda clients: clients.smc.describe_source_servers(),
    "ecs": lambda clients: clients.ecs.describe_images(),
    "ens": lambda clients: clients.ens.describe_self_images(),
    "vpc": lambda clients: clients.vpc.describe_vpcs(),
    "sts": lambda clients: clients.sts.get_caller_identity(),
    "oss": lambda clients: clients.oss("some-bucket").get_text("k"),
}


@pytest.mark.parametrize("product", PRODUCTS)
def test_nothing_leaves_this_machine_when_one_endpoint_is_loopback(
    connect: Any, wire: Any, monkeypatch: pytest.MonkeyPatch, product: str
) -> None:
    """The other endpoints are missing, and a proxy is set: still no name is resolved and no other host connected."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://proxy.example:3128")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    fence = Fence(monkeypatch)
    other = "ecs" if product != "ecs" else "smc"
    with pytest.raises(CloudError, match=f"endpoints.{product} is not given"):
        CALLS[product](connect(endpoints={other: wire.url}))
    assert fence.attempts == []
    if product == "oss":
        wire.expect("GET /some-bucket/k", b"text")
    else:
        wire.expect({"smc": "DescribeSourceServers", "ecs": "DescribeImages", "ens": "DescribeSelfImages",
                     "vpc": "DescribeVpcs", "sts": "GetCallerIdentity"}[product])  # fmt: skip
    CALLS[product](connect(endpoints={product: wire.url}))
    assert fence.attempts == []


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_fence_of_this_test_would_notice(connect: Any, monkeypatch: pytest.MonkeyPatch, product: str) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    fence = Fence(monkeypatch)
    with pytest.raises(CloudError, match=r"Connection\.Refused"):
        CALLS[product](connect(endpoints=None))
    assert all(str(host).endswith(".aliyuncs.com") for host in fence.attempts)
    assert fence.attempts


def test_the_last_door_is_closed_too() -> None:
    with pytest.raises(CloudError, match="not on loopback"):
        Http((1, 1), None, local_only=True, environ={}).send("x.Y", "GET", "http://example.org/", {})


def test_redirects_are_not_followed(connect: Any, wire: Any) -> None:
    wire.expect("GetCallerIdentity", b"", 302, {"Location": "http://example.org/"})
    with pytest.raises(CloudError, match="HTTP 302"):
        connect().sts.get_caller_identity()
    wire.expect("GET /some-bucket/k", b"", 307, {"Location": "http://example.org/"})
    with pytest.raises(CloudError) as raised:
        connect().oss("some-bucket").get_text("k")
    assert raised.value.http_status == 307


@pytest.mark.parametrize(("no_proxy", "proxied"), [("", True), (".aliyuncs.com", False)])
def test_a_proxy_is_used_for_the_cloud_unless_no_proxy_says_otherwise(
    connect: Any, monkeypatch: pytest.MonkeyPatch, no_proxy: str, proxied: bool
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        monkeypatch.setenv("no_proxy", no_proxy)
        monkeypatch.setenv("NO_PROXY", no_proxy)
        lines: list[bytes] = []

        def serve() -> None:
            connection = proxy.accept()[0]
            with connection:
                lines.append(connection.recv(1000).split(b" HTTP/")[0])

        if proxied:
            threading.Thread(target=serve, daemon=True).start()
        fence = Fence(monkeypatch)
        with pytest.raises(CloudError):
            connect(endpoints=None).ens.import_image({"ImageName": "n"})
    assert lines == ([b"CONNECT ens.aliyuncs.com:443"] if proxied else [])
    assert set(fence.attempts) == (set() if proxied else {"ens.aliyuncs.com"})


@pytest.mark.parametrize("address", ["http://user:hunter2/x@proxy:1", "user:hunter2@proxy:x", "http://:hunter2@:1"])
def test_a_proxy_address_that_cannot_be_read_is_not_quoted(
    connect: Any, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", address)
    Fence(monkeypatch)
    with pytest.raises(CloudError, match="the address of the proxy is not valid") as raised:
        connect(endpoints=None).ens.import_image({"ImageName": "n"})
    assert (raised.value.code, raised.value.hint) == (
        "Connection.Invalid",
        "Correct the environment variable https_proxy.",
    )
    assert "hunter2" not in repr(raised.value) + str(raised.value)


def test_a_netrc_entry_does_not_replace_the_signature(
    connect: Any, wire: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hunter2\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    wire.expect("GET /some-bucket/k", b"text")
    connect().oss("some-bucket").get_text("k")
    assert wire.received[0].headers["authorization"].startswith("OSS4-HMAC-SHA256")


def test_log_lines_of_the_libraries_are_scrubbed(connect: Any, wire: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wire.expect("GetCallerIdentity")
    wire.expect("GET /some-bucket/k", b"text")
    clients = connect(security_token="CAISsecrettoken")
    clients.sts.get_caller_identity()
    clients.oss("some-bucket").get_text("k")
    text = caplog.text
    assert "GetCallerIdentity" in text
    for request in wire.received:
        for secret in (request.params.get("Signature"), request.headers.get("authorization"), "CAISsecrettoken", KEY):
            assert not secret or secret not in text


def test_the_debug_switch_of_the_sdk_prints_nothing(wire: Any, tmp_path: Path) -> None:
    wire.expect("GetCallerIdentity")
    program = (
        "from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import make_clients\n"
        f"params = {{'region': 'cn-beijing', 'access_key': {KEY!r}, 'secret_key': {SECRET!r},"
        f" 'endpoints': {{'sts': {wire.url!r}}}}}\n"
        "make_clients(params).sts.get_caller_identity()\n"
    )
    env = {**os.environ, "DEBUG": "sdk", "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_one_connection_serves_all_calls(connect: Any, wire: Any) -> None:
    for expected in ("GetCallerIdentity",) * 3:
        wire.expect(expected)
    clients = connect()
    while wire.script:
        clients.sts.get_caller_identity()
    pools = clients._transport.http.session.get_adapter("http://").poolmanager.pools
    assert [pools[key].num_connections for key in pools.keys()] == [1]  # noqa: SIM118  not a dict
