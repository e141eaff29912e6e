# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""plan_waves: order, belonging, limits, and every violated wish named."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._waves import items, judge, pack, plan


def planned(hostvars: dict[str, dict[str, Any]], **options: Any) -> list[dict[str, Any]]:
    waves: list[dict[str, Any]] = plan.plan_waves(list(hostvars), hostvars, **options)["migration_waves"]
    assert sorted(host for wave in waves for host in wave["hosts"]) == sorted(hostvars)
    return waves


def home(waves: list[dict[str, Any]], host: str) -> int:
    return next(number for number, wave in enumerate(waves) if host in wave["hosts"])


def dev(**more: Any) -> dict[str, Any]:
    return {"migration_environment": "development", "migration_used_gib": 10, "migration_criticality": "low", **more}


def prod(**more: Any) -> dict[str, Any]:
    return dev(**{"migration_environment": "production", **more})


def violated(waves: list[dict[str, Any]]) -> list[str]:
    return [text for wave in waves for text in wave["violated"]]


def test_development_and_test_come_before_production_and_critical_servers_are_not_first() -> None:
    waves = planned({"prod-01": prod(), "dev-01": dev(), "test-01": dev(migration_environment="test"),
                     "dev-02": dev(migration_criticality="critical"), "dev-03": dev(migration_complexity="high")})
    assert [wave["hosts"] for wave in waves] == [["dev-01"], ["dev-02", "dev-03"], ["test-01"], ["prod-01"]]
    assert violated(waves) == []
    assert [wave["risk"] for wave in waves] == ["low", "critical", "low", "low"]
    assert "first wave" in waves[0]["reason"]


def test_what_others_need_comes_first_and_what_needs_each_other_stays_together() -> None:
    waves = planned({
        "web-01": prod(migration_after=["db-01"]), "db-01": prod(migration_criticality="high"), "a-01": prod(),
        "cache-01": prod(migration_with=["web-01"]),
    }, max_servers=2)
    assert home(waves, "db-01") < home(waves, "web-01")
    assert home(waves, "cache-01") == home(waves, "web-01")
    assert violated(waves) == []
    assert "1 dependencies on earlier waves" in waves[home(waves, "web-01")]["reason"]


def test_an_application_is_in_one_wave_per_environment() -> None:
    hosts = {f"{app}-{env[:3]}-{number}": dev(migration_environment=env, migration_application=app)
             for app in ("shop", "crm", "erp") for env in ("development", "production") for number in range(4)}
    waves = planned(hosts, max_servers=6, first_servers=5)
    for app in ("shop", "crm", "erp"):
        for env in ("dev", "pro"):
            assert len({home(waves, f"{app}-{env}-{number}") for number in range(4)}) == 1
    assert violated(waves) == []


def test_a_wish_that_cannot_be_kept_is_named() -> None:
    big = planned({f"erp-{number:02d}": prod(migration_application="erp") for number in range(7)}, max_servers=3)
    assert [wave["servers"] for wave in big] == [3, 3, 1]
    assert all("applications together: erp is in 3 waves" in wave["violated"] for wave in big)

    backwards = planned({"db-01": prod(), "app-dev": dev(migration_after=["db-01"]), "z-01": dev()})
    assert home(backwards, "db-01") <= home(backwards, "app-dev")
    assert "development and test before production: the wave has development, production" in violated(backwards)[0]

    alone = planned({"core-01": prod(migration_criticality="critical")})
    assert violated(alone) == ["critical and complex servers not first: core-01 in the first wave"]

    slow = planned({"far-01": prod(migration_site="far", migration_uplink=1, migration_used_gib=100)}, max_hours=8)
    assert violated(slow)[0].startswith("uplink: site far needs 238.6 hours at 1 Mbit/s, at most 8")


def test_sizes_uplinks_and_windows_bound_a_wave() -> None:
    site = {"migration_site": "munich", "migration_uplink": 100, "migration_used_gib": 150}
    waves = planned({f"m-{number}": prod(**site) for number in range(6)}, max_hours=8, first_servers=50)
    assert [wave["servers"] for wave in waves] == [2, 2, 2]
    sized = planned({f"m-{number}": prod(migration_used_gib=100) for number in range(4)}, max_gib=250)
    assert [wave["servers"] for wave in sized] == [2, 2]
    night = planned({"a": prod(migration_windows=["20:00-04:00"]), "b": prod(migration_windows="Sat 08:00-20:00"),
                     "c": prod(migration_windows=["20:00-04:00"]), "d": prod()})
    assert home(night, "a") == home(night, "c") != home(night, "b")
    assert violated([*waves, *sized, *night]) == []


def test_sites_stay_together_where_there_is_room() -> None:
    waves = planned({f"{site}-{number}": prod(migration_site=site) for site in ("a", "b") for number in range(4)},
                    max_servers=4, first_servers=4)
    assert [{host[0] for host in wave["hosts"]} for wave in waves] == [{"a"}, {"b"}]


def test_all_problems_are_refused_at_once() -> None:
    with pytest.raises(AnsibleFilterError) as refused:
        planned({
            "a": prod(migration_after=["b"]), "b": prod(migration_after=["c"]), "c": prod(migration_after=["a"]),
            "d": prod(migration_after=["gone-01"], migration_with=["d"]), "e": prod(migration_environment="live"),
            "f": prod(migration_criticality="very"), "g": prod(migration_windows=["never"]),
            "h": prod(migration_uplink="fast"), "i": prod(migration_used_gib=-1),
        }, max_servers=0)
    for words in ("a after b after c after a", "d: migration_after names 'gone-01', which the inventory lacks",
                  "d: migration_with names the host itself", "migration_environment is 'live', allowed: development",
                  "migration_criticality is 'very'", "'never' is no window", "max_servers is 0, it must be at least 1",
                  "h: migration_uplink is 'fast', it must be a number",
                  "i: migration_used_gib is -1, it must be at least 0"):
        assert words in str(refused.value)


def test_an_edited_plan_keeps_the_waves_that_it_marks() -> None:
    hosts = {"db-01": prod(), "web-01": prod(migration_after=["db-01"]), "dev-01": dev()}
    first = [{"name": "pilot", "hosts": ["db-01"], "keep": True}, {"name": "later", "hosts": ["web-01", "dev-01"]}]
    waves = planned(hosts, waves=first)
    assert (waves[0]["name"], waves[0]["hosts"], waves[0]["keep"]) == ("pilot", ["db-01"], True)
    assert home(waves, "web-01") > 0
    with pytest.raises(AnsibleFilterError, match=r"host 'db-01' is in the waves 'pilot' and 'again'.*'x', which the"):
        planned(hosts, waves=[*first, {"name": "again", "hosts": ["db-01", "x"], "keep": True}])


def test_a_kept_wave_has_its_fields_and_no_other_wave_its_name() -> None:
    kept = {"name": "wave_02", "hosts": ["a"], "keep": True, "gate": "manual", "max_failed": 2}
    waves = planned({"a": prod(), "b": prod()}, waves=[kept, "wave_of_a_group"])
    assert {name: waves[0][name] for name in kept} == kept
    assert [wave["name"] for wave in waves] == ["wave_02", "wave_03"]
    with pytest.raises(AnsibleFilterError, match="wave 'empty' has keep, and no name or no hosts"):
        planned({"a": prod()}, waves=[{"name": "empty", "keep": True}])


def test_the_hosts_of_a_site_share_its_uplink_where_one_names_it() -> None:
    hosts = {"a": prod(migration_site="x", migration_uplink=100), "b": prod(migration_site="x"), "c": prod()}
    assert [item.uplink for item in items.items(hosts, hosts)] == [100, 100, 0]


def test_confidence_counts_the_facts_that_are_known() -> None:
    full = prod(migration_site="a", migration_application="shop")
    assert [wave["confidence"] for wave in planned({"a": full})] == [1.0]
    assert [wave["confidence"] for wave in planned({"a": {}})] == [0.0]
    assert planned({"a": {}})[0]["gib"] == 40


def fleet(count: int, seed: int = 7) -> dict[str, dict[str, Any]]:
    chance = random.Random(seed)
    names = [f"host-{number:05d}" for number in range(count)]
    found = {}
    for number, name in enumerate(names):
        environment = chance.choice(list(items.ENVIRONMENTS))
        found[name] = {
            "migration_environment": environment, "migration_used_gib": round(chance.lognormvariate(3.5, 1), 1),
            "migration_criticality": chance.choice(["low", "low", "medium", "high", "critical"]),
            "migration_site": f"site-{chance.randrange(8)}", "migration_uplink": 5000,
            "migration_application": f"app-{number // 6}" if chance.random() < 0.7 else "",
            "migration_after": [names[chance.randrange(number)]] if number and chance.random() < 0.2 else [],
        }
    return found


@pytest.mark.parametrize("seed", range(8))
def test_hard_rules_hold_for_any_fleet(seed: int) -> None:
    hosts = fleet(300, seed)
    waves = planned(hosts, max_servers=20)
    for host, facts in hosts.items():
        assert all(home(waves, other) <= home(waves, host) for other in facts["migration_after"])
    assert all(wave["servers"] <= (20 if number else 5) or "size" in str(wave["violated"])
               for number, wave in enumerate(waves))


def test_the_same_inventory_gives_the_same_bytes_in_any_order() -> None:
    hosts = fleet(500)
    shuffled = list(hosts.items())
    random.Random(1).shuffle(shuffled)
    first, second = (plan.text(plan.plan_waves(list(given), given)) for given in (hosts, dict(shuffled)))
    assert first == second
    assert yaml.safe_load(first) == plan.plan_waves(list(hosts), hosts)


def test_ten_thousand_servers_are_planned_in_seconds() -> None:
    hosts = fleet(10_000)
    began = time.process_time()
    waves = planned(hosts)
    assert time.process_time() - began <= 5
    assert len(waves) < 500


def test_an_edited_plan_is_judged_again() -> None:
    found = items.items(["db-01", "web-01"], {"db-01": prod(), "web-01": prod(migration_after=["db-01"])})
    (db, web), wishes = found, pack.Wishes()
    assert judge.violations([[web], [db]], wishes)[0] == ["what others need first: web-01 needs db-01 in a later wave"]


def test_the_steps_of_a_wave_follow_its_dependencies() -> None:
    after = {"web": ["app", "elsewhere"], "app": ["db"], "db": []}
    assert pack.levels(["web", "app", "db", "log"], after) == [["db", "log"], ["app"], ["web"]]
    assert pack.levels([], {}) == []
