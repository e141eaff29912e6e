# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.auth import (
    ENVIRONMENT,
    UNSUPPORTED,
    Credentials,
    Renewed,
    Static,
    choose,
    renew_refused,
)
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.clients import make_clients
from ansible_collections.edgelift.ens_migration.plugins.module_utils._api.errors import CloudError

OPTIONS = {"access_key": "opt-key", "secret_key": "opt-secret"}
EXPORTED = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "env-key", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "env-secret"}


class Fetchers:
    """Fetchers that remember what they were asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def instance_role(self, role_name: str) -> Credentials:
        self.asked.append(("instance_role", role_name))
        return Credentials("STS.role", "s", "t", 10.0**12)

    def assumed_role(
        self, base: Credentials, arn: str, session: str, seconds: int, external_id: str = ""
    ) -> Credentials:
        self.asked.append(("assumed_role", base.access_key, arn, session, seconds, external_id))
        return Credentials("STS.assumed", "s", "t", 10.0**12)


@pytest.fixture
def fetchers() -> Fetchers:
    return Fetchers()


@pytest.fixture
def pick(tmp_path: Path, fetchers: Fetchers) -> Callable[..., Any]:
    def call(environ: dict[str, str] | None = None, **params: Any) -> Any:
        return choose(params, environ or {}, tmp_path, fetchers)

    return call


@pytest.fixture
def config(tmp_path: Path) -> Callable[..., None]:
    """Writes ~/.aliyun/config.json with the given profiles."""

    def write(*profiles: dict[str, Any], current: str = "default") -> None:
        path = tmp_path / ".aliyun" / "config.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"current": current, "profiles": list(profiles)}), encoding="utf-8")

    return write


AK = {"name": "default", "mode": "AK", "access_key_id": "file-key", "access_key_secret": "file-secret"}


def test_options_win_over_everything(pick: Any, config: Any) -> None:
    config(AK)
    found = pick({**EXPORTED, "ALIBABA_CLOUD_SECURITY_TOKEN": "env-token", "ALICLOUD_ECS_ROLE_NAME": "r"}, **OPTIONS)
    assert found.get() == Credentials("opt-key", "opt-secret", "")
    assert found.origin == "options"


def test_an_exported_token_never_joins_keys_from_the_options(pick: Any) -> None:
    assert pick({"ALIBABA_CLOUD_SECURITY_TOKEN": "env-token"}, **OPTIONS).get().security_token == ""


def test_options_use_only_the_token_of_the_options(pick: Any) -> None:
    assert pick(**OPTIONS, security_token="tok").get().security_token == "tok"


@pytest.mark.parametrize("family", ENVIRONMENT, ids=lambda family: family[0])
def test_every_family_of_environment_names_is_read_as_a_pair(pick: Any, family: tuple[str, str, str]) -> None:
    key, secret, token = family
    assert pick({key: "k", secret: "s"}).get() == Credentials("k", "s", "")
    assert pick({key: "k", secret: "s", token: "t"}).get() == Credentials("k", "s", "t")
    with pytest.raises(CloudError, match=f"{key} is given but {secret} is not"):
        pick({key: "k"})
    with pytest.raises(CloudError, match=f"{secret} is given but {key} is not"):
        pick({secret: "s"})


def test_families_are_not_mixed(pick: Any) -> None:
    with pytest.raises(CloudError, match="ALIBABA_CLOUD_ACCESS_KEY_SECRET is not"):
        pick({"ALIBABA_CLOUD_ACCESS_KEY_ID": "k", "ALICLOUD_SECRET_KEY": "s"})


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"access_key": "k"}, "access_key is given but secret_key is not"),
        ({"secret_key": "s"}, "secret_key is given but access_key is not"),
        ({"security_token": "t"}, "security_token is given without access_key and secret_key"),
    ],
)
def test_half_a_pair_is_an_error_that_names_both(pick: Any, params: dict[str, str], words: str) -> None:
    with pytest.raises(CloudError, match=words):
        pick(EXPORTED, **params)


def test_the_environment_wins_over_the_current_profile(pick: Any, config: Any) -> None:
    config(AK)
    assert pick(EXPORTED).get().access_key == "env-key"


def test_a_profile_option_wins_over_the_environment(pick: Any, config: Any) -> None:
    config(AK, {**AK, "name": "other", "access_key_id": "other-key"})
    assert pick(EXPORTED, profile="other").get().access_key == "other-key"


@pytest.mark.parametrize("name", ["ALIBABA_CLOUD_PROFILE", "ALICLOUD_PROFILE"])
def test_the_environment_may_name_the_profile(pick: Any, config: Any, name: str) -> None:
    config(AK, {**AK, "name": "other", "access_key_id": "other-key"})
    assert pick({name: "other"}).get().access_key == "other-key"


def test_the_current_profile_is_used_unless_that_is_disabled(pick: Any, config: Any) -> None:
    config(AK, {**AK, "name": "work", "access_key_id": "work-key"}, current="work")
    assert pick().get().access_key == "work-key"
    with pytest.raises(CloudError, match="no credentials"):
        pick({"ALIBABA_CLOUD_CLI_PROFILE_DISABLED": "true"})


def test_the_file_of_profiles_may_be_elsewhere(pick: Any, tmp_path: Path) -> None:
    path = tmp_path / "elsewhere.json"
    path.write_text(json.dumps({"profiles": [AK]}), encoding="utf-8")
    assert pick({"ALICLOUD_SHARED_CREDENTIALS_FILE": str(path)}).get().access_key == "file-key"


def test_an_sts_profile(pick: Any, config: Any) -> None:
    config({**AK, "mode": "StsToken", "sts_token": "tok"})
    assert pick().get() == Credentials("file-key", "file-secret", "tok")


def test_a_role_profile_assumes_the_role_when_it_is_needed(pick: Any, config: Any, fetchers: Fetchers) -> None:
    config({**AK, "mode": "RamRoleArn", "ram_role_arn": "acs:ram::1:role/r", "ram_session_name": "me",
            "expired_seconds": 900})  # fmt: skip
    found = pick()
    assert fetchers.asked == []
    assert found.get().access_key == "STS.assumed"
    assert found.get().access_key == "STS.assumed"
    assert fetchers.asked == [("assumed_role", "file-key", "acs:ram::1:role/r", "me", 900, "")]


def test_a_role_profile_sends_its_external_id(pick: Any, config: Any, fetchers: Fetchers) -> None:
    config({**AK, "mode": "RamRoleArn", "ram_role_arn": "acs:ram::1:role/r", "external_id": "given-by-the-owner"})
    pick().get()
    assert fetchers.asked[0][-1] == "given-by-the-owner"


@pytest.mark.parametrize(("name", "what"), UNSUPPORTED)
def test_what_the_environment_has_of_other_sources_is_named(pick: Any, name: str, what: str) -> None:
    with pytest.raises(CloudError, match="no credentials") as refused:
        pick({name: "a value that may be secret"})
    assert f"{name} ({what})" in str(refused.value)
    assert "secret" not in str(refused.value).replace("secret_key", "")
    assert pick({name: "another", **EXPORTED}).get().access_key == "env-key"


def test_without_other_sources_the_message_names_none(pick: Any) -> None:
    with pytest.raises(CloudError) as refused:
        pick()
    assert "does not support" not in str(refused.value)


def test_a_user_without_home_is_told_where_profiles_would_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Path.home() raises RuntimeError for a user id that is in no table, as containers have them."""
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("os.getuid", lambda: 4242424)
    with pytest.raises(CloudError, match=r"no credentials.*~/\.aliyun/config\.json"):
        make_clients({"region": "ap-southeast-1"}, {})
    with pytest.raises(CloudError, match="profiles cannot be read from ~/elsewhere"):
        make_clients({"region": "ap-southeast-1", "profile": "p"}, {"ALICLOUD_SHARED_CREDENTIALS_FILE": "~/elsewhere"})


def test_an_instance_role_profile(pick: Any, config: Any, fetchers: Fetchers) -> None:
    config({"name": "default", "mode": "EcsRamRole", "ram_role_name": "migrator"})
    assert pick().get().access_key == "STS.role"
    assert fetchers.asked == [("instance_role", "migrator")]


@pytest.mark.parametrize("name", ["ALIBABA_CLOUD_ECS_METADATA", "ALICLOUD_ECS_ROLE_NAME"])
def test_the_instance_role_comes_last(pick: Any, config: Any, fetchers: Fetchers, name: str) -> None:
    assert pick({name: "migrator"}).get().access_key == "STS.role"
    config(AK)
    assert pick({name: "migrator"}).get().access_key == "file-key"
    assert pick({name: "migrator", **EXPORTED}).get().access_key == "env-key"
    assert fetchers.asked == [("instance_role", "migrator")]


def test_an_instance_role_option_wins_over_the_environment(pick: Any) -> None:
    assert pick(EXPORTED, ecs_role_name="migrator").get().access_key == "STS.role"


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ({**AK, "access_key_secret": ""}, "profile 'default' of mode 'AK' lacks access_key_secret"),
        ({**AK, "mode": "StsToken"}, "lacks sts_token"),
        ({**AK, "mode": "RamRoleArn"}, "lacks ram_role_arn"),
        ({"name": "default", "mode": "EcsRamRole"}, "lacks ram_role_name"),
        ({**AK, "mode": "CloudSSO"}, "mode 'CloudSSO'; supported are AK, StsToken, RamRoleArn, EcsRamRole"),
    ],
)
def test_incomplete_and_unsupported_profiles_are_refused(pick: Any, config: Any, profile: Any, words: str) -> None:
    config(profile)
    with pytest.raises(CloudError, match=words):
        pick()


def test_a_missing_profile_names_those_that_are_there(pick: Any, config: Any) -> None:
    config(AK, {**AK, "name": "work"})
    with pytest.raises(CloudError, match=r"profile 'nope' is not in .*config\.json; it has default, work"):
        pick(profile="nope")


def test_a_missing_or_broken_file_is_named(pick: Any, tmp_path: Path) -> None:
    with pytest.raises(CloudError, match=r"profiles cannot be read from .*config\.json"):
        pick(profile="default")
    path = tmp_path / ".aliyun" / "config.json"
    path.parent.mkdir()
    path.write_text("{", encoding="utf-8")
    with pytest.raises(CloudError, match="is not JSON"):
        pick(profile="default")
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(CloudError, match="no list of profiles"):
        pick(profile="default")


def test_without_any_credentials_all_ways_are_named(pick: Any) -> None:
    with pytest.raises(CloudError) as raised:
        pick()
    for word in ("access_key", "profile", "ecs_role_name", "ALIBABA_CLOUD_ACCESS_KEY_ID", "config.json"):
        assert word in raised.value.message


def test_temporary_credentials_are_renewed_before_they_expire() -> None:
    now = [1000.0]
    made: list[Credentials] = []

    def fetch() -> Credentials:
        made.append(Credentials("k", "s", f"t{len(made)}", now[0] + 3600))
        return made[-1]

    source = Renewed(fetch, "test", clock=lambda: now[0])
    assert source.get().security_token == "t0"
    now[0] += 3200
    assert source.get().security_token == "t0"
    now[0] += 101
    assert source.get().security_token == "t1"
    assert len(made) == 2


@pytest.mark.parametrize(
    ("code", "renewed"),
    [
        ("InvalidSecurityToken.Expired", True),
        ("SecurityTokenExpired", True),
        ("InvalidSecurityToken.Malformed", True),
        ("InvalidAccessKeyId.NotFound", False),
        ("Forbidden.RAM", False),
    ],
)
def test_temporary_credentials_that_are_refused_are_fetched_again(code: str, renewed: bool) -> None:
    made = iter([Credentials("k", "s", "t0", 9e9), Credentials("k", "s", "t1", 9e9)])
    source = Renewed(lambda: next(made), "test")
    source.get()
    error = renew_refused(CloudError("smc.A", code, "m"), source)
    assert (error.retryable, error.uncertain) == (renewed, False)
    assert source.get().security_token == ("t1" if renewed else "t0")


def test_fixed_credentials_stay_refused() -> None:
    error = renew_refused(CloudError("smc.A", "InvalidSecurityToken.Expired", "m"), Static(Credentials("k", "s"), "t"))
    assert not error.retryable


def test_secrets_are_not_in_the_representation() -> None:
    assert repr(Credentials("key", "hidden-secret", "hidden-token")) == "Credentials(access_key='key', expires=None)"
