# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Starts the client so that it continues after this SSH session: in its own session, without a terminal, ignoring hangups.
# A question of the client reads the end of file. The arguments of agent_start are the arguments of the client.

agent_starting() { # whether the process that another run has started is alive
    value "$INSTALL_DIR/.edgelift/started"
    alive "$VALUE"
}

agent_start() {
    if ! secure_folder "$INSTALL_DIR/.edgelift" || ! secure_tree "$CLIENT_DIR"; then
        say failed "$WHY"
        return
    fi
    agent_lock || return
    # A second client would register this host a second time.
    agent_starting || [ -n "$(agent_pids "$CLIENT_DIR")" ] || agent_run "$@"
    agent_unlock
}

agent_run() {
    # Before the client runs: a controller that is killed after the registration leaves the id of the code to the next run.
    if [ -n "${CODE_ID:-}" ] && ! printf 'code %s\n' "$CODE_ID" >>"$INSTALL_DIR/.edgelift/bundle"; then
        say failed "cannot write $INSTALL_DIR/.edgelift/bundle"
        return
    fi
    cd "$CLIENT_DIR" || { say failed "cannot enter $CLIENT_DIR"; return; }
    set -- "$CLIENT_DIR/go2aliyun_client" "$@"
    command -v setsid >/dev/null 2>&1 && set -- setsid "$@"
    (
        trap '' HUP
        exec "$@"
    ) </dev/null >>"$INSTALL_DIR/.edgelift/console.log" 2>&1 &
    started "$!" && printf '%s %s\n' "$!" "$VALUE" >"$INSTALL_DIR/.edgelift/started"
    cd /
}
