# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# The checks of the role verify. Each says one record: its number, its status, whether its text was found, and some of its output.
# Of an output, the last 64 KiB count.

CHECK_BYTES=65536
CHECK_SHOWN=300

check_say() { # number status text output
    hit=
    case $4 in *"$3"*) hit=1 ;; esac
    shown=$(printf '%s\n' "$4" | tail -c $CHECK_SHOWN | while IFS= read -r line; do [ -z "$line" ] || printf '%s / ' "$line"; done)
    say check "$1" "$2" "$hit" "${shown% / }"
}

check_command() { # number text command
    all=$({ /bin/sh -c "$3" 2>&1 </dev/null; printf '\nstatus %s' $?; } | tail -c $CHECK_BYTES)
    check_say "$1" "${all##*status }" "$2" "${all%?status *}"
}

check_request() { # host port path: the answer to a request, over standard input and output of what connects
    printf 'GET %s HTTP/1.0\r\nHost: %s:%s\r\nUser-Agent: edgelift\r\nConnection: close\r\n\r\n' "$3" "$1" "$2"
}

check_answer() { # the answer without its first line, and the status at its end
    IFS= read -r first
    case $first in HTTP/*) ;; *) printf '%s\n' "$first" ;; esac
    cat
    first=${first#HTTP/* }
    printf '\nstatus %s' "${first%%[!0-9]*}"
}

check_python='import socket, sys, os
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 30)
s.sendall(sys.stdin.read().encode())
while True:
    d = s.recv(65536)
    if not d: break
    os.write(1, d)'

check_http() { # number text url scheme host port path
    number=$1
    wanted=$2
    if found curl; then
        all=$(curl -s -S -k -g --noproxy '*' -w '\nstatus %{http_code}' "$3" 2>&1 | tail -c $CHECK_BYTES)
    elif [ "$4" = https ]; then
        say check "$number" '' '' 'this host has no curl, which an https check needs'
        return
    elif found bash; then
        # shellcheck disable=SC2016  # bash expands it
        all=$(check_request "$5" "$6" "$7" | bash -c 'exec 3<>"/dev/tcp/$0/$1" && cat >&3 && cat <&3' "$5" "$6" 2>&1 | check_answer | tail -c $CHECK_BYTES)
    elif found python3 || found python; then
        all=$(check_request "$5" "$6" "$7" | "$VALUE" -c "$check_python" "$5" "$6" 2>&1 | check_answer | tail -c $CHECK_BYTES)
    elif found nc; then
        all=$(check_request "$5" "$6" "$7" | nc "$5" "$6" 2>&1 | check_answer | tail -c $CHECK_BYTES)
    else
        say check "$number" '' '' 'this host has none of curl, bash, python and nc, and an http check needs one'
        return
    fi
    status=${all##*status }
    # What no server has answered.
    case $status in 000) status= ;; esac
    check_say "$number" "$status" "$wanted" "${all%?status *}"
}

check_service() { # number service
    if [ -d /run/systemd/system ] && found systemctl; then
        shown=$(systemctl is-active "$2" 2>/dev/null)
        status=$?
        say check "$1" $status '' "systemctl: ${shown:-no answer}"
        return
    fi
    for by in /sbin/rc-service /sbin/service /usr/sbin/service "/etc/init.d/$2"; do
        [ -x "$by" ] || continue
        case $by in */init.d/*) "$by" status ;; *) "$by" "$2" status ;; esac >/dev/null 2>&1
        status=$?
        # 3 and 4 are of the Linux Standard Base; a script without status is asked about by the name of its process.
        [ $status -ne 0 ] || { say check "$1" 0 '' "$by: running"; return; }
        [ $status -ne 3 ] || { say check "$1" 3 '' "$by: not running"; return; }
    done
    short=$(printf %.15s "$2")
    for file in /proc/[0-9]*/stat; do
        { IFS= read -r line <"$file"; } 2>/dev/null || continue
        line=${line#*\(}
        [ "${line%%\)*}" != "$short" ] || { say check "$1" 0 '' "a process $short runs"; return; }
    done
    say check "$1" 1 '' "no service and no process of this name runs"
}

check_file() { # number path
    reach "$2" || { say check "$1" '' '' "not read: it is on the mount $VALUE of another host or of a program"; return; }
    [ -f "$2" ] || { say check "$1" '' '' "no such file"; return; }
    [ -r "$2" ] || { say check "$1" '' '' "it cannot be read without root"; return; }
    if found sha256sum || found gsha256sum; then
        shown=$("$VALUE" <"$2" 2>&1)
    elif found shasum; then
        shown=$(shasum -a 256 <"$2" 2>&1)
    elif found openssl; then
        shown=$(openssl dgst -sha256 <"$2" 2>&1)
        shown=${shown##* }
    elif found busybox; then
        shown=$(busybox sha256sum <"$2" 2>&1)
    else
        say check "$1" '' '' "this host has none of sha256sum, shasum and openssl"
        return
    fi
    say check "$1" "${shown%% *}" '' ''
}
