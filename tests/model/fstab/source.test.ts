import { isDeviceName, isStableSource, stableSourceOf } from "../../../model/fstab";

const deviceNames = [
    "sda",
    "sda1",
    "sdaa12",
    "hdb2",
    "vda",
    "vdb1",
    "xvda1",
    "nvme0",
    "nvme0n1",
    "nvme1n1p2",
    "mmcblk0",
    "mmcblk0p1",
    "mmcblk0boot0",
    "dm-0",
    "dm-12",
    "md0",
    "md127",
    "md127p1",
    "/sdb1",
    "./sdb1",
    ".//./nvme0n1p2",
    "mapper/../sdb1",
    "disk/by-diskseq/9",
    "disk//by-diskseq/9-part1",
    "block/8:17",
];
const stable = [
    "UUID=4C8E-0B1D",
    'UUID="4C8E-0B1D"',
    "LABEL=root",
    "PARTUUID=5e3da3da-01",
    "PARTLABEL=rootfs",
    "/dev/pve/root",
    "/dev/mapper/pve-root",
    "/dev/mapper/luks-5d3c",
    "/dev/disk/by-id/ata-X-part1",
    "/dev/disk/by-uuid/x",
    "/dev/disk/by-path/pci-0000:00:1f.2-ata-1",
    "/dev/disk/by-partlabel/x",
    "/dev/zvol/rpool/swap",
    "/dev/md/vmdata",
    "/dev/vda-group/root",
    "/dev/sdata/root",
    "/dev/dm-cache/lv",
    "/dev//pve/root",
    "/dev/disk/./by-id/ata-X-part1",
];
const neither = [
    "proc",
    "tmpfs",
    "none",
    "/swapfile",
    "192.0.2.60:/export",
    "//192.0.2.60/share",
    "rpool/ROOT/pve-1",
    "/dev/sr0",
    "/dev/loop0",
    "/dev/zram0",
    "/srv/sda1",
];

test.each(deviceNames)("/dev/%s is given out in the order of detection", (name) => {
    expect([isDeviceName(`/dev/${name}`), isStableSource(`/dev/${name}`)]).toEqual([true, false]);
});

test.each(stable)("%s stays with its disk", (source) => {
    expect([isDeviceName(source), isStableSource(source)]).toEqual([false, true]);
});

test.each(neither)("%s is neither", (source) => {
    expect([isDeviceName(source), isStableSource(source)]).toEqual([false, false]);
});

test("a device is best named by its file system, then its partition, then a stable path", () => {
    expect(stableSourceOf({ path: "/dev/sda1", uuid: "u", partuuid: "p", links: ["/dev/disk/by-id/x"] })).toBe(
        "UUID=u",
    );
    expect(stableSourceOf({ path: "/dev/sda1", partuuid: "p", links: ["/dev/disk/by-id/x"] })).toBe("PARTUUID=p");
    expect(stableSourceOf({ path: "/dev/sda1", links: ["/dev/sda1", "/dev/disk/by-id/x"] })).toBe("/dev/disk/by-id/x");
    expect(stableSourceOf({ path: "/dev/sda1", links: [] })).toBeUndefined();
});
