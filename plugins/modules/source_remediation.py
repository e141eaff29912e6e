#!/usr/bin/python
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: source_remediation
short_description: Fix common migration blockers on a source server, or revert the fixes
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Applies the enabled fixes. All fixes are disabled by default.
  - A journal on the source records every change before it is made, with a copy of every file, so that O(state=absent) can revert it.
  - The action uses a POSIX shell over the connection. The host needs neither Python nor sftp.
notes:
  - This is an action. What is documented here runs on the controller, over the connection of the host.
  - It needs root on the host, so use it with C(become).
  - The connection plugin must be able to send data to a command, as P(ansible.builtin.ssh#connection) does.
  - If an enabled fix is not possible on a host, the action changes nothing there and reports every reason.
  - The journal and the copies are in C(/var/lib/edgelift/remediation) on the source. Only root can read them.
  - O(state=absent) does not set a corrected clock back to the wrong time.
extends_documentation_fragment:
  - edgelift.ens_migration.answers
  - edgelift.ens_migration.attributes.source_only
  - edgelift.ens_migration.attributes
attributes:
  check_mode:
    support: full
    details: Checks the host and reports what would be fixed or reverted.
  diff_mode:
    support: full
    details: Shows each fault before and after. In check mode, a fault that would be fixed is shown as fixed.
  idempotent:
    support: full
options:
  state:
    description:
      - V(present) applies the enabled fixes.
      - V(absent) reverts all fixes that were ever applied to this host, also disabled ones. A file that was changed since is kept, with
        a warning.
    type: str
    default: present
    choices:
      - absent
      - present
  rsync:
    description:
      - Whether to install rsync where it is missing, with the first of C(apt-get), C(dnf), C(yum), C(zypper) and C(apk) that the host has.
    type: bool
    default: false
  rsync_src:
    description:
      - A file on the controller from which rsync is installed. It is a C(.deb), C(.rpm) or C(.apk), or a program that becomes
        C(/usr/bin/rsync). For hosts without access to a package archive.
      - If unset, the package manager of the host installs it from its archives.
    type: path
  virtio:
    description:
      - Whether to add the virtio drivers to every initramfs in C(/boot) that lacks C(virtio_pci) or C(virtio_blk), and to the
        configuration for future ones, with C(update-initramfs), C(dracut) or C(mkinitrd).
    type: bool
    default: false
  selinux:
    description:
      - Whether to set an enforcing SELinux to permissive, now and in C(/etc/selinux/config).
    type: bool
    default: false
  clock:
    description:
      - Whether to set the clock if it differs from the clock of the controller by more than O(clock_tolerance). The action makes a running
        chrony step, or runs C(ntpdate) with the servers of C(/etc/ntp.conf). If neither works, it sets the time of the controller.
    type: bool
    default: false
  clock_tolerance:
    description:
      - Seconds by which the clock may differ from the clock of the controller.
    type: int
    default: 60
  dhcp:
    description:
      - Whether to prepare DHCP for the network of the migrated server. The present configuration stays as it is.
      - A script in C(/etc/edgelift-dhcp) starts with the host. On the source it changes nothing, because it finds one of the network
        cards that were recorded there. On another machine it waits 60 seconds for an address that works on the first virtio device.
        Without one, it asks DHCP with NetworkManager, systemd-networkd, wicked, C(dhclient), C(dhcpcd) or C(udhcpc). A static address
        whose gateway does not answer is removed from the device there, not from the configuration.
      - On the migrated server, the script stays until you delete C(/etc/edgelift-dhcp) and its unit C(edgelift-dhcp).
    type: bool
    default: false
  cloud_init:
    description:
      - Whether to install cloud-init where it is missing, and to switch it on where C(/etc/cloud/cloud-init.disabled) or a masked unit
        switches it off. ENS sets host name and password with it.
      - If it changes something, it also writes C(/etc/cloud/cloud.cfg.d/99-edgelift.cfg), so that a restart of the source changes neither
        its network, nor its SSH host keys and logins. Use O(dhcp) for the network.
    type: bool
    default: false
  environment:
    description:
      - Environment variables of the tools, such as C(https_proxy) for a package manager.
      - If empty, the environment of the login shell applies.
    type: dict
    default: {}
  answer_timeout:
    description:
      - Seconds that the host has for the answer to one script. Then the connection is closed, and the host gets a failed task. A package
        manager may have to download its index, and an initramfs takes minutes on an old machine.
      - A host that did not answer earlier in the same run of Ansible is not asked, and nothing is changed on it.
    type: int
    default: 1800
seealso:
  - module: edgelift.ens_migration.source_probe
  - module: edgelift.ens_migration.smc_agent
"""

EXAMPLES = r"""
- name: Install rsync where it is missing
  edgelift.ens_migration.source_remediation:
    rsync: true
  become: true

- name: Install rsync from a file, and make SELinux permissive
  edgelift.ens_migration.source_remediation:
    rsync: true
    rsync_src: /var/cache/edgelift/rsync-3.0.6-12.el6.x86_64.rpm
    selinux: true
  become: true

- name: Revert all fixes
  edgelift.ens_migration.source_remediation:
    state: absent
  become: true
"""

RETURN = r"""
steps:
  description: The fixed faults, or the reverted changes. In check mode, those that would be.
  returned: success
  type: list
  elements: str
  sample:
    - rsync
    - selinux
faults:
  description: Every checked fault by the name of its option. In check mode, its present state.
  returned: success
  type: dict
  contains:
    rsync:
      description: As an example, the fault of O(rsync). The others look the same.
      returned: when enabled
      type: dict
      contains:
        status:
          description: V(ok) if no fix is needed, V(needed) if the fix is possible.
          returned: always
          type: str
          sample: ok
        detail:
          description: The evidence.
          returned: always
          type: str
          sample: /usr/bin/rsync
undo:
  description: What O(state=absent) would revert on this host.
  returned: success
  type: list
  elements: str
  sample:
    - remove the packages libpopt0 rsync
    - restore /etc/selinux/config
"""
