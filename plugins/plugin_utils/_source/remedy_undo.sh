# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Reverts the changes in the journal, the last one first. A file that was changed since is kept, and so is its copy.

remedy_sum_of() { # fault file: the last sum noted for a file
    sed -n "s,^$1	sum	$2	,,p" "$STATE_DIR/journal" | tail -n 1
}

remedy_theirs() { # fault file: whether it was changed since the fix
    sum=$(remedy_sum_of "$1" "$2")
    [ -n "$sum" ] && [ -e "$2" ] && [ "$sum" != "$(remedy_check "$2")" ]
}

remedy_back() { # copy file: an initramfs is replaced in one step, any other file that is there keeps owner, mode and label
    case $2 in
    /boot/*) rm -f "$2.edgelift" && cp -p "$1" "$2.edgelift" && mv "$2.edgelift" "$2" ;;
    *) if [ -e "$2" ]; then cat "$1" >"$2"; else cp -p "$1" "$2"; fi ;;
    esac
}

remedy_unpack() { # manager package...
    manager=$1
    shift
    case $manager in
    apt-get | dpkg) dpkg --purge "$@" ;;
    apk | apk-file) apk del "$@" ;;
    *) rpm -e "$@" ;;
    esac </dev/null 2>&1
}

remedy_undo_line() { # fault kind word word
    errors=
    case $2 in kept | made | folder) secure "$3" || errors=$WHY ;; masked) secure "${3%/*}" || errors=$WHY ;; esac
    case $2${errors:+ refused} in
    kept)
        # The copies go with the folder at the end, so that an interrupted revert can be repeated.
        if cmp -s "$4" "$3"; then
            return
        elif [ ! -r "$4" ]; then
            errors="$3: its copy $4 is gone"
        elif remedy_theirs "$1" "$3"; then
            errors="$3 was changed since, its former content is $4"
        else
            errors=$(remedy_back "$4" "$3" 2>&1)
        fi
        ;;
    made)
        if remedy_theirs "$1" "$3"; then errors="$3 was changed since"; else errors=$(rm -f "$3" 2>&1); fi
        ;;
    packages)
        # shellcheck disable=SC2086  # one word per package
        said=$(remedy_unpack "$3" $4) || errors="packages $4: $(echo "$said" | tail -n 1)"
        ;;
    folder)
        # What others put into it since stays.
        rmdir "$3" 2>/dev/null
        return
        ;;
    masked)
        [ -h "$3" ] || [ -e "$3" ] || errors=$(ln -s /dev/null "$3" 2>&1)
        ;;
    enforce)
        setenforce 1 >/dev/null 2>&1 || errors=$( { echo 1 >"$3"; } 2>&1)
        ;;
    esac
    [ -z "$errors" ] && return
    say left "$1" "$errors"
    printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" >>"$STATE_DIR/left"
    sed -n "/^$1	sum	$(echo "$3" | tr / .)	/p" "$STATE_DIR/journal" >>"$STATE_DIR/left"
}

remedy_undo() {
    remedy_safe "$STATE_DIR/journal" || return
    [ -e "$STATE_DIR/journal" ] || return
    rm -f "$STATE_DIR/left"
    sed -n '1!G;h;$p' "$STATE_DIR/journal" | while IFS='	' read -r fault kind first second; do
        remedy_undo_line "$fault" "$kind" "$first" "$second"
    done
    [ ! -d /run/systemd/system ] || systemctl daemon-reload >/dev/null 2>&1 || :
    if [ -e "$STATE_DIR/left" ]; then
        mv "$STATE_DIR/left" "$STATE_DIR/journal"
    else
        rm -rf "$STATE_DIR"
        rmdir "${STATE_DIR%/*}" 2>/dev/null
    fi
    lines journal "$STATE_DIR/journal"
}
