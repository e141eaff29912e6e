# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Stops the client of each given folder, first with its own option, then by its process ids, and removes the folders.

agent_gone() { # folder seconds: wait until no process of the folder is left
    left=$2
    while [ -n "$(agent_pids "$1")" ]; do
        [ "$left" -gt 0 ] || return 1
        sleep 1
        left=$((left - 1))
    done
}

agent_signal() { # signal folder: send it to the processes of the folder
    for pid in $(agent_pids "$2"); do
        started "$pid" || continue
        since=$VALUE
        # Meanwhile the process may have ended, and another one may have its id.
        runs_from "$pid" "$2" && started "$pid" && [ "$VALUE" = "$since" ] && kill "-$1" "$pid" 2>/dev/null
    done
}

agent_end() { # folder
    [ -n "$(agent_pids "$1")" ] || return 0
    secure_tree "$1" || { say failed "$WHY"; return 1; }
    "$1/go2aliyun_client" --abort </dev/null >/dev/null 2>&1 &
    agent_gone "$1" 10 && return 0
    agent_signal TERM "$1"
    agent_gone "$1" 5 && return 0
    agent_signal KILL "$1"
    agent_gone "$1" 5
}

agent_missing() { # folder: whether another run has removed it meanwhile
    [ ! -e "$1" ] && [ ! -h "$1" ]
}

agent_is_folder() { # folder
    for file in "$INSTALL_DIR"/go2aliyun_client*; do [ "$file" = "$1" ] && [ -d "$1" ] && [ ! -h "$1" ] && return 0; done
    return 1
}

agent_stop() { # folder...: stop the clients and keep their files
    agent_safe || { say failed "$WHY"; return 1; }
    for dir in "$@"; do
        agent_missing "$dir" && continue
        agent_is_folder "$dir" || { say failed "$dir is not a folder of the client"; return 1; }
        agent_end "$dir" && continue
        say failed "cannot stop the client in $dir: processes" "$(agent_pids "$dir")"
        return 1
    done
}

agent_remove() { # folder...
    if [ -d "$INSTALL_DIR/.edgelift" ]; then
        agent_safe || { say failed "$WHY"; return; }
        agent_lock remove || return
        agent_remove_all "$@"
        agent_unlock
    else
        agent_remove_all "$@"
    fi
    agent_state
}

agent_remove_all() { # folder...
    agent_boot_off || return
    agent_stop "$@" || return
    for dir in "$@"; do
        agent_missing "$dir" && continue
        # From now on only root can enter it. A user who already is in their own folder below it could lead rm elsewhere.
        chmod 700 "$dir"
        if ! secure "$dir" || ! secure_within "$dir" -type d; then
            say failed "$WHY"
            return
        fi
        # The record of the installation is removed last, so that the next removal finds the client.
        errors=$(rm -rf "$dir" 2>&1) || { say failed "cannot remove $dir: $errors"; return; }
    done
    rm -rf "$INSTALL_DIR/.edgelift"
    rmdir "$INSTALL_DIR" 2>/dev/null
}
