# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Block devices, what is on them, where it is mounted, and how full it is.

fstype_of() { # device numbers, name: what udev knows of the content, without reading the device
    for file in "/run/udev/data/b$1" "/dev/.udev/db/block:$2"; do
        [ -r "$file" ] || continue
        while IFS= read -r line; do
            case $line in E:ID_FS_TYPE=?*) say fstype "$2" "${line#E:ID_FS_TYPE=}" && return 0 ;; esac
        done <"$file"
    done
    return 1
}

# Sizes are sectors of 512 bytes whatever the disk's own sector size is (kernel, sysfs-block).
nodes=
unknown=
for dir in /sys/block/*; do
    name=${dir##*/}
    case $name in '*' | loop* | ram* | zram* | sr* | fd* | nbd* | mtdblock*) continue ;; esac
    value "$dir/size"; size=$VALUE
    value "$dir/removable"; removable=$VALUE
    value "$dir/hidden"; hidden=$VALUE
    value "$dir/dev"; dev=$VALUE
    value "$dir/dm/name"; dmname=$VALUE
    value "$dir/dm/uuid"; dmuuid=$VALUE
    slaves=
    for slave in "$dir"/slaves/*; do [ -e "$slave" ] && slaves="$slaves ${slave##*/}"; done
    say block "$name" "$size" "$removable" "$hidden" "$dev" "$dmname" "$dmuuid" "$slaves"
    seen=$name
    fstype_of "$dev" "$name" || unknown="$unknown /dev/$name"
    for part in "$dir"/*/partition; do
        [ -e "$part" ] || continue
        value "$part"; number=$VALUE
        part=${part%/partition}
        value "$part/size"; size=$VALUE
        value "$part/dev"; dev=$VALUE
        say part "$name" "${part##*/}" "$number" "$size" "$dev"
        seen="$seen ${part##*/}"
        fstype_of "$dev" "${part##*/}" || unknown="$unknown /dev/${part##*/}"
    done
    for node in $seen; do
        [ -b "/dev/$node" ] || continue
        if [ -r "/dev/$node" ]; then nodes="$nodes /dev/$node"; else say needs-root "closed LUKS volumes"; fi
    done
done
# A closed LUKS volume has no device-mapper entry, but its first four bytes identify it. One program reads all devices;
# the second name makes it print the first one's.
if [ -n "$nodes" ]; then
    # shellcheck disable=SC2086  # one word a device
    head -c 4 $nodes /dev/null 2>/dev/null | tr -d '\000' | while IFS= read -r line; do
        case $line in
        '==> '*) node=${line#==> /dev/}; node=${node% <==} ;;
        LUKS*) say luks "$node" ;;
        esac
    done
    # Without udev blkid reads the content itself. With /dev/null for its cache it writes none.
    known=
    for node in $unknown; do case " $nodes " in *" $node "*) known="$known $node" ;; esac; done
    # shellcheck disable=SC2086  # one word a device
    [ -n "$known" ] && found blkid && blkid -c /dev/null $known 2>/dev/null | while IFS= read -r line; do say blkid "$line"; done
fi

# Mounts of local file systems, and how full they are. A remote one is never touched: a dead server would hang df.
set --
while read -r source target fstype options rest; do
    case $target in /tmp) say tmp "$fstype" "$options" ;; esac
    case $source in /dev/*) ;; *) [ "$target" = / ] || continue ;; esac
    # A user may mount a program of his own under any name, and it need not answer. Those of root are fuseblk.
    case $fstype in fuse | fuse.*) continue ;; esac
    say mount "$source" "$target" "$fstype" "$options"
    case $target in *\\*) ;; *) set -- "$@" "$target" ;; esac
done 2>/dev/null </proc/mounts
if [ $# -gt 0 ]; then
    df -P -k "$@" 2>/dev/null | while IFS= read -r line; do say df "$line"; done
    df -P -i "$@" 2>/dev/null | while IFS= read -r line; do say df-inodes "$line"; done
fi
while read -r rest; do case $rest in *' / / '*) say rootinfo "$rest" ;; esac; done 2>/dev/null </proc/self/mountinfo
lines cmdline /proc/cmdline
lines swap /proc/swaps
