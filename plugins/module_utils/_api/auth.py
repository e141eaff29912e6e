# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""Whose credentials are used: exactly one source is chosen, and half a pair is an error that names both halves."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ansible_collections.edgelift.ens_migration.plugins.module_utils import _secrets

from .errors import CloudError, is_token_refused
from .places import ENVIRONMENT, PROFILE_NAMES, ROLE_NAMES, place

MODES = ("AK", "StsToken", "RamRoleArn", "EcsRamRole")
# facts 6.6: sources of the vendor's default chain that are not supported. Their package has its own transport,
# which knows none of our proxies, authorities, limits and redaction, so its chain is not used for them either.
UNSUPPORTED: tuple[tuple[str, str], ...] = (
    ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "a token of OIDC (RRSA)"),
    ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "a token of OIDC (RRSA)"),
    ("ALIBABA_CLOUD_ROLE_ARN", "a role without a profile"),
    ("ALICLOUD_ASSUME_ROLE_ARN", "a role without a profile"),
    ("ALIBABA_CLOUD_CREDENTIALS_URI", "credentials from a URI"),
    ("ALIBABA_CLOUD_CREDENTIALS_FILE", "credentials.ini"),
    ("ALIYUN_ACCESS_KEY_ID", "the names of the old SDK"),
)
_OPTIONS = ("access_key", "secret_key", "security_token")
ROLE_SESSION_SECONDS = 3600
# Temporary credentials are renewed this long before they expire, so that none expires before the request that it signs.
RENEW_BEFORE_SECONDS = 300


@dataclass(frozen=True)
class Credentials:
    """One access key, with the token that temporary keys need. ``expires`` is in seconds since the epoch."""

    access_key: str
    secret_key: str = field(repr=False)
    security_token: str = field(default="", repr=False)
    expires: float | None = None

    def __post_init__(self) -> None:
        # ansible-core hides the secrets of options, and not those of an environment, a profile or a role.
        _secrets.register((self.secret_key, self.security_token))


class CredentialSource(Protocol):
    """Where credentials come from; ``get`` returns ones that are valid now."""

    origin: str

    def get(self) -> Credentials:
        """Returns the current credentials, renewed shortly before they expire."""

    def renew(self) -> bool:
        """Forgets credentials that a service has refused; returns whether the next ones may be others."""


class Static:
    """Credentials that are given as values."""

    def __init__(self, credentials: Credentials, origin: str) -> None:
        self.origin = origin
        self._credentials = credentials

    def get(self) -> Credentials:
        """Returns the credentials as given."""
        return self._credentials

    def renew(self) -> bool:
        """Returns False: there are no others."""
        return False


class Renewed:
    """Temporary credentials that ``fetch`` returns, kept until shortly before they expire."""

    def __init__(self, fetch: Callable[[], Credentials], origin: str, clock: Callable[[], float] = time.time) -> None:
        self.origin = origin
        self._fetch = fetch
        self._clock = clock
        self._current: Credentials | None = None
        self._lock = threading.Lock()

    def get(self) -> Credentials:
        """Returns credentials that stay valid for some minutes. Of several threads one fetches them."""
        with self._lock:
            current = self._current
            if current is None or (current.expires or 0) - RENEW_BEFORE_SECONDS <= self._clock():
                current = self._current = self._fetch()
            return current

    def renew(self) -> bool:
        """Returns True: the next ones are fetched, whatever the clock here says of the present ones."""
        self._current = None
        return True


def renew_refused(error: CloudError, credentials: CredentialSource) -> CloudError:
    """Returns the error, marked as one that a further call may cure when it refuses a token that can be renewed."""
    if is_token_refused(error.code):
        error.retryable = credentials.renew()
    return error


class Fetchers(Protocol):
    """How temporary credentials are had: the calls are injected, so that choosing a source does no I/O."""

    def instance_role(self, role_name: str) -> Credentials:
        """Returns the credentials of the ECS instance's role, from its metadata service."""

    def assumed_role(
        self, base: Credentials, arn: str, session: str, seconds: int, external_id: str = ""
    ) -> Credentials:
        """Returns the credentials of a role assumed with the given ones."""


def _refuse(message: str, hint: str = "") -> CloudError:
    return CloudError("Reading credentials", "Credentials.Invalid", message, hint=hint)


def _pair(given: Mapping[str, Any], names: tuple[str, str, str]) -> Credentials | None:
    """Returns the credentials of one place, None when it has none; refuses half a pair."""
    key, secret, token = (given.get(name) for name in names)
    if not key and not secret:
        return None
    if not key or not secret:
        there, missing = (names[0], names[1]) if key else (names[1], names[0])
        # Keys of the options and of the environment do not complete each other.
        where = f"Set {place(missing, environment=False)}" if names == _OPTIONS else f"Set {missing} in the environment"
        raise _refuse(
            f"{there} is given but {missing} is not: both or neither are needed", f"{where}, or remove {there}."
        )
    return Credentials(key.strip(), secret.strip(), (token or "").strip())


def choose(params: Mapping[str, Any], environ: Mapping[str, str], home: Path, fetchers: Fetchers) -> CredentialSource:
    """Returns the one source that is used: module options, then environment, then profile, then the ECS role's name.

    Inside the options O(access_key), O(profile) and O(ecs_role_name) exclude each other.
    A token counts only with the key pair of the same place: an exported token never joins keys from the options.
    """
    several = [name for name in ("access_key", "profile", "ecs_role_name") if params.get(name)]
    if len(several) > 1:
        variables = ", ".join(f"alicloud_{name}" for name in several)
        raise _refuse(
            f"{' and '.join(several)} are given: only one source of credentials is allowed",
            f"Keep one of these options (variables {variables} of the playbooks): access_key with secret_key, profile, "
            "or ecs_role_name.",
        )
    found = _pair(params, _OPTIONS)
    if found:
        return Static(found, "options")
    if params.get("security_token"):
        raise _refuse(
            "security_token is given without access_key and secret_key",
            f"Set {place('access_key', environment=False)} and {place('secret_key', environment=False)}, or remove "
            "security_token.",
        )
    if params.get("profile"):
        return _from_profile(str(params["profile"]), environ, home, fetchers)
    if params.get("ecs_role_name"):
        return _instance_role(str(params["ecs_role_name"]), fetchers)
    for names in ENVIRONMENT:
        found = _pair(environ, names)
        if found:
            return Static(found, f"environment ({names[0]})")
    profile = _first(environ, PROFILE_NAMES)
    if profile or _has_current_profile(environ, home):
        return _from_profile(profile, environ, home, fetchers)
    role = _first(environ, ROLE_NAMES)
    if role:
        return _instance_role(role, fetchers)
    raise _refuse(
        "no credentials: neither the options access_key and secret_key, profile or ecs_role_name are given,"
        f" nor {ENVIRONMENT[0][0]} and {ENVIRONMENT[0][1]} in the environment,"
        f" nor a profile in {_config_path(environ, home)}{_unsupported(environ)}",
        hint=f"Set {ENVIRONMENT[0][0]} and {ENVIRONMENT[0][1]} in the environment, or the variable alicloud_profile, "
        "alicloud_ecs_role_name, or alicloud_access_key with alicloud_secret_key.",
    )


def _unsupported(environ: Mapping[str, str]) -> str:
    """Returns what the environment has of sources that are not supported, '' for nothing."""
    found = [f"{name} ({what})" for name, what in UNSUPPORTED if environ.get(name)]
    return f". The environment has {', '.join(found)}, which this collection does not support" if found else ""


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((environ[name] for name in names if environ.get(name)), "")


def _instance_role(role: str, fetchers: Fetchers) -> CredentialSource:
    return Renewed(lambda: fetchers.instance_role(role), f"ECS RAM role {role}")


def _config_path(environ: Mapping[str, str], home: Path) -> Path:
    """Returns the file of the aliyun command line's profiles (facts 6.6)."""
    given = environ.get("ALICLOUD_SHARED_CREDENTIALS_FILE")
    return Path(os.path.expanduser(given)) if given else home / ".aliyun" / "config.json"


def _has_current_profile(environ: Mapping[str, str], home: Path) -> bool:
    disabled = environ.get("ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "").lower() in ("1", "true")
    return not disabled and _config_path(environ, home).is_file()


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _refuse(
            f"profiles cannot be read from {path}: {error.strerror}",
            "Run `aliyun configure`, or set the environment variable ALICLOUD_SHARED_CREDENTIALS_FILE to another file.",
        ) from error
    except ValueError as error:
        raise _refuse(f"{path} is not JSON: {error}") from error
    if not isinstance(config, dict) or not isinstance(config.get("profiles", []), list):
        raise _refuse(f"{path} has no list of profiles")
    return config


def _from_profile(name: str, environ: Mapping[str, str], home: Path, fetchers: Fetchers) -> CredentialSource:
    """Returns the source that a profile of the aliyun command line describes; an empty name means its current one."""
    path = _config_path(environ, home)
    config = _read_config(path)
    profiles = {str(row.get("name")): row for row in config.get("profiles", []) if isinstance(row, dict)}
    name = name or str(config.get("current") or "default")
    if name not in profiles:
        raise _refuse(
            f"profile {name!r} is not in {path}; it has {', '.join(sorted(profiles)) or 'none'}",
            f"Set {place('profile')} to one of them.",
        )
    profile, origin = profiles[name], f"profile {name}"
    mode = profile.get("mode") or "AK"
    if mode not in MODES:
        raise _refuse(
            f"profile {name!r} has mode {mode!r}; supported are {', '.join(MODES)}",
            f"Set {place('profile')} to a profile with one of these modes.",
        )
    if mode == "EcsRamRole":
        role = _required(profile, name, "ram_role_name")
        return Renewed(lambda: fetchers.instance_role(role), origin)
    keys = Credentials(_required(profile, name, "access_key_id"), _required(profile, name, "access_key_secret"))
    if mode == "AK":
        return Static(keys, origin)
    if mode == "StsToken":
        token = _required(profile, name, "sts_token")
        return Static(Credentials(keys.access_key, keys.secret_key, token), origin)
    arn = _required(profile, name, "ram_role_arn")
    session = str(profile.get("ram_session_name") or "edgelift")
    seconds = int(profile.get("expired_seconds") or ROLE_SESSION_SECONDS)
    external = str(profile.get("external_id") or "").strip()
    return Renewed(lambda: fetchers.assumed_role(keys, arn, session, seconds, external), origin)


def _required(profile: Mapping[str, Any], name: str, key: str) -> str:
    value = str(profile.get(key) or "").strip()
    if not value:
        raise _refuse(
            f"profile {name!r} of mode {profile.get('mode') or 'AK'!r} lacks {key}",
            f"Run `aliyun configure --profile {name}`, or set {place('profile')} to another profile.",
        )
    return value
