#!/bin/sh
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# First process of a guest: finds or makes the root file system, then becomes the system's own init.
# NAME, LAYOUT, EXTRA, ROOT (the device that becomes /), BOOT (that of /boot), INIT and DATA (the disk with the content, where
# the root is made here) come from /settings.
/bin/busybox mkdir -p /bin /proc /sys /dev /data /root
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
for module in /modules/*.ko; do insmod "$module" || echo "recorder: cannot load $module"; done
# shellcheck source=/dev/null
. /settings
hostname "$NAME"

stop() {
    echo "recorder: $*"
    exec sh
}

# The content's own tools make the volume, without udev, which does not run yet.
type=ext4
if [ -n "$DATA" ]; then
    mount -t ext4 "/dev/$DATA" /data || stop "no content"
    for folder in dev proc sys; do mount -o bind "/$folder" "/data/$folder"; done
    export DM_DISABLE_UDEV=1
    case $LAYOUT in
        lvm)
            config='activation { udev_sync=0 udev_rules=0 } backup { backup=0 archive=0 }'
            chroot /data /sbin/lvm pvcreate -ff -y --config "$config" /dev/vda2 &&
                chroot /data /sbin/lvm vgcreate --config "$config" vg0 /dev/vda2 &&
                chroot /data /sbin/lvm lvcreate -Wn -Zn -y -n root -l 95%FREE --config "$config" vg0
            ;;
        thin)
            config='activation { udev_sync=0 udev_rules=0 monitoring=0 } backup { backup=0 archive=0 }'
            chroot /data /sbin/lvm pvcreate -ff -y --config "$config" /dev/vda2 &&
                chroot /data /sbin/lvm vgcreate --config "$config" vg0 /dev/vda2 &&
                chroot /data /sbin/lvm lvcreate -Zn -y --type thin-pool -n pool -L 10G --config "$config" vg0 &&
                chroot /data /sbin/lvm lvcreate -Wn -y -n root -V 12G --thinpool pool --config "$config" vg0
            ;;
        btrfs)
            type=btrfs
            chroot /data /sbin/mkfs.btrfs -q -f -d single -m raid1 /dev/vda2 /dev/vdb2
            ;;
        luks)
            echo secret | chroot /data /sbin/cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 /dev/vda2 &&
                echo secret | chroot /data /sbin/cryptsetup open /dev/vda2 cryptroot
            ;;
        raid)
            chroot /data /sbin/mdadm --create /dev/md0 --run --assume-clean --level=1 --raid-devices=2 /dev/vda2 /dev/vdb2
            ;;
    esac || stop "no volume"
    for folder in dev proc sys; do umount "/data/$folder"; done
    if [ $type = btrfs ]; then
        # Without its second disk, the kernel does not mount it.
        mount -t btrfs -o device=/dev/vda2,device=/dev/vdb2 /dev/vda2 /root || stop "no btrfs"
        cp -a /data/. /root || stop "no copy"
        umount /root
        umount /data
    else
        umount /data
        dd if="/dev/$DATA" of="${ROOT:?}" bs=4M || stop "no copy"
    fi
    driver=$(readlink "/sys/block/$DATA/device")
    echo "${driver##*/}" >/sys/bus/virtio/drivers/virtio_blk/unbind
fi

options=rw
[ $type = ext4 ] || options=device=/dev/vda2,device=/dev/vdb2
mount -t $type -o $options "${ROOT:?}" /root || stop "no root"
for folder in dev proc sys; do mount --move "/$folder" "/root/$folder"; done
[ -z "$DATA" ] || [ $type != ext4 ] || chroot /root /sbin/resize2fs "$ROOT"
[ -z "$BOOT" ] || chroot /root /bin/mount "$BOOT" /boot
if [ "$EXTRA" = crypt-data ]; then
    export DM_DISABLE_UDEV=1
    set -- --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file /etc/data.key
    chroot /root /sbin/cryptsetup luksFormat -q "$@" /dev/vdb || stop "no LUKS"
    chroot /root /sbin/cryptsetup open --key-file /etc/data.key /dev/vdb data || stop "no data"
    chroot /root /sbin/mke2fs -q -F -t ext4 /dev/mapper/data
    chroot /root /sbin/cryptsetup close data
fi
if [ -e /root/usr/sbin/grub-mkconfig ]; then
    chroot /root /usr/bin/env PATH=/usr/sbin:/usr/bin:/sbin:/bin grub-mkconfig -o /boot/grub/grub.cfg
fi
# shellcheck disable=SC2086  # an init and its argument
exec switch_root /root $INIT
