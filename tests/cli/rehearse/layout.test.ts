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
                    children: [
                        device("pve-root", "lvm", { fstype: "ext4", uuid: "R" }),
                        device("pve-data--x", "lvm"),
                        device("pve-pool_tdata", "lvm", { children: [device("pve-pool", "lvm")] }),
                    ],
                }),
                device("sdb4", "part", {
                    fstype: "crypto_LUKS",
                    children: [device("sdb4_crypt", "crypt", { fstype: "ext4", uuid: "C" })],
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
    const { disks, groups, mapped } = disksOf({ disks: { blockdevices }, ids: { sda: ["ata-X"] } });

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
                        { number: 4, content: { fstype: "crypto_LUKS" } },
                    ],
                },
            },
            { name: "nvme0n1", ids: [], content: { fstype: "swap" } },
        ]);
    });

    test("its volume groups, with the plain volumes that have something on them", () => {
        const root = { group: "pve", name: "root", disks: ["sdb"], content: { fstype: "ext4", uuid: "R" } };
        expect(groups).toEqual([{ name: "pve", members: [{ disk: "sdb", partition: 3 }], volumes: [root] }]);
    });

    test.each([
        ["/dev/mapper/pve-root", undefined],
        ["/dev/pve/root", undefined],
        ["UUID=R", undefined],
        ["/dev/pve/data-x", "pve-data--x"],
        ["/dev/mapper/pve-data--x", "pve-data--x"],
        ["/dev/mapper/sdb4_crypt", "sdb4_crypt"],
        ["UUID=C", "sdb4_crypt"],
        ["UUID=AB-CD", undefined],
        ["UUID=nowhere", undefined],
        ["/dev/sda1", undefined],
    ])("%s is on %s, which cannot be made", (source, name) => {
        expect(unmakeable(source, { disks, groups }, mapped)?.name).toBe(name);
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
        // Of two, the other; of one without neighbours, its gateway.
        ["192.0.2.10", 31, "192.0.2.11"],
        ["192.0.2.11", 31, "192.0.2.10"],
        ["2001:db8::1", 127, "2001:db8:0:0:0:0:0:0"],
        ["192.0.2.11", 32, "198.51.100.1"],
    ])("a peer of %s/%i is %s", (address, prefix, peer) => {
        expect(peerOf({ address, prefix, gateway: "198.51.100.1" })).toBe(peer);
    });

    test("nobody is the peer of an address without neighbours and without a gateway", () => {
        expect(peerOf({ address: "192.0.2.11", prefix: 32 })).toBeUndefined();
    });

    test.each([
        ["an option", "  gateway 198.51.100.1\n"],
        ["the other end", "  pointopoint 198.51.100.1\n"],
        ["a command", "  post-up ip route add default via 198.51.100.1 dev eno1 onlink\n"],
    ])("the gateway is read from %s", (_, line) => {
        const { way } = networkOf(
            [`auto eno1\niface eno1 inet static\n  address 192.0.2.11/32\n${line}`],
            "192.0.2.11",
        );
        expect(way).toEqual({ address: "192.0.2.11", prefix: 32, cards: ["eno1"], gateway: "198.51.100.1" });
    });

    const ovs = (options: string, bond = "") => `auto vmbr0
iface vmbr0 inet manual
    ovs_type OVSBridge
    ovs_ports bond0 mgmt guests
allow-vmbr0 bond0
iface bond0 inet manual
    ovs_type OVSBond
    ovs_bridge vmbr0
    ovs_bonds eno1 eno2
    ovs_options bond_mode=balance-slb ${bond}
allow-vmbr0 guests
iface guests inet manual
    ovs_type OVSIntPort
    ovs_bridge vmbr0
    ovs_options tag=30
allow-vmbr0 mgmt
iface mgmt inet static
    address 192.0.2.11/24
    ovs_type OVSIntPort
    ovs_bridge vmbr0
    ${options}
`;
    test.each([
        ["its tag", "ovs_options tag=20", "", 20],
        ["none without a tag", "", "", undefined],
        ["none where the bond has the same: it is taken off there", "ovs_options tag=20", "tag=20", undefined],
    ])(
        "from an internal port of Open vSwitch, through its bridge, to the bond's cards: VLAN %s",
        (_, own, bond, vlan) => {
            expect(networkOf([ovs(own, bond)], "192.0.2.11").way).toEqual({
                address: "192.0.2.11",
                prefix: 24,
                cards: ["eno1", "eno2"],
                ...(vlan !== undefined && { vlan }),
            });
        },
    );
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
