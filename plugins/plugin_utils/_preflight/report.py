# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is PRIVATE to the edgelift.ens_migration collection: it may change or vanish in any release
# without notice. Import it from nowhere else.

"""The results of the preflight: the findings of a host with those of the account, its report and its variables, and
the rows of a wave as JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import yaml
from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight import verdict as verdicts
from ansible_collections.edgelift.ens_migration.plugins.module_utils._preflight.rule import ORDER, Finding
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.disks import transferred
from ansible_collections.edgelift.ens_migration.plugins.module_utils._rules.limits import GIB
from ansible_collections.edgelift.ens_migration.plugins.plugin_utils import _encode

from . import classes, disks, source, waivers

REMEDIATIONS: Final = {
    "remediate_rsync": "Installs the package rsync.",
    "remediate_virtio": "Adds the virtio drivers to the initramfs of the default kernel.",
    "remediate_selinux": "Sets SELinux to permissive until the migration is finished.",
    "remediate_clock": "Sets the clock through a running chrony, through ntpdate, or from the controller.",
    "remediate_dhcp": "Prepares DHCP for the first virtio network device of the migrated server.",
    "remediate_cloud_init": "Installs cloud-init, or switches it on.",
}
"""The variables that enable a fix of the role remediate, and what each fix does."""

COLUMNS: Final = ("host", "verdict", "number", "id", "severity", "evidence", "fix", "remediation", "waived", "expires")


def unreachable(message: str) -> Finding:
    """Return the finding of a host that Ansible cannot reach."""
    return source.UNREACHABLE.finding(" ".join(str(message).split())[:300] or "no answer")


def account_by_host(account: Mapping[str, Any]) -> dict[str, Any]:
    """Return the result of ens_account_info as ``findings`` of the whole wave and ``servers``, a row for each host."""
    servers = account.get("servers") or []
    return {"findings": list(account.get("findings") or []), "servers": {row["host"]: row for row in servers}}


def judgement(
    findings: Sequence[Finding],
    account: Mapping[str, Any] | None = None,
    host: str = "",
    waived: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Return the findings of a host and of the account, with verdict, reasons and summary; ``account`` is what
    account_by_host returns."""
    found = list(findings)
    if account:
        own = account["servers"].get(host) or {}
        found += waivers.apply([*account["findings"], *own.get("findings", [])], waived)
    return verdicts.judgement(sorted(found, key=lambda item: ORDER.index(item["severity"])))


def source_images(hosts: Sequence[str], hostvars: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return, for every host that is an ECS instance, the id of the image that it was created from, or ''."""
    found = {}
    for host in hosts:
        facts = hostvars[host]
        image = str(facts.get("preflight_source_image_id") or "")
        if image or (facts.get("preflight_probe") or {}).get("virtualization") == "alibaba-ecs":
            found[host] = image
    return found


def remediations(findings: Sequence[Finding]) -> list[str]:
    """Return the variables of the role remediate that fix the findings."""
    return sorted({item["remediation"] for item in findings if item["remediation"]})


def variables(findings: Sequence[Finding], host: str) -> str:
    """Return a host_vars file with the fixes that match the findings, all of them disabled."""
    chosen = set(remediations(findings))
    # The names of our own table: to YAML, those of findings are not texts on ansible-core 2.16.
    wanted = [name for name in sorted(REMEDIATIONS) if name in chosen]
    out = [
        "---",
        f"# Fixes of the role remediate for the findings of {json.dumps(str(host))}.",
        "# Set a variable to true to enable the fix.",
    ]
    if _encode.file_name(host) != host:
        out.append("# Ansible does not load this file by its name: copy the variables to this host of the inventory.")
    if not wanted:
        out.append("# The role has no fix for these findings.")
    for name in wanted:
        seen = [f"{item['id']}, {item['evidence']}" for item in findings if item["remediation"] == name]
        out += ["", *(f"# {_encode.one_line(line)}" for line in seen), f"# {REMEDIATIONS[name]}"]
        out.append(yaml.safe_dump({name: False}).rstrip())
    return "\n".join(out) + "\n"


def host_report(
    findings: Sequence[Finding], host: str, probe: Mapping[str, Any] | None = None, verdict: str = ""
) -> str:
    """Return the report of one host in Markdown. ``verdict`` replaces the verdict of the findings where it is given."""
    out = [f"# {_encode.markdown(host)}", "", f"Verdict: **{verdict or verdicts.verdict(list(findings))}**"]
    if probe:
        used, targets = disks.used_bytes(dict(probe))
        facts = (
            f"System: {probe['os']['name'] or 'unknown'}, kernel {probe['kernel']}, {probe['machine']}",
            f"Boot: {probe['boot'] or 'unknown'}, GRUB {probe['grub'] or 'unknown'}",
            f"Platform: {probe['virtualization'] or 'unknown'}",
            f"Disks that are transferred: {', '.join(_transferred(probe)) or 'not known'}",
            f"Disks that are not transferred: {', '.join(_kept(probe)) or 'none'}",
            f"Used space: {used / GIB:.4g} GiB on {', '.join(targets) or 'no file system'}, the most to copy",
        )
        out += ["", *(f"- {_encode.markdown(text)}" for text in facts)]
    for severity in ORDER:
        rows = [item for item in findings if item["severity"] == severity]
        if not rows:
            continue
        out += ["", f"## {severity.capitalize()}s"]
        for item in rows:
            number = f", class {item['number']}" if item["number"] else ""
            out += ["", f"### {item['id']}{number}", "", f"- Evidence: {_encode.markdown(item['evidence'])}"]
            out += [f"- Cause: {item['why']}", f"- Fix: {item['fix']}", f"- Source: {item['source']}"]
            if item["remediation"]:
                out.append(f"- The role remediate can fix it: `{item['remediation']}: true`")
            if item.get("waived"):
                text = f"Waived until {item['waived']['expires']}: {item['waived']['reason']}"
                out.append(f"- {_encode.markdown(text)}")
    return "\n".join(out) + "\n"


def _transferred(probe: Mapping[str, Any]) -> list[str]:
    return [f"{disk.index}: {disk.name} {disk.bytes / GIB:.4g} GiB" for disk in transferred(probe)]


def _kept(probe: Mapping[str, Any]) -> list[str]:
    moved = {disk.name for disk in transferred(probe)}
    return [f"{row['name']} {row['bytes'] / GIB:.4g} GiB" for row in probe["disks"] if row["name"] not in moved]


def wave(hosts: Sequence[str], hostvars: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one row for each host of a wave, also for hosts without a verdict."""
    rows = []
    for host in hosts:
        facts = hostvars[host]
        if "preflight_findings" in facts:
            findings, verdict = list(facts["preflight_findings"]), str(facts["preflight_verdict"])
        else:
            missing = "the preflight ended without a verdict; check the first failure of this host in the output"
            findings, verdict = [unreachable(missing)], "blocked"
        ids = {severity: [item["id"] for item in findings if item["severity"] == severity] for severity in ORDER}
        rows.append(
            {
                "host": host,
                "verdict": verdict,
                "blockers": ids["blocker"],
                "risks": ids["risk"],
                "notes": ids["note"],
                "remediations": remediations(findings),
                "reasons": list(facts.get("preflight_reasons") or []),
                "findings": findings,
            }
        )
    return rows


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return one line of CSV for each finding, and one for a host that has none."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        for item in row["findings"] or [{}]:
            waiver = item.get("waived") or {}
            cells = [item.get(name, "") for name in COLUMNS[2:8]]
            cells = [row["host"], row["verdict"], *cells, waiver.get("reason", ""), waiver.get("expires", "")]
            writer.writerow([_encode.csv_cell(cell) for cell in cells])
    return out.getvalue()


def as_json(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows and the classes as JSON."""
    known = [{"number": row.number, "side": row.side, "title": row.title, "ids": row.ids} for row in classes.CLASSES]
    return json.dumps({"servers": list(rows), "classes": known}, indent=2) + "\n"
