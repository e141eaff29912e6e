# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Checks every fault of FAULTS on this host: "ok" if no fix is needed, "needed" if the fix is possible, "impossible" with
# the reason. Changes nothing.

START=$(date -u +%s 2>/dev/null)

remedy_manager() { # the package manager of this host, in $MANAGER
    for MANAGER in apt-get dnf yum zypper apk; do command -v "$MANAGER" >/dev/null 2>&1 && return 0; done
    MANAGER=
    return 1
}

remedy_rsync() {
    tool=
    case $RSYNC_FILE in *.deb) tool=dpkg ;; *.rpm) tool=rpm ;; *.apk) tool=apk ;; esac
    if path=$(command -v rsync 2>/dev/null); then
        say remedy rsync ok "$path"
    elif [ -n "$tool" ] && ! command -v "$tool" >/dev/null 2>&1; then
        say remedy rsync impossible "rsync is missing, and this host has no $tool to install $RSYNC_FILE"
    elif [ -n "$RSYNC_FILE" ]; then
        say remedy rsync needed "rsync is missing"
    elif remedy_manager; then
        say remedy rsync needed "rsync is missing"
    else
        say remedy rsync impossible "rsync is missing, and this host has none of apt-get, dnf, yum, zypper and apk. Set rsync_src"
    fi
}

remedy_enforce() { # the kernel's switch of SELinux, in $NODE
    for NODE in /sys/fs/selinux/enforce /selinux/enforce; do [ -e "$NODE" ] && return 0; done
    NODE=
    return 1
}

remedy_selinux() {
    now=disabled
    if remedy_enforce; then
        value "$NODE"
        now=permissive
        [ "$VALUE" = 1 ] && now=enforcing
    fi
    later=$(sed -n 's/^[[:space:]]*SELINUX[[:space:]]*=[[:space:]]*\([A-Za-z]*\).*/\1/p' /etc/selinux/config 2>/dev/null | tail -n 1)
    status=ok
    [ "$now" = enforcing ] && status=needed
    [ "$later" = enforcing ] && status=needed
    say remedy selinux "$status" "$now now, ${later:-disabled} after a restart"
}

remedy_clock() {
    case $START in
    '' | *[!0-9]*) say remedy clock impossible "date +%s prints '$START'" ; return ;;
    esac
    off=$((START - EPOCH))
    status=ok
    if [ "$off" -gt "$TOLERANCE" ] || [ "$off" -lt "-$TOLERANCE" ]; then status=needed; fi
    [ "$status" = ok ] && off="less than $TOLERANCE"
    say remedy clock "$status" "$off s from the clock of the controller"
}

remedy_images() { # each initramfs in /boot that belongs to an installed kernel: kernel and file
    for image in /boot/initrd.img-* /boot/initramfs-*.img /boot/initrd-*; do
        [ -f "$image" ] || continue
        case $image in *kdump* | *rescue*) continue ;; esac
        kernel=${image#/boot/}
        kernel=${kernel#initrd.img-}
        kernel=${kernel#initramfs-}
        kernel=${kernel#initrd-}
        kernel=${kernel%.img}
        [ -d "/lib/modules/$kernel" ] && printf '%s\t%s\n' "$kernel" "$image"
    done
}

remedy_listed() { # image: its content, as far as it can be read
    for tool in lsinitramfs lsinitrd; do
        if command -v "$tool" >/dev/null 2>&1; then "$tool" "$1" 2>/dev/null; return; fi
    done
    # The names in an archive of cpio are plain text.
    gzip -dc "$1" 2>/dev/null
}

remedy_lacks() { # kernel image: the drivers that neither has
    held=$(remedy_listed "$2" | grep -a -o 'virtio_[a-z]*\.ko' | sort -u)
    for driver in virtio_pci virtio_blk; do
        grep -q "/$driver\.ko" "/lib/modules/$1/modules.builtin" 2>/dev/null && continue
        # Kernels before 2.6.33 have no modules.builtin.
        grep -q "^CONFIG_$(echo "$driver" | tr '[:lower:]' '[:upper:]')=y" "/boot/config-$1" 2>/dev/null && continue
        case " $(echo "$held" | tr '\n' ' ')" in *" $driver.ko "*) continue ;; esac
        printf '%s ' "$driver"
    done
}

remedy_maker() { # the program that builds the initramfs of this host, in $MAKER; dracut comes with a mkinitrd too
    for MAKER in update-initramfs dracut mkinitrd; do command -v "$MAKER" >/dev/null 2>&1 && return 0; done
    MAKER=
    return 1
}

remedy_virtio() {
    images=$(remedy_images)
    if [ -z "$images" ]; then
        say remedy virtio impossible "no initramfs in /boot belongs to an installed kernel"
        return
    fi
    missing=$(echo "$images" | while IFS='	' read -r kernel image; do
        lacking=$(remedy_lacks "$kernel" "$image")
        for driver in $lacking; do
            if [ -z "$(find "/lib/modules/$kernel/" -name "$driver.ko*" 2>/dev/null | head -n 1)" ]; then
                echo "none: kernel $kernel was built without $driver"
            fi
        done
        [ -z "$lacking" ] || echo "$image lacks $lacking"
    done)
    case $missing in
    '') say remedy virtio ok "in every initramfs" ;;
    *none:*) say remedy virtio impossible "$(echo "$missing" | sed -n 's/^none: //p' | tr '\n' ' ')" ;;
    *)
        if remedy_maker; then
            say remedy virtio needed "$(echo "$missing" | tr '\n' ' ')"
        else
            say remedy virtio impossible "$missing, and this host has none of update-initramfs, dracut and mkinitrd"
        fi
        ;;
    esac
}

remedy_check() { # file: a checksum of its content, by a tool that this host has
    for tool in cksum md5sum wc; do
        command -v "$tool" >/dev/null 2>&1 && { "$tool" <"$1"; return; }
    done
}

remedy_safe() { # path...: refuse what other users of the host can change
    for path in "$@"; do secure "$path" || { say failed "no fix is possible: $WHY"; return 1; }; done
}

remedy_look() {
    say uid "$(id -u)"
    remedy_safe "$STATE_DIR/journal" /boot /lib/modules || return 0
    for fault in $FAULTS; do "remedy_$fault"; done
    lines journal "$STATE_DIR/journal"
}
