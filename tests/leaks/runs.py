# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runs: one playbook each, what is given to it, what goes wrong in it, and what shows that it did."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

KEY, STS = "LTAI5tLeaks", "STS.Leaks"
SECRETS = {
    "secret key": "Zk+9/q=Wm%7Rt&Lp3vXc0a",
    "wrong key": "Wr0ng+K/9=x%2&QzLp7mYt",
    "key of the token": "St5/k+Uw=2%Np&Rb8xDfHj",
    "security token": "CAIS+t0/Ken=8%x&Bv4mQpLs",
    "signature": "S1gn4tureOfTheBundleX9z",
    "password of the proxy": "Pr0xyP4ssw0rdVb7Nm2Kq",
}


@dataclass(frozen=True)
class Run:
    """A playbook on a cloud and a host that no other run has used, and how it must end."""

    name: str
    playbook: str
    ends: tuple[int, ...]
    variables: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] | None = None
    """Keys and more; None for the ordinary keys, unless they are among the variables."""
    shows: str = ""
    """A text that the output has when that went wrong which should."""
    codes: tuple[str, ...] = ()
    """Error codes that the cloud has answered."""
    scenario: str = ""
    faults: int = 0
    """How many rules of the scenario must have had an effect."""
    kill_after: str = ""
    """The call after whose effect the controller is killed."""
    then: str = ""
    """A second playbook with the ordinary keys, which must succeed."""
    full_disk: bool = False
    """The folder for the client bundle is too small for it."""
    runner: bool = False
    """Started by ansible-runner, whose artifacts are searched too."""
    profile: str = ""
    """The key of a profile, for a run that has no keys in its environment."""


# Evaluated arguments of modules contain the keys that a play takes from variables: Ansible gives them to every
# callback. Keys of the environment are in no argument.
EVALUATED = {"LEAKS_EVALUATED": "1"}
_IN_VARIABLES = {"alicloud_access_key": KEY, "alicloud_secret_key": SECRETS["secret key"]}


def _keys(key: str, secret: str, token: str = "") -> dict[str, str]:
    names = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN")
    given = zip(names, (key, secret, token), strict=True)
    return {**{name: SECRETS.get(text, text) for name, text in given if text}, **EVALUATED}


KEYS = _keys(KEY, "secret key")
_PROXY = f"http://user:{SECRETS['password of the proxy']}@127.0.0.1:1"

SAMPLE_RUN = Run(
    "controller-only", str(HERE / "sample.yml"), (0,), _IN_VARIABLES, shows="TLS", codes=("SignatureDoesNotMatch",)
)
PLANTED_RUN = Run("planted", str(HERE / "planted.yml"), (0,), {"secret": SECRETS["wrong key"]}, runner=True)
"""Leaves secrets on purpose, in its environment too: the search must find them. Not among RUNS."""

RUNS = (
    SAMPLE_RUN,
    Run("preflight", "preflight.yml", (0,)),
    Run("wrong-key", "migrate.yml", (2,), environment=_keys(KEY, "wrong key"), codes=("SignatureDoesNotMatch",)),
    Run(
        "wrong-key-in-a-variable",
        "migrate.yml",
        (2,),
        {**_IN_VARIABLES, "alicloud_secret_key": SECRETS["wrong key"]},
        codes=("SignatureDoesNotMatch",),
    ),
    Run(
        "expired-token",
        "migrate.yml",
        (0, 2),
        environment=_keys(STS, "key of the token", "security token"),
        codes=("InvalidSecurityToken.Expired",),
        scenario="19-token-expires",
        faults=1,
        then="cleanup.yml",
    ),
    Run(
        "throttled",
        "migrate.yml",
        (0,),
        codes=("Throttling.User", "Throttling"),
        scenario="01-throttling",
        faults=5,
    ),
    Run("dropped-answers", "migrate.yml", (0, 2), scenario="03-lost-answers", faults=4),
    Run("tls-failure", "migrate.yml", (2,), {"endpoint": ("http:", "https:")}, shows="TLS"),
    # A proxy is not asked for a loopback address.
    Run(
        "proxy-of-the-controller-refuses",
        "migrate.yml",
        (2,),
        {"endpoint": ("http://127.0.0.1", "https://smc.invalid")},
        {**KEYS, "http_proxy": _PROXY, "https_proxy": _PROXY},
        shows="proxy",
    ),
    Run(
        "proxy-of-the-source-refuses",
        "migrate.yml",
        (2,),
        {
            "agent_proxy": "127.0.0.1:1",
            "agent_proxy_credentials": f"user:{SECRETS['password of the proxy']}",
            # It is waited for until its time has passed.
            "agent_start_timeout": 30,
        },
        shows="127.0.0.1:1",
    ),
    Run("full-disk", "migrate.yml", (2,), full_disk=True, shows="(agent_cache_dir): failed to copy"),
    Run(
        "killed-while-the-client-starts",
        "migrate.yml",
        (-signal.SIGKILL,),
        kill_after="CreateAccessToken",
        then="cleanup.yml",
    ),
    Run(
        "killed-while-it-copies",
        "migrate.yml",
        (-signal.SIGKILL,),
        kill_after="StartReplicationJob",
        then="cleanup.yml",
    ),
    Run("success", "migrate.yml", (0,)),
    Run("success-with-keys-in-variables", "migrate.yml", (0,), _IN_VARIABLES),
    Run("success-through-ansible-runner", "migrate.yml", (0,), runner=True, profile="secret key"),
    Run(
        "wrong-key-through-ansible-runner",
        "migrate.yml",
        (2,),
        runner=True,
        profile="wrong key",
        codes=("SignatureDoesNotMatch",),
    ),
)
