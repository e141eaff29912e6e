# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Nothing may keep a script waiting without limit. A script ends after $LIMIT seconds with what it has found so far, and a step of it
# after its own: what does not end is killed, and what cannot be killed (a process in state D) is left alone. For that, no
# process of the script has the output of the session: they write to a pipe, and the shell that reads it ends without a signal.
# Old hosts have no program timeout, and a shell without a terminal has no process groups: see sleep, wait and kill below.

SELF=
OVER=
QUIET=
CHILD=
TICKER=

guard_below() { # pid: the processes that it has started, and those that they have started, in $BELOW
    BELOW=" $1 "
    more=1
    while [ -n "$more" ]; do
        more=
        for file in /proc/[0-9]*/stat; do
            { IFS= read -r line <"$file"; } 2>/dev/null || continue
            # The name in brackets may contain anything but a line break.
            # shellcheck disable=SC2086  # each word is an argument
            set -- "${line%% *}" ${line##*\)}
            case $BELOW in *" $1 "*) continue ;; esac
            case $BELOW in *" ${3:-none} "*) BELOW="$BELOW$1 " && more=1 ;; esac
        done
    done
}

guard_kill() { # pid: ends it, and all that it has started
    guard_below "$1"
    # shellcheck disable=SC2086  # each word is an argument
    kill -9 $BELOW 2>/dev/null
}

guard_stop() { # pid: ends one of the two below and its sleep. A signal that a shell catches may be lost, this one is not
    kill -STOP "$1" 2>/dev/null
    line=
    if [ -r "/proc/$1/task/$1/children" ]; then
        read -r line <"/proc/$1/task/$1/children"
        # shellcheck disable=SC2086  # one word per process
        kill -9 "$1" $line
    else
        guard_kill "$1"
    fi 2>/dev/null
}

guard_tick() { # wakes the script once a second, so that it can look at the step that it waits for
    while sleep 1; do kill -USR1 "$SELF" 2>/dev/null || exit 0; done
}

guard_end() { # ends the script after $LIMIT seconds: first it may say where it is, then it is killed
    sleep "$LIMIT" || exit 0
    started "$SELF" && [ "$VALUE" = "$BORN" ] || exit 0
    kill -USR2 "$SELF" 2>/dev/null
    sleep 1
    started "$SELF" && [ "$VALUE" = "$BORN" ] || exit 0
    # The session ends with what is said here. What is left is killed after that: on a busy host it takes a while to find.
    trap '' PIPE
    kill -STOP "$SELF" 2>/dev/null
    printf '\nexpired\tscript\t%s\n%s END\n.\n' "$LIMIT" "$FENCE"
    read -r own line </proc/self/stat
    guard_below "$SELF"
    for line in $BELOW; do [ "$line" = "$own" ] || kill -9 "$line" 2>/dev/null; done
}

guard_begin() {
    # Opened by the shell itself, so it is the shell's own.
    { read -r SELF line </proc/self/stat; } 2>/dev/null
    [ -n "$SELF" ] && started "$SELF" || return 0
    BORN=$VALUE
    trap 'TICKED=1; OVER=1; [ -n "$CHILD" ] || { guard_over; exit 0; }' USR2
    guard_end &
    ENDER=$!
}

guard_over() { # the end of a script: no process of the guard stays. The last line may end this shell: its reader has ended
    if [ -n "$OVER" ]; then
        guard_below "$SELF"
        for line in $BELOW; do [ "$line" = "$SELF" ] || kill -9 "$line" 2>/dev/null; done
        # At once with the end: guard_end may say the same as soon as this takes long.
        printf 'expired\tscript\t%s\n%s END\n.\n' "$LIMIT" "$FENCE"
        return 0
    elif [ -n "$SELF" ]; then
        [ -z "$TICKER" ] || guard_stop "$TICKER"
        guard_stop "$ENDER"
    fi
    # The sed of busybox reads one line more than it needs.
    printf '%s END\n.\n' "$FENCE"
}

guard_relay() { # what the script says, up to its end, without waiting for processes that cannot be killed
    if command -v sed >/dev/null 2>&1; then
        LC_ALL=C sed "/^$FENCE END\$/q"
    else
        while IFS= read -r line; do
            printf '%s\n' "$line"
            [ "$line" != "$FENCE END" ] || break
        done
    fi
}

step() { # name seconds command...: runs a command beside the script, and gives it up after $TIMES these seconds; fails then
    STEP=$1
    ALLOWED=$(($2 * TIMES))
    LEFT=$ALLOWED
    shift 2
    if [ -n "$OVER" ]; then
        [ -n "$QUIET" ] || say expired "$STEP" 0
        return 1
    fi
    [ -n "$SELF" ] || { "$@"; return 0; }
    if [ -z "$TICKER" ]; then
        trap 'TICKED=1' USR1
        guard_tick >/dev/null &
        TICKER=$!
    fi
    "$@" </dev/null 2>/dev/null &
    CHILD=$!
    while :; do
        TICKED=
        wait "$CHILD" 2>/dev/null
        ENDED=$?
        [ -n "$TICKED" ] || break
        LEFT=$((LEFT - 1))
        if [ $LEFT -le 0 ] || [ -n "$OVER" ]; then break; fi
    done
    CHILD_WAS=$CHILD
    CHILD=
    # It may have ended just now.
    if [ -z "$TICKED" ]; then
        # What was killed has not said everything: 128 and the signal, in ksh93 256, in yash 384.
        if [ "$ENDED" -le 128 ] || { [ "$ENDED" -gt 192 ] && [ "$ENDED" -le 256 ]; }; then return 0; fi
    elif ! kill -0 "$CHILD_WAS" 2>/dev/null; then
        return 0
    else
        guard_kill "$CHILD_WAS"
    fi
    [ -n "$QUIET" ] || say expired "$STEP" "$ALLOWED"
    return 1
}

steps() { # name seconds command word...: the command with all words, or, where that takes too long, with one at a time
    QUIET=1
    step "$@" && QUIET= && return 0
    name=$1
    run=$3
    shift 3
    for word in "$@"; do
        [ -z "$OVER" ] || break
        step "$name" 1 "$run" "$word" || say expired "$name" "$ALLOWED" "$word"
    done
    QUIET=
    [ -z "$OVER" ] || say expired "$name" 0
}
