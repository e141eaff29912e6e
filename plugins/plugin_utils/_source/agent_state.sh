# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# The state of the SMC client below INSTALL_DIR: its folders, its running processes, and the source ids that it printed.

agent_pids() { # folder: ids of the live processes of the client in this folder
    for file in /proc/[0-9]*; do runs_from "${file#/proc/}" "$1" && printf '%s\n' "${file#/proc/}"; done
}

agent_safe() { # whether root alone can change what this collection reads, runs and removes; the reason in $WHY
    secure "$INSTALL_DIR" && secure "$INSTALL_DIR/.edgelift" || return 1
    for dir in "$INSTALL_DIR"/go2aliyun_client*; do
        [ -h "$dir" ] && WHY="$dir is a symbolic link" && return 1
        [ -d "$dir" ] || continue
        secure "$dir" && secure "$dir/go2aliyun_client" && secure "$dir/user_config.json" && secure "$dir/Logs" || return 1
    done
}

agent_ids() { # folder: every source id that the client of this folder reported, each once
    # The line has nothing else than a time and the like in front, or a question that the client has asked: a name of
    # a file that the client logs forges no id.
    sed -n -e 's/^[^"/]*(yes\/no) *//' -e 's/^[^"/]*Import Source Server \[\(s-[0-9A-Za-z]*\)\] Successfully[.![:space:]]*$/\1/p' \
        "$1"/Logs/* "$INSTALL_DIR/.edgelift/console.log" 2>/dev/null | sort -u
}

agent_mask() { # lines without activation codes: the client may log what it was started with
    sed -e 's/\([Aa]ccess_*[Tt]oken_*[Cc]ode"*[=: ]*"*\)[^" ]*/\1***/g'
}

agent_own() { # what this collection has recorded of the client that it installed
    own=$INSTALL_DIR/.edgelift
    [ -d "$own" ] && say agent-own "$own"
    lines agent-bundle "$own/bundle"
}

agent_state() {
    say agent-machine "$(uname -m 2>/dev/null)"
    agent_safe || { say agent-unsafe "$WHY"; return 0; }
    # Before the folders and after them: another run may install or remove the client at this moment.
    agent_own
    for dir in "$INSTALL_DIR"/go2aliyun_client*; do
        [ -d "$dir" ] || continue
        say agent-dir "$dir"
        for pid in $(agent_pids "$dir"); do say agent-pid "$dir" "$pid"; done
        for id in $(agent_ids "$dir"); do say agent-id "$dir" "$id"; done
        grep -q '"access_token_code": *"[^"]' "$dir/user_config.json" 2>/dev/null && say agent-code "$dir"
    done
    agent_own
    lines agent-boot "$own/boot"
    [ -r "$own/boot" ] && while read -r kind file; do
        case $kind in
        file) [ -e "$file" ] || say agent-boot "gone $file" ;;
        line) grep -q "# edgelift-smc-client" "$file" || say agent-boot "gone $file" ;;
        esac
    done <"$own/boot" 2>/dev/null
    :
}
