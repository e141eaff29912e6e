# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Begins every script. Two markers enclose the answer, so that the output of a banner or a login script is ignored.

LC_ALL=C
export LC_ALL
umask 077
unset CDPATH ENV BASH_ENV

# Mounts that may keep everybody waiting who looks at them: those of another host or of a program. A later mount covers one.
RISKY=
while read -r source target fstype rest; do
    case $target,$fstype,$source in
    /,*) ;;
    *,nfs* | *,cifs,* | *,smb* | *,ncp* | *,afs,* | *,coda,* | *,9p,* | *,ceph,* | *,lustre,* | *,gpfs,* | *,fuse* | *,autofs,* | \
        *,gfs* | *,ocfs2,* | *,virtiofs,* | *,vboxsf,* | *,vmhgfs,* | *,prl_fs,* | *,beegfs,* | *,glusterfs,* | *,pvfs2,* | \
        *,orangefs,* | *,davfs,* | *,acfs,* | *,vxodmfs,* | *,mvfs,* | *,panfs,*) RISKY=$RISKY$BREAK$target$BREAK ;;
    *) case $RISKY in *"$BREAK$target$BREAK"*) RISKY=${RISKY%%"$BREAK$target$BREAK"*}${RISKY#*"$BREAK$target$BREAK"} ;; esac ;;
    esac
done 2>/dev/null </proc/mounts

reach() { # path: whether no such mount is on the way to it, also behind links; otherwise the mount is in $VALUE
    [ -n "$RISKY" ] || return 0
    AT=
    REST=${1#/}/
    HOPS=0
    while [ -n "$REST" ]; do
        part=${REST%%/*}
        REST=${REST#*/}
        case $part in
        '' | .) continue ;;
        ..) AT=${AT%/*} && continue ;;
        esac
        VALUE=$AT/$part
        case $RISKY in *"$BREAK$VALUE$BREAK"*) return 1 ;; esac
        if [ -h "$VALUE" ] && [ $HOPS -lt 20 ]; then
            HOPS=$((HOPS + 1))
            part=$(readlink "$VALUE" 2>/dev/null)
            case $part in /*) AT= ;; esac
            REST=$part/$REST
        else
            AT=$VALUE
        fi
    done
    return 0
}

# Root runs programs only from folders that root alone can change.
places=$LOGIN_PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin:
trusted=
while [ -n "$places" ]; do
    place=${places%%:*}
    places=${places#*:}
    case ":$trusted:$place" in *":$place:"*":$place") continue ;; esac
    case $place in
    /usr/sbin | /usr/bin | /sbin | /bin) ;;
    /*)
        reach "$place" || continue
        case $ME in 0 | '') secure "$place" || continue ;; esac
        ;;
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
