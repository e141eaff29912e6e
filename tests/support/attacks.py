# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user without rights prepares on a source, and the scripts that root runs there then."""

from __future__ import annotations

from ansible_collections.edgelift.ens_migration.plugins.plugin_utils._source import answers, look, remedy, script
from testbed.hosts import Bed

from support.source import FOLDER, ask

DIR = f"/smc/{FOLDER}"
CLIENT = {"INSTALL_DIR": "/smc", "CLIENT_DIR": DIR, "SECONDS_LEFT": "1", "FOLDER": FOLDER, "SHA256": "0"}
CLIENT |= {"PAYLOAD": "/smc/.edgelift/payload", "PAYLOAD_SIZE": "0", "PAYLOAD_SHA256": "0"}
REMEDY = {"STATE_DIR": remedy.STATE_DIR, "FAULTS": "rsync selinux virtio", "EPOCH": "0", "TOLERANCE": "1"}
REMEDY |= {"RSYNC_FILE": "rsync", "RSYNC_AT": f"{remedy.STATE_DIR}/file-rsync"}

# Programs of the attacker in the login PATH, in front of the real ones: each writes down that it ran.
EVIL = """
mkdir -p /tmp/evil
for name in id ls readlink tr uname grep sed find date cat rsync bash nc grub-install df blkid mkdir rm cp sleep \\
    sort od dd head tail wc stat dmsetup dmidecode sha256sum tar gzip chown chmod mv ln setsid rmdir \\
    touch cmp cksum md5sum systemctl ip ifconfig hostname setenforce lsinitramfs lsinitrd systemd- \\
    detect-virt chronyc timedatectl; do
    printf '#!/bin/sh\\necho $0 >>/tmp/evil-ran\\n' >/tmp/evil/$name
done
chmod 755 /tmp/evil/*; chown -R nobody /tmp/evil
"""

# A client as it is after the installation; everything belongs to root, as it does there.
INSTALLED = f"""
umask 022; rm -rf /smc /tmp/ran /tmp/mine; mkdir -p {DIR}/Logs /smc/.edgelift
printf '#!/bin/sh\\necho $0 >>/tmp/ran\\n' >{DIR}/go2aliyun_client; chmod 755 {DIR}/go2aliyun_client
echo '{{"access_token_code": "x"}}' >{DIR}/user_config.json
printf 'dir {DIR}\\nsha256 0\\n' >/smc/.edgelift/bundle
"""
RESTORED = (
    "rm -rf /smc /tmp/mine /var/lib/edgelift /etc/selinux; chmod 755 /etc/init.d 2>/dev/null; rm -f /etc/target; :"
)

# The client again, but packed: agent_install unpacks it. A fault of SELinux to fix and to bring back.
PACKED = f"""
echo line of a log >{DIR}/Logs/client.log; cd /smc
tar -cf - {FOLDER} | gzip >/smc/.edgelift/payload; rm -rf {DIR} /smc/.edgelift/bundle
mkdir -p /etc/selinux; echo SELINUX=enforcing >/etc/selinux/config
wc -c </smc/.edgelift/payload; sha256sum </smc/.edgelift/payload
"""
EVERY = [*look.PIECES, "agent_lock", "agent_install", "agent_scrub", "agent_boot", "agent_start", "agent_wait"]
EVERY += ["agent_tail", "agent_remove", "remedy_look", "remedy_net", "remedy_do", "remedy_undo", "verify_checks"]
CALLS = f"""
agent_scrub {DIR}; {look.COMMAND}; agent_boot_on; agent_start; agent_wait; agent_tail; agent_remove {DIR}
check_command 1 x 'echo x'; check_service 2 cron; check_file 3 /etc/passwd
check_http 4 x http://127.0.0.1:1/ http 127.0.0.1 1 /
remedy_do selinux; remedy_look; remedy_undo; found rsync; say where "$VALUE"
"""
SAYS = {
    "probe": "uname",
    "probe_disks": "mount",
    "probe_boot": "boot",
    "probe_net": "net-naming",
    "probe_egress": "egress",
    "agent_state": "agent-dir",
    "agent_install": "agent-bundle",
    "agent_boot": "agent-boot",
    "agent_wait": "log",
    "agent_tail": "log-line",
    "remedy_look": "remedy",
    "remedy_do": "journal",
    "verify_checks": "check",
}
"""What a script says when it is called; the others are known by what they leave."""


def records(
    bed: Bed,
    host: str,
    pieces: list[str],
    command: str,
    values: dict[str, str],
    before: str = "",
    seconds: int | None = None,
) -> list[answers.Record]:
    """What a script answers that root runs on a host."""
    text = script.compose("F", pieces, values, command, seconds)
    answer = answers.parse("F", ask(bed, host, f"{before}\n{text}"))
    assert answer is not None
    assert answer.complete
    return answer.records


def told(rows: list[answers.Record], key: str) -> list[str]:
    """The fields of the records with this key."""
    return [" ".join(row.fields) for row in rows if row.key == key]
