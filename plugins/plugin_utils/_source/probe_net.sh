# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# How the network is configured: the files of every configuration system, line by line. What they mean is decided in
# netconf.py. The same files may contain keys and passwords. So only lines with known keys are sent, and of netplan, whose
# lines mean nothing without those around them, no section that may contain a secret.

NET_LINES=1200
NET_FILE_LINES=120
NET_LENGTH=300

net_wanted() { # kind line: whether a line of a file of this kind has a known key
    case $1 in
    ifupdown)
        case $2 in
        up[\ \	]* | pre-up[\ \	]* | post-up[\ \	]*) case $2 in *route\ add* | *route\ replace*) ;; *) return 1 ;; esac ;;
        auto[\ \	]* | allow-* | iface[\ \	]* | address[\ \	]* | gateway[\ \	]* | dns-nameserver* | bond[-_]slaves* | \
            slaves[\ \	]* | bond[-_]master* | bridge[-_]ports* | vlan[-_]raw*) ;;
        *) return 1 ;;
        esac
        ;;
    ifcfg)
        case $2 in
        DEVICE=* | HWADDR=* | BOOTPROTO=* | ONBOOT=* | STARTMODE=* | TYPE=* | IPADDR*=* | GATEWAY*=* | DNS[0-9]=* | MASTER=* | \
            BRIDGE=* | VLAN=* | ETHERDEVICE=* | BONDING_* | BRIDGE_PORTS=* | TEAM_MASTER=*) ;;
        *) return 1 ;;
        esac
        ;;
    keyfile)
        case $2 in
        '['*']' | type=* | interface-name=* | mac-address=* | method=* | address[0-9]*=* | addresses[0-9]*=* | address=* | \
            addresses=* | route[0-9]*=* | routes[0-9]*=* | gateway=* | dns=* | autoconnect=* | master=* | controller=* | driver=*) ;;
        *) return 1 ;;
        esac
        ;;
    nmconf)
        case $2 in '['*']' | no-auto-default=*) ;; *) return 1 ;; esac
        ;;
    networkd)
        case $2 in
        '['*']' | Name=* | OriginalName=* | MACAddress=* | PermanentMACAddress=* | Driver=* | Type=* | Path=* | Kind=* | DHCP=* | \
            Address=* | Gateway=* | DNS=* | Destination=* | Bond=* | Bridge=*) ;;
        *) return 1 ;;
        esac
        ;;
    udev)
        case $2 in *NAME=*) ;; *) return 1 ;; esac
        case $2 in *'"net"'* | *address* | *eth* | *KERNELS==*) ;; *) return 1 ;; esac
        ;;
    cloud)
        case $2 in network: | config: | network:*config:*disabled* | config:*disabled*) ;; *) return 1 ;; esac
        ;;
    netplan)
        case $2 in *[Pp]assword* | *psk* | *[Kk]ey* | *secret* | *auth:* | *wifis* | *modems* | *tunnels*) return 1 ;; esac
        ;;
    esac
}

net_file() { # kind file: its lines with known keys
    [ -f "$2" ] || return 0
    [ -r "$2" ] || { say needs-root "network configuration"; return 0; }
    count=0
    below=
    # shellcheck disable=SC2094  # the name is printed, the file is not written
    while IFS= read -r line || [ -n "$line" ]; do
        if [ $count -ge $NET_FILE_LINES ] || [ $NET_LINES -le 0 ]; then say net-cut "$2"; break; fi
        line=${line%"$NET_RETURN"}
        bare=${line#"${line%%[!	 ]*}"}
        case $bare in '' | '#'* | ';'*) continue ;; esac
        # The indentation of YAML means something, that of the others does not: what is below an unwanted line belongs to it.
        case $1 in netplan) ;; *) line=$bare ;; esac
        indent=$((${#line} - ${#bare}))
        [ -z "$below" ] || [ $indent -le "$below" ] || continue
        below=
        if [ ${#line} -gt $NET_LENGTH ] || ! net_wanted "$1" "$bare"; then
            case $1 in netplan) below=$indent ;; esac
            continue
        fi
        [ $count -gt 0 ] || say net-file "$1" "$2"
        count=$((count + 1))
        NET_LINES=$((NET_LINES - 1))
        case $1 in networkd | cloud) ;; *) case $line in *'"'*) ;; *) line=${line%%[ 	]#*} ;; esac ;; esac
        say net-line "$line"
    done 2>/dev/null <"$2"
}

net_files() { # kind file...
    kind=$1
    shift
    for file in "$@"; do
        # What the configuration systems leave out: copies of editors and of package managers.
        case $file in
        *'*'* | *'~' | *.bak | *.old | *.orig | *.rpmnew | *.rpmorig | *.rpmsave | *.dpkg-* | *.ucf-* | *.swp | */ifcfg-lo | */ifcfg-lo:*) continue ;;
        esac
        net_file "$kind" "$file"
    done
}

net_devices() {
    for dir in /sys/class/net/*; do
        name=${dir##*/}
        case $name in lo | '*') continue ;; esac
        kind=
        [ ! -e "$dir/device" ] || kind=physical
        [ ! -d "$dir/bonding" ] || kind=bond
        [ ! -d "$dir/bridge" ] || kind=bridge
        [ ! -e "/proc/net/vlan/$name" ] || kind=vlan
        [ -n "$kind" ] || continue
        driver=
        [ ! -h "$dir/device/driver" ] || { driver=$(readlink "$dir/device/driver" 2>/dev/null) && driver=${driver##*/}; }
        value "$dir/address"
        say netdev "$name" "$kind" "$driver" "$VALUE"
        NET_LINES=$((NET_LINES - 1))
        [ $NET_LINES -gt 0 ] || break
    done
}

net_naming() { # what gives network devices their names, and the sign of it
    value /proc/cmdline
    case " $VALUE " in *' net.ifnames=0 '*) say net-naming kernel net.ifnames=0 && return ;; esac
    for file in /etc/systemd/network/99-default.link /etc/udev/rules.d/80-net-setup-link.rules /etc/udev/rules.d/80-net-name-slot.rules; do
        if [ -h "$file" ] && [ "$(readlink "$file" 2>/dev/null)" = /dev/null ]; then say net-naming kernel "$file" && return; fi
    done
    for file in /usr/lib/udev/rules.d /lib/udev/rules.d; do
        for name in 80-net-setup-link.rules 80-net-name-slot.rules; do
            [ -e "$file/$name" ] && say net-naming predictable "$file/$name" && return
        done
    done
    say net-naming kernel ''
}

net_services() { # the services that configure the network when the host starts
    for name in NetworkManager systemd-networkd networking wicked network dhcpcd connman netctl cloud-init; do
        for file in /etc/systemd/system/*.wants/"$name.service" /etc/systemd/system/"$name.service" /etc/rc[S235].d/S*"$name" /etc/rc.d/rc[35].d/S*"$name" \
            /etc/init.d/rc[35].d/S*"$name" /etc/runlevels/*/"$name"; do
            [ -h "$file" ] || [ -e "$file" ] || continue
            [ "$(readlink "$file" 2>/dev/null)" != /dev/null ] || continue
            say net-service "$name" "$file"
            break
        done
    done
    # What writes a rule for each new device, so that its name depends on those that were there before. The first file counts.
    for name in /etc/udev/rules.d /usr/lib/udev/rules.d /lib/udev/rules.d; do
        file=$name/75-persistent-net-generator.rules
        if [ -h "$file" ] || [ -e "$file" ]; then
            [ ! -s "$file" ] || say net-generator "$file"
            break
        fi
    done
}

probe_netconf() {
    NET_RETURN=$(printf '\r')
    net_naming
    net_services
    net_devices
    net_files ifupdown /etc/network/interfaces /etc/network/interfaces.d/*
    net_files ifcfg /etc/sysconfig/network-scripts/ifcfg-* /etc/sysconfig/network/ifcfg-*
    net_files route /etc/sysconfig/network-scripts/route-* /etc/sysconfig/network/ifroute-* /etc/sysconfig/network/routes
    net_files netplan /etc/netplan/*.yaml /etc/netplan/*.yml
    net_files keyfile /etc/NetworkManager/system-connections/*
    net_files nmconf /usr/lib/NetworkManager/conf.d/*.conf /etc/NetworkManager/NetworkManager.conf /etc/NetworkManager/conf.d/*.conf
    net_files networkd /etc/systemd/network/*.network /etc/systemd/network/*.netdev /etc/systemd/network/*.link
    net_files udev /etc/udev/rules.d/*net*.rules /etc/udev/rules.d/*eth*.rules /etc/udev/rules.d/*nic*.rules
    net_files cloud /etc/cloud/cloud.cfg /etc/cloud/cloud.cfg.d/*.cfg
    value /proc/cmdline
    case " $VALUE " in *' network-config=disabled '*) say net-cloud-off 'network-config=disabled in /proc/cmdline' ;; esac
    # A file that a program writes at each start is a link; any other stays as it is.
    [ ! -h /etc/resolv.conf ] || say net-resolver "$(readlink /etc/resolv.conf 2>/dev/null)"
    for name in dhclient dhcpcd udhcpc pump; do found "$name" && say net-client "$name"; done
}
