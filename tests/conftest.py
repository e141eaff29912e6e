# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fixture ``sandbox``: a local cloud in a separate process, and the vendor's unmodified clients to talk to it."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from support import PATIENCE, answers

# Its asserts show their values, as those of test files do.
pytest.register_assert_rewrite("integration.wire")

ROOT = Path(__file__).resolve().parents[1]

os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(ROOT / "build" / "hypothesis"))

# What a test gets unless it names a world: buckets in both regions, and two sources with simulated clients.
WORLD: dict[str, Any] = {
    "buckets": [
        {"name": "migration-images", "region": "ap-southeast-1"},
        {"name": "migration-images-beijing", "region": "cn-beijing"},
    ],
    "sources": [
        {"name": "web-01", "id": "s-sandboxweb01", "disks": [{"gib": 20}]},
        {"name": "db-01", "id": "s-sandboxdb01", "disks": [{"gib": 20}, {"gib": 30}, {"gib": 40}]},
    ],
}

VERSIONS = {"smc": "20190601", "ecs": "20140526", "vpc": "20160428", "ens": "20171110", "sts": "20150401"}


class Sandbox:
    """A running sandbox: ``endpoint``, ``endpoints``, ``region``, ``access_key``, ``secret_key``, ``bucket``,
    ``agent``, ``pid``, the control calls, and ``call`` through the vendor's v1 SDK."""

    def __init__(self, process: subprocess.Popen[str], greeting: dict[str, Any]) -> None:
        self.process = process
        self.greeting = greeting
        self.endpoint: str = greeting["endpoint"]
        self.endpoints: dict[str, str] = greeting["endpoints"]
        self.region: str = greeting["region"]
        self.access_key: str = greeting["access_key"]
        self.secret_key: str = greeting["secret_key"]
        self.bucket: str = greeting["bucket"]
        self.agent: dict[str, str] = greeting["agent"]
        self.pid: int = greeting["pid"]
        self._http = requests.Session()
        self._http.trust_env = False

    # ---- control calls ----
    def get(self, path: str) -> dict[str, Any]:
        """The answer of a control call, e.g. ``get("meter")``."""
        return self._answer(self._http.get(f"{self.endpoint}/_sandbox/{path}", timeout=PATIENCE))

    def post(self, path: str, body: Any = None) -> dict[str, Any]:
        """The answer of a control call with a body, e.g. ``post("clock", {"advance": 60})``."""
        return self._answer(self._http.post(f"{self.endpoint}/_sandbox/{path}", data=_body(body), timeout=PATIENCE))

    def delete(self, path: str) -> dict[str, Any]:
        """The answer of a control call that ends something: ``delete("faults")``."""
        return self._answer(self._http.delete(f"{self.endpoint}/_sandbox/{path}", timeout=PATIENCE))

    def reset(self, world: dict[str, Any] | None = None) -> None:
        """Back to an empty cloud with this world (default: WORLD)."""
        self.post("reset", WORLD if world is None else world)

    def advance(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.post("clock", {"advance": seconds})

    def requests(self, product: str | None = None, since: int = 0) -> list[dict[str, Any]]:
        """The request log, of one product when named."""
        entries = self.get(f"requests?since={since}")["requests"]
        return [entry for entry in entries if product in (None, entry["product"])]

    def actions(self, product: str | None = None) -> list[str]:
        """The actions called, in order."""
        return [entry["action"] for entry in self.requests(product)]

    # ---- the vendor's v1 SDK, unmodified ----
    def client(self, access_key: str | None = None, secret_key: str | None = None, token: str | None = None) -> Any:
        """An AcsClient, by default with the sandbox's own key."""
        from aliyunsdkcore.auth.credentials import StsTokenCredential
        from aliyunsdkcore.client import AcsClient

        key, secret = access_key or self.access_key, secret_key or self.secret_key
        direct = {"http": None, "https": None}
        if token:
            return AcsClient(region_id=self.region, credential=StsTokenCredential(key, secret, token), proxy=direct)
        return AcsClient(key, secret, self.region, proxy=direct)

    def request(self, product: str, action: str, **params: Any) -> Any:
        """A request object of the vendor's class, pointed at the sandbox.

        Keys are the vendor's setters without ``set_``; a key with a dot, or without setter, is sent as it is.
        """
        module = importlib.import_module(f"aliyunsdk{product}.request.v{VERSIONS[product]}.{action}Request")
        request = getattr(module, f"{action}Request")()
        request.set_endpoint(self.endpoint.removeprefix("http://"))
        # The STS classes ask for https by themselves.
        request.set_protocol_type("http")
        for key, value in params.items():
            setter = getattr(request, f"set_{key}", None)
            if setter is None:
                request.add_query_param(key, value)
            else:
                setter(value)
        return request

    def call(self, product: str, action: str, *, client: Any = None, **params: Any) -> dict[str, Any]:
        """The answer of one call; the vendor's ServerException when refused."""
        answer = (client or self.client()).do_action_with_exception(self.request(product, action, **params))
        return json.loads(answer)

    def until(self, look: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        """What ``look`` returns as soon as that is true; a failure with what it last returned otherwise."""
        end = time.monotonic() + seconds
        while True:
            began = time.monotonic()
            seen = look()
            if seen:
                return seen
            now = time.monotonic()
            if now > end:
                pytest.fail(f"not within {seconds} seconds; last seen: {seen!r}")
            # The longer a look takes, the more of the processor it would take from what it waits for.
            time.sleep(min(0.2, max(0.02, 3 * (now - began))))

    def stop(self) -> int:
        """End the process with SIGTERM and return its exit code."""
        self._http.close()
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        finally:
            if self.process.poll() is None:
                self.process.kill()
            if self.process.stdout:
                self.process.stdout.close()
        return self.process.returncode

    @staticmethod
    def _answer(response: requests.Response) -> dict[str, Any]:
        assert response.status_code == 200, f"{response.url}: {response.text}"
        return response.json()


def _body(body: Any) -> str | None:
    return body if body is None or isinstance(body, str) else json.dumps(body)


def launch(state: Path, world: dict[str, Any] | None = None, *arguments: str) -> Sandbox:
    """A sandbox on a free port over ``state``, started as a user would."""
    state.mkdir(parents=True, exist_ok=True)
    world_file = state.parent / f"{state.name}.yml"
    world_file.write_text(yaml.safe_dump(WORLD if world is None else world), encoding="utf-8")
    return launch_again(state, "--world", str(world_file), *arguments)


def launch_again(state: Path, *arguments: str) -> Sandbox:
    """A sandbox over ``state`` that continues where the former one ended, on its port."""
    command = [sys.executable, "-m", "sandbox", "--state", str(state), "--check-invariants", *arguments]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=env)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        process.wait(PATIENCE)
        pytest.fail(f"the sandbox did not start: exit code {process.returncode}")
    return Sandbox(process, json.loads(line))


@pytest.fixture(scope="session")
def _sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = launch(tmp_path_factory.mktemp("sandbox") / "state")
    yield sandbox
    assert sandbox.stop() == 0


@pytest.fixture
def sandbox(_sandbox_process: Sandbox, request: pytest.FixtureRequest) -> Sandbox:
    """A local cloud holding WORLD, or the world of ``@pytest.mark.sandbox_world({...})``; nothing of other tests."""
    marker = request.node.get_closest_marker("sandbox_world")
    _sandbox_process.reset({**WORLD, **marker.args[0]} if marker else None)
    return _sandbox_process


@pytest.fixture
def start_sandbox(tmp_path: Path) -> Iterator[Callable[..., Sandbox]]:
    """Starts more sandboxes, for tests about the process itself: ``start_sandbox(world=None, *arguments)``.

    ``state=`` names the folder of one that has ended: the new one continues where it was, and no world is taken.
    """
    running: list[Sandbox] = []

    def start(world: dict[str, Any] | None = None, *arguments: str, state: str | Path | None = None) -> Sandbox:
        if state is not None:
            running.append(launch_again(Path(state), *arguments))
        else:
            running.append(launch(tmp_path / f"state-{len(running)}", world, *arguments))
        return running[-1]

    yield start
    for sandbox in running:
        sandbox.stop()


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers of this suite, and where sandboxes leave their answers."""
    config.addinivalue_line("markers", "sandbox_world(changes): the world of the fixture sandbox, merged over WORLD")
    config.addinivalue_line("markers", "any_core: does not depend on ansible-core; runs on the newest one only")
    config.addinivalue_line("markers", "oldest_core: takes long; runs on the oldest one only, and in make test-long")
    config.addinivalue_line("markers", "long: is slow and rarely fails; make test-long runs it, make test does not")
    answers.begin(config)


LONGEST = [
    "migrate", "source_roles", "wave_slices", "resource_modules", "source_actions", "demo", "races", "wave_bad_input",
    "source_attackers", "source_hostile", "ledger_processes", "hostile_names", "controller", "source_agent_life",
    "canary", "sandbox_state", "preflight_playbook", "source_remediation", "wave_module", "source_odd_hosts",
]
"""The files whose tests take longest. Each worker runs whole files: those that begin late must be short."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the unit tests of the local cloud, which runs without Ansible, and put the longest files first."""
    for item in items:
        if item.path.parent.name in ("sandbox", "sandbox_bytes"):
            item.add_marker(pytest.mark.any_core)
    places = {f"test_{name}": place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hold every answer of the session against the vendor's models."""
    answers.finish(session)
