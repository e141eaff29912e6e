#!/usr/bin/python
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: source_probe
short_description: Probe a source server and report what would block its migration
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Runs one POSIX shell script on the host and reads its output, in one round trip. The host needs no Python, and the script
    changes nothing. It runs on dash, bash 3 and the ash of busybox.
  - The controller compares the facts with the limits of SMC, ECS and ENS.
  - A host that cannot be probed, because it runs Windows or its shell does not answer, is a finding and not a failure. The other
    hosts of the wave continue. A host that cannot be reached stays unreachable to Ansible.
notes:
  - This is an action. What is documented here runs on the controller, over the connection of the host.
  - A host that exceeds O(answer_timeout) or the memory for its answer gets the finding V(no-answer). An answer that exceeds
    O(answer_max_bytes) or O(answer_max_line) gets the finding V(answer-not-understood). Both are blockers.
  - Use it with C(become). Without root, the probe reads fewer facts, and the fingerprint may differ.
  - The connection plugin must be able to send data to a command, as P(ansible.builtin.ssh#connection) does.
extends_documentation_fragment:
  - edgelift.ens_migration.answers
  - edgelift.ens_migration.attributes.source_only
  - edgelift.ens_migration.attributes
  - edgelift.ens_migration.attributes.info_module
options:
  install_dir:
    description: The folder in which the probe searches for an SMC client.
    type: str
    default: /smc
  egress:
    description:
      - Targets in the form C(host:port) that the host must be able to reach. The probe opens connections and sends no data.
      - The probe tests all targets in parallel, with the first of bash, nc, Python, perl and curl that the host has.
    type: list
    elements: str
    default: []
  egress_timeout:
    description: Seconds after which a connection that was neither opened nor refused counts as blocked.
    type: int
    default: 5
  timeout:
    description:
      - Seconds after which the probe has ended on the host, whatever the host does. It must be at least 5 more than O(egress_timeout).
      - Each step of the probe has its own time limit, and what does not end is killed. With a multiple of 15 seconds, each limit is a multiple, too.
      - The finding V(probe-expired) names the step, and the path and the mount where it is known. The other facts are kept.
      - The probe does not touch mounts of other hosts or of programs, such as NFS and FUSE.
    type: int
    default: 15
  exclude_disks:
    description:
      - Disks of this host that are not to be migrated, such as V(sdb) or V(/dev/sdb). They count for no limit.
      - A name that is no disk of the host, or the system disk, is an error.
    type: list
    elements: str
    default: []
  waivers:
    description:
      - Findings to waive until a date. A waived blocker is reported as a risk.
      - A waiver is an error if it names an unknown finding, has expired, names a note, or names a finding that the services always
        reject, such as the architecture or the number of disks.
    type: list
    elements: dict
    default: []
    suboptions:
      id:
        description: The finding.
        type: str
        required: true
      reason:
        description: Who accepts the risk, and why.
        type: str
        required: true
      expires:
        description: The last day on which the waiver is valid (UTC), such as V(2026-12-31).
        type: str
        required: true
seealso:
  - module: edgelift.ens_migration.smc_agent
  - module: edgelift.ens_migration.ens_migration
"""

EXAMPLES = r"""
- name: Probe the source servers
  edgelift.ens_migration.source_probe:
  become: true
  register: source

- name: Show the blockers
  ansible.builtin.debug:
    var: source.reasons

- name: Probe the source servers and their connections to SMC
  edgelift.ens_migration.source_probe:
    egress:
      - smc.aliyuncs.com:443
      - smc-service.aliyuncs.com:443
  become: true
"""

RETURN = r"""
verdict:
  description: V(clear), or V(blocked) when a finding is a blocker.
  returned: always
  type: str
  sample: blocked
reasons:
  description: One text for each blocker.
  returned: always
  type: list
  elements: str
  sample:
    - 'too-many-data-disks: 5 data disks: vdb, vdc, vdd, vde, vdf. ECS exports and ENS imports images with at most 4 data disks.'
summary:
  description: One text for each finding.
  returned: always
  type: list
  elements: str
  sample:
    - >-
      risk rsync-missing: rsync is not in PATH. The SMC client copies with rsync. Fix: Install the package rsync on the
      host.
findings:
  description: The findings, blockers first.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: The class of the finding.
      type: str
      sample: rsync-missing
    severity:
      description: V(blocker) prevents the migration of the server, V(risk) may make it fail later, V(note) is information.
      type: str
      sample: risk
    evidence:
      description: The evidence on the host.
      type: str
      sample: rsync is not in PATH
    why:
      description: The cause.
      type: str
      sample: The SMC client copies with rsync.
    fix:
      description: The fix.
      type: str
      sample: Install the package rsync on the host.
    source:
      description: The page or API reference of the vendor that documents the rule.
      type: str
      sample: SMC FAQ (2021)
    number:
      description: Which of the classes in the README of the role C(preflight) it belongs to, V(0) for none.
      type: int
      sample: 7
    remediation:
      description: The variable that enables the fix in the role C(remediate), empty where the role has no fix.
      type: str
      sample: remediate_rsync
    waived:
      description: The C(reason) and the last day (C(expires)) of the waiver, where there is one.
      type: dict
disks:
  description:
    - The disks that SMC transfers, as the modules of this collection take them.
    - SMC transfers the system disk, and data disks with a mounted file system that does not also lie on the system disk.
  returned: always
  type: list
  elements: dict
  contains:
    index:
      description: V(0) for the system disk, data disks count from V(1).
      type: int
      sample: 0
    bytes:
      description: The size in bytes.
      type: int
      sample: 21474836480
probe:
  description: The facts, empty if the host could not be probed. An unknown fact is null or empty.
  returned: always
  type: dict
  contains:
    schema: {description: The version of this document. It changes when a key changes its meaning., type: int, sample: 2}
    system: {description: The kernel's name., type: str, sample: Linux}
    kernel: {description: The kernel's release., type: str, sample: 2.6.32-754.el6.x86_64}
    machine: {description: The architecture., type: str, sample: x86_64}
    hostname: {description: The host's own name., type: str, sample: web-01}
    os:
      description: C(id), C(version) and C(name) of the distribution.
      type: dict
      sample: {id: centos, version: '6.10', name: CentOS release 6.10 (Final)}
    uid: {description: The user id that looked., type: int, sample: 0}
    epoch:
      description: The host's clock, in seconds since 1970 UTC.
      type: int
      sample: 1795509537
    clock:
      description:
        - C(skew_seconds) is by how much the host's clock is ahead of the controller's; what lies within the time that the question
          took is no skew. C(sync) is what keeps the clock right.
      type: dict
    virtualization:
      description: The platform that the firmware names, or what systemd detects.
      type: str
      sample: vmware
    boot: {description: V(bios) or V(uefi)., type: str, sample: bios}
    grub: {description: The version of GRUB., type: str, sample: '2.02'}
    boot_config:
      description: The configuration files of boot loaders that are there.
      type: list
      elements: str
      sample: [/boot/grub2/grub.cfg]
    initramfs:
      description:
        - The kernel that boots next, its initramfs, and the virtio drivers in it (C(modules)), in the kernel itself (C(builtin)), and among
          the modules on the disk (C(available)). C(kernel_known) says whether the kernel's own files were found.
        - C(state) is V(read), V(none) without an initramfs, or why it was not read, V(unreadable) without root, V(too-large)
          above 256 MiB, V(no-tool), V(unknown-format), or V(expired).
        - C(chosen_by) is the menu of the boot loader whose default entry names the kernel. Where it is null, the running kernel counts.
          C(gone) is the kernel of the default entry and its menu, if that kernel is not in C(/boot).
      type: dict
      sample:
        kernel: 6.1.0-28-amd64
        chosen_by: /boot/grub/grub.cfg
        path: /boot/initrd.img-6.1.0-28-amd64
        state: read
        modules: [virtio, virtio_blk, virtio_pci, virtio_ring]
        builtin: []
        available: [virtio, virtio_blk, virtio_pci, virtio_ring]
        kernel_known: true
    machine_id:
      description: The machine-id, null where none is set.
      type: str
      sample: 0f2a7c6f9d1e4b0c8a55f1c2d3e4b5a6
    fingerprint:
      description:
        - SHA-256 over machine-id, DMI uuid and SSH host public keys, whichever exist. Two inventory hosts have the same one only
          if they are the same machine.
      type: str
      sample: 69f5ae3d7772ff1340b7c89d936cfe8f41a7db4b9b2598910090c018443d528e
    root:
      description:
        - What the root file system is mounted from. C(source), C(device), C(disk), C(disks), C(fstype), C(lvm), C(raid) and
          C(encrypted).
      type: dict
      sample:
        source: /dev/vda1
        disk: vda
        disks: [vda]
        fstype: ext4
        lvm: false
        raid: false
        encrypted: false
    disks:
      description:
        - Every disk, the system disk first. C(name), C(bytes), C(system), C(encrypted), C(fstype), C(mounts), C(used_bytes) and
          C(partitions), which have C(name), C(number), C(bytes), C(fstype), C(mounts) and C(used_bytes).
        - What is in use on a file system that spans several of them is counted under none.
      type: list
      elements: dict
      sample:
        - name: vda
          bytes: 21474836480
          system: true
          encrypted: false
          fstype:
          mounts: [/]
          used_bytes: 1620000768
          partitions:
            - name: vda1
              number: 1
              bytes: 21473787904
              fstype: ext4
              mounts: [/]
              used_bytes: 1620000768
    mounts:
      description:
        - Every mount of a local file system. C(source), C(target), C(device), C(fstype), C(read_only), C(disks), C(bytes), C(used_bytes),
          C(available_bytes) and C(inodes_used_percent).
      type: list
      elements: dict
      sample:
        - source: /dev/vda1
          target: /
          device: vda1
          fstype: ext4
          read_only: false
          disks: [vda]
          bytes: 21003583488
          used_bytes: 1620000768
          available_bytes: 18300000000
          inodes_used_percent: 4
    swaps:
      description: What is swapped to. C(device), C(kind), C(bytes) and C(used_bytes).
      type: list
      elements: dict
    tmp:
      description: How C(/tmp) is mounted where it is a separate mount. C(fstype), C(read_only) and C(noexec).
      type: dict
    cpus: {description: The number of processors that are online., type: int, sample: 4}
    load: {description: The load of the last minute., type: float, sample: 0.35}
    memory:
      description: C(total_bytes), C(available_bytes), C(swap_total_bytes) and C(swap_free_bytes).
      type: dict
    tools:
      description: Where the host has each of the tools that matter, null for one that it has not.
      type: dict
      sample: {rsync: /usr/bin/rsync, unzip: null}
    selinux:
      description: V(enforcing), V(permissive), V(disabled) or V(absent).
      type: str
      sample: permissive
    container:
      description: The kind of the container that the host is, and the sign of it. Empty for a machine with its own kernel.
      type: dict
      sample: {kind: lxc, sign: /proc/1/environ}
    fstab:
      description: What of C(/etc/fstab) has no device (C(missing)), and which parts of the boot chain are not mounted (C(unmounted)).
      type: dict
      sample: {missing: ["/data (UUID=0f1e)"], unmounted: []}
    cloud_init_off:
      description: What switches cloud-init off.
      type: str
      sample: /etc/cloud/cloud-init.disabled
    cloud_init:
      description: Whether cloud-init is configured.
      type: bool
      sample: true
    services:
      description:
        - The databases and container engines of which a process runs or a data folder exists. C(name), C(kind), C(running), C(processes),
          C(paths), and C(filled), the paths in which something was seen.
      type: list
      elements: dict
    licences:
      description: Signs of licences that may be bound to the machine. C(name), C(signs) and C(binding), what is known to bind them.
      type: list
      elements: dict
    addresses:
      description: The IPv4 addresses.
      type: list
      elements: str
    network:
      description:
        - How the network is configured. C(plans) are what each file of ifupdown, ifcfg, wicked, NetworkManager, netplan or systemd-networkd
          configures for one device. C(renames) are the rules of udev that name devices, C(services) what starts with the host.
          C(known) is false if the probe could not read all files. Lines and sections with keys and passwords are left out.
      type: dict
    resolver:
      description: The C(nameservers) and the C(search) domains of C(/etc/resolv.conf).
      type: dict
    proxies:
      description: Where a proxy is configured (C(source)), and the variable and the address, without user and password (C(line)).
      type: list
      elements: dict
      sample: [{source: /etc/environment, line: 'https_proxy=http://proxy.example.com:3128'}]
    egress:
      description:
        - For each target of O(egress), whether a connection was opened (C(state)), whether its name was found (C(dns)), and with which
          C(tool). Both are V(ok), V(failed), V(timeout), or V(untested) where the host has no program for it.
      type: list
      elements: dict
    state: {description: 'C(users), C(listening) ports, C(running) services, C(running_by), C(routes), C(file_systems_with_errors), C(cut).', type: dict}
    install_dir: {description: The folder below which an SMC client was looked for., type: str, sample: /smc}
    agent:
      description: The SMC client, as M(edgelift.ens_migration.smc_agent) returns it.
      type: dict
      sample:
        installed: false
        ours: false
        alive: false
        dir:
        pid:
        source_id:
        source_ids: []
        unsafe:
    expired:
      description: The steps of the probe that were stopped at their limit, with the path and its mount where they are known.
      type: list
      elements: dict
      sample: [{step: space, seconds: 1, path: /data, mount: /data}]
    untouched:
      description: The paths that the probe did not look at, because they are on a mount that may not answer.
      type: list
      elements: dict
      sample: [{path: /var/lib/mysql, mount: /nfs}]
    needs_root:
      description: What only root could have read.
      type: list
      elements: str
      sample: [dmi product_uuid]
"""
