#!/bin/sh
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Asks DHCP for the first virtio network device of a migrated server whose own configuration gave it no address that
# works. Written by the role remediate of edgelift.ens_migration (remediate_dhcp). On the source it changes nothing: one
# of the network cards in the file "sources" is there. To remove it, delete /etc/edgelift-dhcp and what starts it.

PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
own=/etc/edgelift-dhcp
limit=60

# Devices of software keep their hardware addresses on another machine (bridges of libvirt, and those that systemd
# derives from the machine-id). So only network cards count.
on_source() { # whether this is the source
    for dir in /sys/class/net/*; do
        [ -e "$dir/device" ] || continue
        read -r mac <"$dir/address" || continue
        while read -r known; do [ "$known" != "$mac" ] || return 0; done <"$own/sources"
    done
    return 1
}

if [ ! -s "$own/sources" ]; then
    echo "$own/sources is missing or empty: cannot check whether this is the source"
    exit 1
fi
on_source && exit 0

first() { # the virtio device with the lowest number, in $device
    device=
    least=
    for dir in /sys/class/net/*; do
        driver=$(readlink "$dir/device/driver" 2>/dev/null)
        case ${driver##*/} in virtio_net | virtio-net) ;; *) continue ;; esac
        read -r number <"$dir/ifindex" || continue
        if [ -z "$least" ] || [ "$number" -lt "$least" ]; then least=$number && device=${dir##*/}; fi
    done
    [ -n "$device" ]
}

addresses() { # its IPv4 addresses, one line each
    if command -v ip >/dev/null 2>&1; then
        ip -4 -o addr show dev "$device" 2>/dev/null
    else
        ifconfig "$device" 2>/dev/null | grep 'inet '
    fi
}

has() { # program: whether it is there
    command -v "$1" >/dev/null 2>&1
}

client() { # whether a DHCP client runs for the device, and does not belong to what manages the network
    # One program looks at all processes: a slow machine has many.
    # shellcheck disable=SC2013  # one word per path
    for file in $(grep -l -e dhclient -e dhcpcd -e udhcpc /proc/[0-9]*/cmdline 2>/dev/null); do
        line=$(tr '\000' ' ' 2>/dev/null <"$file")
        case $line in *dhclient*" $device "* | *dhcpcd*" $device "* | *udhcpc*" $device "*) return 0 ;; esac
    done
    return 1
}

answers() { # whether the gateway of the device answers
    while read -r name dest gateway rest; do
        case $name,$dest in "$device",00000000) ;; *) continue ;; esac
        # A route without a gateway: an address of zeros is this host, and it always answers.
        [ "$gateway" != 00000000 ] || continue
        number=$((0x$gateway))
        ping -c 1 -W 2 "$((number & 255)).$((number >> 8 & 255)).$((number >> 16 & 255)).$((number >> 24 & 255))" >/dev/null 2>&1 && return 0
    done </proc/net/route
    return 1
}

works() { # whether the device has an address that DHCP gave, or one whose gateway answers
    found=$(addresses)
    case $found in *inet*) ;; *) return 1 ;; esac
    case $found in *' dynamic '*) return 0 ;; esac
    client || answers
}

now() { # the seconds since the start of the machine, in $now: its clock may be set meanwhile
    read -r now rest </proc/uptime
    now=${now%%.*}
}

waits() { # seconds: whether the device works within them
    now
    end=$((now + $1))
    until works; do
        now
        [ "$now" -lt "$end" ] || return 1
        sleep 2
    done
}

has_networkmanager() {
    has nmcli && nmcli -t -f RUNNING general 2>/dev/null | grep -q -x running
}

has_networkd() {
    has systemctl && systemctl -q is-active systemd-networkd
}

has_wicked() {
    has wicked && [ -d /etc/sysconfig/network ] && [ ! -e "/etc/sysconfig/network/ifcfg-$device" ]
}

by_networkmanager() {
    has_networkmanager || return 1
    nmcli connection delete edgelift-dhcp >/dev/null 2>&1
    nmcli connection add type ethernet con-name edgelift-dhcp ifname "$device" || return 1
    nmcli connection up edgelift-dhcp
    waits 20
}

by_networkd() {
    has_networkd || return 1
    mkdir -p /run/systemd/network || return 1
    printf '[Match]\nName=%s\n[Network]\nDHCP=yes\n' "$device" >/run/systemd/network/00-edgelift-dhcp.network
    systemctl restart systemd-networkd
    waits 20
}

by_wicked() {
    has_wicked || return 1
    printf "BOOTPROTO='dhcp'\nSTARTMODE='auto'\n" >"/etc/sysconfig/network/ifcfg-$device"
    wicked ifup "$device"
    waits 20
}

by_client() {
    if has ip; then ip link set "$device" up; else ifconfig "$device" up; fi
    if has dhclient; then
        dhclient "$device" && return
    fi
    if has dhcpcd; then
        dhcpcd "$device" && return
    fi
    if has udhcpc; then
        udhcpc -b -i "$device" && return
    elif has busybox; then
        busybox udhcpc -b -i "$device" && return
    fi
    return 1
}

now
end=$((now + limit))
until first; do
    now
    [ "$now" -lt "$end" ] || { echo "there is no virtio network device" && exit 1; }
    sleep 2
done
waits "$limit" && exit 0
# A card of the source may have appeared since the first check.
on_source && exit 0
if ! has dhclient && ! has dhcpcd && ! has udhcpc && ! has busybox && ! has_networkmanager && ! has_networkd && ! has_wicked; then
    echo "$device has no address that works, and no DHCP client was found. Nothing was changed"
    exit 1
fi
# With a static address of the source, whose gateway does not exist here, the route of DHCP would not be used.
case $(addresses) in
*inet*) if has ip; then ip -4 addr flush dev "$device"; else ifconfig "$device" 0.0.0.0; fi ;;
esac
echo "$device has no address that works: asking DHCP"
by_networkmanager || by_networkd || by_wicked || by_client || { echo "no DHCP client could be started" && exit 1; }
