# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Begins every script. Two markers enclose the answer, so that the output of a banner or a login script is ignored.

LC_ALL=C
export LC_ALL
umask 077
unset CDPATH ENV BASH_ENV

# Root runs programs only from folders that root alone can change.
places=$LOGIN_PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin:
trusted=
while [ -n "$places" ]; do
    place=${places%%:*}
    places=${places#*:}
    case ":$trusted:$place" in *":$place:"*":$place") continue ;; esac
    case $place in
    /usr/sbin | /usr/bin | /sbin | /bin) ;;
    /*) case $ME in 0 | '') secure "$place" || continue ;; esac ;;
    *) continue ;;
    esac
    trusted=$trusted:$place
done
PATH=${trusted#:}
export PATH
# Interpreters also load modules from the folder that they are started in, and the login user can write to that one.
cd /

say() { # record field...: one line, fields parted by tabs; a name with a tab or a line break cannot forge another record
    out=$1
    shift
    for field in "$@"; do
        case $field in *"	"* | *"$BREAK"*) field=$(printf '%s' "$field" | tr '\t\n' '??') ;; esac
        out="$out	$field"
    done
    printf '%s\n' "$out"
}

value() { # file: its first line, or nothing, in $VALUE
    VALUE=
    [ -r "$1" ] && IFS= read -r VALUE <"$1" 2>/dev/null
    : "$VALUE"
    return 0
}

found() { # program: whether PATH has it, and where, in $VALUE; unlike command -v in $(...) it starts no process
    VALUE=
    places=$PATH:
    while [ -n "$places" ]; do
        place=${places%%:*}
        places=${places#*:}
        [ -f "$place/$1" ] && [ -x "$place/$1" ] && VALUE=$place/$1 && return 0
    done
    return 1
}

lines() { # record file: every line of a readable file
    [ -r "$2" ] || return 0
    while IFS= read -r line || [ -n "$line" ]; do printf '%s\t%s\n' "$1" "$line"; done <"$2" 2>/dev/null
}

printf '\n%s BEGIN\n' "$FENCE"
