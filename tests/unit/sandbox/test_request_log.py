# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

from sandbox.state.request_log import RequestLog

SECRETS = ("LTAIkey", "sig==", "token-1", "code-1", "secret-1")


def test_secrets_do_not_reach_the_log() -> None:
    log = RequestLog()
    log.add(
        "2026-11-24T00:00:00Z", "smc", "CreateAccessToken",
        {"AccessKeyId": SECRETS[0], "Signature": SECRETS[1], "SecurityToken": SECRETS[2], "Name": "wave"}, 200, "",
        {"AccessTokenCode": SECRETS[3], "AccessTokenId": "at-1", "Credentials": {"AccessKeySecret": SECRETS[4]}},
    )
    shown = json.dumps(log.since(0))
    assert not [secret for secret in SECRETS if secret in shown]
    assert "at-1" in shown
    assert "wave" in shown


def test_since_gives_what_came_after() -> None:
    log = RequestLog()
    for number in range(3):
        log.add("t", "ecs", f"Action{number}", {}, 200)
    answer = log.since(2)
    assert [entry["action"] for entry in answer["requests"]] == ["Action2"]
    assert answer["next"] == 3
    assert log.since(answer["next"])["requests"] == []


def test_error_codes_stay_readable() -> None:
    log = RequestLog()
    log.add("t", "oss", "PutObject", {}, 404, "NoSuchBucket", {"Code": "NoSuchBucket"})
    assert log.since(0)["requests"][0]["result"] == {"Code": "NoSuchBucket"}
