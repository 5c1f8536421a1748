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
    "the same beside a volume that the network unlocks": {
        fault: crypttab(`tang UUID=${uuid} none luks,_netdev\nvault UUID=${uuid} none luks`),
        says: ["boot-crypt-asks", /^vault asks/],
        twin: crypttab(`tang UUID=${uuid} none luks,_netdev`),
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

/** As Linux prints it (drivers/md/md.c, `md_seq_show`). */
const mdstat = (...arrays: readonly string[]): Fixture => ({
    files: {
        "/proc/mdstat": `Personalities : [raid1] [linear] [multipath] [raid0] [raid6] [raid5] [raid4] [raid10] \n${arrays.map((each) => `${each}\n      \n`).join("")}unused devices: <none>\n`,
    },
});
const mirror = (members: string, disks: string) =>
    `md0 : active raid1 ${members}\n      523264 blocks super 1.2 ${disks}`;
/** Intel's firmware RAID; from a report on the kernel's linux-raid list, where such an `inactive` is called normal. */
const imsm = (disks: string) => [
    `md126 : active raid1 nvme0n1[1] nvme1n1[0]\n      3800741888 blocks super external:/md127/0 ${disks}`,
    "md127 : inactive nvme0n1[1](S) nvme1n1[0](S)\n      10402 blocks super external:imsm",
];
pairs("raid", {
    "an array that has lost a disk": {
        fault: mdstat(mirror("sdb1[1](F) sda1[0]", "[2/1] [U_]")),
        says: ["boot-raid-degraded", /md0 is not whole/],
        twin: mdstat(mirror("sdb1[1] sda1[0]", "[2/2] [UU]")),
    },
    "one that did not start": {
        fault: mdstat("md0 : inactive sda1[0](S)\n      523264 blocks super 1.2"),
        says: ["boot-raid-degraded", /md0/],
        twin: mdstat(),
        is: "skipped",
    },
    "one of the firmware's that has lost a disk": {
        fault: mdstat(...imsm("[2/1] [U_]")),
        says: ["boot-raid-degraded", /^md126 is not whole$/],
        // Its container is never active.
        twin: mdstat(...imsm("[2/2] [UU]")),
    },
    "one of the firmware's that did not start": {
        fault: mdstat("md126 : inactive sdb[2] sdc[1]\n      5567544192 blocks super external:/md127/0"),
        says: ["boot-raid-degraded", /md126/],
        twin: mdstat(...imsm("[2/2] [UU]")),
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
const importUnit = (name: string) => `/etc/systemd/system/zfs-import.target.wants/zfs-import@${name}.service`;
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
    "one that another pool's own unit does not import": {
        fault: zfs("ssd-pool\tONLINE\t-\n", { [importUnit("ssd-pool2")]: "" }),
        says: ["boot-zpool-not-cached", /^ssd-pool would not/],
        // As Proxmox enables it.
        twin: zfs("ssd-pool\tONLINE\t-\n", { [importUnit(String.raw`ssd\x2dpool`)]: "" }),
    },
    "one beside the root's own, which needs no cache": {
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
// What LVM 2.03.31 prints, tried with a group on two loop devices, and with one of them gone: it still exits with 0.
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

/**
 * A pool's configuration as OpenZFS 2.3.9 packs it, read from the label of a pool that its ztest made of files, with
 * 0a1b2c3d by /etc/hostid; `version` to `hostname`. The cache holds the same list.
 */
const packed = Buffer.from(
    [
        "0101000000000000000000010000002400000020",
        "0000000776657273696f6e000000000800000001000000000000138800000020",
        "00000020000000046e616d6500000009000000010000000474616e6b",
        "000000240000002000000005737461746500000000000008000000010000000000000000",
        "000000200000002000000003747867000000000800000001000000000000000400000028",
        "0000002800000009706f6f6c5f6775696400000000000008000000014d022198349d58ec",
        "0000002400000020000000066572726174610000000000080000000100000000000000000000002800000028",
        "000000096d696e5f616c6c6f6300000000000008000000010000000000000200",
        "0000002800000028000000096d61785f616c6c6f6300000000000008000000010000000000000200",
        "000000240000002000000006686f7374696400000000000800000001000000000a1b2c3d",
        "000000240000002800000008686f73746e616d65",
    ].join(""),
    "hex",
).toString("latin1");
const usedWith = (id: string) => packed.replace("\x0a\x1b\x2c\x3d", id);
test("a name and a hostid are looked for as OpenZFS packs them", () => {
    expect(packed).toContain(cacheOf("name").slice(0, 8));
    expect(packed).toContain(cacheOf("tank").slice(0, 8));
    expect(packed).toContain("\0\0\0\x06hostid\0\0\0\0\0\x08\0\0\0\x01\0\0\0\0\x0a\x1b\x2c\x3d");
});
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
