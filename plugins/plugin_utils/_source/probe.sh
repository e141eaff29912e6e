# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Reads what a migration needs to know about this host and changes nothing. One record a line, fields parted by tabs;
# the controller parses them (facts.py). Runs on dash, bash 3 and busybox ash; a missing tool is no error.
# Every started program costs time on 200 hosts at once, so the shell itself reads what it can.

probe_all() { # each step is stopped after some seconds (guard.sh); what others need, and what hardly waits, comes first
    step system 6 probe_system
    step blocks 6 probe_blocks
    probe_mounts
    step boot 4 probe_boot
    step kernel 4 probe_kernel
    step network 4 probe_network
    step netconf 4 probe_netconf
    step platform 2 probe_platform
    step client 4 agent_state
    # shellcheck disable=SC2086  # one word per path
    steps paths 3 probe_paths $PROBE_PATHS
    probe_space
    probe_content
    step initramfs 10 probe_initramfs
    [ -z "$EGRESS" ] || step egress $((EGRESS_TIMEOUT + 2)) probe_egress
    step state 4 probe_state
}

probe_system() {
    say uname "$(uname -snrm 2>/dev/null)"
    say uid "$(id -u 2>/dev/null)"
    say epoch "$(date +%s 2>/dev/null)"
    say install-dir "$INSTALL_DIR"

    if [ -r /etc/os-release ]; then lines os-release /etc/os-release; else lines os-release /usr/lib/os-release; fi
    for file in oracle-release redhat-release SuSE-release debian_version; do lines "release $file" "/etc/$file"; done

    # Identity. The DMI uuid is for root only.
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
    lines hypervisor /sys/hypervisor/type
    # A paravirtual guest of Xen has no DMI, but its hypervisor gives it a UUID.
    lines hypervisor-uuid /sys/hypervisor/uuid
    for file in /sys/class/net/*/device; do
        # A device of the machine, no bridge or tunnel; and not an address that the system has chosen.
        file=${file%/device}
        value "$file/addr_assign_type"
        case $VALUE in '' | 0) lines mac "$file/address" ;; esac
    done

    # Signs of a container, each with what it says. Nothing else has a kernel that is not its own.
    [ -e /.dockerenv ] && say container docker /.dockerenv
    [ -e /run/.containerenv ] && say container podman /run/.containerenv
    value /run/systemd/container
    [ -n "$VALUE" ] && say container "$VALUE" /run/systemd/container
    [ -d /proc/vz ] && [ ! -d /proc/bc ] && say container openvz /proc/vz
    value /proc/sys/kernel/osrelease
    case $VALUE in *[Mm]icrosoft*) say container wsl "$VALUE" ;; esac
    # shellcheck disable=SC2094  # the name is printed, the file is not written
    [ ! -r /proc/1/environ ] || tr '\000' '\n' 2>/dev/null </proc/1/environ | while IFS= read -r line; do
        case $line in container=?*) say container "${line#container=}" /proc/1/environ ;; esac
    done

    # Security, cloud-init, tools.
    for file in /sys/fs/selinux/enforce /selinux/enforce; do
        if [ -r "$file" ]; then lines selinux-enforce "$file"; break; fi
    done
    lines selinux-config /etc/selinux/config
    [ -d /etc/cloud ] && say cloud-init /etc/cloud
    [ -e /etc/cloud/cloud-init.disabled ] && say cloud-init-off /etc/cloud/cloud-init.disabled
    value /proc/cmdline
    case " $VALUE " in *' cloud-init=disabled '*) say cloud-init-off /proc/cmdline ;; esac
    for file in cloud-init.target cloud-init.service; do
        [ -h "/etc/systemd/system/$file" ] && [ "$(readlink "/etc/systemd/system/$file")" = /dev/null ] && say cloud-init-off "/etc/systemd/system/$file"
    done
    for tool in $PROBE_TOOLS; do
        found "$tool"
        say tool "$tool" "$VALUE"
    done

    # Processors, memory, and the processes that synchronize the clock or keep files open.
    value /sys/devices/system/cpu/online
    say cpus "$VALUE"
    [ -n "$VALUE" ] || say cpu-count "$(grep -c '^processor' /proc/cpuinfo 2>/dev/null)"
    lines loadavg /proc/loadavg
    while read -r name size rest; do
        case $name in MemTotal: | MemFree: | MemAvailable: | Buffers: | Cached: | SwapTotal: | SwapFree:) say memory "${name%:}" "$size" ;; esac
    done 2>/dev/null </proc/meminfo
    running=' '
    for file in /proc/[0-9]*/stat; do
        # The second word is the name in brackets, cut to 15 characters by the kernel. A process may end meanwhile.
        { read -r rest name rest <"$file"; } 2>/dev/null || continue
        name=${name#?}
        name=${name%\)}
        case $name in ora_pmon_*) name=ora_pmon ;; esac
        case " $PROBE_PROCESSES " in *" $name "*) ;; *) continue ;; esac
        case $running in *" $name "*) continue ;; esac
        running="$running$name "
        say process "$name"
    done
}

probe_platform() { # what only programs know
    # Older kernels show the DMI uuid through dmidecode alone.
    if [ ! -e /sys/class/dmi/id/product_uuid ] && [ -r /dev/mem ] && found dmidecode; then
        # It prints comments too, and the one of EL5 does not know the option.
        { dmidecode -s system-uuid; dmidecode; } 2>/dev/null | while read -r name rest; do
            case $name in
            UUID:) name=$rest ;;
            esac
            case $name in
            ????????-????-????-????-????????????) say "dmi product_uuid" "$name" && break ;;
            esac
        done
    fi
    found systemd-detect-virt && say virt "$(systemd-detect-virt 2>/dev/null)"
}

probe_paths() { # path...: which of them exist, and whether there is something in them
    for path in "$@"; do
        reach "$path" || { say untouched "$path" "$VALUE"; continue; }
        [ -e "$path" ] || continue
        full=
        # Only the name counts: what another user put there may be a link to something that never answers.
        for file in "$path"/*; do [ "$file" != "$path/*" ] && full=1; break; done
        say path "$path" "$full"
    done
}

probe_network() {
    # Network: addresses, DNS and proxies. The kernel's table of routes lists each local address, without a program.
    last=
    while read -r name rest dest; do
        case $name in
        '|--') last=$rest ;;
        /32) case $rest$dest in hostLOCAL*) say address "$last" ;; esac ;;
        esac
    done 2>/dev/null </proc/net/fib_trie
    if [ -z "$last" ] && found ip; then
        ip -o -4 addr 2>/dev/null | while read -r name rest rest dest rest; do say address "${dest%%/*}"; done
    elif [ -z "$last" ] && found ifconfig; then
        ifconfig -a 2>/dev/null | sed -n 's/.*inet \(addr:\)\{0,1\}\([0-9.]*\).*/\2/p' | while read -r dest; do say address "$dest"; done
    fi
    # The controller removes the password of a proxy before it shows the value.
    while read -r name rest; do
        case $name in nameserver | search | domain) say resolver "$name" "$rest" ;; esac
    done 2>/dev/null </etc/resolv.conf
    for name in http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy; do
        eval "rest=\${$name:-}"
        [ -n "$rest" ] && say proxy environment "$name=$rest"
    done
    for file in /etc/environment /etc/profile.d/*proxy* /etc/sysconfig/proxy /etc/yum.conf /etc/dnf/dnf.conf \
        /etc/apt/apt.conf /etc/apt/apt.conf.d/*proxy*; do
        [ -r "$file" ] || continue
        # shellcheck disable=SC2094  # the name is printed, the file is not written
        while read -r line || [ -n "$line" ]; do
            case $line in '#'* | '//'*) ;; *[Pp][Rr][Oo][Xx][Yy]*) say proxy "$file" "$line" ;; esac
        done 2>/dev/null <"$file"
    done
}
