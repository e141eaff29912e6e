# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m sandbox``: start the local cloud, print one JSON line, serve until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import asyncio
import errno
import fcntl
import ipaddress
import json
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import IO, Any

from sandbox.server.options import StartOptions
from sandbox.world.scenario import load_scenario
from sandbox.world.schema import World, WorldError, load_world

_PORT_FILE = "port"
_DEFAULT_WORLD = Path(__file__).with_name("worlds") / "default.yml"

_DESCRIPTION = """\
A local Alibaba Cloud for tests and demonstrations: Server Migration Center (SMC), ECS, VPC, Edge Node Service (ENS),
STS, the location service, read calls of RAM and BssOpenApi, and OSS on one loopback port. The vendor's own clients work
with it unchanged (aliyun-python-sdk-*, alibabacloud_*, oss2). Signatures are checked and lifecycles follow a virtual
clock. Nothing leaves this machine, and nothing costs money.

When the sandbox is ready, it prints one JSON line with endpoint, port, pid, region, access_key, secret_key, endpoints,
bucket, agent (url and sha256 of the client bundle) and state (the folder). SIGTERM or Ctrl-C ends it."""

_EPILOG = """\
example:
  python -m sandbox --port 8123
  aliyun-python-sdk: request.set_endpoint("127.0.0.1:8123"); oss2: Bucket(auth, "http://127.0.0.1:8123", bucket)

control calls (no signature):
  GET  /_sandbox/health                     status and virtual time
  GET  /_sandbox/state                      all resources
  GET  /_sandbox/requests?since=N           every call after number N, secrets scrubbed
  GET  /_sandbox/meter?migration=N          what would be billed, and for how long; all, or of one migration
  GET  /_sandbox/images/<ENS image id>      the files of an ENS image's disks
  GET  /_sandbox/instances/<ENS instance>   the serial console of an instance that boots (no API of ENS shows it)
  POST /_sandbox/clock {"advance": 3600}    move the clock by an hour; {"rate": 60}: a minute per second; {"rate": 0}:
                                            freeze it; {"step": 1}: move a frozen clock to the next event
  POST /_sandbox/seed  <world>              add the resources of a world file (YAML or JSON)
  POST /_sandbox/throttling {"smc:*": 10}   limit the calls per second of each API; {} removes the limits
  POST /_sandbox/faults <scenario>          activate a scenario; GET lists the rules and their hits, DELETE removes them
  POST /_sandbox/reset  [world]             restore the world of the start, or load the one in the body
  POST /_sandbox/snapshot {"name": "n"}     save a snapshot; POST /_sandbox/restore {"name": "n"} restores it
  GET  /_sandbox/                           a page for a browser: resources, timelines, requests, the running bill

world file (YAML; every field has a default, an unknown field is an error):
  account: {id: "16 digits", balance: 100, roles: [...], quotas: {vpc: 10, jobs: 1000, concurrent_jobs: 50, ...}}
  region: ap-southeast-1
  credentials: {<access key id>: {secret: ..., token: <STS token>, ttl: 3600, user: root}}
  profile: fast | realistic | frozen        delays of seconds, or of minutes as in the real services; frozen: minutes on
                                            a clock that only POST /_sandbox/clock moves
  clock_rate: 1                             virtual seconds per real second
  seed: 1                                   of all random values: ids, request ids, jitter of delays
  jitter: 1                                 factor for the random part of delays; 0: exact delays
  buckets: [{name: ..., region: ...}]
  sources: [{name: web01, hostname: ..., platform: Ubuntu, arch: x86_64, disks: [{gib: 20, content_mib: 2}]}]
                                            sources with a simulated client; real ones register by themselves
  identities: {<user>: {statements: [{effect: allow, action: "ecs:Describe*", resource: "*"}]}}
  ecs_images, ecs_instances, ens_images: [{name: ..., region: ..., ...}]
  ens_accept_formats: [qcow2, raw, vhd]     formats that ENS ImportImage accepts
  ens_imports: {mapping_order: system_first, listing_delay: 0, ...}  how ENS imports; sandbox/README.md lists all
  boot_instances: false                     boot the ENS images that have content in QEMU; boot_memory: 1024 (MiB),
                                            boot_port_offset: 0, boot_outbound: false
  export_listing_delay: 0                   virtual seconds until ECS shows a new export task
  job_error_form: word                      of failed jobs: word, or number (S1, and the word in StatusInfo)
  job_errors: {<source name>: <code>}       its jobs end InError with that code while Syncing
  failures: [{lifecycle: smc.job | ecs.task | ens.image, at: <state>, name: <source or image>, code: ..., times: 1}]
  faults: [{match: {product: ..., action: ...}, kind: error, code: ...}, {state: {...}, do: <edit>}]
sandbox/README.md describes them."""


class StartError(Exception):
    """The sandbox cannot start; the text is one line for the user."""


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return 0 then, and 2 when the sandbox could not start."""
    options = _parser().parse_args(arguments)
    # Disks, objects and keys of the sandbox belong to the user alone.
    os.umask(0o077)
    try:
        world, address = _world(options), _address(options.host, options.beyond_loopback)
        _check_agent_host(options.agent_host)
        with _Folder(options.state) as folder, _listen(address, _port(options.port, folder)) as sock:
            asyncio.run(_serve(_start(world, options), sock, folder))
    except (StartError, WorldError) as failed:
        print(f"sandbox: {failed}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description=_DESCRIPTION, epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, help="TCP port; 0: a free one. Default: the last port of the state folder "
                        "if it is free, else any free port")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1); an address that "
                        "is not loopback needs --beyond-loopback")
    parser.add_argument("--beyond-loopback", action="store_true", help="accept connections from other machines, over "
                        "plain HTTP. The control calls have no signature: every client of the port has full access")
    parser.add_argument("--agent-host", default="", metavar="ADDRESS", help="IPv4 address at which source servers "
                        "reach this sandbox (default: --host); 10.0.2.2 for guests of QEMU with a user network")
    parser.add_argument("--world", type=Path, help="world file; default: sandbox/worlds/default.yml")
    parser.add_argument("--state", type=Path, help="folder for the state file, disks, images and objects. "
                        "A cloud in it continues where it stopped, also after a kill. "
                        "Default: a temporary folder that is deleted at the end")
    parser.add_argument("--fresh", action="store_true", help="delete the cloud in the state folder")
    parser.add_argument("--rate-card", type=Path, help="prices of the meter; default: sandbox/ratecard.yml")
    parser.add_argument("--scenario", type=Path, action="append", default=[], metavar="FILE",
                        help="faults to inject, e.g. sandbox/scenarios/03-lost-answers.yml; may be repeated. "
                        "A scenario that is active in the state folder's cloud continues")
    parser.add_argument("--profile", choices=("fast", "realistic", "frozen"), help="overrides the world's profile")
    parser.add_argument("--clock-rate", type=float, metavar="N", help="overrides the world's clock_rate")
    parser.add_argument("--boot-instances", action="store_true", default=None, help="boot the ENS images that have "
                        "content: RunInstances starts a guest in QEMU, with an address of 127.0.9.0/24")
    parser.add_argument("--boot-memory", type=int, metavar="MIB", help="memory of each guest (default 1024)")
    parser.add_argument("--boot-port-offset", type=int, metavar="N", help="added to the ports 22, 80 and 443 of a "
                        "guest's address, for users who may not listen on them (default 0)")
    parser.add_argument("--boot-outbound", action="store_true", default=None, help="give guests a default route: they "
                        "reach what this machine reaches, as an instance with a public address does")
    parser.add_argument("--check-invariants", action="store_true", help="check the invariants of the sandbox after "
                        "every request; a violation is answered with HTTP 500 and the header x-sandbox-bug")
    return parser


def _start(world: World, options: argparse.Namespace) -> StartOptions:
    scenarios = tuple(load_scenario(path) for path in options.scenario)
    return StartOptions(world, options.world is not None, _overrides(options), options.rate_card, options.fresh,
                        scenarios, options.check_invariants, options.agent_host)


def _port(given: int | None, folder: Path) -> tuple[int, bool]:
    """Return the port to listen on, and whether another one is acceptable."""
    if given is not None:
        return given, False
    try:
        return int((folder / _PORT_FILE).read_text(encoding="ascii")), True
    except (OSError, ValueError):
        return 0, True


def _world(options: argparse.Namespace) -> World:
    world = load_world(options.world or _DEFAULT_WORLD)
    if options.clock_rate is not None and not 0 <= options.clock_rate <= 100000:
        raise StartError(f"--clock-rate {options.clock_rate}: allowed is 0 to 100000 virtual seconds per second")
    if options.boot_memory is not None and options.boot_memory < 128:
        raise StartError(f"--boot-memory {options.boot_memory}: allowed is 128 or more MiB")
    if options.boot_port_offset is not None and not 0 <= options.boot_port_offset <= 60000:
        raise StartError(f"--boot-port-offset {options.boot_port_offset}: allowed is 0 to 60000")
    return world.model_copy(update=_overrides(options))


def _overrides(options: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of the world that the command line sets."""
    names = ("profile", "clock_rate", "boot_instances", "boot_memory", "boot_port_offset", "boot_outbound")
    return {name: value for name in names if (value := getattr(options, name)) is not None}


def _address(host: str, beyond_loopback: bool) -> str:
    try:
        address = ipaddress.IPv4Address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise StartError(f"--host {host}: not an IPv4 address. Use a loopback address (127.x.x.x), or with "
                         "--beyond-loopback another address of this machine") from None
    if not address.is_loopback and not beyond_loopback:
        raise StartError(f"--host {host}: the sandbox listens on loopback addresses (127.x.x.x) only. Use "
                         "--beyond-loopback to allow others")
    if address.is_unspecified:
        raise StartError(f"--host {host}: name one address: answers contain it, and clients connect to it")
    return str(address)


def _check_agent_host(host: str) -> None:
    try:
        ipaddress.IPv4Address(host or "127.0.0.1")
    except ValueError:
        raise StartError(f"--agent-host {host}: not an IPv4 address. Use the address at which source servers reach "
                         "this sandbox") from None


def _listen(address: str, wish: tuple[int, bool]) -> socket.socket:
    port, other_acceptable = wish
    if not 0 <= port <= 65535:
        raise StartError(f"--port {port}: allowed is 0 to 65535")
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, port))
    except OSError as failed:
        sock.close()
        if failed.errno == errno.EADDRNOTAVAIL:
            raise StartError(f"--host {address}: not an address of this machine") from failed
        if other_acceptable and port:
            return _listen(address, (0, True))
        why = "is in use" if failed.errno == errno.EADDRINUSE else f"cannot be used: {failed.strerror}"
        raise StartError(f"--port {port}: port {port} on {address} {why}") from failed
    return sock


class _Folder:
    """The state folder while this process owns it: created, locked, and deleted at the end when temporary."""

    def __init__(self, path: Path | None) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="sandbox-") if path is None else None
        self.path = Path(self._temporary.name if self._temporary else path or ".").resolve()
        self._lock: IO[str] | None = None

    def __enter__(self) -> Path:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = (self.path / "lock").open("w")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartError(f"--state {self.path}: another sandbox uses this folder") from None
        except OSError as failed:
            raise StartError(f"--state {self.path}: cannot be used: {failed.strerror}") from failed
        return self.path

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            self._lock.close()
        if self._temporary is not None:
            self._temporary.cleanup()


async def _serve(options: StartOptions, sock: socket.socket, folder: Path) -> None:
    from aiohttp import web

    from sandbox.guests.hypervisor import GuestsError
    from sandbox.persistence.state_file import StateFileError
    from sandbox.server.app import make_app
    from sandbox.server.assembly import assemble
    from sandbox.state.meter import RateCardError

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    endpoint = "http://{}:{}".format(*sock.getsockname())
    try:
        local = await assemble(options, folder, endpoint)
        (folder / _PORT_FILE).write_text(str(sock.getsockname()[1]), encoding="ascii")
    except (StateFileError, RateCardError, GuestsError) as failed:
        raise StartError(str(failed)) from failed
    except OSError as failed:
        raise StartError(f"--state {folder}: {failed.filename or folder}: {failed.strerror}") from failed
    runner = web.AppRunner(make_app(local), access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    await web.SockSite(runner, sock).start()
    cloud = local.cloud
    world = cloud.origin or cloud.settings
    print(json.dumps(_greeting(world, endpoint, sock.getsockname()[1], folder, cloud.agent_bundle)), flush=True)
    await stop.wait()
    await runner.cleanup()


def _greeting(world: World, endpoint: str, port: int, folder: Path, agent: dict[str, str]) -> dict[str, Any]:
    lasting = [(key, item.secret) for key, item in world.credentials.items() if item.token is None]
    access_key, secret_key = (*lasting, ("", ""))[0]
    own = [bucket.name for bucket in world.buckets if bucket.region == world.region]
    return {
        "endpoint": endpoint,
        "port": port,
        "pid": os.getpid(),
        "region": world.region,
        "access_key": access_key,
        "secret_key": secret_key,
        "endpoints": dict.fromkeys(("smc", "ecs", "ens", "vpc", "sts", "oss", "ram", "bss"), endpoint),
        "bucket": (own or [""])[0],
        "agent": agent,
        "state": str(folder),
    }


if __name__ == "__main__":
    sys.exit(main())
