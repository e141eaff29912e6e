#!/usr/bin/python
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: source_remediation
short_description: Put right what stands in the way of a migration on a source server, and undo it
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Puts right what was switched on and nothing else. Everything is off by default.
  - What is changed is noted in a journal on the source before it is changed, with a copy of every file, so that O(state=absent) can
    undo it.
  - Everything goes through a POSIX shell over the connection. The host needs neither Python nor sftp.
notes:
  - This is an action. What is documented here runs on the controller, over the connection of the host.
  - It needs root on the host, so use it with C(become).
  - The connection plugin must be able to send data to a command, as P(ansible.builtin.ssh#connection) does.
  - When something that is switched on cannot be put right on a host, nothing is changed there and every reason is given.
  - The journal and the copies are in C(/var/lib/edgelift/remediation) on the source, for root alone.
  - A clock that was set is not set back to a wrong time by O(state=absent).
extends_documentation_fragment:
  - edgelift.ens_migration.attributes
attributes:
  check_mode:
    support: full
    details: Looks at the host and says what would be put right or undone.
  diff_mode:
    support: full
    details: Shows each fault before and after. In check mode a fault that would be gone is shown as put right.
  idempotent:
    support: full
  action_group:
    support: none
    membership: []
    details: It talks to the source server only, so it has none of the connection options of the cloud.
options:
  state:
    description:
      - V(present) puts right what is switched on.
      - V(absent) undoes everything that was ever put right on this host, whatever is switched on. A file that somebody else has changed
        since stays as it is, with a warning.
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
      - A file of the controller that rsync is installed from, a C(.deb), C(.rpm) or C(.apk), or else a program that becomes
        C(/usr/bin/rsync). For hosts that reach no package archive.
      - If unset, the package manager of the host gets it from its archives.
    type: path
  virtio:
    description:
      - Whether to add the virtio drivers to every initramfs in C(/boot) that lacks C(virtio_pci) or C(virtio_blk), and to the
        configuration that the next ones are made from, with C(update-initramfs), C(dracut) or C(mkinitrd).
    type: bool
    default: false
  selinux:
    description:
      - Whether to make SELinux permissive where it is enforcing, now and in C(/etc/selinux/config).
    type: bool
    default: false
  clock:
    description:
      - Whether to set a clock that differs from the controller's by more than O(clock_tolerance). A running chrony is asked to step,
        else C(ntpdate) with the servers of C(/etc/ntp.conf). When neither helps, the clock is set to the controller's.
    type: bool
    default: false
  clock_tolerance:
    description:
      - Seconds by which the clock may differ from the controller's.
    type: int
    default: 60
  environment:
    description:
      - Environment variables of the tools, such as C(https_proxy) for a package manager.
      - If empty, they have those of the login shell.
    type: dict
    default: {}
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

- name: Undo all of it
  edgelift.ens_migration.source_remediation:
    state: absent
  become: true
"""

RETURN = r"""
steps:
  description: The faults that were put right, or what was undone. In check mode, what would be.
  returned: success
  type: list
  elements: str
  sample:
    - rsync
    - selinux
faults:
  description: Every fault that was looked for, by the name of its option. In check mode, as it is before.
  returned: success
  type: dict
  contains:
    rsync:
      description: As an example, the fault of O(rsync). The others look the same.
      returned: when switched on
      type: dict
      contains:
        status:
          description: V(ok) when there is nothing to do, V(needed) when it can be put right.
          returned: always
          type: str
          sample: ok
        detail:
          description: What was seen.
          returned: always
          type: str
          sample: /usr/bin/rsync
undo:
  description: What O(state=absent) would undo on this host.
  returned: success
  type: list
  elements: str
  sample:
    - remove the packages libpopt0 rsync
    - restore /etc/selinux/config
"""
