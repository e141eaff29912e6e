# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.endpoints import (
    HOSTS,
    Endpoints,
    is_loopback,
    parse,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError


@pytest.mark.parametrize(
    ("region", "urls"),
    [
        (
            "cn-beijing",
            {
                "smc": "https://smc.aliyuncs.com",
                "ecs": "https://ecs.cn-beijing.aliyuncs.com",
                "ens": "https://ens.aliyuncs.com",
                "vpc": "https://vpc.cn-beijing.aliyuncs.com",
                "sts": "https://sts.cn-beijing.aliyuncs.com",
                "oss": "https://oss-cn-beijing.aliyuncs.com",
            },
        ),
        (
            "ap-southeast-1",
            {
                "ecs": "https://ecs.ap-southeast-1.aliyuncs.com",
                "ens": "https://ens.aliyuncs.com",
                "oss": "https://oss-ap-southeast-1.aliyuncs.com",
            },
        ),
        ("cn-hangzhou", {"ecs": "https://ecs-cn-hangzhou.aliyuncs.com"}),
    ],
)
def test_public_endpoints_are_https(region: str, urls: dict[str, str]) -> None:
    endpoints = Endpoints(region, None)
    assert {product: endpoints.of(product).url for product in urls} == urls


def test_public_endpoints_agree_with_the_sdk() -> None:
    """The SDK's own tables must not name another host for the regions that ENS imports from."""
    import importlib

    for product in ("ecs", "vpc", "sts"):
        data = importlib.import_module(f"aliyunsdk{product}.endpoint").EndpointData()
        assert data.getEndpointRegional() == "regional"
        for region in ("cn-beijing", "ap-southeast-1"):
            expected = data.getEndpointMap().get(region, f"{product}.{region}.aliyuncs.com")
            assert Endpoints(region, None).of(product).host == expected
    assert importlib.import_module("aliyunsdksmc.endpoint").EndpointData().getEndpointRegional() == "central"


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("smc.example.org", "https://smc.example.org"),
        ("smc.example.org:8443", "https://smc.example.org:8443"),
        ("https://smc.example.org/", "https://smc.example.org"),
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("https://127.0.0.1:8443", "https://127.0.0.1:8443"),
        ("http://localhost:1", "http://localhost:1"),
        ("http://[::1]:80", "http://[::1]:80"),
    ],
)
def test_endpoints_are_read_in_every_spelling(value: str, url: str) -> None:
    assert parse("endpoints.smc", value).url == url


@pytest.mark.parametrize("value", ["http://100.100.100.200", "100.100.100.200", "100.100.100.200:80"])
def test_plain_http_to_the_metadata_address_is_for_the_metadata_endpoint_alone(value: str) -> None:
    assert parse("endpoints.metadata", value).url.startswith("http://100.100.100.200")
    for name in (name for name in HOSTS if name != "metadata"):
        if value.startswith("http:"):
            with pytest.raises(CloudError, match=rf"endpoints\.{name}.*plain http"):
                parse(f"endpoints.{name}", value)
        else:
            assert parse(f"endpoints.{name}", value).url.startswith("https://")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("http://smc.aliyuncs.com", "Endpoint.Insecure"),
        ("http://10.0.0.1:8080", "Endpoint.Insecure"),
        ("http://100.100.100.200", "Endpoint.Insecure"),
        ("http://0.0.0.0:80", "Endpoint.Insecure"),
        ("http://localhost.example.org", "Endpoint.Insecure"),
        ("http://127.0.0.1.example.org", "Endpoint.Insecure"),
        ("ftp://127.0.0.1", "Endpoint.Malformed"),
        ("https://smc.aliyuncs.com/path", "Endpoint.Malformed"),
        ("https://user@smc.aliyuncs.com", "Endpoint.Malformed"),
        ("smc.aliyuncs.com?x=1", "Endpoint.Malformed"),
    ],
)
def test_insecure_and_malformed_endpoints_are_refused(value: str, code: str) -> None:
    with pytest.raises(CloudError, match=r"endpoints\.smc") as raised:
        parse("endpoints.smc", value)
    assert raised.value.code == code
    assert value in raised.value.message


def test_one_loopback_endpoint_fences_all_others() -> None:
    endpoints = Endpoints("cn-beijing", {"smc": "http://127.0.0.1:1", "ecs": None})
    assert endpoints.local
    for product in ("ecs", "ens", "vpc", "sts", "oss", "metadata"):
        with pytest.raises(CloudError, match=rf"endpoints\.{product} is not given"):
            endpoints.of(product)


def test_loopback_and_public_endpoints_are_not_mixed() -> None:
    with pytest.raises(CloudError, match="smc on loopback but ens elsewhere"):
        Endpoints("cn-beijing", {"smc": "127.0.0.1:1", "ens": "ens.aliyuncs.com"})


@pytest.mark.parametrize("region", ["Beijing", "cn_beijing", "cn-beijing.evil.org/", "beijing"])
def test_a_region_that_is_none_never_becomes_a_host_name(region: str) -> None:
    with pytest.raises(CloudError, match="not a region id"):
        Endpoints(region, None)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("[::1]", True), ("LOCALHOST", True),
     ("0.0.0.0", False), ("128.0.0.1", False), ("local", False), ("", False)],
)  # fmt: skip
def test_what_is_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
