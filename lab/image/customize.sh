#!/bin/sh
# Turns the fresh Debian tree into the lab's image. Run by image.ts on the workstation.
# usage: customize.sh ROOT
set -eu
root=$1
for user in ops nosudo; do
    chroot "$root" useradd --create-home --shell /bin/bash "$user"
done
chmod 0440 "$root/etc/sudoers.d/ops"
# Units that need hardware or a network beyond the lab. Concerns that want one enable it.
systemctl --root="$root" disable corosync.service rest-server.service restic-rest-server.service openipmi.service nvmf-autoconnect.service lm-sensors.service smartmontools.service console-getty.service 2>/dev/null || true
systemctl --root="$root" mask apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer xfs_scrub_all.timer dpkg-db-backup.timer systemd-networkd-wait-online.service
systemctl --root="$root" disable systemd-networkd.service systemd-networkd.socket 2>/dev/null || true
systemctl --root="$root" enable pve-cluster.service
# Debian's example: a node is in no cluster until a test puts it into one.
rm -f "$root/etc/corosync/corosync.conf"
# Installed as on cloud images, inert until a test removes this file.
touch "$root/etc/cloud/cloud-init.disabled"
# ifupdown2 prints an error on every call without it.
mkdir -p "$root/etc/iproute2/rt_tables.d" "$root/srv/local" "$root/var/lib/vz"
# As the package pve-cluster ships it, also where no pmxcfs has run yet.
mkdir -p "$root/var/lib/pve-cluster"
# Each node gets its own.
rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/hostname" "$root/var/lib/dbus/machine-id"
: >"$root/etc/machine-id"
# Spares each first boot the work of ldconfig, catalogues and sysusers.
touch "$root/etc/.updated" "$root/var/.updated"
