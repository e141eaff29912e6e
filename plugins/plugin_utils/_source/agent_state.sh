# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# The state of the SMC client below INSTALL_DIR: its folders, its running processes, and the source ids that it printed.

agent_pids() { # folder: ids of the live processes of the client in this folder
    # read drops the NULs between the words of a command line; what follows the program is an option of it, or nothing.
    for file in /proc/[0-9]*/cmdline; do
        words=
        IFS= read -r words <"$file" || :
        case $words in
        *"$1/go2aliyun_client" | *"$1/go2aliyun_client-"*)
            file=${file%/cmdline}
            printf '%s\n' "${file##*/}"
            ;;
        esac
    done 2>/dev/null
    # A client that a user started as ./go2aliyun_client has no folder on its command line; its executable has one.
    # shellcheck disable=SC2012 # names in /proc are plain, and readlink would be one process per process
    ls -l /proc/[0-9]*/exe 2>/dev/null | while read -r line; do
        case $line in
        *" -> $1/"*)
            file=${line%%/exe -> *}
            printf '%s\n' "${file##*/}"
            ;;
        esac
    done
}

agent_ids() { # folder: every source id that the client of this folder reported, each once
    sed -n 's/.*Import Source Server \[\(s-[^]]*\)\] Successfully.*/\1/p' \
        "$1"/Logs/* "$INSTALL_DIR/.edgelift/console.log" 2>/dev/null | sort -u
}

agent_state() {
    say agent-machine "$(uname -m 2>/dev/null)"
    for dir in "$INSTALL_DIR"/go2aliyun_client*; do
        [ -d "$dir" ] || continue
        say agent-dir "$dir"
        for pid in $(agent_pids "$dir" | sort -un); do say agent-pid "$dir" "$pid"; done
        for id in $(agent_ids "$dir"); do say agent-id "$dir" "$id"; done
        grep -q '"access_token_code": *"[^"]' "$dir/user_config.json" 2>/dev/null && say agent-code "$dir"
    done
    own=$INSTALL_DIR/.edgelift
    [ -d "$own" ] && say agent-own "$own"
    lines agent-bundle "$own/bundle"
    lines agent-boot "$own/boot"
    [ -r "$own/boot" ] && while read -r kind file; do
        case $kind in
        file) [ -e "$file" ] || say agent-boot "gone $file" ;;
        line) grep -q "# edgelift-smc-client" "$file" || say agent-boot "gone $file" ;;
        esac
    done <"$own/boot" 2>/dev/null
    :
}
