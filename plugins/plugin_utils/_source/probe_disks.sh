# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Block devices, what is on them, where it is mounted, and how full it is. Which of them are disks is decided in devices.py.

fstype_of() { # device numbers, name: what udev knows of the content, without reading the device
    for file in "/run/udev/data/b$1" "/dev/.udev/db/block:$2"; do
        [ -r "$file" ] || continue
        while IFS= read -r line; do
            case $line in E:ID_FS_TYPE=?*) say fstype "$2" "${line#E:ID_FS_TYPE=}" && return 0 ;; esac
        done <"$file"
    done
    return 1
}

node_of() { # kernel name: its path in /dev, in $NODE; cciss!c0d0 is /dev/cciss/c0d0
    NODE=$1
    while :; do case $NODE in *!*) NODE=${NODE%%!*}/${NODE#*!} ;; *) break ;; esac; done
    NODE=/dev/$NODE
}

parts_of() { # folder of a disk: the names of its partitions, in $PARTS. Kernels before 2.6.27 have no file "partition"
    PARTS=
    for part in "$1"/*/start "$1"/*/partition; do
        [ -e "$part" ] || continue
        part=${part%/*}
        part=${part##*/}
        case " $PARTS " in *" $part "*) ;; *) PARTS="$PARTS $part" ;; esac
    done
}

# Sizes are sectors of 512 bytes whatever the disk's own sector size is (kernel, sysfs-block).
probe_blocks() {
    old=
    for dir in /sys/block/*; do
        name=${dir##*/}
        case $name in '*' | ram*) continue ;; esac
        value "$dir/size"; size=$VALUE
        case $name,$size in loop*,0 | nbd*,0 | zram*,0) continue ;; esac
        value "$dir/removable"; removable=$VALUE
        value "$dir/hidden"; hidden=$VALUE
        value "$dir/dev"; dev=$VALUE
        value "$dir/dm/name"; dmname=$VALUE
        value "$dir/dm/uuid"; dmuuid=$VALUE
        value "$dir/device/wwid"; wwid=$VALUE
        [ -n "$wwid" ] || { value "$dir/wwid"; wwid=$VALUE; }
        value "$dir/device/vendor"; vendor=$VALUE
        case $name,$dmname in dm-*,) old=1 ;; esac
        slaves=
        for slave in "$dir"/slaves/*; do [ -e "$slave" ] && slaves="$slaves ${slave##*/}"; done
        say block "$name" "$size" "$removable" "$hidden" "$dev" "$dmname" "$dmuuid" "$slaves" "$wwid" "$vendor"
        fstype_of "$dev" "$name"
        parts_of "$dir"
        for part in $PARTS; do
            value "$dir/$part/partition"; number=$VALUE
            [ -n "$number" ] || number=${part##*[!0-9]}
            value "$dir/$part/size"; size=$VALUE
            value "$dir/$part/dev"; dev=$VALUE
            say part "$name" "$part" "$number" "$size" "$dev"
            fstype_of "$dev" "$part"
        done
    done
    # The kernels of EL5 keep the names of device-mapper to themselves.
    if [ -n "$old" ] && found dmsetup; then
        dmsetup info -c --noheadings --separator '	' -o major,minor,uuid,name 2>/dev/null | while IFS= read -r line; do say dm "$line"; done
    fi
    if [ -n "$old" ]; then
        # The names are links in newer systems, and nodes with their numbers in those of that time.
        # shellcheck disable=SC2012  # ls is everywhere and prints the numbers of a node; root alone makes names there
        ls -ln /dev/mapper 2>/dev/null | while read -r line rest rest rest name dev rest rest rest rest; do
            case $line in b*) say mapper "${name%,}:$dev" "$rest" ;; esac
        done
    fi
    for dir in /sys/fs/btrfs/*-*; do
        members=
        for slave in "$dir"/devices/*; do [ -e "$slave" ] && members="$members ${slave##*/}"; done
        [ -z "$members" ] || say btrfs "${dir##*/}" "$members"
    done
    # Where / is, for kernels that have no mountinfo and name it /dev/root.
    if [ ! -r /proc/self/mountinfo ]; then
        say root-dev "$(stat -c %d / 2>/dev/null)"
        while read -r name dev rest; do case $dev in /) say mtab "$name" ;; esac; done 2>/dev/null </etc/mtab
    fi
}

probe_nodes() { # in $NODES the devices whose first bytes may be read: no path that waits for a medium, and no zram
    NODES=
    for dir in /sys/block/*; do
        name=${dir##*/}
        case $name in '*' | loop* | ram* | zram* | sr* | fd* | nbd* | mtdblock* | *boot[01] | *rpmb) continue ;; esac
        parts_of "$dir"
        for part in $name $PARTS; do
            node_of "$part"
            [ -b "$NODE" ] || continue
            if [ -r "$NODE" ]; then NODES="$NODES $part"; else say needs-root "closed LUKS volumes"; fi
        done
    done
}

probe_first() { # kernel name...: a closed LUKS volume has no device-mapper entry, but its first four bytes identify it
    nodes=
    for name in "$@"; do node_of "$name"; nodes="$nodes $NODE"; done
    # One program reads all devices; the second name makes it print the first one's.
    # shellcheck disable=SC2086  # one word per device
    head -c 4 $nodes /dev/null 2>/dev/null | tr -d '\000' | while IFS= read -r line; do
        case $line in
        '==> '*) node=${line#==> /dev/}; node=${node% <==} ;;
        LUKS*) say luks "$node" ;;
        esac
    done
}

probe_blkid() { # kernel name...: without udev blkid reads the content itself. With /dev/null for its cache it writes none
    nodes=
    for name in "$@"; do
        value "/sys/class/block/$name/dev"
        fstype_of "$VALUE" "$name" >/dev/null && continue
        node_of "$name"
        nodes="$nodes $NODE"
    done
    # shellcheck disable=SC2086  # one word per device
    [ -z "$nodes" ] || ! found blkid || blkid -c /dev/null $nodes 2>/dev/null | while IFS= read -r line; do say blkid "$line"; done
}

probe_content() {
    probe_nodes
    # shellcheck disable=SC2086  # one word per device
    [ -z "$NODES" ] || { steps content 3 probe_first $NODES; steps content 3 probe_blkid $NODES; }
}

# Mounts of file systems on devices. The table is the kernel's; a file system itself is touched only to ask how full it is.
probe_mounts() { # leaves in $SPACE, one a line, the mount points to ask
    SPACE=
    while read -r source target fstype options rest; do
        case $target in /tmp) say tmp "$fstype" "$options" ;; esac
        case $source in /dev/*) ;; *) [ "$target" = / ] || continue ;; esac
        # A user may mount a program of his own under any name, and it need not answer. Those of root are fuseblk.
        case $fstype in fuse | fuse.*) continue ;; esac
        say mount "$source" "$target" "$fstype" "$options"
        case $target in *\\*) ;; *) SPACE=$SPACE$target$BREAK ;; esac
    done 2>/dev/null </proc/mounts
    while read -r rest; do case $rest in *' / / '*) say rootinfo "$rest" ;; esac; done 2>/dev/null </proc/self/mountinfo
    lines cmdline /proc/cmdline
    lines swap /proc/swaps
    # What the host mounts when it starts, and which of it no device has.
    while read -r source target fstype options rest; do
        case $source in '#'* | '') continue ;; esac
        case ,$options, in *,noauto,* | *,nofail,* | *,x-systemd.automount,*) continue ;; esac
        case $target in /boot | /boot/efi) say fstab "$source" "$target" ;; esac
        case $source in
        UUID=*) name=${source#UUID=} && dir=/dev/disk/by-uuid ;;
        LABEL=*) name=${source#LABEL=} && dir=/dev/disk/by-label ;;
        *) continue ;;
        esac
        name=${name#'"'}
        name=${name%'"'}
        [ -d "$dir" ] || continue
        case $name in */* | *\\*) continue ;; esac
        [ -h "$dir/$name" ] || say fstab-missing "$source" "$target"
    done 2>/dev/null </etc/fstab
}

probe_df() { # mount point...
    df -P -k "$@" 2>/dev/null | while IFS= read -r line; do say df "$line"; done
    df -P -i "$@" 2>/dev/null | while IFS= read -r line; do say df-inodes "$line"; done
}

probe_space() { # how full the mounts of $SPACE are; what another host or a program serves is not asked
    set --
    while [ -n "$SPACE" ]; do
        target=${SPACE%%"$BREAK"*}
        SPACE=${SPACE#*"$BREAK"}
        if reach "$target"; then set -- "$@" "$target"; else say untouched "$target" "$VALUE"; fi
    done
    [ $# -eq 0 ] || steps space 3 probe_df "$@"
}
