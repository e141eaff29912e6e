# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Which kernel the boot loader starts next: the default entry of its menu, which may be of GRUB 2, of the Boot Loader
# Specification (BLS), of GRUB 0.97 or of systemd-boot.

BLANK=' 	'

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
    BLS=
    while IFS= read -r line || [ -n "$line" ]; do
        line=${line#"${line%%[!	 ]*}"}
        case $line in
        'set default='*)
            # Those in front of the menu: one for the next start alone, then the usual one.
            [ "$number$depth" = 00 ] || continue
            quoted "${line#set default=}"
            case $VALUE in *next_entry*) ;; *saved_entry*) wanted=$SAVED ;; *) wanted=$VALUE ;; esac
            ;;
        blscfg | 'blscfg '*)
            # The entries of the Boot Loader Specification come here, the newest first.
            BLS=1
            bls_menu /boot "${wanted:-0}" "$number" && break
            number=$((number + COUNT))
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

bls_entry() { # file: the same, its title in $TITLE and its version in $VERSION, of an entry of the Boot Loader Specification
    KERNEL='' INITRD='' TITLE='' VERSION=''
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in
        linux["$BLANK"]*) quoted "${line#*["$BLANK"]}" && KERNEL=$VALUE ;;
        initrd["$BLANK"]*) [ -n "$INITRD" ] || { quoted "${line#*["$BLANK"]}" && INITRD=$VALUE; } ;;
        version["$BLANK"]*) quoted "${line#*["$BLANK"]}" && VERSION=$VALUE ;;
        title["$BLANK"]*) TITLE=${line#*["$BLANK"]} && TITLE=${TITLE#"${TITLE%%[!"$BLANK"]*}"} ;;
        esac
    done 2>/dev/null <"$1"
    [ -n "$KERNEL" ]
}

newer() { # version version: whether the first one is newer, as rpm and GRUB compare versions
    one=$1
    two=$2
    while :; do
        one=${one#"${one%%[A-Za-z0-9]*}"}
        two=${two#"${two%%[A-Za-z0-9]*}"}
        if [ -z "$one" ] || [ -z "$two" ]; then
            [ -n "$one" ]
            return
        fi
        case $one,$two in
        [0-9]*,[0-9]*) left=${one%%[!0-9]*} right=${two%%[!0-9]*} ;;
        [0-9]*,*) return 0 ;;
        *,[0-9]*) return 1 ;;
        *) left=${one%%[!A-Za-z]*} right=${two%%[!A-Za-z]*} ;;
        esac
        one=${one#"$left"}
        two=${two#"$right"}
        case $left in
        [0-9]*)
            left=${left#"${left%%[!0]*}"}
            right=${right#"${right%%[!0]*}"}
            [ ${#left} -eq ${#right} ] || { [ ${#left} -gt ${#right} ]; return; }
            ;;
        esac
        # Digits that are equally many are in the order of text.
        [ "$left" = "$right" ] || { expr "x$left" '>' "x$right" >/dev/null 2>&1; return; }
    done
}

bls_menu() { # folder wanted first: the entry that is wanted by id, title or place, where the newest has the place "first"
    entries=$1/loader/entries
    COUNT=0
    pick=
    for file in "$entries"/*.conf; do
        [ -r "$file" ] || continue
        COUNT=$((COUNT + 1))
        id=${file##*/}
        id=${id%.conf}
        [ "$id" != "$2" ] || pick=$id
        [ -n "$pick" ] || { bls_entry "$file" && [ "$TITLE" = "$2" ] && pick=$id; }
    done
    place=$3
    # As long as the place is not reached, the newest of those that are older.
    while [ -z "$pick" ] && [ "$2" -ge "$place" ] 2>/dev/null && [ "$2" -lt $(($3 + COUNT)) ]; do
        for file in "$entries"/*.conf; do
            [ -r "$file" ] || continue
            id=${file##*/}
            id=${id%.conf}
            [ "$place" = "$3" ] || newer "$last" "$id" || continue
            [ -z "$pick" ] || newer "$id" "$pick" || continue
            pick=$id
        done
        last=$pick
        [ -n "$pick" ] || break
        [ "$2" = "$place" ] || pick=
        place=$((place + 1))
    done
    if [ -n "$pick" ] && bls_entry "$entries/$pick.conf"; then MENU=$entries/$pick.conf && return 0; fi
    # What was read belongs to no chosen entry.
    KERNEL='' INITRD='' VERSION=''
    return 1
}

next_kernel() { # the kernel of the default entry, in $KERNEL and $INITRD as the menu names them, and the menu in $MENU
    KERNEL=
    INITRD=
    MENU=
    # shellcheck disable=SC2034  # probe_boot.sh reads it
    VERSION=
    # Firmware of UEFI starts the GRUB of its partition, whose menu names another file, or has the entries.
    [ ! -d /sys/firmware/efi ] || set -- /boot/efi/EFI/*/grub.cfg
    for file in "$@" /boot/grub2/grub.cfg /boot/grub/grub.cfg /boot/efi/EFI/*/grub.cfg; do
        [ -r "$file" ] || continue
        menu=$file
        saved_entry "${file%/*}"
        grub2_menu "$menu"
        # A default that is not there is the first entry.
        [ -n "$KERNEL" ] || [ "$BLS" != 1 ] || bls_menu /boot 0 0
        [ -z "$KERNEL" ] || { MENU=${MENU:-$menu} && return 0; }
    done
    for file in /boot/grub/menu.lst /boot/grub/grub.conf; do
        [ -r "$file" ] || continue
        grub1_menu "$file"
        [ -z "$KERNEL" ] || { MENU=$file && return 0; }
    done
    # systemd-boot, with what kernel-install has made: the entry that is named, or the newest.
    for dir in /boot /boot/efi /efi; do
        [ -r "$dir/loader/loader.conf" ] || continue
        wanted=0
        while read -r word line; do
            case $word in default) wanted=${line%.conf} ;; esac
        done 2>/dev/null <"$dir/loader/loader.conf"
        case $wanted in *'*' | @*) wanted=0 ;; esac
        if bls_menu "$dir" "$wanted" 0 || bls_menu "$dir" 0 0; then return 0; fi
    done
    return 1
}
