# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# How the host boots: firmware, boot loader, and whether the initramfs of its kernel contains virtio drivers.

# The names of virtio modules in a cpio archive: right behind a header of 110 digits. Lists of modules, which the archive
# may hold too, name modules that it does not hold.
CPIO_NAME='07070[12][0-9A-Fa-f]\{104\}[A-Za-z0-9_./+-]*virtio[A-Za-z0-9_-]*\.ko'
INITRAMFS_BYTES=268435456
CONTENT_BYTES=1073741824
EARLY_ENTRIES=40

names() { # stdin: a cpio archive; prints the virtio modules in it
    tr '\000' '\n' | grep -a -o "$CPIO_NAME" 2>/dev/null | while IFS= read -r line; do say initramfs-module "${line##*/}"; done
}

magic() { # file offset: its first six bytes there, in hexadecimal, in $MAGIC
    # shellcheck disable=SC2046  # one word per byte
    set -- $(od -An -v -tx1 -j "$2" -N 6 "$1" 2>/dev/null)
    MAGIC="$*"
}

digits() { # hexadecimal digits: the number, in $VALUE; fails for anything else
    case $1 in '' | *[!0-9A-Fa-f]*) return 1 ;; esac
    VALUE=$((0x$1))
}

after_entry() { # file: moves $OFFSET behind the entry of a cpio archive that begins there, and keeps its name's length
    # The header is text, and everything in the archive begins at a multiple of four.
    header=$(dd if="$1" bs=4 skip=$((OFFSET / 4)) count=28 2>/dev/null | tr -d '\000')
    case $header in 07070[12]*) ;; *) return 1 ;; esac
    header=${header#??????}
    size=${header#????????????????????????????????????????????????}
    length=${size#????????????????????????????????????????}
    digits "${size%"${size#????????}"}" || return 1
    size=$VALUE
    digits "${length%"${length#????????}"}" || return 1
    OFFSET=$(((OFFSET + 110 + VALUE + 3) / 4 * 4))
    OFFSET=$(((OFFSET + size + 3) / 4 * 4))
    LENGTH=$VALUE
}

after_early() { # file: where the archives in front of the compressed one end, in $OFFSET; fails where it is unknown
    OFFSET=
    # shellcheck disable=SC2013  # words: the place and the name
    for place in $(grep -a -b -o 'TRAILER!!!' "$1" 2>/dev/null); do
        OFFSET=$((${place%%:*} + 10))
        skip_zeros "$1"
        [ "$OFFSET" != end ] || return 0
        # Packed data may show the word too: the first trailer that no archive follows is the one.
        magic "$1" "$OFFSET"
        case $MAGIC in '30 37 30 37 30 3'*) ;; *) return 0 ;; esac
    done
    # busybox cannot tell the place of a word: from entry to entry then, which is short for microcode.
    OFFSET=0
    entries=0
    while after_entry "$1"; do
        entries=$((entries + 1))
        [ $entries -le $EARLY_ENTRIES ] || return 1
        # The name of the last entry has ten letters and a zero; what fills the block up comes next.
        [ "$LENGTH" != 11 ] || skip_zeros "$1"
        [ "$OFFSET" != end ] || return 0
    done
    [ $entries -gt 0 ]
}

skip_zeros() { # file: moves $OFFSET behind the zeros there, or makes it "end" where the file ends
    # shellcheck disable=SC2046  # one word per byte
    set -- $(od -An -v -tx1 -j "$OFFSET" -N 4096 "$1" 2>/dev/null)
    while [ "${1:-}" = 00 ]; do OFFSET=$((OFFSET + 1)); shift; done
    [ $# -gt 0 ] || OFFSET=end
}

initramfs() { # file: says the virtio modules in it, and how the reading ended
    [ -f "$1" ] || { say initramfs "$1" unknown-format; return 0; }
    [ -r "$1" ] || { say needs-root "initramfs"; say initramfs "$1" unreadable; return 0; }
    # shellcheck disable=SC2046  # one word per column
    set -- "$1" $(ls -lnL "$1" 2>/dev/null)
    [ "${6:-0}" -le $INITRAMFS_BYTES ] 2>/dev/null || { say initramfs "$1" too-large; return 0; }
    OFFSET=0
    magic "$1" 0
    case $MAGIC in
    '')
        say initramfs "$1" no-tool
        return 0
        ;;
    '30 37 30 37 30 3'[12])
        names <"$1"
        after_early "$1" || { say initramfs "$1" no-tool; return 0; }
        [ "$OFFSET" != end ] || { say initramfs "$1" read; return 0; }
        magic "$1" "$OFFSET"
        ;;
    esac
    case $MAGIC in
    '1f 8b'*) set -- "$1" gzip -dc ;;
    'fd 37 7a'*) set -- "$1" xz -dc ;;
    '28 b5 2f fd'*) set -- "$1" zstd -dcq ;;
    '02 21 4c 18'* | '04 22 4d 18'*) set -- "$1" lz4 -dcq ;;
    '42 5a 68'*) set -- "$1" bzip2 -dc ;;
    '5d 00 00'*) set -- "$1" lzma -dc ;;
    '89 4c 5a'*) set -- "$1" lzop -dcq ;;
    *) say initramfs "$1" unknown-format; return 0 ;;
    esac
    found "$2" || { say initramfs "$1" no-tool "$2"; return 0; }
    file=$1
    shift
    # The early archives may be all that tail could not skip; what was read is bounded, and so is what comes out of it.
    tail -c "+$((OFFSET + 1))" "$file" 2>/dev/null | "$@" 2>/dev/null | head -c $CONTENT_BYTES | names
    say initramfs "$file" read
}

probe_boot() {
    if [ -d /sys/firmware/efi ]; then say boot uefi; else say boot bios; fi
    for tool in grub2-install grub-install grub; do
        if found "$tool"; then
            say grub "$("$tool" --version 2>/dev/null </dev/null | head -n 1)"
            break
        fi
    done
    for file in /boot/grub/grub.cfg /boot/grub2/grub.cfg /boot/efi/EFI/*/grub.cfg /boot/grub/menu.lst /boot/grub/grub.conf \
        /boot/extlinux/extlinux.conf /boot/syslinux/syslinux.cfg /etc/lilo.conf; do
        [ -e "$file" ] && say boot-config "$file"
    done
}

in_boot() { # path as a boot loader names it: where it is here, in $VALUE
    for VALUE in "$1" "/boot/${1#/}" "/boot/efi/${1#/}" "/efi/${1#/}" "/boot/${1##*/}"; do [ -f "$VALUE" ] && return 0; done
    VALUE=
    return 1
}

release_of() { # name of a kernel or an initramfs: its release, in $VALUE
    VALUE=${1##*/}
    VALUE=${VALUE%.img}
    case $VALUE in
    *-[0-9]*) while :; do case $VALUE in [0-9]*) break ;; *-*) VALUE=${VALUE#*-} ;; *) break ;; esac; done ;;
    *) VALUE= ;;
    esac
}

has_kernels() { # whether /boot has a kernel: it may be a file system that is not mounted
    for VALUE in /boot/vmlinuz* /boot/vmlinux* /boot/bzImage* /boot/kernel*; do [ -f "$VALUE" ] && return 0; done
    return 1
}

boot_kernel() { # the kernel that boots next, in $release, its initramfs, in $image, and where that is configured, in $how
    release=
    image=
    how=
    gone=
    # The default entry of the boot loader counts: after an update it is not the kernel that runs.
    if next_kernel; then
        if in_boot "$KERNEL"; then
            release_of "$KERNEL"
            release=${VERSION:-$VALUE}
            [ -d "/lib/modules/$release" ] || release=$VALUE
            [ -z "$INITRD" ] || { in_boot "$INITRD" && image=$VALUE; }
            [ -z "$release" ] || [ ! -d "/lib/modules/$release" ] || how=$MENU
        else
            # A name with a variable of the menu tells nothing.
            case $KERNEL in *'$'*) ;; /*) ! has_kernels || gone=$KERNEL ;; esac
        fi
    fi
    [ -z "$how" ] || return 0
    # Otherwise the kernel that runs, unless none of its files is there: in a container, or before a reboot.
    release=$(uname -r 2>/dev/null)
    image=
    for file in "/boot/initrd.img-$release" "/boot/initramfs-$release.img" "/boot/initrd-$release.img" "/boot/initrd-$release" \
        "/boot/initramfs-$release" "/boot/initramfs-genkernel-"*"-$release"; do
        [ -e "$file" ] && image=$file && break
    done
    if [ -z "$image" ] && [ ! -e "/boot/vmlinuz-$release" ] && [ ! -d "/lib/modules/$release" ]; then
        for file in /initrd.img /boot/initrd.img /boot/initrd /boot/initrd.img-* /boot/initramfs-*.img /boot/initrd-* \
            /boot/initramfs-*; do
            case $file in *'*' | *rescue* | *kdump* | *fallback*) continue ;; esac
            [ -e "$file" ] && image=$file && break
        done
        # Its name tells the kernel; a link has none.
        release=${image##*/}
        case $release in initrd.img-* | initramfs-* | initrd-*) release_of "$release" && release=$VALUE ;; *) release= ;; esac
        if [ -z "$release" ]; then
            for file in /lib/modules/*; do [ -d "$file" ] && release=${file##*/}; done
        fi
    fi
}

probe_kernel() {
    boot_kernel
    say boot-kernel "$release" "$how"
    [ -z "$gone" ] || say boot-gone "$gone" "$MENU"
    if [ -n "$release" ] && [ -d "/lib/modules/$release" ]; then
        say modules "/lib/modules/$release"
        grep -h 'virtio' "/lib/modules/$release/modules.builtin" 2>/dev/null | while IFS= read -r line; do say builtin "${line##*/}"; done
        for file in "/lib/modules/$release"/kernel/drivers/*/virtio*.ko*; do
            [ -e "$file" ] && say module "${file##*/}"
        done
    fi
    # Kernels before 2.6.33 have no list of what is built in, but their configuration says it.
    if [ -n "$release" ] && [ -r "/boot/config-$release" ]; then
        grep '^CONFIG_VIRTIO_[A-Z]*=y' "/boot/config-$release" 2>/dev/null | while IFS= read -r line; do say builtin-config "$line"; done
    fi
    [ -z "$image" ] || say initramfs-of "$image"
}

probe_initramfs() { # takes long on a large one: it is the last step that may lose its facts
    boot_kernel
    if [ -n "$image" ]; then initramfs "$image"; fi
}
