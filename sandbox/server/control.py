# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control calls under /_sandbox/: for tests and people, without signature."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox.contracts.numbers import is_number
from sandbox.faults.play import play
from sandbox.lifecycles.advance import advance, step
from sandbox.page.render import render
from sandbox.persistence import snapshots
from sandbox.ram.policy import smallest_policy
from sandbox.state.clock import iso
from sandbox.state.request_log import scrub
from sandbox.world import documents
from sandbox.world.scenario import parse_scenario
from sandbox.world.schema import World, WorldError, parse_world

from .local_cloud import LocalCloud
from .seeding import seed

_BODY = "the body"


class Refused(Exception):
    """A control call that is not possible; the text gives the reason."""


_REFUSALS = (Refused, WorldError, snapshots.SnapshotError, ValueError, KeyError, RecursionError, OverflowError)


class Control:
    """Health, reset, seed, state, snapshots, requests, clock, meter, image files and the page of one cloud."""

    def __init__(self, local: LocalCloud) -> None:
        self._local = local
        self._engine, self._faults, self._writer = local.engine, local.faults, local.writer
        self.cloud = local.cloud

    @property
    def world(self) -> World:
        """The world that ``reset`` restores."""
        return self.cloud.origin or self.cloud.settings

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to add to the application."""
        answers: tuple[tuple[str, str, Callable[[web.Request], Awaitable[Any]]], ...] = (
            ("GET", "health", self.health),
            ("POST", "reset", self.reset),
            ("POST", "seed", self.seed),
            ("GET", "state", self.state),
            ("GET", "snapshots", self.snapshots),
            ("POST", "snapshot", self.snapshot),
            ("POST", "restore", self.restore),
            ("GET", "requests", self.requests),
            ("GET", "policy", self.policy),
            ("GET", "clock", self.clock),
            ("POST", "clock", self.set_clock),
            ("GET", "meter", self.meter),
            ("GET", "throttling", self.throttling),
            ("POST", "throttling", self.set_throttling),
            ("GET", "faults", self.faults),
            ("POST", "faults", self.add_faults),
            ("DELETE", "faults", self.clear_faults),
            ("GET", "images/{image_id}", self.image),
            ("GET", "instances/{instance_id}", self.instance),
        )
        routes = [web.route(method, f"/_sandbox/{path}", _json(answer)) for method, path, answer in answers]
        return [web.get("/_sandbox", self.to_page), web.get("/_sandbox/", self.page), *routes]

    async def to_page(self, _request: web.Request) -> web.Response:
        """Redirect to the address with a slash, which the links of the page need."""
        raise web.HTTPMovedPermanently("/_sandbox/")

    async def page(self, request: web.Request) -> web.Response:
        """Return the page for a browser."""
        self._engine.tick()
        return web.Response(text=render(self.cloud, request.query.get("migration") or None), content_type="text/html",
                            headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
                                     "Cache-Control": "no-store"})

    async def health(self, _request: web.Request) -> dict[str, Any]:
        """Return the status, the region and the virtual time."""
        return {"status": "ok", "region": self.world.region, "profile": self.cloud.settings.profile,
                "now": iso(self.cloud.clock.time())}

    async def reset(self, request: web.Request) -> dict[str, Any]:
        """Delete everything and load the world of the start, or the one in the body."""
        document, root = documents.load(await request.text(), _BODY)
        if document is not None:
            self.cloud.origin = parse_world(document, _BODY, root)
        await empty(self._local)
        self.cloud.draws.restart(self.world.seed)
        self.cloud.clock.restart(self.world.start, self.world.rate)
        seed(self.cloud, self._faults, self.world)
        self._writer.rewrite()
        return {"status": "ok"}

    async def seed(self, request: web.Request) -> dict[str, Any]:
        """Add the resources of a world (YAML or JSON in the body)."""
        document, root = documents.load(await request.text(), _BODY)
        parse_world(document, _BODY, root)
        if isinstance(document, dict):
            kept = {"account", "region", "profile", "ens_accept_formats", "ens_imports", "export_listing_delay",
                    "job_error_form", "identities", "seed", "jitter", "start", "clock_rate"}
            document = {**self.cloud.settings.model_dump(include=kept), "credentials": {}, **document}
        seed(self.cloud, self._faults, parse_world(document, _BODY))
        return {"status": "ok"}

    async def snapshots(self, _request: web.Request) -> dict[str, Any]:
        """Return the names of the snapshots."""
        return {"snapshots": snapshots.names(self.cloud)}

    async def snapshot(self, request: web.Request) -> dict[str, Any]:
        """``{"name": n}``: save a snapshot."""
        name = await _name(request)
        self._engine.tick()
        snapshots.take(self.cloud, self._writer, name)
        return {"status": "ok", "snapshots": snapshots.names(self.cloud)}

    async def restore(self, request: web.Request) -> dict[str, Any]:
        """``{"name": n}``: restore a snapshot, including its virtual time."""
        name = await _name(request)
        snapshots.stored(self.cloud, name)
        await empty(self._local)
        snapshots.restore(self.cloud, self._faults, self._writer, name)
        return {"status": "ok", "now": iso(self.cloud.clock.time())}

    async def state(self, _request: web.Request) -> dict[str, Any]:
        """Return the rows of every table, and objects and open uploads of every bucket; secrets scrubbed."""
        self._engine.tick()
        rows = {name: scrub(table) for name, table in self.cloud.tables.dump().items() if name != "credentials"}
        buckets = self.cloud.buckets.all()
        objects = [{"bucket": bucket.name, "key": item.key, "size": item.size}
                   for bucket in buckets for item in bucket.objects.values()]
        older = [{"bucket": bucket.name, "key": item.key, "version_id": item.version_id, "size": item.size,
                  "marker": item.marker} for bucket in buckets for items in bucket.older.values() for item in items]
        uploads = [{"bucket": bucket.name, "key": upload.key, "upload_id": upload_id, "size": upload.size()}
                   for bucket in buckets for upload_id, upload in bucket.uploads.items()]
        return {"now": iso(self.cloud.clock.time()), **rows, "objects": objects, "older_versions": older,
                "uploads": uploads}

    async def requests(self, request: web.Request) -> dict[str, Any]:
        """Return the request log after ``since``."""
        return self.cloud.requests.since(_since(request))

    async def policy(self, request: web.Request) -> dict[str, Any]:
        """Return the smallest RAM policy for the calls that succeeded after ``since``."""
        return smallest_policy(self.cloud.requests.since(_since(request))["requests"])

    async def clock(self, _request: web.Request) -> dict[str, Any]:
        """Return the virtual time and its rate."""
        return {"now": iso(self.cloud.clock.time()), "rate": self.cloud.clock.rate}

    async def set_clock(self, request: web.Request) -> dict[str, Any]:
        """``{"advance": seconds}`` moves virtual time, ``{"rate": n}`` changes its rate, ``{"step": n}`` moves a
        frozen clock to the moment of the next lifecycle step, n times."""
        body = await request.json()
        if not isinstance(body, dict) or not body or not set(body) <= {"advance", "rate", "step"}:
            raise Refused('the body must be {"advance": seconds}, {"step": how often} or '
                          '{"rate": virtual seconds per second}')
        try:
            if "rate" in body:
                self._set_rate(float(body["rate"]))
            if "advance" in body:
                await advance(self._engine, float(body["advance"]))
            for _turn in range(int(body.get("step", 0))):
                await step(self._engine)
        except (TypeError, ValueError) as failed:
            raise Refused(str(failed)) from failed
        self._engine.tick()
        return await self.clock(request)

    def _set_rate(self, rate: float) -> None:
        if rate and self.cloud.settings.profile == "frozen":
            raise Refused(f"rate {rate:g}: with the profile frozen, only advance and step move the clock")
        self.cloud.clock.set_rate(rate)

    async def meter(self, request: web.Request) -> dict[str, Any]:
        """Return what is billed now and the sums, of one migration with ``?migration=``."""
        self._engine.tick()
        return self.cloud.meter.report(request.query.get("migration") or None)

    async def throttling(self, _request: web.Request) -> dict[str, Any]:
        """Return the limits in calls per real second; an API that no pattern matches has no limit."""
        return {"throttling": self.cloud.settings.account.throttling}

    async def set_throttling(self, request: web.Request) -> dict[str, Any]:
        """``{"smc:*": 10}``: replace all limits; ``{}`` removes them."""
        limits, _root = documents.load(await request.text(), _BODY)
        account = {**self.cloud.settings.account.model_dump(), "throttling": limits or {}}
        checked = parse_world({"account": account}, _BODY).account
        self.cloud.settings = self.cloud.settings.model_copy(update={"account": checked})
        return await self.throttling(request)

    async def faults(self, _request: web.Request) -> dict[str, Any]:
        """Return the active fault rules, with how often each matched and hit."""
        return {"faults": self._faults.report()}

    async def add_faults(self, request: web.Request) -> dict[str, Any]:
        """Activate the scenario in the body (YAML or JSON) until reset."""
        play(self.cloud, self._faults, parse_scenario(await request.text(), _BODY))
        return await self.faults(request)

    async def clear_faults(self, request: web.Request) -> dict[str, Any]:
        """Remove all rules and failures; the changes that they made stay."""
        self._faults.clear()
        self.cloud.failures.clear()
        return await self.faults(request)

    async def image(self, request: web.Request) -> dict[str, Any]:
        """Return the files of an ENS image's disks, so that content can be compared."""
        self._engine.tick()
        image = self.cloud.ens_images.get(request.match_info["image_id"])
        if image is None:
            raise Refused(f"there is no ENS image {request.match_info['image_id']}")
        return {"id": image["id"], "name": image["name"], "status": image["state"], "disks": image["disks"]}

    async def instance(self, request: web.Request) -> dict[str, Any]:
        """Return the process and the serial console of an ENS instance that boots. ENS has no API for that."""
        self._engine.tick()
        instance = self.cloud.ens_instances.get(request.match_info["instance_id"])
        if instance is None:
            raise Refused(f"there is no ENS instance {request.match_info['instance_id']}")
        if self.cloud.guests is None or not instance.get("boots"):
            raise Refused(f"the instance {instance['id']} does not boot: its image has no content, or the sandbox was "
                          "started without boot_instances")
        return {"id": instance["id"], "status": instance["state"], "address": instance["public_ip"],
                **self.cloud.guests.report(instance["id"])}


async def empty(local: LocalCloud) -> None:
    """Stop all work, close every receiver and delete every row, file and log entry."""
    cloud = local.cloud
    await cloud.work.stop()
    await cloud.receivers.close_all()
    if cloud.guests is not None:
        await cloud.guests.close()
    cloud.tables.clear()
    if local.invariants is not None:
        local.invariants.restart()
    local.faults.clear()
    cloud.meter.clear()
    cloud.requests.clear()
    cloud.buckets.clear()
    for disk_id in cloud.disk_store.ids():
        cloud.disk_store.delete(disk_id)
    for name in ("ens", "export", "guests"):
        shutil.rmtree(cloud.root / name, ignore_errors=True)


def _since(request: web.Request) -> int:
    since = request.query.get("since", "0")
    if not is_number(since):
        raise Refused(f"since={since!r} is not a number")
    return int(since)


async def _name(request: web.Request) -> str:
    document, _root = documents.load(await request.text(), _BODY)
    if not isinstance(document, dict) or set(document) != {"name"} or not isinstance(document["name"], str):
        raise Refused('the body must be {"name": "<name of the snapshot>"}')
    return str(document["name"])


def _json(answer: Callable[[web.Request], Awaitable[Any]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def respond(request: web.Request) -> web.Response:
        try:
            return web.json_response(await answer(request))
        except _REFUSALS as failed:
            return web.json_response({"error": str(failed)}, status=400)

    return respond
