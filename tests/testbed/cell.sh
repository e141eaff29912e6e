#!/bin/sh
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# cell.sh BED ROOTFS: pid 1 of the namespaces around all hosts of a test bed. Everything that the hosts write lives in one
# file system in memory that ends with this process: killing it leaves neither process nor mount nor file.
set -eu
bed=$1
rootfs=$2
scripts=$(dirname "$0")

# /proc is still the one outside, so this is the process id that others see.
read -r pid _rest </proc/self/stat
echo "cell $pid"

cd "$bed/mnt"
mount -t tmpfs -o mode=0755,size=75% testbed "$bed/mnt"
cd "$bed/mnt"
mkdir debian busybox hosts
tar -xpf "$rootfs" -C debian --numeric-owner --exclude='./dev/*'

# The small root: a static busybox and an sshd with the libraries it is linked to.
(
    cd busybox
    mkdir -p bin sbin usr/bin usr/sbin usr/lib/openssh etc/ssh dev proc sys run tmp root var/log var/empty
    : >var/log/lastlog
    chmod 1777 tmp
    chmod 0700 root
    mv ../debian/usr/bin/busybox bin/busybox
    mount -t proc proc proc
    chroot . /bin/busybox --install -s
    umount proc
    # OpenSSH 9.8 split its daemon into several programs.
    for program in /usr/sbin/sshd /usr/lib/openssh/sshd-session /usr/lib/openssh/sshd-auth; do
        [ -e "../debian$program" ] || continue
        cp "../debian$program" ".$program"
        chroot ../debian ldd "$program" | tr -s ' \t' '\n' | grep '^/' | sort -u | while read -r library; do
            [ -e ".$library" ] && continue
            mkdir -p ".${library%/*}"
            cp -L "../debian$library" ".$library"
        done
    done
)

for host in "$bed"/hosts/*/; do
    name=$(basename "$host")
    # One that is to restart is started again, over what it had written.
    while
        unshare --mount --pid --uts --ipc --fork --kill-child --propagation private -- \
            sh "$scripts/host.sh" "$bed" "$name" >>"$host/log" 2>&1
        rm "$host/restart" 2>/dev/null
    do :; done &
done
echo "hosts started"
# Reaps what ends; it ends when the last host has ended.
wait
