# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The checklist of a server for its hand-over: what people have to change when its copy at the edge takes over."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules import instances
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _encode

Facts = Mapping[str, Any]
_SHOWN: Final = 40
_POLICIES: Final = {
    "manual": "it stays until you run the playbook launch with launch_state=absent",
    "keep": "this collection never releases it",
    "release": "every cleanup of the server or of the migration releases it",
}


def checklist(probe: Facts, host: str, instance: Facts, verification: Facts) -> str:
    """Return the checklist of a server as Markdown.

    ``probe`` are the facts of the source, ``instance`` the ENS instance, ``verification`` the result of the role
    verify; each is empty if it is not known.
    """
    parts = [
        ("Machine", _machine(probe, instance, verification)),
        ("Addresses and DNS", _addresses(probe, instance)),
        ("Firewall", _firewall(probe)),
        ("Network of the system", _network(probe)),
        ("Licences bound to the hardware", _licences(probe)),
        ("Data", _data(probe)),
        ("Monitoring and backup", _monitoring(probe)),
        ("Keep or roll back", _commit(instance)),
    ]
    lines = [f"# Hand-over of {_encode.markdown(host)}", ""]
    if not probe:
        lines += ["The source could not be probed, so this list has only what is known of the instance.", ""]
    for title, items in parts:
        lines += [f"## {title}", "", *(f"- [ ] {item}" for item in items), ""]
    return "\n".join(lines)


def _some(values: Iterable[Any]) -> str:
    """Return values of hosts and services as text for Markdown, the first ones if there are many."""
    texts = [_encode.markdown(value) for value in values]
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return ", ".join(texts[:_SHOWN]) + more


def _machine(probe: Facts, instance: Facts, verification: Facts) -> Iterator[str]:
    if instance:
        shown = _some([instance["instance_id"], instance["ens_region_id"], instance["status"], instance["image_id"]])
        yield f"Instance, node, status, image: {shown}"
    else:
        yield "There is no instance yet: run the playbook launch."
    if not verification:
        yield "The copy was not verified in this run: run the playbook verify."
    elif verification.get("verdict") == "verified":
        yield f"The copy was verified at {_encode.markdown(verification.get('started'))}."
    else:
        yield f"The copy is not verified: {_some(verification.get('reasons') or [])}"
    if (probe.get("os") or {}).get("name"):
        yield f"System of the source: {_some([probe['os']['name'], probe['kernel']])}"


def _is_private(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_private
    except ValueError:
        return False


def _addresses(probe: Facts, instance: Facts) -> Iterator[str]:
    old = [address for address in probe.get("addresses") or [] if not address.startswith("127.")]
    new = [*(instance.get("public_ips") or []), *(instance.get("private_ips") or [])]
    yield f"Old addresses: {_some(old) or 'not known'}. New addresses: {_some(new) or 'not known yet'}."
    yield "Lower the TTL of the DNS records that contain an old address, then change them. Change reverse records too."
    yield "Replace the old addresses in load balancers, VPNs, allow lists, and configurations of other servers."
    if probe.get("hostname"):
        name = _encode.markdown(probe["hostname"])
        yield f"The host name is {name}. Check it on the instance: cloud-init may set another one."


def _firewall(probe: Facts) -> Iterator[str]:
    rows = (probe.get("state") or {}).get("listening") or []
    ports = sorted({row["port"] for row in rows if row["address"] not in ("127.0.0.1", "::1")})
    if ports:
        yield f"Allow these TCP ports in the security group of the instance, as far as others use them: {_some(ports)}."
    yield "Allow the UDP ports that others use. The probe does not read them."
    yield "Allow the new addresses in the firewalls of all servers that this server connects to."
    for row in probe.get("egress") or []:
        yield f"It must reach {_encode.markdown(row['target'])}."


def _network(probe: Facts) -> Iterator[str]:
    servers = (probe.get("resolver") or {}).get("nameservers") or []
    private = [address for address in servers if _is_private(address)]
    if private:
        advice = "check that the node reaches them, or change /etc/resolv.conf"
        yield f"The name servers {_some(private)} are private: {advice}."
    search = (probe.get("resolver") or {}).get("search") or []
    if search:
        yield f"Search domains: {_some(search)}"
    for row in probe.get("proxies") or []:
        yield f"A proxy is configured in {_encode.markdown(row['source'])}: {_encode.markdown(row['line'])}"
    sync = (probe.get("clock") or {}).get("sync") or []
    nothing = "Nothing synchronizes the clock. Configure a time service."
    yield f"Check the time servers of {_some(sync)}." if sync else nothing


def _licences(probe: Facts) -> Iterator[str]:
    rows = probe.get("licences") or []
    for row in rows:
        signs = _some(row.get("signs") or [])
        name, binding = _encode.markdown(row["name"]), _encode.markdown(row["binding"])
        yield f"{name}: {binding}. Signs: {signs}. Request a new licence."
    if not rows:
        yield "The probe has found no licence on this server. Ask the owners: it looks for common ones only."


def _data(probe: Facts) -> Iterator[str]:
    for row in probe.get("services") or []:
        what = f"{_encode.markdown(row['name'])} ({row['kind']})"
        yield f"{what}: check its data, its replication partners and its connection strings."
    yield "Data that the source has written since its copy is not on the instance. Stop writers, or copy it again."


def _monitoring(probe: Facts) -> Iterator[str]:
    yield "Change the address of the server in monitoring, log collection, backup and inventory."
    yield "Silence the alerts of the source."
    yield "Replace the host key in known_hosts files if cloud-init has made a new one."
    if (probe.get("state") or {}).get("running"):
        yield f"Services of the source: {_some(probe['state']['running'])}"


def _commit(instance: Facts) -> Iterator[str]:
    if not instance:
        yield "There is nothing to keep or to release yet."
        return
    policy = instances.policy(instance.get("tags") or {})
    yield f"Policy {policy}: {_POLICIES[policy]}. The playbook launch with launch_policy changes it."
    ends = instance.get("auto_release_time")
    if ends:
        advice = "Launch it again without a release time before you use it"
        yield f"ENS releases the instance at {_encode.markdown(ends)}. {advice}."
    by = instances.commit_by(instance.get("tags") or {})
    if by:
        when = _encode.markdown(f"{by:%Y-%m-%dT%H:%M:%SZ}")
        yield f"It must be committed until {when}. After that, the playbook rollback releases it."
    yield "To keep it: run the playbook commit. Then switch the source off."
    yield "To roll back: change DNS back, start the services of the source, and run launch with launch_state=absent."
