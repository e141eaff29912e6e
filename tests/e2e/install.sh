#!/bin/sh
# Copyright: (c) 2026, Edgelift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The first process of a guest that is installed: installs GRUB on the first disk, as an installer of Debian does, and
# switches the guest off. The last line of the second serial port says that it has succeeded.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH

end() {
    echo "$1" >/dev/ttyS1
    sync
    echo u >/proc/sysrq-trigger
    echo o >/proc/sysrq-trigger
    while :; do sleep 1; done
}

# grub-mkconfig names a file system by its UUID only where udev shows it; udev does not run.
mkdir -p /dev/disk/by-uuid
for device in /dev/vda?*; do
    uuid=$(blkid -s UUID -o value "$device") && ln -sf "$device" "/dev/disk/by-uuid/$uuid"
done
if [ -d /sys/firmware/efi ]; then
    mkfs.vfat -F 32 /dev/vda1 || end "cannot make the EFI system partition"
    mkdir -p /boot/efi
    modprobe vfat
    mount /dev/vda1 /boot/efi || end "cannot mount the EFI system partition"
    echo "UUID=$(blkid -s UUID -o value /dev/vda1) /boot/efi vfat umask=0077 0 1" >>/etc/fstab
    set -- --target=x86_64-efi --efi-directory=/boot/efi --no-nvram --removable
else
    set -- --target=i386-pc /dev/vda
fi
grub-install "$@" || end "grub-install failed"
grub-mkconfig -o /boot/grub/grub.cfg || end "grub-mkconfig failed"
grep -q 'root=/dev/vd' /boot/grub/grub.cfg && end "GRUB would find the root file system by the name of its device"
rm /install
[ ! -d /boot/efi ] || umount /boot/efi
end installed
