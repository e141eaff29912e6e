# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Whether the host reaches each host:port in $EGRESS, all at once and within $EGRESS_TIMEOUT seconds, with whichever program
# can open a connection. Nothing is sent.

# shellcheck disable=SC2086  # nc has some options or none
connect() { # host port: opens a connection in a separate process, in $!; with exec it is the one that is ended
    case $CONNECT in
    bash) exec bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" >/dev/null 2>&1 & ;;
    nc) exec nc $NC_SCAN "$1" "$2" $NC_RUN </dev/null >/dev/null 2>&1 & ;;
    curl) exec curl -s "telnet://$1:$2" </dev/null >/dev/null 2>&1 & ;;
    python*) exec "$CONNECT" -c 'import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 30)' "$1" "$2" >/dev/null 2>&1 & ;;
    perl) exec perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => $ARGV[1])' "$1" "$2" >/dev/null 2>&1 & ;;
    esac
}

ended() { # pid: how its process ended, in $VALUE
    wait "$1" 2>/dev/null
    # A signal counts from 128 in most shells, from 256 in ksh93 and from 384 in yash.
    case $? in
    0) VALUE=ok ;;
    129 | 1[34][0-9] | 25[7-9] | 2[67][0-9] | 38[5-9] | 39[0-9]) VALUE=timeout ;;
    *) VALUE=failed ;;
    esac
}

probe_egress() {
    CONNECT=
    for tool in bash nc python3 python perl curl; do
        if found "$tool"; then CONNECT=$tool; break; fi
    done
    NC_SCAN=-z
    NC_RUN=
    if [ "$CONNECT" = nc ]; then
        # The nc of busybox cannot end once it is connected, but it can run a program then.
        case $(nc --help 2>&1) in
        *BusyBox*)
            NC_SCAN=
            NC_RUN='-e true'
            ;;
        esac
    fi
    pids=
    waiting=
    for target in $EGRESS; do
        host=${target%:*}
        dns=
        case $host in
        *[!0-9.]*)
            if found getent; then
                exec getent hosts "$host" >/dev/null 2>&1 &
                dns=$!
                pids="$pids $dns"
            fi
            ;;
        esac
        if [ -n "$CONNECT" ]; then
            connect "$host" "${target##*:}"
            pids="$pids $!"
            waiting="$waiting $target,$!,$dns"
        else
            waiting="$waiting $target,,$dns"
        fi
    done
    # shellcheck disable=SC2086  # one word per process
    (
        sleep "$EGRESS_TIMEOUT" &
        # A signal that may be caught could be lost in a process that has just begun.
        trap 'kill -9 $!; exit' TERM
        wait $!
        kill $pids
    ) >/dev/null 2>&1 &
    watch=$!
    for row in $waiting; do
        target=${row%%,*}
        row=${row#*,}
        state=untested
        dns=untested
        if [ -n "${row%%,*}" ]; then ended "${row%%,*}"; state=$VALUE; fi
        if [ -n "${row#*,}" ]; then ended "${row#*,}"; dns=$VALUE; fi
        say egress "$target" "$state" "$CONNECT" "$dns"
    done
    kill $watch 2>/dev/null
    wait $watch 2>/dev/null
}
