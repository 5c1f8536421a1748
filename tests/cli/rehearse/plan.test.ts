/** From a node's disks and cards to files, cases and QEMU's arguments. */
import { CannotTell, mountsOf, namedByLetter, volumeOf, type Blueprint } from "../../../cli/rehearse/blueprint";
import { casesOf, chosenCases, mountedByLetter, requiredBeyondRoot, type Case } from "../../../cli/rehearse/cases";
import { cardsOf, commandLine, deviceArguments, idRules, nameFiles } from "../../../cli/rehearse/hardware";
import { lettersOf, planDisks, slotsOf, spare } from "../../../cli/rehearse/plan";
import { blueprint, fstab, rootUuid } from "./fixtures";

const asIs: Case = { name: "as-is", what: "" };
const filled = (path: string) => (path === "/" ? 1000 : 0);

test.each([
    [`UUID=${rootUuid.toUpperCase()}`, "sda"],
    ["LABEL=fast", "sdc"],
    ["/dev/sdb1", "sdb"],
    ["PARTUUID=p1", "sdb"],
    ["/dev/disk/by-partlabel/local", "sdb"],
    ["/dev/disk/by-id/ata-OLD_123-part2", "sdd"],
    ["ID=ata-OLD_123-part2", "sdd"],
    ["/dev//sdb1", "sdb"],
    ["/dev/sdb", undefined],
    ["/dev/disk/by-id/ata-OLD_123", undefined],
    ["LABEL=FAST", undefined],
    ["/dev/mapper/pve-root", undefined],
])("%s is on %s", (source, disk) => {
    expect(volumeOf(source, blueprint)?.disks[0]!.name).toBe(disk);
});

test("a partition of a disk whose name ends in a digit has a p before its number", () => {
    const disks = [{ name: "nvme0n1", ids: [], table: { kind: "gpt", partitions: [{ number: 3 }] } }] as const;
    expect(volumeOf("/dev/nvme0n1p3", { disks })?.partition?.number).toBe(3);
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

    test("a mount by a disk's letter is said, required or not: reached, the boot may have mounted another disk there", () => {
        const said =
            "fstab names /srv/local by /dev/sdb1, which may be another disk at the next boot, also where that is reached: name it by UUID";
        expect(mountedByLetter(blueprint)).toEqual([said]);
        const written = (options: string, source = "/dev/sdb1") =>
            `UUID=${rootUuid} / ext4 defaults 0 1\n${source} /srv/local ext4 ${options} 0 2\n`;
        expect(mountedByLetter({ ...blueprint, fstab: written("nofail") })).toEqual([said]);
        expect(mountedByLetter({ ...blueprint, fstab: written("nofail", "PARTUUID=P1") })).toEqual([]);
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

    test("swap, and what is mounted at first use or counts as remote, stops no boot", () => {
        const lines = (options: string) =>
            `UUID=${rootUuid} / ext4 defaults 0 1\n/dev/sdb1 /srv/local ext4 ${options} 0 2\nLABEL=fast none swap sw 0 0\n`;
        const without = (options: string) => casesOf({ ...blueprint, fstab: lines(options) }).map(({ name }) => name);
        expect(without("defaults")).not.toContain("without-sdb");
        expect(without("defaults")).toContain("without-sdc");
        expect(without("x-systemd.automount")).toContain("without-sdb");
        expect(without("_netdev")).toContain("without-sdb");
        expect(requiredBeyondRoot({ ...blueprint, fstab: lines("nofail") })).toEqual([]);
    });

    test("those that are asked for, and no other name", () => {
        expect(chosenCases(casesOf(blueprint), ["nic-first"]).map(({ name }) => name)).toEqual(["nic-first"]);
        expect(() => chosenCases(casesOf(blueprint), ["without-sdb"])).toThrow(
            "--case without-sdb: this node has as-is, without-sdc",
        );
    });

    test("a root on no disk is an error", () => {
        expect(() => casesOf({ ...blueprint, kernelArguments: ["root=ZFS=rpool/ROOT/pve-1"] })).toThrow(
            "pve01: no disk of it holds ZFS=rpool/ROOT/pve-1, its root",
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
        const optional = { ...blueprint, disks: [...blueprint.disks, other("btrfs", "gone")] };
        expect(planDisks(optional, filled).notes).toContain(
            "/srv/gone is on sde (btrfs), which a rehearsal cannot make: it is absent in every case",
        );
        const wanted = { ...optional, fstab: fstab.replace("ext4 nofail", "ext4 defaults") };
        expect(() => planDisks(wanted, filled)).toThrow(
            "pve01: /srv/gone is on sde (btrfs), which a rehearsal cannot make",
        );
        const root = { ...blueprint, disks: [{ ...blueprint.disks[0]!, content: { fstype: "xfs", uuid: rootUuid } }] };
        expect(() => planDisks(root, filled)).toThrow(
            "its root is xfs, and a rehearsal can fill ext2, ext3 and ext4 only",
        );
    });
});

describe("what no disk of QEMU's can be called", () => {
    const vda: Blueprint["disks"][number] = { name: "vda", ids: [], content: { fstype: "ext4", uuid: "v" } };
    const withVda = { ...blueprint, disks: [...blueprint.disks, vda] };

    test("required, it cannot be told; optional, it is said to be absent", () => {
        const mount = (options: string) => ({ ...withVda, fstab: `${fstab}/dev/vda /srv/v ext4 ${options} 0 2\n` });
        expect(() => planDisks(mount("defaults"), filled)).toThrow(CannotTell);
        expect(planDisks(mount("nofail"), filled).notes).toContain(
            "/srv/v is /dev/vda, and the machine's disks are called sd… and nvme…: name it by UUID: it is absent in every case",
        );
    });

    test.each(["/dev/vda", "/dev/disk/by-id/ata-ROOT"])("a root of %s cannot be told", (source) => {
        const byId = { ...blueprint.disks[0]!, ids: ["ata-ROOT"] };
        const one = { ...withVda, disks: [byId, vda], kernelArguments: [`root=${source}`] };
        expect(() => planDisks(one, filled)).toThrow(CannotTell);
    });
});

describe("a volume group", () => {
    const root = { group: "pve", name: "root", disks: ["sda"], content: { fstype: "ext4", uuid: rootUuid } };
    const swap = { group: "pve", name: "swap", disks: ["sda"], content: { fstype: "swap" } };
    const data = { group: "pve", name: "data-x", disks: ["sda", "sdb"], content: { fstype: "xfs" } };
    const id = "abcdef-0000-0000-0000-0000-0000-abcdef";
    const member = { fstype: "LVM2_member", uuid: id };
    const lvm: Blueprint = {
        ...blueprint,
        disks: [
            { name: "sda", ids: [], table: { kind: "gpt", partitions: [{ number: 3, content: member }] } },
            { name: "sdb", ids: [], content: { fstype: "LVM2_member" } },
        ],
        groups: [
            {
                name: "pve",
                members: [{ disk: "sda", partition: 3 }, { disk: "sdb" }],
                volumes: [root, swap, data, { ...root, name: "guest" }],
            },
        ],
        kernelArguments: ["root=/dev/mapper/pve-root"],
        fstab: "/dev/pve/root / ext4 defaults 0 1\n/dev/pve/swap none swap sw 0 0\n/dev/mapper/pve-data--x /srv xfs nofail 0 2\n",
    };

    test.each([
        ["/dev/mapper/pve-root", "root"],
        ["/dev/pve/data-x", "data-x"],
        ["/dev/mapper/pve-data--x", "data-x"],
        ["/dev/mapper/pve-data-x", undefined],
        ["/dev/other/root", undefined],
        [`UUID=${rootUuid}`, "root"],
    ])("%s is %s", (source, name) => {
        expect(volumeOf(source, lvm)?.logical?.name).toBe(name);
    });

    test("a header on each member, the volumes that are mounted behind them, and no other", () => {
        const { disks, notes } = planDisks(lvm, filled);
        expect(notes).toEqual([]);
        const mib = 1024 * 1024;
        expect(disks[0]!.volumes).toMatchObject([
            { offset: mib, size: mib, written: expect.any(Buffer) as Buffer },
            { offset: 2 * mib, size: 1812 * mib, from: "/", content: { uuid: rootUuid } },
            { offset: 1814 * mib, size: 64 * mib, content: { fstype: "swap" } },
            { offset: 1878 * mib, size: 320 * mib, content: { fstype: "xfs" } },
        ]);
        expect(disks[1]!.volumes).toMatchObject([{ offset: 0, size: mib }]);
        const header = disks[0]!.volumes[0]!.written!.toString("latin1");
        expect(header).toContain(`LVM2 001${id.replaceAll("-", "")}`);
        expect(header).toContain('stripes = ["pv1", 0]'); // of data-x, which lies on both
        expect(header).not.toContain("guest");
        expect(disks[0]!.table).toContain("/dev/disk3 : ");
    });

    test("without one of its disks a volume is not there: the root's are never taken away", () => {
        expect(casesOf(lvm).map(({ name }) => name)).toContain("without-sdb");
        expect(casesOf(lvm).map(({ name }) => name)).not.toContain("without-sda");
        const required = { ...lvm, fstab: lvm.fstab.replace("nofail", "defaults") };
        expect(requiredBeyondRoot(required)).toEqual([
            "fstab requires /srv: without sdb no boot gets past it, so that case is not booted",
        ]);
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

    test("no two disks have one name, whatever the root is on: of either kind a further one comes first", () => {
        const nvme = { ...blueprint.disks[0]!, name: "nvme0n1" };
        const drivers = ["ahci", "virtio_scsi", "nvme"] as const;
        const names = (one: Blueprint) => slotsOf(one, { ...asIs, otherOrder: true }).map(({ name }) => name);
        const mixed = { ...blueprint, disks: [nvme, ...blueprint.disks.slice(1)], drivers };
        expect(names(mixed)).toEqual(["spare-nvme", "nvme0n1", "spare", "sdb", "sdc", "sdd"]);
        expect(names({ ...mixed, disks: [nvme] })).toEqual(["spare-nvme", "nvme0n1"]);
    });

    test("a letter in a comment of fstab's names no disk; one in an entry or on the command line does", () => {
        const plain = `UUID=${rootUuid} / ext4 defaults 0 1\n`;
        const named = (more: Partial<Blueprint>) => namedByLetter({ ...blueprint, fstab: plain, ...more });
        expect(named({ fstab: `${plain}#/dev/sdb1 /srv/local ext4 defaults 0 2\n# was on /dev/sdc\n` })).toEqual([]);
        expect(named({ fstab: `${plain}/dev/sdb1 /srv/local ext4 defaults 0 2\n` })).toEqual(["sdb"]);
        expect(named({ kernelArguments: ["root=/dev/sda2", "resume=/dev/sdd1"] })).toEqual(["sda", "sdd"]);
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
    expect(mountsOf(blueprint).map(({ volume }) => volume?.disks[0]!.name)).toEqual([
        "sda",
        "sdb",
        "sdc",
        "sdd",
        undefined,
    ]);
});
