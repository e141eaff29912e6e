# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# The last lines of the logs of the SMC clients below INSTALL_DIR.

agent_tail() {
    agent_safe || { say failed "$WHY"; return; }
    count=0
    for file in "$INSTALL_DIR/.edgelift/console.log" "$INSTALL_DIR"/go2aliyun_client*/Logs/*; do
        if [ ! -f "$file" ] || [ -h "$file" ]; then continue; fi
        count=$((count + 1))
        [ "$count" -le 6 ] || break
        say log-file "$file"
        tail -n 300 "$file" 2>/dev/null | agent_mask | while IFS= read -r line || [ -n "$line" ]; do
            # A part of a line could be a part of a secret, which nothing recognises.
            [ ${#line} -le 1000 ] || line="(a line of more than 1,000 characters is left out)"
            say log-line "$line"
        done
    done
}
