# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting and ending the sandbox, and what a user reads when it cannot start."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from support import PATIENCE
from testbed.privilege import PATH

pytestmark = pytest.mark.any_core

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """``python -m sandbox`` with arguments that end it at once."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "sandbox", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, env=env, check=False, cwd=ROOT)


def complaint(*arguments: str) -> str:
    """The one line on stderr of a start that fails with exit code 2."""
    ended = run(*arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    (line,) = ended.stderr.splitlines()
    return line


def test_the_first_line_says_everything_a_client_needs(start_sandbox):
    started = start_sandbox({"region": "cn-beijing", "buckets": [{"name": "bucket-bj", "region": "cn-beijing"}]})
    greeting = started.greeting
    assert set(greeting) == {"endpoint", "port", "pid", "region", "access_key", "secret_key", "endpoints", "bucket",
                             "agent", "state"}
    assert greeting["endpoint"] == f"http://127.0.0.1:{greeting['port']}"
    assert set(greeting["endpoints"]) == {"smc", "ecs", "ens", "vpc", "sts", "oss", "ram", "bss"}
    assert (greeting["region"], greeting["bucket"], greeting["pid"]) == ("cn-beijing", "bucket-bj", started.process.pid)
    assert set(greeting["agent"]) == {"url", "sha256"}
    assert started.call("sts", "GetCallerIdentity")["AccountId"] == "1234567890123456"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_on_a_signal_even_while_a_job_runs(start_sandbox, number):
    started = start_sandbox({"sources": [{"name": "web", "id": "s-sandboxweb01", "disks": [{"gib": 20}]}]})
    made = started.call("smc", "CreateReplicationJob", SourceId="s-sandboxweb01", ImageName="web", SystemDiskSize=20)
    started.call("smc", "StartReplicationJob", JobId=made["JobId"])
    started.process.send_signal(number)
    assert started.process.wait(PATIENCE) == 0
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{started.endpoint}/_sandbox/health", timeout=PATIENCE)


def test_without_a_world_it_has_a_bucket_and_leaves_no_folder_behind(tmp_path):
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-m", "sandbox"], stdout=subprocess.PIPE, env=env, cwd=ROOT) as process:
        assert process.stdout is not None
        assert b'"bucket": "migration-images"' in process.stdout.readline()
        assert list(tmp_path.iterdir())
        process.terminate()
        assert process.wait(PATIENCE) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_busy_port(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        line = complaint("--port", str(port), "--state", str(tmp_path))
    assert line == f"sandbox: --port {port}: port {port} on 127.0.0.1 is in use"


def test_a_malformed_world_names_file_and_field(tmp_path):
    world = tmp_path / "world.yml"
    world.write_text("buckets: [{name: ok-bucket, region: mars-1}]")
    assert complaint("--world", str(world)).startswith(f"sandbox: {world}: line 1: buckets[0].region: ")
    world.write_text("a: [")
    assert complaint("--world", str(world)).startswith(f"sandbox: {world}: line 1, column 5: not valid YAML")
    assert "cannot be read: No such file" in complaint("--world", str(tmp_path / "none.yml"))


def test_an_agent_host_is_an_address():
    assert complaint("--agent-host", "vm.example").startswith("sandbox: --agent-host vm.example: not an IPv4 address.")


@pytest.mark.parametrize(("words", "reason"), [
    (["0.0.0.0"], "Use --beyond-loopback"),
    (["192.0.2.1"], "Use --beyond-loopback"),
    (["example.org"], "not an IPv4 address"),
    (["0.0.0.0", "--beyond-loopback"], "name one address"),
    (["192.0.2.1", "--beyond-loopback"], "not an address of this machine"),
])
def test_other_than_loopback_is_refused(words, reason):
    line = complaint("--host", *words)
    assert line.startswith(f"sandbox: --host {words[0]}: ")
    assert reason in line


ELSEWHERE = """
import json, socket, sys
from pathlib import Path
from conftest import launch
from support.oss_client import bucket

cloud = launch(Path(sys.argv[1]), {"buckets": [{"name": "migration-images", "region": "ap-southeast-1"}],
               "sources": [{"name": "web-01", "id": "s-sandboxweb01", "disks": [{"gib": 20}]}]},
               "--host", "10.77.0.1", "--beyond-loopback")
made = cloud.call("smc", "CreateReplicationJob", SourceId="s-sandboxweb01", ImageName="web-01", SystemDiskSize=20)
cloud.call("smc", "StartReplicationJob", JobId=made["JobId"])
cloud.until(lambda: cloud.call("smc", "DescribeReplicationJobs")["ReplicationJobs"]["ReplicationJob"][0]["Status"]
            == "Finished")
bucket(cloud).put_object("there", b"too")
with socket.socket() as other:
    loopback = other.connect_ex(("127.0.0.1", cloud.greeting["port"]))
print(json.dumps([cloud.endpoint, cloud.greeting["agent"]["url"], loopback, cloud.stop()]))
"""


def test_with_the_flag_other_machines_get_in(tmp_path):
    """On an address of a network name space that no other process is in, and that ends with the process."""
    network = ["unshare", "--user", "--map-root-user", "--net", "sh", "-c"]
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    env = {**os.environ, "PYTHONPATH": paths, "PATH": PATH}
    if subprocess.run([*network, "true"], capture_output=True, check=False, timeout=PATIENCE).returncode:
        pytest.skip("on this machine, only root can make a network name space")
    script = f"ip link set lo up && ip address add 10.77.0.1/32 dev lo && exec {sys.executable} - {tmp_path}/state"
    ended = subprocess.run([*network, script], input=ELSEWHERE, capture_output=True, text=True, timeout=PATIENCE,
                           check=False, cwd=ROOT, env=env)
    assert ended.returncode == 0, ended.stderr
    endpoint, agent, loopback, left = json.loads(ended.stdout)
    assert endpoint.startswith("http://10.77.0.1:")
    assert agent.startswith(f"{endpoint}/")
    assert (loopback, left) == (errno.ECONNREFUSED, 0)


def test_two_sandboxes_do_not_share_a_folder(start_sandbox):
    started = start_sandbox()
    line = complaint("--state", started.greeting["state"])
    assert line == f"sandbox: --state {started.greeting['state']}: another sandbox uses this folder"


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    assert "cannot be used: Not a directory" in complaint("--state", str(tmp_path / "file" / "state"))


def test_a_restart_removes_disks_that_belong_to_nothing(start_sandbox):
    first = start_sandbox()
    state = Path(first.greeting["state"])
    (state / "blobs" / "disks" / "d-old.raw").write_bytes(b"x")
    assert first.stop() == 0
    again = subprocess.Popen([sys.executable, "-m", "sandbox", "--state", str(state)], stdout=subprocess.PIPE, cwd=ROOT,
                             env={**os.environ, "PYTHONPATH": str(ROOT)})
    with again:
        assert again.stdout is not None
        again.stdout.readline()
        assert not (state / "blobs" / "disks" / "d-old.raw").exists()
        again.terminate()


def test_help_explains_the_world_file_and_the_control_calls():
    ended = run("--help")
    assert ended.returncode == 0
    for word in ("--world", "--state", "--clock-rate", "/_sandbox/clock", "/_sandbox/seed", "ens_accept_formats",
                 "failures", "profile"):
        assert word in ended.stdout
