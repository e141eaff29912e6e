# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# One run at a time changes the client: two runs may have the same host, and start in the same second.

LOCK_SECONDS=30

alive() { # "pid start time": whether this very process is alive
    [ -n "$1" ] && started "${1%% *}" && [ "$VALUE" = "${1##* }" ]
}

agent_lock() { # [remove]: in the folder .edgelift, which root alone can change; another run may remove it meanwhile
    lock=$INSTALL_DIR/.edgelift/lock
    left=$LOCK_SECONDS
    started "${SELF:-$$}"
    mine="${SELF:-$$} $VALUE"
    # A symbolic link is created with its content at once, or not at all.
    until errors=$(ln -s "$mine" "$lock" 2>&1); do
        if [ ! -d "$INSTALL_DIR/.edgelift" ]; then
            [ "${1:-}" = remove ] && return
            say failed "another run is removing the client from this host"
            return 1
        fi
        holder=$(readlink "$lock" 2>/dev/null)
        if [ -n "$holder" ] && ! alive "$holder"; then
            # Its session was cut off. Only one of those that wait can move the link away.
            mv "$lock" "$lock.$$" 2>/dev/null && [ "$(readlink "$lock.$$")" != "$holder" ] && mv "$lock.$$" "$lock"
            rm -f "$lock.$$"
            continue
        fi
        if [ "$left" -le 0 ]; then
            say failed "another run has been changing the client on this host for $LOCK_SECONDS seconds (process ${holder:-unknown: $errors})"
            return 1
        fi
        left=$((left - 1))
        sleep 1
    done
}

agent_unlock() {
    [ "$(readlink "$lock" 2>/dev/null)" = "$mine" ] && rm -f "$lock"
    :
}
