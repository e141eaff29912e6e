# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """One server of a migration: the counterpart of identity_spec() in module_utils/_module/options.py."""

    DOCUMENTATION = r"""
options:
  name:
    description:
      - The name of the migration, usually the name of the wave.
      - The migration id is derived from this name, O(host) and O(fingerprint). The name of every resource contains it.
        To migrate the same server again, use another name.
    type: str
    required: true
  host:
    description:
      - The inventory name of the server.
    type: str
    required: true
  fingerprint:
    description:
      - The fingerprint that identifies the machine, as M(edgelift.ens_migration.source_probe) returns it.
      - If unset, O(source_id) identifies the machine.
    type: str
  source_id:
    description:
      - The id of the source in SMC, as its SMC client reports it.
      - If unset, O(fingerprint) is required, and the server cannot be copied.
    type: str
  image_name:
    description:
      - The prefix of the image name. The migration id is appended.
      - Two to 111 characters, a letter first, then letters, digits, underscores, colons or hyphens.
      - If unset, the name of the O(host) is used, with other characters replaced by hyphens.
    type: str
  disks:
    description:
      - The disks of the server that SMC transfers, as the module M(edgelift.ens_migration.source_probe) returns them.
      - They are compared with the disks of the image.
      - If unset, their number and sizes are not compared.
    type: list
    elements: dict
    suboptions:
      index:
        description: V(0) for the system disk, data disks count from V(1).
        type: int
        required: true
      bytes:
        description: The size of the disk in bytes.
        type: int
        required: true
"""

    SERVERS = r"""
options:
  servers:
    description:
      - The servers, as the filter P(edgelift.ens_migration.wave_servers#filter) returns them.
    type: list
    elements: dict
    suboptions:
      host:
        description: The inventory name of the server.
        type: str
        required: true
      fingerprint:
        description:
          - The fingerprint that identifies the machine, as M(edgelift.ens_migration.source_probe) returns it.
          - If unset, O(servers[].source_id) identifies the machine.
        type: str
      source_id:
        description:
          - The id of the source in SMC, as its SMC client reports it.
          - If unset, the server cannot be copied. An existing image is still found.
        type: str
      migration_id:
        description:
          - The migration ID of a server that has no O(servers[].fingerprint), because its host cannot be reached, as
            M(edgelift.ens_migration.ens_migration) returned it.
        type: str
      image_name:
        description:
          - The prefix of the image name. The migration id is appended.
          - If unset, the name of the host is used, with other characters replaced by hyphens.
        type: str
      platform:
        description:
          - The distribution, which is the C(ID) of C(/etc/os-release). Only C(centos) and C(ubuntu) are passed to ENS.
          - If unset, no distribution is passed to ENS.
        type: str
      keep_source:
        description:
          - Whether the source was registered by a client that this collection did not install. A cleanup does not delete such a source.
        type: bool
        default: false
      claim:
        description:
          - What the server says of itself, with the keys C(hostname), C(addresses) and C(source_ids).
          - M(edgelift.ens_migration.ens_account_info) compares it with the sources in SMC if two servers have one fingerprint. Other modules ignore it.
        type: dict
      copy:
        description:
          - When and how fast the server may be copied. Only M(edgelift.ens_migration.ens_migration) uses it.
        type: dict
        suboptions:
          bytes:
            description:
              - How many bytes are expected to be copied. The longest expected copies start first.
              - If unset, the size of the disks.
            type: int
          site:
            description: The site of the server, which shares an uplink with the other servers of the site.
            type: str
          uplink:
            description:
              - The uplink of the site in Mbit/s, at least 0. Of several values for one site the smallest one counts. V(0) is no limit.
              - Only the copies of one run share it. What other runs copy, or hosts that cannot be reached, does not count.
              - Each copy gets a share of it as C(bandwidth_limit), so that all copies of the site together do not exceed it. SMC cannot change the
                limit of a running copy. What a copy leaves when it ends goes to the next ones.
            type: float
          windows:
            description:
              - The maintenance windows in UTC in which the copy may start, such as V(Sat-Sun 22:00-06:00) or V(20:00-04:00).
              - If unset, at any time. A copy that runs is not stopped at the end of a window.
            type: list
            elements: str
          groups:
            description: The groups of the server that O(edgelift.ens_migration.ens_migration#module:max_parallel) may name.
            type: list
            elements: str
      disks:
        description:
          - The disks of the server that SMC transfers, as the module M(edgelift.ens_migration.source_probe) returns them.
          - They are compared with the disks of the image.
          - If unset, their number and sizes are not compared.
        type: list
        elements: dict
        suboptions:
          index:
            description: V(0) for the system disk, data disks count from V(1).
            type: int
            required: true
          bytes:
            description: The size of the disk in bytes.
            type: int
            required: true
"""
