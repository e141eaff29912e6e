# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Reads what a migration needs to know about this host and changes nothing. One record a line, fields parted by tabs;
# the controller makes sense of them (_facts.py). Runs on dash, bash 3 and busybox ash; a missing tool is no error.

say uname "$(uname -snrm 2>/dev/null)"
say uid "$(id -u 2>/dev/null)"
say epoch "$(date +%s 2>/dev/null)"

if [ -r /etc/os-release ]; then lines os-release /etc/os-release; else lines os-release /usr/lib/os-release; fi
for file in oracle-release redhat-release SuSE-release debian_version; do lines "release $file" "/etc/$file"; done

# Identity. The DMI uuid is for root only; older kernels show it through dmidecode alone.
lines machine-id /etc/machine-id
lines dbus-id /var/lib/dbus/machine-id
for file in /etc/ssh/ssh_host_*.pub; do lines sshkey "$file"; done
for name in product_uuid sys_vendor product_name; do
    file=/sys/class/dmi/id/$name
    if [ -r "$file" ]; then
        lines "dmi $name" "$file"
    elif [ -e "$file" ]; then
        say needs-root "dmi $name"
    fi
done
if [ ! -e /sys/class/dmi/id/product_uuid ] && [ -r /dev/mem ] && command -v dmidecode >/dev/null 2>&1; then
    say "dmi product_uuid" "$(dmidecode -s system-uuid 2>/dev/null)"
fi

# Block devices: sizes are sectors of 512 bytes whatever the disk's own sector size is (kernel, sysfs-block).
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
    nodes=$name
    for part in "$dir"/*/partition; do
        [ -e "$part" ] || continue
        value "$part"; number=$VALUE
        part=${part%/partition}
        value "$part/size"; size=$VALUE
        value "$part/dev"; dev=$VALUE
        say part "$name" "${part##*/}" "$number" "$size" "$dev"
        nodes="$nodes ${part##*/}"
    done
    # A LUKS volume that nobody has opened has no device-mapper entry: its first four bytes tell.
    for node in $nodes; do
        [ -b "/dev/$node" ] || continue
        if [ ! -r "/dev/$node" ]; then
            say needs-root "closed LUKS volumes"
        elif [ "$(dd if="/dev/$node" bs=4 count=1 2>/dev/null | tr -d '\000')" = LUKS ]; then
            say luks "$node"
        fi
    done
done

# Mounts of local file systems, and how full they are. A remote one is never touched: a dead server would hang df.
set --
while read -r source target fstype options rest; do
    case $source in /dev/*) ;; *) [ "$target" = / ] || continue ;; esac
    say mount "$source" "$target" "$fstype" "$options"
    case $target in *\\*) ;; *) set -- "$@" "$target" ;; esac
done </proc/mounts 2>/dev/null
[ $# -gt 0 ] && df -P -k "$@" 2>/dev/null | while IFS= read -r line; do say df "$line"; done
while read -r rest; do case $rest in *' / / '*) say rootinfo "$rest" ;; esac; done </proc/self/mountinfo 2>/dev/null
lines cmdline /proc/cmdline
lines swap /proc/swaps

# Boot, security, virtualization.
if [ -d /sys/firmware/efi ]; then say boot uefi; else say boot bios; fi
for tool in grub2-install grub-install grub; do
    if command -v "$tool" >/dev/null 2>&1; then
        say grub "$("$tool" --version 2>/dev/null </dev/null | head -n 1)"
        break
    fi
done
for file in /sys/fs/selinux/enforce /selinux/enforce; do
    if [ -r "$file" ]; then lines selinux-enforce "$file"; break; fi
done
lines selinux-config /etc/selinux/config
[ -d /etc/cloud ] && say cloud-init /etc/cloud
lines hypervisor /sys/hypervisor/type
command -v systemd-detect-virt >/dev/null 2>&1 && say virt "$(systemd-detect-virt 2>/dev/null)"

for tool in cat tar gzip unzip rsync sha256sum setsid nohup python3 python curl wget systemctl cloud-init lvm; do
    say tool "$tool" "$(command -v "$tool" 2>/dev/null)"
done

agent_state
