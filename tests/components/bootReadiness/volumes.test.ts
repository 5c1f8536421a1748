/** Volumes that the next boot has to put together. */
import { ask, pairs, type Fixture } from "./machine";

const uuid = "9c8d0000-0000-4000-8000-000000000002";
const crypttab = (line: string, more: Readonly<Record<string, string>> = {}): Fixture => ({
    files: { "/etc/crypttab": `# name source key options\n${line}\n`, [`/dev/disk/by-uuid/${uuid}`]: "", ...more },
});
pairs("crypttab", {
    "a passphrase that nobody types": {
        fault: crypttab(`vault UUID=${uuid} none luks`),
        says: ["boot-crypt-asks", /vault asks for a passphrase/],
        twin: crypttab(`vault UUID=${uuid} none luks,tpm2-device=auto`),
    },
    "a key file that is gone": {
        fault: crypttab(`vault UUID=${uuid} /root/vault.key luks`),
        says: ["boot-crypt-key-missing", /\/root\/vault\.key/],
        twin: crypttab(`vault UUID=${uuid} /root/vault.key luks`, { "/root/vault.key": "x" }),
    },
    "a disk that is gone": {
        fault: crypttab("vault UUID=dead /root/vault.key luks"),
        says: ["boot-crypt-source-missing", /UUID=dead of vault/],
        twin: crypttab("vault UUID=dead /root/vault.key luks,nofail"),
    },
});

const mdstat = (disks: string, state = "active raid1 sdb1[1] sda1[0]"): Fixture => ({
    files: {
        "/proc/mdstat": `Personalities : [raid1]\nmd0 : ${state}\n      1000 blocks super 1.2 [2/2] ${disks}\n\nunused devices: <none>\n`,
    },
});
pairs("raid", {
    "an array that has lost a disk": {
        fault: mdstat("[U_]"),
        says: ["boot-raid-degraded", /md0 is not whole/],
        twin: mdstat("[UU]"),
    },
    "one that did not start": {
        fault: mdstat("", "inactive sda1[0](S)"),
        says: ["boot-raid-degraded", /md0/],
        twin: { files: { "/proc/mdstat": "Personalities :\nunused devices: <none>\n" } },
        is: "skipped",
    },
});

/** As OpenZFS packs it: each name behind its length, padded to four bytes. */
const cacheOf = (...names: readonly string[]) =>
    names
        .map(
            (name) =>
                `\0\0\0${String.fromCharCode(name.length)}${name}${"\0".repeat((4 - (name.length % 4)) % 4)}\0\0\0\x13`,
        )
        .join("");
const zfs = (listed: string, more: Readonly<Record<string, string>> = {}): Fixture => ({
    files: { "/usr/sbin/zpool": "", "/etc/zfs/zpool.cache": cacheOf("name", "tank"), ...more },
    commands: { "zpool list -H -o name,health,altroot": listed },
});
pairs("zpools", {
    "a pool that has lost a disk": {
        fault: zfs("tank\tDEGRADED\t-\n"),
        says: ["boot-zpool-degraded", /tank is DEGRADED/],
        twin: zfs("tank\tONLINE\t-\n"),
    },
    "one that a rescue imported below /mnt": {
        fault: zfs("tank\tONLINE\t/mnt\n"),
        says: ["boot-zpool-altroot", /below \/mnt/],
        twin: zfs("tank\tONLINE\t-\n"),
    },
    "one that no boot would import": {
        fault: zfs("late\tONLINE\t-\n"),
        says: ["boot-zpool-not-cached", /late would not be imported/],
        twin: zfs("late\tONLINE\t-\n", { "/etc/systemd/system/zfs-import.target.wants/zfs-import-scan.service": "" }),
    },
    "one whose name is the beginning of another's": {
        fault: zfs("tank\tONLINE\t-\n", { "/etc/zfs/zpool.cache": cacheOf("tank2", "mytank") }),
        says: ["boot-zpool-not-cached", /^tank would not be imported/],
        twin: zfs("tank2\tONLINE\t-\n", { "/etc/zfs/zpool.cache": cacheOf("tank2", "mytank") }),
    },
    "the root's own pool needs no cache": {
        fault: zfs("late\tONLINE\t-\nrpool\tONLINE\t-\n", { "/proc/mounts": "rpool/ROOT/pve-1 / zfs rw 0 0\n" }),
        says: ["boot-zpool-not-cached", /^late would/],
        twin: zfs("rpool\tONLINE\t-\n", { "/proc/mounts": "rpool/ROOT/pve-1 / zfs rw 0 0\n" }),
    },
});

test("a zpool that does not answer is not taken for ok", async () => {
    expect(await ask("zpools", { files: { "/usr/sbin/zpool": "" } })).toMatchObject({ state: "unknown" });
});

const lvm = (groups: string, pools: string): Fixture => ({
    files: { "/usr/sbin/vgs": "" },
    commands: {
        "vgs --noheadings --separator \t -o vg_name,vg_missing_pv_count": groups,
        "lvs --noheadings --separator \t -o lv_full_name,metadata_percent": pools,
    },
});
pairs("lvm", {
    "a group that misses a disk": {
        fault: lvm("  pve\t1\n", ""),
        says: ["boot-lvm-incomplete", /pve misses a disk/],
        twin: lvm("  pve\t0\n", "  pve/root\t\n"),
    },
    "a thin pool without room for its metadata": {
        fault: lvm("  pve\t0\n", "  pve/data\t97.21\n"),
        says: ["boot-thin-metadata-full", /pve\/data/],
        twin: lvm("  pve\t0\n", "  pve/data\t41.02\n  pve/root\t\n"),
    },
});

/** A pool's configuration in the cache, as OpenZFS packs its hostid. */
const usedWith = (id: string) => `${cacheOf("tank")}\0\0\0\x06hostid\0\0\0\0\0\x08\0\0\0\x01\0\0\0\0${id}\0\0\0$`;
const hostid = (cached: string, own?: string): Fixture => ({
    files: { "/etc/zfs/zpool.cache": usedWith(cached), ...(own !== undefined && { "/etc/hostid": own }) },
});
pairs("zfs-hostid", {
    "a hostid that was made anew": {
        fault: hostid("\x0a\x1b\x2c\x3d", "\x01\x02\x03\x04"),
        says: ["boot-zpool-hostid", /hostid 0a1b2c3d, and the next boot has 04030201/],
        // The file has the bytes the other way round.
        twin: hostid("\x0a\x1b\x2c\x3d", "\x3d\x2c\x1b\x0a"),
    },
    "a hostid file that is gone": {
        fault: hostid("\x0a\x1b\x2c\x3d"),
        says: ["boot-zpool-hostid", /next boot has 00000000/],
        twin: hostid("\0\0\0\0"),
    },
});
