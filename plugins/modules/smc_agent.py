#!/usr/bin/python
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: smc_agent
short_description: Install, start and remove the SMC client on a source server
version_added: 0.1.0
author:
  - Edgelift contributors (@edgelift)
description:
  - Installs the client of Server Migration Center (C(go2aliyun_client)) on a source server, starts it, and waits until it
    reports the ID of its source.
  - Everything goes through a POSIX shell over the connection. The host needs C(tar) and C(gzip), and neither Python nor sftp.
  - The client is started in a new session, without a terminal, so that it outlives the SSH session, and a question that it
    asks cannot block it.
  - A client that runs and is registered is not changed. A stopped client is started again and reconnects to its source. The
    action stops a client only with O(state=stopped), O(state=absent) or O(force), because it may be copying the server.
notes:
  - This is an action. What is documented here runs on the controller, over the connection of the host.
  - It needs root on the host, so use it with C(become).
  - Root trusts no other user of the host. O(install_dir), its parents and the files of the client must belong to root, and no other
    user may have write permission. Otherwise the action fails and names the file.
  - The connection plugin must be able to send data to a command, as P(ansible.builtin.ssh#connection) does.
  - The activation code goes to the host through the standard input of a shell. It is never part of a command line that Ansible
    runs, of a result, or of verbose output.
  - Install rsync and set SELinux to permissive before the client is started. Otherwise the client asks a question, gets no answer, and exits.
extends_documentation_fragment:
  - edgelift.ens_migration.answers
  - edgelift.ens_migration.attributes.source_only
  - edgelift.ens_migration.attributes
attributes:
  check_mode:
    support: full
    details: Checks the host and reports the steps. The bundle is not read, so it need not exist yet.
  diff_mode:
    support: full
    details: Shows the client before and after. In check mode the id of a source that does not exist yet is null.
  idempotent:
    support: full
options:
  state:
    description:
      - V(present) installs the client and does not start it.
      - V(started) installs the client if needed, starts it, and waits for its source id.
      - V(stopped) ends the client and leaves its files, so that V(started) attaches it to its source again. It also takes the start after a
        restart of the host away. Nothing is installed. A client that this collection did not install is refused, unless O(force).
      - V(absent) ends the client and removes its files. A client that this collection did not install stays, unless O(force).
    type: str
    default: started
    choices:
      - absent
      - present
      - started
      - stopped
  src:
    description:
      - The bundle of the client on the controller, a C(.tar.gz) or C(.zip) with one folder C(go2aliyun_client*). Of a C(.zip) with
        an archive for each architecture, the one for the host is taken. A bundle for another architecture is refused.
      - Either this or O(url) is required with O(state=present) and O(state=started). It is read only if something has to be installed.
    type: path
  url:
    description:
      - The address, C(https) or C(http), that the controller downloads the bundle from, once for each host that needs it. For many hosts,
        download it once and use O(src), as role C(agent) does.
      - Either this or O(src) is required with O(state=present) and O(state=started).
    type: str
  sha256:
    description:
      - The SHA-256 of the bundle. A bundle with another one is refused before anything is done on the host.
      - Required with O(url), unless O(allow_unverified). If unset, O(src) is taken as it is, and a client that is installed stays, whatever
        bundle it is from.
    type: str
  allow_unverified:
    description:
      - Whether to install the file of O(url) without O(sha256). It then runs as root on the host, whoever put it there.
    type: bool
    default: false
  install_dir:
    description:
      - The folder on the source below which the client is installed.
    type: str
    default: /smc
  access_token_id:
    description:
      - The id of the activation code, as M(edgelift.ens_migration.smc_access_token) returns it.
      - If unset, only a client that has registered before can be started.
    type: str
  access_token_code:
    description:
      - The activation code. It is used once, for a client that has not registered yet.
      - If unset, only a client that has registered before can be started.
    type: str
  credentials_via:
    description:
      - V(config) writes the activation code into the client's C(user_config.json), readable by root alone, and takes it out again
        when the client has registered or failed.
      - V(arguments) gives it as C(--accesstokenid) and C(--accesstokencode), where every user of the host can read it in the
        list of processes as long as the client runs.
      - That the vendor's client reads an activation code from C(user_config.json) is UNVERIFIED, only the arguments are
        documented. Use V(arguments) if a client does not register with V(config).
    type: str
    default: config
    choices:
      - config
      - arguments
  allow_visible_code:
    description:
      - Whether every user of the host may read the activation code. Required with O(credentials_via=arguments).
    type: bool
    default: false
  arguments:
    description:
      - The arguments that the client is started with.
    type: list
    elements: str
    default:
      - --nocheckversion
      - --noenterkey
  environment:
    description:
      - Environment variables of the client.
      - If empty, it has those of the login shell.
    type: dict
    default: {}
  proxy:
    description:
      - Address and port of the HTTP proxy through which the client reaches SMC, such as V(192.0.2.10:8080). It is written to the
        client's C(client_data) when the client is installed, because it counts before the first start only.
      - If unset, the client connects directly.
    type: str
  proxy_credentials:
    description:
      - User and password for O(proxy), as V(user:password).
      - If unset, the proxy asks for none.
    type: str
  start_timeout:
    description:
      - Seconds to wait for the source id after the start.
    type: int
    default: 120
  start_on_boot:
    description:
      - Whether the client is started again when the host restarts, with O(state=started). A unit of systemd, a script in C(/etc/init.d) with
        its links, a script in C(/etc/local.d), or a line in C(/etc/rc.local) does it, whichever the host has. O(state=stopped) and
        O(state=absent) take it away. A host that has none of them gets a warning.
      - A client that this collection did not install is left as it is.
    type: bool
    default: true
  force:
    description:
      - Whether to remove a client that is there, even if it runs or was installed by something else.
      - With O(state=present) and O(state=started) the client is then installed again, and registers as a new source.
    type: bool
    default: false
seealso:
  - module: edgelift.ens_migration.smc_access_token
  - module: edgelift.ens_migration.smc_source_info
  - module: edgelift.ens_migration.source_probe
"""

EXAMPLES = r"""
- name: Install and start the client
  edgelift.ens_migration.smc_agent:
    src: /var/cache/edgelift/go2aliyun_client_linux_x86_64.tar.gz
    sha256: 3f4b6f1c0a9d1d0a6a9d5ac1f1a3a1b6bb5c7b0d8f5d3e7b9c1f2a4e6d8c0b12
    access_token_id: "{{ token.access_token_id }}"
    access_token_code: "{{ token.access_token_code }}"
  become: true
  register: agent

- name: Show the source that SMC knows the host by
  ansible.builtin.debug:
    var: agent.source_id

- name: Show what would be done, without the bundle
  edgelift.ens_migration.smc_agent:
    src: /var/cache/edgelift/go2aliyun_client_linux_x86_64.tar.gz
    sha256: 3f4b6f1c0a9d1d0a6a9d5ac1f1a3a1b6bb5c7b0d8f5d3e7b9c1f2a4e6d8c0b12
  become: true
  check_mode: true

- name: End the client for a while, and keep its source
  edgelift.ens_migration.smc_agent:
    state: stopped
  become: true

- name: Remove the client
  edgelift.ens_migration.smc_agent:
    state: absent
  become: true
"""

RETURN = r"""
source_id:
  description: The id of the source in SMC, as the client reported it. Null if there is none, or if there are several.
  returned: success
  type: str
  sample: s-bp1e2fsl57knvuug0000
steps:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample:
    - install
    - register
    - wait
    - enable
agent:
  description: The client as it is now. In check mode, as it is before.
  returned: success
  type: dict
  contains:
    installed:
      description: Whether a folder of the client is there.
      returned: success
      type: bool
      sample: true
    ours:
      description: Whether this collection installed it.
      returned: success
      type: bool
      sample: true
    alive:
      description: Whether it runs.
      returned: success
      type: bool
      sample: true
    dir:
      description: Its folder.
      returned: success
      type: str
      sample: /smc/go2aliyun_client_linux_x86_64
    pid:
      description: Its process id.
      returned: success
      type: int
      sample: 4711
    source_id:
      description: The same as RV(source_id).
      returned: success
      type: str
      sample: s-bp1e2fsl57knvuug0000
    source_ids:
      description: Every source id that it has reported. If there are several, the action fails, because it cannot determine which one is this host.
      returned: success
      type: list
      elements: str
      sample:
        - s-bp1e2fsl57knvuug0000
    bundle_sha256:
      description: The SHA-256 of the bundle that it was installed from.
      returned: success
      type: str
      sample: 3f4b6f1c0a9d1d0a6a9d5ac1f1a3a1b6bb5c7b0d8f5d3e7b9c1f2a4e6d8c0b12
    code_ids:
      description: The ids of the activation codes with which this collection has started it.
      returned: success
      type: list
      elements: str
      sample:
        - at-bp1a2b3c4d5e6f7g8h9i
    start_on_boot:
      description: What starts it after a restart of the host, V(systemd), V(init.d), V(rcS), V(local.d) or V(rc.local). Null if nothing does.
      returned: success
      type: str
      sample: systemd
    unsafe:
      description: Why other users of the host could change the client. Null if only root can, and this action then fails.
      returned: success
      type: str
      sample: "other users can change /opt (drwxrwxrwx). Check what is in it, then run: chmod go-w /opt"
"""
