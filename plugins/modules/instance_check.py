#!/usr/bin/python
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: instance_check
short_description: Check a booted copy of a server
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Waits until a booted copy of a server answers over SSH. It probes the copy with the scripts of M(edgelift.ens_migration.source_probe), so the copy
    needs no Python. It compares the facts with those of the source, and makes the checks of the user.
  - A check or a comparison that fails is repeated until O(check_timeout) is over, because services start after SSH.
  - A copy that does not answer, or does not pass, is a verdict and not a failure of the task.
notes:
  - This is an action. What is documented here runs on the controller, over the connection of the task. Set C(ansible_host) and C(ansible_port) in the
    C(vars) of the task, as in the example.
  - It fails if Ansible would connect to another address than O(address), for example because C(ansible_ssh_host) was given with C(-e).
extends_documentation_fragment:
  - edgelift.ens_migration.answers
  - edgelift.ens_migration.attributes.source_only
  - edgelift.ens_migration.attributes
attributes:
  check_mode:
    support: full
    details: Makes no connection, because there is no copy in check mode.
  diff_mode:
    support: N/A
    details: It compares, and changes nothing.
  idempotent:
    support: full
    details: It changes nothing, if the commands of O(checks) change nothing.
options:
  address:
    description: The address of the copy.
    type: str
    required: true
  port:
    description: Its SSH port, 1 to 65535.
    type: int
    default: 22
  source:
    description:
      - The facts of the source before its copy, as RV(edgelift.ens_migration.source_probe#module:probe) has them. If empty, nothing is compared with
        the source.
    type: dict
    default: {}
  checks:
    description: The checks, at most 100.
    type: list
    elements: dict
    default: []
    suboptions:
      kind:
        description:
          - V(command) runs O(checks[].command) with C(/bin/sh) and compares its exit status with O(checks[].rc) and its output with O(checks[].text).
          - V(port) passes if a TCP socket of the copy listens on O(checks[].port).
          - V(http) requests O(checks[].url) on the copy itself, with curl, or for a URL without TLS with bash, Python or nc. It follows no redirect
            and does not verify the certificate.
          - V(service) passes if O(checks[].service) runs, by systemd, OpenRC, its init script or its process.
          - V(mount) passes if a file system is mounted on O(checks[].path), of the type O(checks[].fstype) if that is set.
          - V(file) compares the SHA-256 of the file O(checks[].path) with O(checks[].sha256).
        type: str
        required: true
        choices: [command, port, http, service, mount, file]
      name:
        description: The name of the check in the results. The default is its kind and what it looks at.
        type: str
      timeout:
        description: Seconds that the check may take on the copy, 1 to 600. The default is 30.
        type: int
      command:
        description: The shell command.
        type: str
      rc:
        description: The exit status of the command. The default is 0.
        type: int
      text:
        description: Text that the output or the answer must contain, in its last 64 KiB.
        type: str
      port:
        description: The TCP port.
        type: int
      url:
        description: The URL, without user and password.
        type: str
      status:
        description: The HTTP status. The default is 200.
        type: int
      service:
        description: The name of the service.
        type: str
      path:
        description: The mount point, or the file.
        type: str
      fstype:
        description: The type of the file system.
        type: str
      sha256:
        description: The digest.
        type: str
  ignore:
    description:
      - Comparisons whose failure does not count, as shell patterns for their kind, or for their kind and an item, such as V(kernel),
        V(listening:8080) or V(services:cups*).
    type: list
    elements: str
    default: []
  egress:
    description: Targets in the form C(host:port) that the copy must be able to reach.
    type: list
    elements: str
    default: []
  probe_timeout:
    description:
      - Seconds after which a probe has ended on the copy, whatever it waits for, at least 10. A slow copy needs more.
    type: int
    default: 15
  start_timeout:
    description: Seconds to wait until the copy answers over SSH.
    type: int
    default: 900
  check_timeout:
    description: Seconds during which checks and comparisons that fail are repeated.
    type: int
    default: 300
  poll_interval:
    description: Seconds between two attempts, at least 0.1.
    type: float
    default: 5
seealso:
  - module: edgelift.ens_migration.source_probe
  - module: edgelift.ens_migration.ens_instance
"""

EXAMPLES = r"""
- name: Check the copy
  edgelift.ens_migration.instance_check:
    address: "{{ edge.instance.public_ips[0] }}"
    source: "{{ preflight_probe }}"
    checks:
      - kind: http
        url: http://127.0.0.1/
        text: Welcome
      - kind: command
        command: psql -Atc 'select count(*) from orders'
        text: "1042"
    ignore:
      - services:cups
  become: true
  vars:
    ansible_host: "{{ edge.instance.public_ips[0] }}"
    ansible_port: 22
  register: checked
"""

RETURN = r"""
verdict:
  description: V(verified) if the copy answered and everything has passed, else V(failed).
  returned: success
  type: str
  sample: verified
reasons:
  description: One text for each check and each comparison that has not passed.
  returned: success
  type: list
  elements: str
  sample: ["listening: expected 22, 80, seen missing: 80"]
checks:
  description: The checks and comparisons, with what was seen. The first row is the one of SSH.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name.
      type: str
      sample: TCP ports listen
    kind:
      description:
        - V(ssh); V(identity), V(file_systems), V(users), V(listening), V(services), V(kernel), V(network) and V(name_servers) for a comparison with the
          source; V(egress); or the kind of the check.
      type: str
      sample: listening
    expected:
      description: The expected result.
      type: str
      sample: 22, 80
    seen:
      description: The result.
      type: str
      sample: all
    ok:
      description: Whether it has passed.
      type: bool
      sample: true
notes:
  description: Differences that are no failure, such as other addresses.
  returned: success
  type: list
  elements: str
  sample: ["The addresses: 192.0.2.9 on the source, 10.0.0.2 on the copy."]
started:
  description: When the task began to wait, in UTC.
  returned: success
  type: str
  sample: '2026-11-24T08:00:00Z'
boot_seconds:
  description: Seconds until the copy answered, null if it did not.
  returned: success
  type: float
  sample: 41.5
seconds:
  description: Seconds of all checks.
  returned: success
  type: float
  sample: 48.2
"""
