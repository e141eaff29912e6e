# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What would be billed: virtual seconds per resource, and an amount by an illustrative, replaceable rate card."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml

from .clock import VirtualClock, iso
from .tables import Row, Table

KINDS = ("instance", "disk", "snapshot", "oss_object", "oss_part", "ens_instance")
GIB = 1024**3
RATE_CARD = Path(__file__).resolve().parents[1] / "ratecard.yml"

Owner = Callable[[str, str], dict[str, Any]]
"""(kind, resource id) -> {"job": id or "", "migration": name or "", "names": every name and tag it can be asked by}."""


class RateCardError(Exception):
    """A rate card that cannot be used; the message names file and field."""


def load_rate_card(path: Path) -> dict[str, Any]:
    """The rate card in a YAML file: ``dated``, ``currency`` and for each kind ``unit`` and ``per_hour`` (>= 0)."""
    try:
        card = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as failed:
        raise RateCardError(f"{path}: cannot be read: {failed.strerror}") from failed
    except (yaml.YAMLError, UnicodeDecodeError) as failed:
        mark = getattr(failed, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise RateCardError(f"{path}: {where}not valid YAML") from failed
    if not isinstance(card, dict) or not isinstance(card.get("rates"), dict):
        raise RateCardError(f"{path}: rates: a mapping is required")
    for field in ("dated", "currency"):
        if not isinstance(card.get(field), str):
            raise RateCardError(f"{path}: {field}: a string is required (found {card.get(field)!r})")
    for kind in sorted({*KINDS, *card["rates"]}):
        rate = card["rates"].get(kind)
        if kind not in KINDS:
            raise RateCardError(f"{path}: rates.{kind}: not one of {', '.join(KINDS)}")
        price = rate.get("per_hour") if isinstance(rate, dict) else None
        if not isinstance(price, (int, float)) or isinstance(price, bool) or price < 0:
            raise RateCardError(f"{path}: rates.{kind}.per_hour: a number of 0 or more is required (found {price!r})")
        if not isinstance(rate.get("unit"), str):
            raise RateCardError(f"{path}: rates.{kind}.unit: a string is required")
    return card


def no_owner(_kind: str, _resource_id: str) -> dict[str, Any]:
    """Return the empty owner, for a meter without a function that finds owners."""
    return {"job": "", "migration": "", "names": []}


class Meter:
    """The seconds and the amount of each billed resource. ENS and ECS images, VPCs and security groups cost nothing.

    The ledger is a table: one row per resource, which stays when the resource is deleted.
    """

    def __init__(
        self, clock: VirtualClock, rate_card: Path | None = None, book: Table | None = None, owner: Owner = no_owner
    ) -> None:
        self._clock = clock
        card = load_rate_card(rate_card or RATE_CARD)
        self._rates: dict[str, Any] = card["rates"]
        self._card = {"dated": card["dated"], "currency": card["currency"], "illustrative": True}
        self._book = Table("ledger") if book is None else book
        self._owner = owner

    def start(self, kind: str, resource_id: str, units: float = 1.0) -> None:
        """Start billing a resource now, or change its units (GiB for everything but ``instance``)."""
        if kind not in KINDS:
            raise KeyError(f"meter: {kind} is not one of {', '.join(KINDS)}")
        self.stop(kind, resource_id)
        row_id, now = f"{kind}/{resource_id}", self._clock.time()
        if row_id in self._book:
            self._book.update(row_id, since=now, units=units, ended=None)
        else:
            self._book.add({"id": row_id, "kind": kind, "resource": resource_id, "units": units, "since": now,
                            "begun": now, "ended": None, "seconds": 0.0, "amount": 0.0,
                            **self._owner(kind, resource_id)})

    def stop(self, kind: str, resource_id: str) -> None:
        """Stop billing a resource now; one that is not billed is ignored."""
        row = self._book.get(f"{kind}/{resource_id}")
        if row is not None and row["since"] is not None:
            seconds, amount = self._accrued(row)
            self._book.update(row["id"], since=None, ended=self._clock.time(), seconds=seconds, amount=amount)

    def report(self, migration: str | None = None) -> dict[str, Any]:
        """Return the answer of ``GET /_sandbox/meter``: what is billed now, and the sums.

        ``migration``: only what has this job id, job, source or image name, tag value or ``key=value``, or an object
        key that begins with it.
        """
        rows = [row for row in self._book if migration is None or _belongs(row, migration)]
        resources = [self._shown(row) for row in rows]
        report: dict[str, Any] = {} if migration is None else {"migration": migration}
        report.update(_sums(resources), now=iso(self._clock.time()), rate_card=self._card, resources=resources)
        report["running"] = [
            {"kind": row["kind"], "id": row["resource"], "since": iso(row["since"]), "units": round(row["units"], 9),
             "rate_unit": f"{self._rates[row['kind']]['unit']}-hour"}
            for row in rows if row["since"] is not None
        ]
        owners = sorted({row["migration"] for row in resources})
        report["migrations"] = {
            owner: _sums([row for row in resources if row["migration"] == owner]) for owner in owners
        }
        return report

    def per_hour(self, kind: str) -> float:
        """The price of one unit for one hour."""
        return float(self._rates[kind]["per_hour"])

    @property
    def currency(self) -> str:
        """The currency of the rate card."""
        return str(self._card["currency"])

    def clear(self) -> None:
        """Remove all rows."""
        self._book.clear()

    def _shown(self, row: Row) -> dict[str, Any]:
        seconds, amount = self._accrued(row)
        return {"kind": row["kind"], "id": row["resource"], "units": round(row["units"], 9),
                "rate_unit": f"{self._rates[row['kind']]['unit']}-hour", "begun": iso(row["begun"]),
                "ended": None if row["ended"] is None else iso(row["ended"]), "running": row["since"] is not None,
                "seconds": seconds, "amount": amount, "job": row["job"], "migration": row["migration"]}

    def _accrued(self, row: Row) -> tuple[float, float]:
        if row["since"] is None:
            return row["seconds"], row["amount"]
        seconds = max(0.0, self._clock.time() - row["since"])
        return row["seconds"] + seconds, row["amount"] + seconds / 3600 * row["units"] * self.per_hour(row["kind"])


def _sums(resources: Iterable[dict[str, Any]]) -> dict[str, Any]:
    seconds, amounts = dict.fromkeys(KINDS, 0.0), dict.fromkeys(KINDS, 0.0)
    running = 0
    for row in resources:
        seconds[row["kind"]] += row["seconds"]
        amounts[row["kind"]] += row["amount"]
        running += row["running"]
    return {"seconds": {kind: round(value, 3) for kind, value in seconds.items()},
            "total_seconds": round(sum(seconds.values()), 3),
            "amounts": {kind: round(value, 6) for kind, value in amounts.items()},
            "amount": round(sum(amounts.values()), 6), "running_count": running}


def _belongs(row: Row, migration: str) -> bool:
    if migration in (row["job"], row["migration"], *row["names"]):
        return True
    key = row["resource"].partition("/")[2] if row["kind"] in ("oss_object", "oss_part") else ""
    return bool(migration) and key.startswith(migration)
