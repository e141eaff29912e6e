# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Waits up to SECONDS_LEFT seconds until a started client has reported a source id or has ended.

agent_log() { # the last lines that the client wrote, for a message
    for file in "$INSTALL_DIR/.edgelift/console.log" "$CLIENT_DIR"/Logs/*; do
        if [ ! -f "$file" ] || [ -h "$file" ]; then continue; fi
        tail -n 3 "$file" 2>/dev/null | agent_mask | sed -e 's/^\(.\{500\}\).*/\1/' |
            while IFS= read -r line; do say log "$line"; done
    done
}

agent_wait() {
    agent_safe || { say failed "$WHY"; return; }
    left=$SECONDS_LEFT
    missed=0
    while [ "$left" -gt 0 ] && [ "$missed" -lt 3 ]; do
        sleep 1
        left=$((left - 1))
        if [ -z "$(agent_pids "$CLIENT_DIR")" ]; then
            missed=$((missed + 1)) # on a busy host the program may not have started yet
        elif [ -n "$(agent_ids "$CLIENT_DIR")" ]; then
            break
        fi
    done
    agent_state
    agent_log
}
