/** Volumes that the next boot has to put together. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ask, pairs, proxmox, type Fixture } from "./machine";
import { zpoolCache } from "./zpoolCache";

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

const byId = (name: string) => `/dev/disk/by-id/ata-${name}-part1`;
const disks = ["a", "b"].map(byId);
const there = Object.fromEntries(disks.map((path) => [path, ""]));
const cache = (pools: Readonly<Record<string, readonly string[]>>) => {
    const all = Object.fromEntries(Object.entries(pools).map(([name, paths]) => [name, { disks: paths }]));
    return { "/etc/zfs/zpool.cache": zpoolCache(all) };
};
const zfs = (listed: string, more: Fixture["files"] = {}): Fixture => ({
    files: { "/usr/sbin/zpool": "", ...cache({ tank: disks }), ...there, ...more },
    commands: { "zpool list -H -o name,health,altroot": listed },
});
const importUnit = (name: string) => `/etc/systemd/system/zfs-import.target.wants/zfs-import@${name}.service`;
const scan = { "/etc/systemd/system/zfs-import.target.wants/zfs-import-scan.service": "" };
const inProxmox = (fixture: Fixture, storages: string): Fixture => ({
    ...fixture,
    files: { ...fixture.files, ...proxmox, "/etc/pve/storage.cfg": storages },
});
const onRoot = { "/proc/mounts": "rpool/ROOT/pve-1 / zfs rw 0 0\n" };
const tank = "tank\tONLINE\t-\n";
const late = `${tank}late\tONLINE\t-\n`;
pairs("zpools", {
    "a pool that has lost a disk": {
        fault: zfs("tank\tDEGRADED\t-\n"),
        says: ["boot-zpool-degraded", /tank is DEGRADED/],
        twin: zfs(tank),
    },
    "one that a rescue imported below /mnt": {
        fault: zfs("tank\tONLINE\t/mnt\n"),
        says: ["boot-zpool-altroot", /below \/mnt/],
        twin: zfs(tank),
    },
    "one that no boot would import": {
        fault: zfs(late),
        says: ["boot-zpool-not-cached", /^late would not be imported/],
        twin: zfs(late, cache({ tank: disks, late: [] })),
    },
    "one that a search would find, which Debian's does not make where there is a cache": {
        fault: zfs(late, scan),
        says: ["boot-zpool-not-cached", /^late would not be imported/],
        twin: zfs(late, { ...scan, "/etc/zfs/zpool.cache": "" }),
    },
    "one whose name is the beginning of another's": {
        fault: zfs(`${tank}tank2\tONLINE\t-\n`, cache({ tank2: disks })),
        says: ["boot-zpool-not-cached", /^tank would not be imported/],
        twin: zfs("tank2\tONLINE\t-\n", cache({ tank2: disks })),
    },
    "one that another pool's own unit does not import": {
        fault: zfs(`${tank}ssd-pool\tONLINE\t-\n`, { [importUnit("ssd-pool2")]: "" }),
        says: ["boot-zpool-not-cached", /^ssd-pool would not/],
        // As Proxmox enables it.
        twin: zfs(`${tank}ssd-pool\tONLINE\t-\n`, { [importUnit(String.raw`ssd\x2dpool`)]: "" }),
    },
    "one beside the root's own, which needs no cache": {
        fault: zfs(`${late}rpool\tONLINE\t-\n`, onRoot),
        says: ["boot-zpool-not-cached", /^late would/],
        twin: zfs(`${tank}rpool\tONLINE\t-\n`, onRoot),
    },
    "one that no storage of Proxmox's is on": {
        fault: inProxmox(zfs(late), "rbd: ceph\n\tpool late\n\nzfs: san\n\tpool late\n\nzfspool: other\n\tpool tank\n"),
        says: ["boot-zpool-not-cached", /^late would/],
        twin: inProxmox(zfs(late), "zfspool: other\n\tpool late/data\n\tcontent images\n"),
    },
    "one of a storage whose disks were not found": {
        fault: inProxmox(zfs(tank), "zfspool: fast\n\tpool gone/vms\n\tcontent images\n"),
        says: ["boot-zpool-missing", /^gone is in storage\.cfg, and not imported/],
        twin: inProxmox(
            zfs(tank),
            "zfspool: fast\n\tpool gone\n\tnodes pve02,pve03\n\nzfspool: off\n\tpool old\n\tdisable\n",
        ),
    },
    "one of the cache whose disks were not found": {
        fault: zfs(tank, cache({ tank: disks, gone: disks })),
        says: ["boot-zpool-missing", /^gone is in .*zpool\.cache, and not imported/],
        twin: zfs(`${tank}gone\tONLINE\t-\n`, cache({ tank: disks, gone: disks })),
    },
    "the only one, and it is not imported": {
        fault: zfs(""),
        says: ["boot-zpool-missing", /^tank is in/],
        twin: zfs("", { "/etc/zfs/zpool.cache": "" }),
        is: "skipped",
    },
    "a disk that has moved": {
        fault: zfs(tank, cache({ tank: [...disks, byId("moved")] })),
        says: ["boot-zpool-moved", /^tank is looked for at \/dev\/disk\/by-id\/ata-moved-part1/],
        twin: zfs(tank, { ...cache({ tank: [...disks, byId("moved")] }), [byId("moved")]: "" }),
    },
    "the same beside a spare of dRAID in use, which has no path": {
        fault: zfs(tank, cache({ tank: ["draid1-0-0", byId("moved")] })),
        says: ["boot-zpool-moved", /ata-moved/],
        twin: zfs(tank, cache({ tank: ["draid1-0-0", ...disks] })),
    },
    "a disk under the kernel's name": {
        fault: zfs(tank, { ...cache({ tank: ["/dev/sdb1"] }), "/dev/sdb1": "" }),
        says: ["boot-zpool-device-name", /^tank is looked for at \/dev\/sdb1/],
        // The initramfs looks at all disks for the root's.
        twin: zfs(`${tank}rpool\tONLINE\t-\n`, {
            ...onRoot,
            ...cache({ tank: disks, rpool: ["/dev/sda3"] }),
            "/dev/sda3": "",
        }),
    },
    "the same where no unit of its own looks for the pool first": {
        fault: zfs(tank, { ...cache({ tank: ["/dev/nvme0n1p1"] }), "/dev/nvme0n1p1": "", [importUnit("other")]: "" }),
        says: ["boot-zpool-device-name", /nvme0n1p1/],
        twin: zfs(tank, { ...cache({ tank: ["/dev/nvme0n1p1"] }), "/dev/nvme0n1p1": "", [importUnit("tank")]: "" }),
    },
});

test("a cache file that OpenZFS 2.3.2 wrote, of a mirror of two files, is read", async () => {
    const real = readFileSync(join(__dirname, "../../fixtures/boot/zpool.cache"));
    const found = await ask("zpools", zfs(tank, { "/etc/zfs/zpool.cache": real, "/srv/tank/tank.0a": "" }));
    expect(found).toMatchObject({
        code: "boot-zpool-moved",
        text: "tank is looked for at /srv/tank/tank.1a, where there is nothing",
    });
});

test.each(["native", "xdr"] as const)("a cache in %s is read", async (encoding) => {
    const packed = (path: string) =>
        zpoolCache({ tank: { disks: [...disks, path], numbers: { hostid: 7 } } }, encoding);
    const told = async (path: string) => ask("zpools", zfs(tank, { "/etc/zfs/zpool.cache": packed(path) }));
    expect(await told(disks[0]!)).toMatchObject({ state: "ok" });
    expect(await told("/dev/disk/by-id/gone")).toMatchObject({ code: "boot-zpool-moved" });
});

const whole = { tank: { disks } };
test.each([
    ["native, cut off", zpoolCache(whole).subarray(0, 200)],
    ["xdr, cut off", zpoolCache(whole, "xdr").subarray(0, 90)],
    ["one byte", Buffer.alloc(1)],
    ["something else", Buffer.from("tank\n")],
    ["lists in lists without end", Buffer.concat([Buffer.from([1, 1, 0, 0]), endless()])],
    [
        "a pair that ends before its name",
        Buffer.concat([zpoolCache(whole).subarray(0, 12), Buffer.from([17, 0, 0, 0, 99, 0]), Buffer.alloc(64)]),
    ],
])("one that is damaged (%s) is not taken for ok", async (_, damaged) => {
    expect(await ask("zpools", zfs(tank, { "/etc/zfs/zpool.cache": damaged }))).toMatchObject({
        state: "unknown",
        text: expect.stringContaining("zpool.cache is damaged") as string,
    });
});

/** A list whose only pair is a list, and so on. */
function endless(): Buffer {
    const one = Buffer.from("0000000000000001000000200000004000000001610000000000001300000001", "hex");
    return Buffer.concat(Array.from({ length: 5000 }, () => one));
}

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

const hostid = (used: number | undefined, own?: string, more: Fixture["files"] = {}): Fixture => ({
    files: {
        "/etc/zfs/zpool.cache": zpoolCache({ tank: used === undefined ? {} : { numbers: { hostid: used } } }),
        ...(own !== undefined && { "/etc/hostid": own }),
        ...more,
    },
});
const parameter = (text: string) => ({ "/sys/module/spl/parameters/spl_hostid": `${text}\n` });
test("the hostid in a cache file that OpenZFS 2.3.2 wrote on a machine with 0a1b2c3d is found", async () => {
    const real = readFileSync(join(__dirname, "../../fixtures/boot/zpool.cache"));
    const files = (own: string) => ({ files: { "/etc/zfs/zpool.cache": real, "/etc/hostid": own } });
    expect(await ask("zfs-hostid", files("\x3d\x2c\x1b\x0a"))).toMatchObject({ state: "ok" });
    expect(await ask("zfs-hostid", files("\x3d\x2c\x1b\x0b"))).toMatchObject({ code: "boot-zpool-hostid" });
});
pairs("zfs-hostid", {
    "a hostid that was made anew": {
        fault: hostid(0x0a1b2c3d, "\x01\x02\x03\x04"),
        says: ["boot-zpool-hostid", /hostid 0a1b2c3d, and the next boot has 04030201/],
        // The file has the bytes the other way round.
        twin: hostid(0x0a1b2c3d, "\x3d\x2c\x1b\x0a"),
    },
    "a hostid file that is gone": {
        fault: hostid(0x0a1b2c3d),
        says: ["boot-zpool-hostid", /next boot has 00000000/],
        twin: hostid(0),
    },
    "one that the module is given": {
        fault: hostid(0x0a1b2c3d, "\x3d\x2c\x1b\x0a", parameter("305419896")),
        says: ["boot-zpool-hostid", /next boot has 12345678/],
        twin: hostid(0x12345678, undefined, parameter("305419896")),
    },
    "a hostid where there was none": {
        fault: hostid(undefined, "\x3d\x2c\x1b\x0a"),
        says: ["boot-zpool-hostid", /^tank was last used with hostid 00000000/],
        // The root's was imported by an initramfs without that file.
        twin: hostid(undefined, "\x3d\x2c\x1b\x0a", { "/proc/mounts": "tank/ROOT / zfs rw 0 0\n" }),
    },
});
