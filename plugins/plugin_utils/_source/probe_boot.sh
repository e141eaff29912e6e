# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# How the host boots: firmware, boot loader, and whether the initramfs of its kernel contains virtio drivers.

# The names of virtio modules in a cpio archive: right behind a header of 110 digits. Lists of modules, which the archive
# may hold too, name modules that it does not hold.
CPIO_NAME='07070[12][0-9A-Fa-f]\{104\}[A-Za-z0-9_./+-]*virtio[A-Za-z0-9_-]*\.ko'
BLANK=' 	'
INITRAMFS_BYTES=268435456
CONTENT_BYTES=1073741824
EARLY_ENTRIES=40

names() { # stdin: a cpio archive; prints the virtio modules in it
    tr '\000' '\n' | grep -a -o "$CPIO_NAME" 2>/dev/null | while IFS= read -r line; do say initramfs-module "${line##*/}"; done
}

magic() { # file offset: its first six bytes there, in hexadecimal, in $MAGIC
    # shellcheck disable=SC2046  # one word a byte
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
    # shellcheck disable=SC2046  # one word a byte
    set -- $(od -An -v -tx1 -j "$OFFSET" -N 4096 "$1" 2>/dev/null)
    while [ "${1:-}" = 00 ]; do OFFSET=$((OFFSET + 1)); shift; done
    [ $# -gt 0 ] || OFFSET=end
}

initramfs() { # file: says the virtio modules in it, and how the reading ended
    [ -f "$1" ] || { say initramfs "$1" unknown-format; return 0; }
    [ -r "$1" ] || { say needs-root "initramfs"; say initramfs "$1" unreadable; return 0; }
    # shellcheck disable=SC2046  # one word a column
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

quoted() { # a line of a menu: its first word in quotes, or its first word, in $VALUE
    VALUE=${1#"${1%%[!"$BLANK"]*}"}
    case $VALUE in
    "'"*) VALUE=${VALUE#?} && VALUE=${VALUE%%"'"*} ;;
    '"'*) VALUE=${VALUE#?} && VALUE=${VALUE%%'"'*} ;;
    *) VALUE=${VALUE%%["$BLANK"]*} ;;
    esac
}

saved_entry() { # folder: what GRUB 2 boots next, or has saved, in $SAVED
    SAVED=
    once=
    for file in "$1/grubenv" /boot/grub2/grubenv /boot/grub/grubenv; do
        [ -r "$file" ] || continue
        while IFS= read -r line; do
            case $line in
            next_entry=?*) once=${line#*=} ;;
            saved_entry=?*) SAVED=${line#*=} ;;
            esac
        done 2>/dev/null <"$file"
        [ -z "$SAVED$once" ] || break
    done
    SAVED=${once:-$SAVED}
}

grub2_menu() { # grub.cfg: the kernel and the initramfs of its default entry, in $KERNEL and $INITRD
    wanted=0
    depth=0
    number=0
    inner=0
    above=
    taken=
    while IFS= read -r line || [ -n "$line" ]; do
        line=${line#"${line%%[!	 ]*}"}
        case $line in
        'set default='*)
            # Those in front of the menu: one for the next start alone, then the usual one.
            [ "$number$depth" = 00 ] || continue
            quoted "${line#set default=}"
            case $VALUE in *next_entry*) ;; *saved_entry*) wanted=$SAVED ;; *) wanted=$VALUE ;; esac
            ;;
        'submenu '* | 'menuentry '*)
            [ -z "$taken" ] || break
            quoted "${line#* }"
            title=$VALUE
            id=
            case $line in *menuentry_id_option*) quoted "${line#*menuentry_id_option}" && id=$VALUE ;; *' --id '*) quoted "${line#* --id }" && id=$VALUE ;; esac
            case $depth in 0) place=$number && number=$((number + 1)) ;; *) place=$inner && inner=$((inner + 1)) ;; esac
            case $line in
            submenu*)
                depth=1
                inner=0
                above="$place>" above_title="$title>" above_id="$id>"
                # A menu that is wanted itself opens at its first entry.
                case ${wanted:-0} in "$place" | "$title" | "${id:-none}") wanted="$place>0" ;; esac
                continue
                ;;
            esac
            case $depth in 0) above='' above_title='' above_id='' ;; esac
            case ${wanted:-0} in
            "$above$place" | "$above_title$title" | "$above_id${id:-none}") taken=1 ;;
            "$title" | "${id:-none}") taken=1 ;;
            esac
            level=$depth
            depth=2
            ;;
        '}'*)
            case $depth in 2) depth=$level ;; *) depth=0 ;; esac
            [ -z "$taken" ] || break
            ;;
        linux["$BLANK"]* | linux16["$BLANK"]* | linuxefi["$BLANK"]*) [ -z "$taken" ] || { quoted "${line#*["$BLANK"]}" && KERNEL=$VALUE; } ;;
        initrd["$BLANK"]* | initrd16["$BLANK"]* | initrdefi["$BLANK"]*) [ -z "$taken" ] || INITRD=${line##*["$BLANK"]} ;;
        esac
    done 2>/dev/null <"$1"
}

grub1_menu() { # menu.lst: the same for GRUB 0.97
    wanted=0
    number=-1
    while IFS= read -r line || [ -n "$line" ]; do
        line=${line#"${line%%[!	 ]*}"}
        case $line in
        default["=$BLANK"]*) wanted=${line#default?} && wanted=${wanted%%[!0-9]*} ;;
        title["=$BLANK"]*) number=$((number + 1)) ;;
        kernel["=$BLANK"]*) [ "$number" != "${wanted:-0}" ] || { quoted "${line#kernel?}" && KERNEL=${VALUE#\(*\)}; } ;;
        initrd["=$BLANK"]*) [ "$number" != "${wanted:-0}" ] || { quoted "${line#initrd?}" && INITRD=${VALUE#\(*\)}; } ;;
        esac
    done 2>/dev/null <"$1"
}

bls_entry() { # name of an entry of the Boot Loader Specification, without .conf: the same
    [ -r "/boot/loader/entries/$1.conf" ] || return 1
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in
        linux["$BLANK"]*) quoted "${line#*["$BLANK"]}" && KERNEL=$VALUE ;;
        initrd["$BLANK"]*) quoted "${line#*["$BLANK"]}" && INITRD=$VALUE ;;
        esac
    done 2>/dev/null <"/boot/loader/entries/$1.conf"
}

next_kernel() { # the kernel of the default entry, in $KERNEL and $INITRD as the menu names them, and the menu in $MENU
    KERNEL=
    INITRD=
    MENU=
    for file in /boot/grub2/grub.cfg /boot/grub/grub.cfg /boot/efi/EFI/*/grub.cfg; do
        [ -r "$file" ] || continue
        menu=$file
        saved_entry "${file%/*}"
        if [ -d /boot/loader/entries ] && bls_entry "${SAVED:-none}"; then MENU=/boot/loader/entries/$SAVED.conf && return 0; fi
        grub2_menu "$menu"
        [ -z "$KERNEL" ] || { MENU=$menu && return 0; }
    done
    for file in /boot/grub/menu.lst /boot/grub/grub.conf; do
        [ -r "$file" ] || continue
        grub1_menu "$file"
        [ -z "$KERNEL" ] || { MENU=$file && return 0; }
    done
    return 1
}

in_boot() { # path as a boot loader names it: where it is here, in $VALUE
    for VALUE in "$1" "/boot/${1#/}" "/boot/${1##*/}"; do [ -f "$VALUE" ] && return 0; done
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
            release=$VALUE
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
        "/boot/initramfs-$release"; do
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
        case $release in initrd.img-* | initramfs-* | initrd-*) release=${release#*-} && release=${release%.img} ;; *) release= ;; esac
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
