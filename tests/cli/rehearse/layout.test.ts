/** What a node tells of itself, and where its address is. */
import { disksOf, unmakeable } from "../../../cli/rehearse/layout";
import { missingPrograms } from "../../../cli/rehearse/needs";
import { lockedShadow } from "../../../cli/rehearse/fromNode";
import { peerOf } from "../../../cli/rehearse/stage";
import { networkOf } from "../../../cli/rehearse/way";

const device = (name: string, type: string, more: object = {}) => ({ name, type, size: 1000, ...more });

describe("lsblk's answer", () => {
    const blockdevices = [
        device("sdb", "disk", {
            pttype: "gpt",
            ptuuid: "T",
            serial: "S1",
            children: [
                device("sdb3", "part", {
                    fstype: "LVM2_member",
                    children: [device("pve-root", "lvm", { fstype: "ext4", uuid: "R" }), device("pve-data--x", "lvm")],
                }),
                device("sdb2", "part", {
                    fstype: "vfat",
                    uuid: "AB-CD",
                    partuuid: "P",
                    partlabel: "EFI",
                    parttype: "E",
                }),
            ],
        }),
        device("sda", "disk", {
            pttype: "dos",
            ptuuid: "1234",
            children: [device("sda1", "part", { parttype: "0x83" })],
        }),
        device("nvme0n1", "disk", { fstype: "swap" }),
        device("sr0", "rom"),
        device("loop0", "loop"),
        device("sdc", "disk", { size: 0 }),
    ];
    const { disks, mapped } = disksOf({ disks: { blockdevices }, ids: { sda: ["ata-X"] } });

    test("its disks in the order of their letters, with what is on them", () => {
        expect(disks).toEqual([
            {
                name: "sda",
                ids: ["ata-X"],
                table: { kind: "dos", id: "0x1234", partitions: [{ number: 1, type: "83" }] },
            },
            {
                name: "sdb",
                ids: [],
                serial: "S1",
                table: {
                    kind: "gpt",
                    id: "T",
                    partitions: [
                        { number: 2, type: "E", uuid: "P", label: "EFI", content: { fstype: "vfat", uuid: "AB-CD" } },
                        { number: 3, content: { fstype: "LVM2_member" } },
                    ],
                },
            },
            { name: "nvme0n1", ids: [], content: { fstype: "swap" } },
        ]);
    });

    test.each([
        ["/dev/mapper/pve-root", "pve-root"],
        ["/dev/pve/root", "pve-root"],
        ["/dev/pve/data-x", "pve-data--x"],
        ["UUID=R", "pve-root"],
        ["UUID=AB-CD", undefined],
        ["UUID=nowhere", undefined],
        ["/dev/sda1", undefined],
    ])("%s is on %s, which cannot be made", (source, name) => {
        expect(unmakeable(source, disks, mapped)?.name).toBe(name);
    });
});

describe("the way to a node's address", () => {
    const bond = `auto lo
iface lo inet loopback
iface eno1 inet manual
iface eno2 inet manual
iface eno3 inet manual
auto bond0
iface bond0 inet manual
    bond-slaves eno1 eno2
auto vmbr0
iface vmbr0 inet manual
    bridge-ports bond0
    bridge-vlan-aware yes
auto vmbr0.10
iface vmbr0.10 inet static
    address 192.0.2.11/24
iface vmbr0.10 inet6 static
    address 2001:db8::11/64
`;
    test("through a VLAN, a bridge and a bond, to both of its cards", () => {
        expect(networkOf([bond], "192.0.2.11")).toEqual({
            cards: ["eno1", "eno2", "eno3"],
            way: { address: "192.0.2.11", prefix: 24, vlan: 10, cards: ["eno1", "eno2"] },
        });
        expect(networkOf([bond], "2001:0db8::11").way).toMatchObject({ address: "2001:db8::11", prefix: 64 });
    });

    test("a bridge on a VLAN of a card; an address that no stanza has", () => {
        const bridge =
            "auto vmbr0\niface vmbr0 inet static\n  address 192.0.2.11\n  netmask 255.255.255.0\n  bridge-ports eno1.7\n";
        expect(networkOf([bridge, "iface eno1 inet manual\n"], "192.0.2.11").way).toEqual({
            address: "192.0.2.11",
            prefix: 24,
            vlan: 7,
            cards: ["eno1"],
        });
        expect(networkOf([bridge], "192.0.2.12").way).toBeUndefined();
    });

    test.each([
        ["192.0.2.11", 24, "192.0.2.1"],
        ["192.0.2.1", 24, "192.0.2.2"],
        ["198.51.100.130", 25, "198.51.100.129"],
        ["2001:db8::11", 64, "2001:db8:0:0:0:0:0:1"],
        ["2001:db8:0:1::1", 64, "2001:db8:0:1:0:0:0:2"],
    ])("a peer of %s/%i is %s", (address, prefix, peer) => {
        expect(peerOf({ address, prefix })).toBe(peer);
    });
});

test("every user of passwd is in shadow, and none has a password", () => {
    expect(lockedShadow("root:x:0:0::/root:/bin/sh\n# a word\nops:x:1000:1000::/home/ops:/bin/sh\n")).toBe(
        "root:*:20000:0:99999:7:::\nops:*:20000:0:99999:7:::\n",
    );
});

test("what this machine lacks is told by the package that brings it, for the kinds of file system that are wanted", async () => {
    const missing = await missingPrograms(["ext4", "vfat"], "/nonexistent");
    expect(missing).toContainEqual(["qemu-system-x86_64", "qemu-system-x86"]);
    expect(missing).toContainEqual(["mkfs.vfat", "dosfstools"]);
    expect(missing.map(([program]) => program)).not.toContain("mkfs.xfs");
    expect(await missingPrograms(["ext4"], process.env["PATH"])).not.toContainEqual(["tar", "tar"]);
});
