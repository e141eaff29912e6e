# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Fixes one fault. The journal records every change before it is made, with a copy of every file, so that it can be reverted.

remedy_note() { # fault kind word...: one line of the journal
    note=$1
    shift
    for word in "$@"; do note="$note	$word"; done
    printf '%s\n' "$note" >>"$STATE_DIR/journal"
}

remedy_keep() { # fault file: copy a file before its first change
    remedy_safe "$2" || return 1
    grep -q -e "^$1	[a-z]*	$2\$" -e "^$1	[a-z]*	$2	" "$STATE_DIR/journal" 2>/dev/null && return 0
    if [ ! -e "$2" ]; then
        remedy_note "$1" made "$2"
        return
    fi
    copy=$STATE_DIR/kept$(echo "$2" | tr / _)
    if ! errors=$(cp -p "$2" "$copy" 2>&1); then
        say failed "cannot copy $2: $errors"
        return 1
    fi
    remedy_note "$1" kept "$2" "$copy"
}

remedy_sum() { # fault file: record the checksum of a file, to detect a later change by another program
    remedy_note "$1" sum "$2" "$(remedy_check "$2")"
}

remedy_waits() { # command...: run it without a terminal; while another program has the lock of the packages, run it again
    waited=0
    until "$@" </dev/null >"$STATE_DIR/log" 2>&1; do
        grep -q -i -e 'get lock' -e 'frontend lock' -e 'is locked' -e 'transaction lock' -e 'lock database' -e 'another app' \
            "$STATE_DIR/log" && [ "$waited" -lt "$LOCKED_SECONDS" ] || return 1
        sleep 5
        waited=$((waited + 5))
    done
}

remedy_run() { # what command...: run it; report the end of its output on failure
    what=$1
    shift
    remedy_waits "$@" && return 0
    say failed "$what: $(grep -v '^[[:space:]]*$' "$STATE_DIR/log" | tail -n 2 | tr '\n\t' '  ')"
    return 1
}

remedy_write() { # file: replace its content by standard input; owner, mode and label stay
    rm -f "$STATE_DIR/new"
    cat >"$STATE_DIR/new" && cat "$STATE_DIR/new" >"$1" && rm -f "$STATE_DIR/new"
}

remedy_add() { # file line: adds a whole line, also where the last line of the file has no end
    [ ! -s "$1" ] || [ -z "$(tail -c 1 "$1" 2>/dev/null)" ] || echo >>"$1"
    printf '%s\n' "$2" >>"$1"
}

remedy_held() { # image: the modules in it, as far as it can be read
    remedy_listed "$1" | grep -a -o '[A-Za-z0-9_-]*\.ko' | tr - _ | sort -u
}

remedy_keeps() { # kernel image: whether it has the drivers now, and every module that it had; puts the copy back otherwise
    lacking=$(remedy_lacks "$1" "$2")
    lost=$(remedy_held "$2" | comm -23 "$STATE_DIR/held" - | tr '\n' ' ')
    rm -f "$STATE_DIR/held"
    [ -n "$lacking$lost" ] || return 0
    copy=$STATE_DIR/kept$(echo "$2" | tr / _)
    if cp -p "$copy" "$2.edgelift" 2>/dev/null && mv "$2.edgelift" "$2"; then
        again="the former file was put back"
    else
        rm -f "$2.edgelift"
        again="its former content is $copy"
    fi
    say failed "the new $2 ${lacking:+has no ${lacking}}${lost:+lost ${lost}}; $again"
    return 1
}

remedy_packages() { # the names of all installed packages
    case $MANAGER in
    apt-get | dpkg) dpkg-query -W -f '${Package}\n' ;;
    apk | apk-file) apk info ;;
    *) rpm -qa --qf '%{NAME}.%{ARCH}\n' ;;
    esac 2>/dev/null | sort
}

remedy_install() { # package: have the package manager install it
    case $MANAGER in
    dpkg) remedy_run "dpkg cannot install $RSYNC_FILE" dpkg -i "$RSYNC_AT" ;;
    rpm) remedy_run "rpm cannot install $RSYNC_FILE" rpm -U "$RSYNC_AT" ;;
    apk-file) remedy_run "apk cannot install $RSYNC_FILE" apk add --allow-untrusted "$RSYNC_AT" ;;
    apt-get)
        DEBIAN_FRONTEND=noninteractive
        export DEBIAN_FRONTEND
        # An index that is old names files that the archive no longer has.
        remedy_waits apt-get -q -y --no-install-recommends install "$1" && return 0
        remedy_waits apt-get -q update
        remedy_run "apt-get cannot install $1" apt-get -q -y --no-install-recommends install "$1"
        ;;
    dnf | yum) remedy_run "$MANAGER cannot install $1" "$MANAGER" -y install "$1" ;;
    zypper) remedy_run "zypper cannot install $1" zypper --non-interactive install "$1" ;;
    apk) remedy_run "apk cannot install $1" apk add "$1" ;;
    esac
}

remedy_installed() { # fault package: installs it, and notes which packages came with it
    remedy_packages >"$STATE_DIR/before"
    remedy_install "$2"
    remedy_packages >"$STATE_DIR/after"
    new=$(comm -13 "$STATE_DIR/before" "$STATE_DIR/after" | tr '\n' ' ')
    rm -f "$STATE_DIR/before" "$STATE_DIR/after"
    [ -z "$new" ] || remedy_note "$1" packages "$MANAGER" "$new"
}

remedy_do_rsync() {
    case $RSYNC_FILE in
    '') remedy_manager ;;
    *.deb) MANAGER=dpkg ;;
    *.rpm) MANAGER=rpm ;;
    *.apk) MANAGER=apk-file ;;
    *)
        remedy_keep rsync /usr/bin/rsync || return
        if ! errors=$( { cat "$RSYNC_AT" >/usr/bin/rsync && chmod 755 /usr/bin/rsync; } 2>&1); then
            say failed "cannot write /usr/bin/rsync: $errors"
            return
        fi
        remedy_sum rsync /usr/bin/rsync
        return
        ;;
    esac
    remedy_installed rsync rsync
}

remedy_do_selinux() {
    if remedy_enforce; then
        value "$NODE"
        if [ "$VALUE" = 1 ]; then
            remedy_note selinux enforce "$NODE"
            setenforce 0 >/dev/null 2>&1 || echo 0 2>/dev/null >"$NODE"
        fi
    fi
    file=/etc/selinux/config
    if grep -q '^[[:space:]]*SELINUX[[:space:]]*=[[:space:]]*enforcing' "$file" 2>/dev/null; then
        remedy_keep selinux "$file" || return
        sed 's/^\([[:space:]]*SELINUX[[:space:]]*=[[:space:]]*\)enforcing/\1permissive/' "$file" | remedy_write "$file"
        remedy_sum selinux "$file"
    fi
}

remedy_do_clock() {
    if chronyc tracking >/dev/null 2>&1; then
        chronyc makestep >/dev/null 2>&1 || chronyc -a makestep >/dev/null 2>&1
    elif command -v ntpdate >/dev/null 2>&1; then
        # shellcheck disable=SC2046  # one word per server
        ntpdate -u -b $(sed -n -e 's/^[[:space:]]*server[[:space:]]*\([^[:space:]]*\).*/\1/p' -e 's/^[[:space:]]*pool[[:space:]]*\([^[:space:]]*\).*/\1/p' /etc/ntp.conf 2>/dev/null) >/dev/null 2>&1
    fi </dev/null
    # The clock may have been set in between. The time since START comes from a clock that was not set.
    now=$(date -u +%s)
    off=$((now - EPOCH))
    if [ "$off" -gt "$TOLERANCE" ] || [ "$off" -lt "-$TOLERANCE" ]; then
        passed=$((now - START))
        if [ "$passed" -lt 0 ] || [ "$passed" -gt 600 ]; then passed=0; fi
        remedy_run "cannot set the clock" date -u -s "@$((EPOCH + passed))" || return
    fi
    hwclock --systohc >/dev/null 2>&1 || hwclock -w >/dev/null 2>&1 || :
}

remedy_do_virtio() {
    drivers="virtio_pci virtio_blk virtio_scsi virtio_net"
    remedy_maker
    file=
    case $MAKER in
    update-initramfs)
        file=/etc/initramfs-tools/modules
        remedy_keep virtio "$file" || return
        for driver in $drivers; do
            grep -q -e "^[[:space:]]*$driver\$" -e "^[[:space:]]*${driver}[[:space:]]" "$file" 2>/dev/null || remedy_add "$file" "$driver"
        done
        ;;
    dracut)
        file=/etc/dracut.conf
        [ -d /etc/dracut.conf.d ] && file=/etc/dracut.conf.d/edgelift-virtio.conf
        remedy_keep virtio "$file" || return
        grep -q "$drivers" "$file" 2>/dev/null || remedy_add "$file" "add_drivers+=\" $drivers \""
        ;;
    mkinitrd)
        if grep -q '^INITRD_MODULES=' /etc/sysconfig/kernel 2>/dev/null; then
            file=/etc/sysconfig/kernel
            remedy_keep virtio "$file" || return
            sed "s/^INITRD_MODULES=\"\\(.*\\)\"/INITRD_MODULES=\"\\1 $drivers\"/" "$file" | remedy_write "$file"
        fi
        ;;
    esac
    [ -z "$file" ] || remedy_sum virtio "$file"
    remedy_images | while IFS='	' read -r kernel image; do
        [ -n "$(remedy_lacks "$kernel" "$image")" ] || continue
        remedy_keep virtio "$image" || break
        remedy_held "$image" >"$STATE_DIR/held"
        case $MAKER in
        update-initramfs) remedy_run "update-initramfs cannot make $image" update-initramfs -u -k "$kernel" ;;
        dracut) remedy_run "dracut cannot make $image" dracut -f --add-drivers "$drivers" "$image" "$kernel" ;;
        *)
            if [ -n "$file" ]; then
                remedy_run "mkinitrd cannot make $image" mkinitrd -k "vmlinuz-$kernel" -i "${image#/boot/}"
            else
                set --
                for driver in $drivers; do set -- "$@" "--with=$driver"; done
                remedy_run "mkinitrd cannot make $image" mkinitrd -f "$@" "$image" "$kernel"
            fi
            ;;
        esac || break
        remedy_keeps "$kernel" "$image" || break
        remedy_sum virtio "$image"
    done
}

remedy_do() { # fault
    secure_folder "$STATE_DIR" || { say failed "$WHY"; return; }
    remedy_safe "$STATE_DIR/journal" /boot /lib/modules || return
    if ! errors=$(touch "$STATE_DIR/journal" 2>&1); then
        say failed "cannot write $STATE_DIR: $errors"
        return
    fi
    "remedy_do_$1"
    rm -f "$STATE_DIR/log" "$STATE_DIR/new"
    # A clock is not set back, and a fix that failed at once changed nothing: there is nothing to revert.
    [ -s "$STATE_DIR/journal" ] || { rm -rf "$STATE_DIR"; rmdir "${STATE_DIR%/*}" 2>/dev/null; }
}
