# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A canary and a wave of three servers under each way in which ENS may import (make canary-variants)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import pytest
from support.wave import DB, GIB, ROOT, WEB, done, registered, run, server, utils

pytestmark = [pytest.mark.any_core, pytest.mark.long]

APP = server("app-01", "s-sandboxapp01", 20)
WAVE = (WEB, DB, APP)
"""Three servers; db-01 has two data disks."""

TABLE = ROOT / "build" / "canary-variants"
MIGRATED, AFTER, BEFORE = "migrated", "fails after the copy", "refused before the copy"
SWAPPED = "migrated, disks in wrong order"


@dataclass(frozen=True)
class Variant:
    """A behaviour of ENS, what the canary finds of it, and how a wave ends without and with the contract."""

    name: str
    world: dict[str, Any]
    finds: dict[str, Any]
    without: str = MIGRATED
    proved: str = MIGRATED
    region: str = "ap-southeast-1"


def imports(**rules: Any) -> dict[str, Any]:
    return {"ens_imports": rules}


VARIANTS = (
    Variant("formats: qcow2", {"ens_accept_formats": ["qcow2"]}, {"image_formats": ["qcow2"], "plain_raw": "no"}),
    Variant("formats: raw", {"ens_accept_formats": ["raw"]}, {"image_formats": ["raw"], "plain_raw": "yes"}, AFTER),
    Variant("formats: qcow2, raw, vhd", {"ens_accept_formats": ["qcow2", "raw", "vhd"]},
            {"image_formats": ["qcow2", "raw", "vhd"]}),
    Variant("formats: vhd", {"ens_accept_formats": ["vhd"]}, {"image_formats": ["vhd"]}, AFTER, BEFORE),
    Variant("cn-beijing, formats: qcow2", {"ens_accept_formats": ["qcow2"]}, {"image_formats": ["qcow2"]},
            AFTER, BEFORE, region="cn-beijing"),
    Variant("cn-beijing, formats: raw", {"ens_accept_formats": ["raw"]}, {"image_formats": ["raw"]},
            region="cn-beijing"),
    Variant("mapping: system disk last", imports(mapping_order="system_last"), {"mapping_order": "system_last"},
            SWAPPED),
    Variant("mapping required", imports(single_object=False), {"one_disk": "mapping"}, AFTER),
    Variant("OSSRegion outside cn-beijing refused", imports(oss_region="cn-beijing"),
            {"oss_region": "omitted", "target_region": "omitted"}, AFTER),
    Variant("listing delay: 8 s", imports(listing_delay=8), {"listing_delay": range(8, 60)}),
    Variant("names: two images allowed", imports(duplicate_names=True), {"duplicate_names": "allowed"}),
    Variant("sizes: rounded", imports(sizes="rounded"), {"sizes": "rounded", "mapping_order": "system_first"}),
    Variant("sizes: 20.0", imports(sizes="decimal"), {"sizes": "exact", "mapping_order": "system_first"}),
    Variant("sizes: system disk alone", imports(sizes="system_only"),
            {"sizes": "system_only", "mapping_order": "system_first"}),
    Variant("bucket access refused", imports(bucket_access=False), {"bucket_access": "no"}, AFTER, BEFORE),
)  # fmt: skip


def world(variant: Variant) -> dict[str, Any]:
    """The world of a variant: a bucket, and three sources with simulated clients."""
    sources = [
        {"name": row["host"], "id": row["source_id"], "disks": [{"gib": disk["bytes"] // GIB} for disk in row["disks"]]}
        for row in WAVE
    ]
    return {
        "region": variant.region,
        "buckets": [{"name": "images", "region": variant.region}],
        "sources": sources,
        "ens_accept_formats": ["qcow2", "raw", "vhd"],
        **variant.world,
    }


def place(variant: Variant) -> dict[str, Any]:
    return {"region": variant.region, "bucket": "images"}


def wave(sandbox: Any, variant: Variant, **contract: Any) -> str:
    """Migrate the wave in an empty cloud, and say how it has ended."""
    sandbox.reset(world(variant))
    registered(sandbox, "wave", *WAVE)
    since = sandbox.get("requests?since=0")["next"]
    try:
        result = run(sandbox, "ens_migration", name="wave", servers=list(WAVE), **place(variant), **contract)
    except utils("_api.errors").CloudError:
        assert done(sandbox.requests(since=since), "CreateReplicationJob") == 0
        return BEFORE
    rows = result["migration"]["servers"]
    copied = done(sandbox.requests(since=since), "StartReplicationJob")
    if any(row["verdict"] != "migrated" for row in rows):
        assert copied
        return AFTER
    assert [done(sandbox.requests(since=since), name) for name in ("ExportImage", "ImportImage")] == [3, 3]
    order = all(
        [disk["virtual_size"] for disk in sandbox.get(f"images/{row['ens_image_id']}")["disks"]]
        == [disk["bytes"] for disk in entry["disks"]]
        for row, entry in zip(rows, WAVE, strict=True)
    )
    told = [text for row in rows for text in row["warnings"] if "the disks are in the wrong order" in text]
    assert bool(told) is not order, "a wrong order is told"
    return MIGRATED if order else SWAPPED


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name.replace(" ", "-").replace(":", ""))
def test_a_canary_finds_what_a_wave_needs(sandbox: Any, variant: Variant) -> None:
    sandbox.reset(world(variant))
    begun = time.monotonic()
    canary = run(sandbox, "ens_canary", name="canary", **place(variant))["canary"]
    seconds = time.monotonic() - begun
    assert canary["left"] == []
    state = sandbox.get("state")
    assert (state["ens_images"], state["objects"]) == ([], [])
    found = {name: canary["contract"]["questions"][name]["answer"] for name in variant.finds}
    for name, answer in variant.finds.items():
        assert found[name] in answer if isinstance(answer, range) else found[name] == answer, (name, found)

    without = wave(sandbox, variant)
    proved = wave(sandbox, variant, contract=canary["contract"])
    told = ", ".join(f"{name} {answer}" for name, answer in found.items())
    TABLE.mkdir(parents=True, exist_ok=True)
    number = VARIANTS.index(variant)
    row = f"{variant.name:38} {seconds:5.1f} s  {without:30} {proved:24} {told}\n"
    (TABLE / f"{number:02}").write_text(row, encoding="utf-8")
    assert (without, proved) == (variant.without, variant.proved)
