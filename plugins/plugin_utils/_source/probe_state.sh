# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# What the role verify compares with a booted copy of this host: users, sockets that listen, running services, default
# routes, and file systems in which the kernel has found errors.

STATE_MOST=1000

state_say() { # record field...: a record, unless there are too many; long names are left out
    STATE_COUNT=$((STATE_COUNT + 1))
    if [ $STATE_COUNT -gt $STATE_MOST ]; then
        [ $STATE_COUNT -gt $((STATE_MOST + 1)) ] || say state-cut "$1"
    elif [ ${#2} -le 200 ]; then
        say "$@"
    fi
}

probe_state() {
    STATE_COUNT=0
    while IFS=: read -r name rest number rest; do
        case $name in '' | '#'* | [+-]*) continue ;; esac
        state_say user "$name" "$number"
    done 2>/dev/null </etc/passwd

    while read -r name dest gateway rest; do
        [ "$dest" = 00000000 ] || continue
        # shellcheck disable=SC2086  # flags, references, use, metric, mask
        set -- $rest
        [ "${5:-}" != 00000000 ] || say route "$name" "$gateway"
    done 2>/dev/null </proc/net/route

    # After an error, newer kernels write no more to ext4, but show it as mounted read-write.
    STATE_COUNT=0
    for dir in /sys/fs/ext4/*; do
        value "$dir/errors_count"
        case $VALUE in '' | 0) ;; *) state_say fs-errors "${dir##*/}" ;; esac
    done

    STATE_COUNT=0
    found grep && grep -h ' 0A ' /proc/net/tcp /proc/net/tcp6 2>/dev/null | while read -r rest dest rest; do state_say listen "$dest"; done

    STATE_COUNT=0
    if [ -d /run/systemd/system ] && found systemctl; then
        say running-by systemd
        systemctl list-units --type=service --state=running --no-legend --no-pager --full 2>/dev/null | while read -r name rest; do
            case $name in *.service) state_say running "${name%.service}" ;; esac
        done
        return
    fi
    # Without systemd, what the first process has taken over: the names of the kernel, at most 15 characters.
    say running-by processes
    for file in /proc/[0-9]*/stat; do
        { IFS= read -r line <"$file"; } 2>/dev/null || continue
        # shellcheck disable=SC2086  # state and parent; the name in brackets may contain anything but a line break
        set -- ${line##*\)}
        [ "${2:-}" = 1 ] || continue
        name=${line#*\(}
        state_say running "${name%\)*}"
    done
}
