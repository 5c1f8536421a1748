/** From a node's disks and cards to files, cases and QEMU's arguments. */
import { mountsOf, volumeOf, type Blueprint } from "../../../cli/rehearse/blueprint";
import { casesOf, chosenCases, requiredBeyondRoot, type Case } from "../../../cli/rehearse/cases";
import { cardsOf, commandLine, deviceArguments, idRules, nameFiles } from "../../../cli/rehearse/hardware";
import { lettersOf, planDisks, slotsOf, spare } from "../../../cli/rehearse/plan";
import { blueprint, rootUuid } from "./fixtures";

const asIs: Case = { name: "as-is", what: "" };
const filled = (path: string) => (path === "/" ? 1000 : 0);

test.each([
    [`UUID=${rootUuid.toUpperCase()}`, "sda"],
    ["LABEL=fast", "sdc"],
    ["/dev/sdb1", "sdb"],
    ["PARTUUID=p1", "sdb"],
    ["/dev/disk/by-partlabel/local", "sdb"],
    ["/dev/disk/by-id/ata-OLD_123-part2", "sdd"],
    ["/dev/sdb", undefined],
    ["/dev/disk/by-id/ata-OLD_123", undefined],
    ["LABEL=FAST", undefined],
    ["/dev/mapper/pve-root", undefined],
])("%s is on %s", (source, disk) => {
    expect(volumeOf(source, blueprint.disks)?.disk.name).toBe(disk);
});

test("a partition of a disk whose name ends in a digit has a p before its number", () => {
    const disks = [{ name: "nvme0n1", ids: [], table: { kind: "gpt", partitions: [{ number: 3 }] } }] as const;
    expect(volumeOf("/dev/nvme0n1p3", disks)?.partition?.number).toBe(3);
});

describe("cases", () => {
    test("each disk that fstab can do without, another order, a card less and one more", () => {
        expect(chosenCases(casesOf(blueprint), []).map(({ name, what }) => [name, what])).toEqual([
            ["as-is", "as it is"],
            ["without-sdc", "without sdc (/srv/fast)"],
            ["without-sdd", "without sdd (swap)"],
            ["other-order", "disks in another order"],
            ["nic-absent", "without the network card eno1"],
            ["nic-added", "a network card added"],
        ]);
    });

    test("a mount that the boot waits for is said, not booted", () => {
        expect(requiredBeyondRoot(blueprint)).toEqual([
            "fstab requires /srv/local: without sdb no boot gets past it, so that case is not booted",
        ]);
    });

    test("the only card that leads to the node leaves no way in; one of a bond does", () => {
        const absent = (one: Blueprint) => casesOf(one).find(({ name }) => name === "nic-absent");
        expect(absent(blueprint)?.noWayIn).toBeUndefined();
        const single = { ...blueprint, way: { ...blueprint.way, cards: ["enp3s0f0"] } };
        expect(absent(single)).toMatchObject({ absentCard: "enp3s0f0", noWayIn: true });
        const unknown = { ...blueprint, way: { ...blueprint.way, cards: [] } };
        expect(absent(unknown)?.noWayIn).toBeUndefined();
        expect(absent({ ...unknown, cards: blueprint.cards.slice(0, 1) })?.noWayIn).toBe(true);
    });

    test("those that are asked for, and no other name", () => {
        expect(chosenCases(casesOf(blueprint), ["nic-first"]).map(({ name }) => name)).toEqual(["nic-first"]);
        expect(() => chosenCases(casesOf(blueprint), ["without-sdb"])).toThrow(
            "--case without-sdb: this node has as-is, without-sdc",
        );
    });

    test("a root on no disk is an error", () => {
        expect(() => casesOf({ ...blueprint, kernelArguments: ["root=ZFS=rpool/ROOT/pve-1"] })).toThrow(
            "no disk of pve01 holds ZFS=rpool/ROOT/pve-1",
        );
        expect(() => casesOf({ ...blueprint, kernelArguments: ["quiet"] })).toThrow("names no root file system");
    });
});

describe("disks", () => {
    test("the root's is as large as what it is filled with; no two disks have one size", () => {
        const { disks } = planDisks(blueprint, filled);
        const mib = (bytes: number) => bytes / 1024 / 1024;
        expect(disks[0]!.volumes).toMatchObject([{ offset: 0, from: "/" }]);
        expect(Math.floor(mib(disks[0]!.size))).toBe(1000 * 1.3 + 512 + 2);
        const twins = { ...blueprint, disks: [...blueprint.disks, { ...blueprint.disks[2]!, name: "sde" }] };
        const sizes = [...planDisks(twins, filled).disks.map(({ size }) => size), spare.size];
        expect(new Set(sizes).size).toBe(6);
        expect(disks.every(({ size }) => size % 512 === 0)).toBe(true);
        expect(mib(disks[2]!.volumes[0]!.size)).toBeGreaterThan(300); // xfs takes no less
    });

    test("tables with their own identity, of either kind", () => {
        const { disks } = planDisks(blueprint, filled);
        expect(disks[1]!.table).toBe(
            'label: gpt\nlabel-id: ABCD\nunit: sectors\n\n/dev/disk1 : start=2048, size=65536, type=linux, uuid=P1, name="local"\n',
        );
        expect(disks[3]!.table).toBe(
            "label: dos\nlabel-id: 0x1234\nunit: sectors\n\n/dev/disk2 : start=2048, size=131072, type=82\n",
        );
        expect(disks[1]!.volumes).toMatchObject([{ offset: 1024 * 1024, content: { fstype: "ext4" } }]);
    });

    test("what cannot be made: an error where the boot needs it, a note where nothing mounts it", () => {
        const other = (fstype: string, uuid?: string): Blueprint["disks"][number] => ({
            name: "sde",
            ids: [],
            content: { fstype, uuid },
        });
        const member = { ...blueprint, disks: [...blueprint.disks, other("zfs_member")] };
        expect(planDisks(member, filled).notes).toEqual(["sde (zfs_member) is empty in the machine"]);
        const wanted = { ...blueprint, disks: [...blueprint.disks, other("btrfs", "gone")] };
        expect(() => planDisks(wanted, filled)).toThrow(
            "pve01: fstab mounts sde (btrfs), which a rehearsal cannot make",
        );
        const root = { ...blueprint, disks: [{ ...blueprint.disks[0]!, content: { fstype: "xfs", uuid: rootUuid } }] };
        expect(() => planDisks(root, filled)).toThrow(
            "its root is xfs, and a rehearsal can fill ext2, ext3 and ext4 only",
        );
    });
});

describe("slots", () => {
    test("where the initramfs knows AHCI alone, the root is there and comes first; a further disk comes before it", () => {
        expect(slotsOf(blueprint, asIs).map(({ name, bus }) => `${name} ${bus}`)).toEqual([
            "sda ahci",
            "sdb virtio_scsi",
            "sdc virtio_scsi",
            "sdd virtio_scsi",
        ]);
        const other = slotsOf(blueprint, { ...asIs, otherOrder: true });
        expect(lettersOf(other)).toEqual(["spare", "sda", "sdb", "sdc", "sdd"]);
        expect(other.slice(0, 2).map(({ bus, position }) => [bus, position])).toEqual([
            ["ahci", 0],
            ["ahci", 1],
        ]);
    });

    test("where it knows virtio, all are on one controller, in the order of the node; an absent one leaves its letter", () => {
        const full: Blueprint = { ...blueprint, drivers: ["ahci", "virtio_scsi", "nvme"] };
        const slots = slotsOf(full, { ...asIs, absentDisk: "sdc" });
        expect(slots.map(({ name, bus, position }) => [name, bus, position])).toEqual([
            ["sda", "virtio_scsi", 0],
            ["sdb", "virtio_scsi", 1],
            ["sdd", "virtio_scsi", 2],
        ]);
    });

    test("an initramfs without a driver for any of QEMU's controllers says so, with the remedy", () => {
        expect(() => slotsOf({ ...blueprint, drivers: [] }, asIs)).toThrow("MODULES=most");
        const nvme = { ...blueprint, disks: [{ ...blueprint.disks[0]!, name: "nvme0n1" }], drivers: ["ahci"] as const };
        expect(() => slotsOf(nvme, asIs)).toThrow("no nvme driver");
    });
});

describe("machine", () => {
    const files = Object.fromEntries(["spare", "sda", "sdb", "sdc", "sdd"].map((name) => [name, `/x/${name}.qcow2`]));

    test("cards keep their places: an absent one leaves its slot, an added one takes the last or the first", () => {
        const macs = (one: Case) => cardsOf(blueprint, one).map((card) => card?.mac.slice(-2));
        expect(macs({ ...asIs, absentCard: "eno1" })).toEqual([undefined, "02"]);
        expect(macs({ ...asIs, addedCard: "last" })).toEqual(["01", "02", "01"]);
        expect(macs({ ...asIs, addedCard: "first" })).toEqual(["01", "01", "02"]);
        const args = deviceArguments(blueprint, { ...asIs, absentCard: "eno1" }, files, "/x/console");
        expect(args.filter((word) => word.startsWith("pcie-root-port"))).toHaveLength(2);
        expect(args).toContain("virtio-net-pci,netdev=net1,mac=52:54:00:00:00:02,bus=net-port1");
        expect(args.join(" ")).not.toContain("52:54:00:00:00:01");
    });

    test("a disk has its serial, as long as QEMU takes it", () => {
        const args = deviceArguments(blueprint, asIs, files, "/x/console");
        expect(args).toContain(
            JSON.stringify({
                driver: "scsi-hd",
                id: "disk-sdb",
                bus: "scsi.0",
                "scsi-id": 0,
                drive: "file-sdb",
                serial: "PERC-0123456789-0123",
            }),
        );
    });

    test("the kernel's words are the node's, but for those that would silence the console", () => {
        const line = commandLine(blueprint.kernelArguments);
        expect(line).toMatch(/^root=UUID=\S+ ro intel_iommu=on console=ttyS0 /);
        expect(line).not.toMatch(/quiet|tty0|BOOT_IMAGE/);
    });

    test("names by slot move with the slots, names by firmware stay with the card, natural ones need nothing", () => {
        const cards = ["enp1s0", "enp5s0", "eno1", "eth0", "enx525400000001"].map((name) => ({
            name,
            mac: "52:54:00:00:00:01",
        }));
        const made = Object.values(nameFiles({ cards }));
        expect(made.map((text) => text.split("\n").filter((line) => line.includes("=")))).toEqual([
            ["Path=pci-0000:02:00.0", "Name=enp5s0"],
            ["MACAddress=52:54:00:00:00:01", "Name=eno1"],
        ]);
    });

    test("names by id go by the disk's size", () => {
        expect(idRules(blueprint, { sdd: 512 * 1000 })).toContain(
            'ENV{DEVTYPE}=="partition", ATTRS{size}=="1000", SYMLINK+="disk/by-id/ata-OLD_123-part%n"',
        );
    });
});

test("a source that no disk has is a mount without a volume", () => {
    expect(mountsOf(blueprint).map(({ volume }) => volume?.disk.name)).toEqual(["sda", "sdb", "sdc", "sdd", undefined]);
});
