#!/bin/sh
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# host.sh BED NAME: pid 1 of one host's namespaces; builds its root from BED/hosts/NAME and becomes its sshd.
set -eu
bed=$1
name=$2
given=$bed/hosts/$name

read -r pid _rest </proc/self/stat
echo "host $pid"

# BASE, HOST_NAME, ROOT_SOURCE, DATA_MOUNTS (lines of source and directory)
# shellcheck source=/dev/null
. "$given/settings"

work=$bed/mnt/hosts/$name
root=$work/root
mkdir -p "$work/upper" "$work/work" "$root"
hostname "$HOST_NAME"

# The source of an overlay mount is free text: /proc/mounts shows a disk's partition.
mount -t overlay "$ROOT_SOURCE" -o "lowerdir=$bed/mnt/$BASE,upperdir=$work/upper,workdir=$work/work" "$root"
cp -R --preserve=mode --remove-destination "$given/root/." "$root/"

mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=0755 sysfs "$root/sys"
cp -R --preserve=mode "$given/sys/." "$root/sys/"
cp "$given/partitions" "$work/partitions"
mount --bind "$work/partitions" "$root/proc/partitions"
mount -t tmpfs -o mode=0755 tmpfs "$root/run"
mkdir -p "$root/run/sshd"

# The disk images are the lower layer of /dev: what a host writes to a disk stays in memory. After a restart /dev is new.
rm -rf "$work/dev-upper" "$work/dev-work"
mkdir "$work/dev-upper" "$work/dev-work"
mount -t overlay udev -o "lowerdir=$bed/disks/$name,upperdir=$work/dev-upper,workdir=$work/dev-work" "$root/dev"
for node in null zero full random urandom tty; do
    : >"$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir -p "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
cp -R --preserve=mode "$given/dev/." "$root/dev/"

echo "$DATA_MOUNTS" | while read -r source directory; do
    [ -n "$source" ] || continue
    mkdir -p "$root$directory"
    mount -t tmpfs -o mode=0755 "$source" "$root$directory"
done

# OpenSSH 9.8 slows down addresses with refused logins, and here every client has the same one.
set -- /usr/sbin/sshd -D -e
[ ! -e "$root/usr/lib/openssh/sshd-session" ] || set -- "$@" -o PerSourcePenalties=no

cd "$root"
mkdir -p .outside
pivot_root . .outside
# shellcheck disable=SC2016  # the inner shell expands it
exec chroot . /bin/sh -c 'umount -l /.outside && rmdir /.outside && exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"' sh "$@"
