#!/usr/bin/python
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: source_probe
short_description: Look at a source server and say what stands against its migration
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Sends one POSIX-sh script through the connection and reads its answer. It takes one round trip, needs no Python on the
    host, changes nothing there and leaves nothing behind.
  - The facts are judged on the controller against the limits of SMC, ECS and ENS.
  - A host that cannot be looked at, because it runs Windows or its shell does not answer, is a finding and not a failure, so
    that the rest of a wave goes on. A host that cannot be reached stays unreachable to Ansible.
notes:
  - This is an action. What is documented here runs on the controller, over the connection of the host.
  - Use it with C(become). Without root it sees less, and the fingerprint may be another one.
  - The connection plugin must be able to send data to a command, as P(ansible.builtin.ssh#connection) does.
extends_documentation_fragment:
  - edgelift.ens_migration.attributes
  - edgelift.ens_migration.attributes.info_module
attributes:
  action_group:
    support: none
    membership: []
    details: It talks to the source server only, so it has none of the connection options of the cloud.
options:
  install_dir:
    description:
      - The folder below which an SMC client is looked for.
    type: str
    default: /smc
seealso:
  - module: edgelift.ens_migration.smc_agent
  - module: edgelift.ens_migration.ens_migration
"""

EXAMPLES = r"""
- name: Look at the source servers
  edgelift.ens_migration.source_probe:
  become: true
  register: source

- name: Show what stands against the migration
  ansible.builtin.debug:
    var: source.reasons

- name: Look for an SMC client that was installed elsewhere
  edgelift.ens_migration.source_probe:
    install_dir: /opt/smc
  become: true
"""

RETURN = r"""
verdict:
  description: V(clear), or V(blocked) when a finding is a blocker.
  returned: always
  type: str
  sample: blocked
reasons:
  description: One sentence for each blocker.
  returned: always
  type: list
  elements: str
  sample:
    - 'too-many-data-disks: 5 data disks: vdb, vdc, vdd, vde, vdf. ECS exports and ENS imports images with at most 4 data disks.'
summary:
  description: One paragraph for each finding, for people to read.
  returned: always
  type: list
  elements: str
  sample:
    - >-
      risk rsync-missing: no rsync in PATH. The SMC client copies with rsync. What to do: Install the package rsync on the
      host.
findings:
  description: What was found, blockers first.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: The class of the finding.
      returned: always
      type: str
      sample: rsync-missing
    severity:
      description: V(blocker) stops the migration of the server, V(risk) may break it later, V(note) is for the reader.
      returned: always
      type: str
      sample: risk
    evidence:
      description: What the host shows.
      returned: always
      type: str
      sample: no rsync in PATH
    why:
      description: Why it matters.
      returned: always
      type: str
      sample: The SMC client copies with rsync.
    fix:
      description: What to do.
      returned: always
      type: str
      sample: Install the package rsync on the host.
    source:
      description: Where the rule is written down.
      returned: always
      type: str
      sample: SMC FAQ (2021)
disks:
  description: The disks that are migrated, as the modules of this collection take them.
  returned: always
  type: list
  elements: dict
  contains:
    index:
      description: V(0) for the system disk, data disks count from V(1).
      returned: always
      type: int
      sample: 0
    bytes:
      description: The size in bytes.
      returned: always
      type: int
      sample: 21474836480
probe:
  description: The facts, empty when the host could not be looked at. A fact that the host does not tell is null or empty.
  returned: always
  type: dict
  contains:
    schema:
      description: The version of this document.
      returned: when the host answered
      type: int
      sample: 1
    system:
      description: The kernel's name.
      returned: when the host answered
      type: str
      sample: Linux
    kernel:
      description: The kernel's release.
      returned: when the host answered
      type: str
      sample: 2.6.32-754.el6.x86_64
    machine:
      description: The architecture.
      returned: when the host answered
      type: str
      sample: x86_64
    hostname:
      description: The host's own name.
      returned: when the host answered
      type: str
      sample: web-01
    os:
      description: C(id), C(version) and C(name) of the distribution.
      returned: when the host answered
      type: dict
      sample:
        id: centos
        version: '6.10'
        name: CentOS release 6.10 (Final)
    uid:
      description: The user id that looked.
      returned: when the host answered
      type: int
      sample: 0
    epoch:
      description: The host's clock, in seconds since 1970 UTC.
      returned: when the host answered
      type: int
      sample: 1795509537
    virtualization:
      description: The platform that the firmware names, or what systemd detects.
      returned: when the host answered
      type: str
      sample: vmware
    boot:
      description: V(bios) or V(uefi).
      returned: when the host answered
      type: str
      sample: bios
    grub:
      description: The version of GRUB.
      returned: when the host answered
      type: str
      sample: '2.02'
    fingerprint:
      description:
        - SHA-256 over machine-id, DMI uuid and SSH host public keys, whichever exist. Two inventory hosts have the same one only
          if they are the same machine.
      returned: when the host answered
      type: str
      sample: 69f5ae3d7772ff1340b7c89d936cfe8f41a7db4b9b2598910090c018443d528e
    root:
      description:
        - What the root file system is mounted from. C(source), C(device), C(disk), C(disks), C(fstype), C(lvm), C(raid) and
          C(encrypted).
      returned: when the host answered
      type: dict
      sample:
        source: /dev/vda1
        device: vda1
        disk: vda
        disks: [vda]
        fstype: ext4
        lvm: false
        raid: false
        encrypted: false
    disks:
      description: Every disk, the system disk first. C(name), C(bytes), C(system), C(encrypted) and C(partitions).
      returned: when the host answered
      type: list
      elements: dict
      sample:
        - name: vda
          bytes: 21474836480
          system: true
          encrypted: false
          partitions:
            - name: vda1
              number: 1
              bytes: 21473787904
    mounts:
      description:
        - Every mount of a local file system. C(source), C(target), C(fstype), C(read_only), C(disks), C(bytes) and
          C(used_bytes).
      returned: when the host answered
      type: list
      elements: dict
      sample:
        - source: /dev/vda1
          target: /
          fstype: ext4
          read_only: false
          disks: [vda]
          bytes: 21003583488
          used_bytes: 1620000768
    swaps:
      description: The devices that are swapped to.
      returned: when the host answered
      type: list
      elements: str
      sample: []
    tools:
      description: Where the host has each of the tools that matter, null for one that it has not.
      returned: when the host answered
      type: dict
      sample:
        rsync: /usr/bin/rsync
        unzip:
    selinux:
      description: V(enforcing), V(permissive), V(disabled) or V(absent).
      returned: when the host answered
      type: str
      sample: permissive
    cloud_init:
      description: Whether cloud-init is configured.
      returned: when the host answered
      type: bool
      sample: true
    agent:
      description: The SMC client, as M(edgelift.ens_migration.smc_agent) returns it.
      returned: when the host answered
      type: dict
      sample:
        installed: false
        ours: false
        alive: false
        dir:
        pid:
        source_id:
        source_ids: []
        bundle_sha256:
    needs_root:
      description: What only root could have read.
      returned: when the host answered
      type: list
      elements: str
      sample: [dmi product_uuid]
"""
