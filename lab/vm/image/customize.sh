#!/bin/sh
# Turns a copy of the container nodes' tree into the virtual machines' one. Run by lab/vm/image.ts on the workstation.
# usage: customize.sh ROOT
set -eu
root=$1
mkdir -p "$root/etc/initramfs-tools/conf.d" "$root/etc/dpkg/dpkg.cfg.d"
# Drivers of nothing that QEMU has: half of the kernel's size.
for modules in drivers/gpu drivers/media drivers/net/wireless drivers/iio drivers/infiniband sound; do
    echo "path-exclude=/usr/lib/modules/*/kernel/$modules/*"
    echo "path-exclude=/lib/modules/*/kernel/$modules/*"
done >"$root/etc/dpkg/dpkg.cfg.d/lab-kernel"
# What finds the root disk, no more: the data disk's driver comes later, so that letters are the same at each boot
# (sd probes its disks side by side: two on one controller are named by chance).
printf 'MODULES=list\nCOMPRESS=zstd\n' >"$root/etc/initramfs-tools/conf.d/lab"
printf 'ahci\nsd_mod\next4\n' >"$root/etc/initramfs-tools/modules"
cp /etc/resolv.conf "$root/etc/resolv.conf"
export DEBIAN_FRONTEND=noninteractive
chroot "$root" apt-get --quiet update
chroot "$root" apt-get --quiet --yes --no-install-recommends install linux-image-amd64 initramfs-tools zstd
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb
mkdir -p "$root/srv/local"
