# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Prepares the network of the migrated server, and cloud-init. Neither changes a file of the present configuration.
# DHCP_RUN, DHCP_UNIT, DHCP_INIT and CLOUD_CONFIG are the contents of the files that are written.

DHCP_AT=/etc/edgelift-dhcp
DHCP_NAME=edgelift-dhcp
CLOUD_AT=/etc/cloud
UNITS_AT=/etc/systemd/system

net_macs() { # the hardware addresses of this host's network cards, also those that the cards have outside of their bond
    for dir in /sys/class/net/*; do
        [ -e "$dir/device" ] || continue
        for file in "$dir/address" "$dir/bonding_slave/perm_hwaddr"; do
            value "$file"
            case $VALUE in '' | 00:00:00:00:00:00) ;; *) printf '%s\n' "$VALUE" ;; esac
        done
    done | sort -u
}

net_starts() { # what starts programs with the host, in $HOW: systemd, local.d or init.d
    for RC in /etc /etc/rc.d /etc/init.d; do [ -d "$RC/rc3.d" ] && break; done
    HOW=
    if [ -d /run/systemd/system ]; then
        HOW=systemd
    elif [ -d /etc/local.d ]; then
        HOW=local.d
    elif [ -d /etc/init.d ] && [ -d "$RC/rc3.d" ]; then
        HOW=init.d
    fi
    [ -n "$HOW" ]
}

net_file_is() { # file text: whether it has this content
    [ -f "$1" ] && [ "$(cat "$1" 2>/dev/null)" = "$2" ]
}

net_ready() { # whether all files are there, as they were written
    net_starts && net_file_is "$DHCP_AT/run" "$DHCP_RUN" || return 1
    for mac in $(net_macs); do grep -q -x -F "$mac" "$DHCP_AT/sources" 2>/dev/null || return 1; done
    case $HOW in
    systemd) net_file_is "$UNITS_AT/$DHCP_NAME.service" "$DHCP_UNIT" && [ -h "$UNITS_AT/multi-user.target.wants/$DHCP_NAME.service" ] ;;
    local.d) net_file_is "/etc/local.d/$DHCP_NAME.start" "$DHCP_INIT" ;;
    init.d) net_file_is "/etc/init.d/$DHCP_NAME" "$DHCP_INIT" && [ -h "$RC/rc3.d/S99$DHCP_NAME" ] ;;
    esac
}

remedy_dhcp() {
    client=
    for tool in nmcli networkctl wicked dhclient dhcpcd udhcpc busybox; do
        command -v "$tool" >/dev/null 2>&1 && client=$tool && break
    done
    if [ -z "$client" ]; then
        say remedy dhcp impossible "this host has no DHCP client: none of NetworkManager, systemd-networkd, wicked, dhclient, dhcpcd and udhcpc"
    elif ! net_starts; then
        say remedy dhcp impossible "this host has neither systemd, nor /etc/local.d, nor /etc/init.d with run levels"
    elif [ -z "$(net_macs)" ]; then
        say remedy dhcp impossible "this host has no network card with a hardware address, so the script could not distinguish it from the migrated server"
    elif net_ready; then
        say remedy dhcp ok "DHCP for the first virtio device is prepared ($DHCP_AT)"
    else
        say remedy dhcp needed "nothing asks DHCP for the first virtio device of another machine"
    fi
}

net_write() { # fault file mode text: writes a file of ours
    remedy_keep "$1" "$2" || return 1
    rm -f "$2"
    if ! errors=$( { (set -C && printf '%s\n' "$4" >"$2") && chmod "$3" "$2"; } 2>&1); then
        say failed "cannot write $2: $errors"
        return 1
    fi
    remedy_sum "$1" "$2"
}

net_link() { # fault target link
    remedy_keep "$1" "$3" || return 1
    rm -f "$3"
    errors=$(ln -s "$2" "$3" 2>&1) && return
    say failed "cannot create $3: $errors"
    return 1
}

net_folder() { # fault folder: creates it for all to read, and notes that
    remedy_safe "$2" || return 1
    [ -d "$2" ] && return
    remedy_note "$1" folder "$2"
    errors=$( { mkdir -p "$2" && chmod 755 "$2"; } 2>&1) && return
    say failed "cannot create $2: $errors"
    return 1
}

remedy_do_dhcp() {
    net_starts
    net_folder dhcp "$DHCP_AT" || return
    net_write dhcp "$DHCP_AT/sources" 644 "$(net_macs)" || return
    net_write dhcp "$DHCP_AT/run" 755 "$DHCP_RUN" || return
    if ! errors=$(sh -n "$DHCP_AT/run" 2>&1); then say failed "sh cannot read $DHCP_AT/run: $errors" && return; fi
    case $HOW in
    systemd)
        net_folder dhcp "$UNITS_AT/multi-user.target.wants" || return
        net_write dhcp "$UNITS_AT/$DHCP_NAME.service" 644 "$DHCP_UNIT" || return
        net_link dhcp "../$DHCP_NAME.service" "$UNITS_AT/multi-user.target.wants/$DHCP_NAME.service" || return
        systemctl daemon-reload >/dev/null 2>&1 || :
        ;;
    local.d) net_write dhcp "/etc/local.d/$DHCP_NAME.start" 755 "$DHCP_INIT" ;;
    init.d)
        net_write dhcp "/etc/init.d/$DHCP_NAME" 755 "$DHCP_INIT" || return
        for level in 2 3 4 5; do
            [ ! -d "$RC/rc$level.d" ] || net_link dhcp "/etc/init.d/$DHCP_NAME" "$RC/rc$level.d/S99$DHCP_NAME" || return
        done
        ;;
    esac
}

cloud_masked() { # the units of cloud-init that are masked
    for file in cloud-init-local.service cloud-init.service cloud-config.service cloud-final.service cloud-init.target; do
        [ -h "$UNITS_AT/$file" ] && [ "$(readlink "$UNITS_AT/$file")" = /dev/null ] && printf '%s ' "$UNITS_AT/$file"
    done
}

remedy_cloud_init() {
    value /proc/cmdline
    case " $VALUE " in
    *' cloud-init=disabled '*)
        say remedy cloud_init impossible "the kernel command line has cloud-init=disabled. Remove it from the boot loader"
        return
        ;;
    esac
    off=$(cloud_masked)
    [ ! -e "$CLOUD_AT/cloud-init.disabled" ] || off="$off$CLOUD_AT/cloud-init.disabled"
    if path=$(command -v cloud-init 2>/dev/null); then
        if [ -z "$off" ]; then say remedy cloud_init ok "$path"; else say remedy cloud_init needed "switched off by $off"; fi
    elif remedy_manager; then
        say remedy cloud_init needed "cloud-init is missing"
    else
        say remedy cloud_init impossible "cloud-init is missing, and this host has none of apt-get, dnf, yum, zypper and apk"
    fi
}

remedy_do_cloud_init() {
    off=$(cloud_masked)
    if ! command -v cloud-init >/dev/null 2>&1; then
        remedy_manager
        # What is switched on here must not change the source when that starts again: its network, its host keys, its logins.
        net_folder cloud_init "$CLOUD_AT" || return
        net_folder cloud_init "$CLOUD_AT/cloud.cfg.d" || return
        net_write cloud_init "$CLOUD_AT/cloud.cfg.d/99-edgelift.cfg" 644 "$CLOUD_CONFIG" || return
        remedy_installed cloud_init cloud-init
        command -v cloud-init >/dev/null 2>&1 || return
    else
        net_write cloud_init "$CLOUD_AT/cloud.cfg.d/99-edgelift.cfg" 644 "$CLOUD_CONFIG" || return
    fi
    for file in $off; do
        remedy_safe "${file%/*}" || return
        remedy_note cloud_init masked "$file"
        rm -f "$file"
    done
    file=$CLOUD_AT/cloud-init.disabled
    if [ -e "$file" ]; then
        remedy_keep cloud_init "$file" && rm -f "$file"
    fi
    [ ! -d /run/systemd/system ] || systemctl daemon-reload >/dev/null 2>&1 || :
}
