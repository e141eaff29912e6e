# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# What root may trust on a host with other users: paths that root alone can change, and processes that run as root.
# Without root, the login user counts as well. Needs ls, readlink and tr only, for very old systems.

# shellcheck disable=SC2034  # the scripts that include this one read it, and the reasons in WHY
LOGIN_PATH=${LOGIN_PATH:-${PATH:-}}
PATH=/usr/sbin:/usr/bin:/sbin:/bin
ME=$(id -u 2>/dev/null)
TRUSTED=
BREAK='
'

secure_entry() { # path: whether root alone can change it; its type (d, -, l, empty if it is missing) in $KIND
    KIND=d
    case $TRUSTED in *"$BREAK$1$BREAK"*) return 0 ;; esac
    KIND=
    [ -e "$1" ] || [ -h "$1" ] || return 0
    # The first words are mode, links and owner, whatever the name contains.
    set -f
    # shellcheck disable=SC2046  # each word is an argument
    set -- "$1" $(ls -ldn "$1" 2>/dev/null)
    set +f
    case ${4:-none} in
    0 | "$ME") ;;
    none) WHY="$1 cannot be read" && return 1 ;;
    *) WHY="$1 belongs to uid $4, not to root. Check what is in it, then run: chown root $1" && return 1 ;;
    esac
    KIND=${2%"${2#?}"}
    case $2 in
    l*) ;;
    d????????[tT]*) WHY="other users can create files in $1 ($2). Use a folder that only root can change" && return 1 ;;
    ?????w* | ????????w*) WHY="other users can change $1 ($2). Check what is in it, then run: chmod go-w $1" && return 1 ;;
    d*) TRUSTED="$TRUSTED$BREAK$1$BREAK" ;;
    esac
}

secure() { # path: whether root alone can change it, its parents, and what its links lead to; the real path in $REAL
    AT=
    REST=${1#/}/
    HOPS=0
    secure_entry / || return 1
    while [ -n "$REST" ]; do
        part=${REST%%/*}
        REST=${REST#*/}
        case $part in
        '' | .) continue ;;
        ..) AT=${AT%/*} && continue ;;
        esac
        secure_entry "$AT/$part" || return 1
        case $KIND in
        '') REAL=$AT/$part/$REST && REAL=${REAL%/} && return 0 ;;
        l)
            part=$(readlink "$AT/$part" 2>/dev/null)
            HOPS=$((HOPS + 1))
            if [ -z "$part" ] || [ $HOPS -gt 20 ]; then WHY="$1 is a symbolic link that cannot be followed" && return 1; fi
            case $part in /*) AT= ;; esac
            REST=$part/$REST
            ;;
        *) AT=$AT/$part ;;
        esac
    done
    REAL=${AT:-/}
}

secure_tree() { # folder [find options]: whether root alone can change what is in it
    secure "$1" || return 1
    case $(ls -ldn "$1" 2>/dev/null) in d???------*) return 0 ;; esac
    secure_within "$@"
}

secure_within() { # folder [find options]: the same for what is in it, also if only root can enter it now
    tree=$1
    shift
    # The option of the caller comes first, links belong to the folder that they are in.
    # GNU find asks a name service for the user "0"; busybox has no -uid and asks no name service.
    by=-user
    find / -prune -uid 0 >/dev/null 2>&1 && by=-uid
    odd=$(find "$tree" "$@" ! -type l \( ! $by "${ME:-0}" ! $by 0 -o -perm -020 -o -perm -002 \) 2>&1)
    [ -n "$odd" ] || return 0
    odd=${odd%%"$BREAK"*}
    secure_entry "$odd" && WHY="cannot check what is in $tree: $odd"
    return 1
}

secure_folder() { # path: creates a folder for root alone, if it is missing
    secure "$1" || return 1
    [ -d "$1" ] && return
    # shellcheck disable=SC2034  # read by the caller
    WHY=$(mkdir -p "$1" 2>&1) || WHY="cannot create $1: $WHY"
    [ -d "$1" ]
}

owned() { # pid: whether all its user ids are root's; a program that others may start as root has theirs too
    ids=
    # The name comes before the ids; the kernel escapes a line break in it.
    { while read -r key ids; do case $key in Uid:) break ;; esac; done <"/proc/$1/status"; } 2>/dev/null || return 1
    [ "$key" = Uid: ] || return 1
    # shellcheck disable=SC2086  # each word is an argument
    set -- $ids
    case $1 in 0 | "$ME") [ "$1 $1 $1" = "$2 $3 $4" ] ;; *) false ;; esac
}

started() { # pid: its start time, in clock ticks since the start of the host, in $VALUE
    VALUE=
    # The name in brackets may contain anything; what follows its last bracket comes from the kernel alone.
    { while IFS= read -r line || [ -n "$line" ]; do VALUE="$VALUE $line"; done <"/proc/$1/stat"; } 2>/dev/null || return 1
    # shellcheck disable=SC2086  # each word is an argument
    set -- ${VALUE##*\)}
    VALUE=${20:-}
    [ -n "$VALUE" ]
}

runs_from() { # pid folder: whether it is a process of root that runs the client of this folder, which root alone can change
    # Nothing of another user's process is looked at but its ids.
    owned "$1" || return 1
    # A process of the kernel has no executable, one of another root (a container) has its own folder of this name.
    [ -e "/proc/$1/exe" ] || return 1
    # shellcheck disable=SC3013  # dash, bash and busybox have it, and without it no process is trusted
    [ "/proc/$1/root" -ef / ] || return 1
    exe=$(readlink "/proc/$1/exe" 2>/dev/null) || return 1
    case $exe in "$2"/*) return 0 ;; esac
    # A client that is a script runs in its interpreter, which has the script for its first word that is no option.
    case ${exe##*/} in *sh | busybox* | python* | perl*) ;; *) return 1 ;; esac
    { tr '\000\n' '\n ' <"/proc/$1/cmdline"; } 2>/dev/null | {
        read -r line
        IFS= read -r line
        case $line in -*) IFS= read -r line ;; esac
        [ "$line" = "$2/go2aliyun_client" ]
    }
}
