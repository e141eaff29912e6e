# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# Reads what a migration needs to know about this host and changes nothing. One record a line, fields parted by tabs;
# the controller parses them (facts.py). Runs on dash, bash 3 and busybox ash; a missing tool is no error.
# Every started program costs time on 200 hosts at once, so the shell itself reads what it can.

say uname "$(uname -snrm 2>/dev/null)"
say uid "$(id -u 2>/dev/null)"
say epoch "$(date +%s 2>/dev/null)"
say install-dir "$INSTALL_DIR"

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
if [ ! -e /sys/class/dmi/id/product_uuid ] && [ -r /dev/mem ] && found dmidecode; then
    say "dmi product_uuid" "$(dmidecode -s system-uuid 2>/dev/null)"
fi
lines hypervisor /sys/hypervisor/type
found systemd-detect-virt && say virt "$(systemd-detect-virt 2>/dev/null)"

# Security, cloud-init, tools.
for file in /sys/fs/selinux/enforce /selinux/enforce; do
    if [ -r "$file" ]; then lines selinux-enforce "$file"; break; fi
done
lines selinux-config /etc/selinux/config
[ -d /etc/cloud ] && say cloud-init /etc/cloud
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
    name=${name%)}
    case $name in ora_pmon_*) name=ora_pmon ;; esac
    case " $PROBE_PROCESSES " in *" $name "*) ;; *) continue ;; esac
    case $running in *" $name "*) continue ;; esac
    running="$running$name "
    say process "$name"
done
for path in $PROBE_PATHS; do
    [ -e "$path" ] || continue
    full=
    # Only the name counts: what another user put there may be a link to something that never answers.
    for file in "$path"/*; do [ "$file" != "$path/*" ] && full=1; break; done
    say path "$path" "$full"
done

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
    # shellcheck disable=SC2094  # the name is said, the file is not written
    while read -r line || [ -n "$line" ]; do
        case $line in '#'* | '//'*) ;; *[Pp][Rr][Oo][Xx][Yy]*) say proxy "$file" "$line" ;; esac
    done 2>/dev/null <"$file"
done
