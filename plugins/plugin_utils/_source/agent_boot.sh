# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Configures the init system of this host to start the client after a restart, and removes that configuration. The file
# "boot" records every file before it is created. START, UNIT and INIT are the contents of the files, DIGEST is their digest.

agent_boot_safe() { # file: what starts with the host, others must not be able to replace
    secure "$1" || { printf '%s\n' "$WHY" >&2; return 1; }
}

agent_boot_file() { # file mode text
    agent_boot_safe "${1%/*}" || return
    printf 'file %s\n' "$1" >>"$own/boot"
    rm -f "$1"
    (set -C && printf '%s' "$3" >"$1" && chmod "$2" "$1")
}

agent_boot_link() { # target link
    agent_boot_safe "${2%/*}" || return
    printf 'file %s\n' "$2" >>"$own/boot"
    rm -f "$2"
    ln -s "$1" "$2"
}

agent_boot_line() { # file: a line of ours behind its first one, which names the shell
    agent_boot_safe "$1" || return
    printf 'line %s\n' "$1" >>"$own/boot"
    { head -n 1 "$1" && printf '%s # %s\n' "'$own/start'" "$BOOT_NAME" && tail -n +2 "$1"; } >"$own/line" && cat "$own/line" >"$1" && rm -f "$own/line"
}

agent_boot_write() { # the files of the first init system that is here; its name in $how
    for rc in /etc /etc/rc.d /etc/init.d none; do [ -d "$rc/rc3.d" ] && break; done
    if [ -d /run/systemd/system ]; then
        how=systemd
        wants=/etc/systemd/system/multi-user.target.wants
        agent_boot_safe "$wants" || return
        [ -d "$wants" ] || { mkdir -p "$wants" && chmod 755 "$wants"; } || return
        agent_boot_file "/etc/systemd/system/$BOOT_NAME.service" 644 "$UNIT" || return
        agent_boot_link "/etc/systemd/system/$BOOT_NAME.service" "$wants/$BOOT_NAME.service" || return
        systemctl daemon-reload >/dev/null 2>&1 || :
    elif [ -d /etc/local.d ]; then
        how=local.d
        agent_boot_file "/etc/local.d/$BOOT_NAME.start" 755 "$INIT"
    elif [ -d /etc/init.d ] && [ "$rc" != none ]; then
        how=init.d
        agent_boot_file "/etc/init.d/$BOOT_NAME" 755 "$INIT" || return
        for level in 2 3 4 5; do
            [ -d "$rc/rc$level.d" ] || continue
            agent_boot_link "/etc/init.d/$BOOT_NAME" "$rc/rc$level.d/S99$BOOT_NAME" || return
        done
    elif [ -e /etc/init.d/rcS ]; then
        how=rcS
        agent_boot_file "/etc/init.d/S99$BOOT_NAME" 755 "$INIT"
    elif [ -f /etc/rc.local ]; then
        how=rc.local
        agent_boot_line /etc/rc.local
    else
        how=none
    fi
}

agent_boot_on() {
    own=$INSTALL_DIR/.edgelift
    agent_boot_off || return
    secure_folder "$own" || { say failed "$WHY"; return; }
    rm -f "$own/start" "$own/new" "$own/line"
    if ! errors=$( { printf '%s' "$START" >"$own/start" && chmod 700 "$own/start"; } 2>&1); then
        say failed "cannot write $own/start: $errors"
        return
    fi
    if agent_boot_write 2>"$own/new"; then
        printf 'how %s\ndigest %s\n' "$how" "$DIGEST" >>"$own/boot"
    else
        say failed "cannot configure $how to start the client: $(tail -n 1 "$own/new")"
    fi
    rm -f "$own/new"
    agent_state
}

agent_boot_off() {
    own=$INSTALL_DIR/.edgelift
    secure "$own/boot" || { say failed "$WHY"; return 1; }
    [ -e "$own/boot" ] || return 0
    while read -r kind file; do
        case $kind in file | line) secure "${file%/*}" || { errors=$WHY && break; } ;; esac
        case $kind in
        file) errors=$(rm -f "$file" 2>&1) || break ;;
        line) errors=$( { sed '/# edgelift-smc-client$/d' "$file" >"$own/new" && cat "$own/new" >"$file"; } 2>&1) || break ;;
        esac
        kind=
    done <"$own/boot"
    if [ -n "$kind" ]; then
        say failed "cannot remove the start of the client from $file: $errors"
        return 1
    fi
    [ ! -d /run/systemd/system ] || systemctl daemon-reload >/dev/null 2>&1 || :
    rm -f "$own/boot" "$own/start" "$own/new"
}
