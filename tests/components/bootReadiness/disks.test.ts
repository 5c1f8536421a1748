/** What the boot's file systems lie on: the modules that bring it up, and how the disks do. */
import { ask, pairs, type Fixture } from "./machine";

const version = "6.12.118+deb13-amd64";
const image = `/boot/initrd.img-${version}`;
const controller = "devices/pci0000:00/0000:00:1f.2";
const disk = `${controller}/ata1/host0/target0:0:0/0:0:0:0/block/sda`;
const loaded = ["ext4", "ahci", "sd_mod", "dm_mod"];

interface Root {
    /** How / is mounted, as in mountinfo. */
    readonly mount?: string;
    readonly files?: Readonly<Record<string, string>>;
    readonly commands?: Fixture["commands"];
    readonly pretend?: string;
}
/** A machine with one AHCI disk, /dev/sda1 on it, and LVM on that. */
function machine({ mount = "254:0 / / rw - ext4 /dev/mapper/pve-root rw", files = {}, ...rest }: Root = {}): Fixture {
    return {
        ...rest,
        files: {
            [`/boot/vmlinuz-${version}`]: "x",
            [image]: "x",
            "/proc/self/mountinfo": `31 1 ${mount}\n`,
            [`/sys/${disk}/sda1/partition`]: "1",
            [`/sys/${disk}/device/x`]: "",
            "/sys/devices/virtual/block/dm-0/dm/uuid": "LVM-abc\n",
            "/sys/devices/virtual/block/dm-0/slaves/sda1": "",
            "/dev/dm-0": "",
            "/dev/sda1": "",
            ...Object.fromEntries(loaded.map((name) => [`/sys/module/${name}/initstate`, "live\n"])),
            [`/lib/modules/${version}/modules.builtin`]: "kernel/drivers/pci/pcie/pcieportdrv.ko\n",
            [`/lib/modules/${version}/modules.dep`]: dep,
            ...files,
        },
        links: {
            "/dev/mapper/pve-root": "../dm-0",
            "/sys/class/block/sda": `../../${disk}`,
            "/sys/class/block/sda1": `../../${disk}/sda1`,
            "/sys/class/block/dm-0": "../../devices/virtual/block/dm-0",
            [`/sys/${controller}/driver`]: "../../../bus/pci/drivers/ahci",
            "/sys/bus/pci/drivers/ahci/module": "../../../../module/ahci",
            [`/sys/${controller}/ata1/host0/target0:0:0/0:0:0:0/driver`]: "../../../../../../../bus/scsi/drivers/sd",
            "/sys/bus/scsi/drivers/sd/module": "../../../../module/sd_mod",
            // Part of the kernel, and it has no state.
            "/sys/devices/pci0000:00/driver": "../../bus/pci/drivers/pcieport",
            "/sys/bus/pci/drivers/pcieport/module": "../../../../module/pcieportdrv",
        },
    };
}

/** Lines of modules.dep and of lsinitramfs, as Debian 13's kernel and initramfs-tools have them. */
const path = (name: string, folder: string) => `kernel/${folder}/${name}.ko.xz`;
const modules = [
    path("ext4", "fs/ext4"),
    path("ahci", "drivers/ata"),
    path("sd_mod", "drivers/scsi"),
    path("dm-mod", "drivers/md"),
];
const dep = modules.map((each) => `${each}: kernel/lib/crc16.ko.xz\n`).join("");
const listing = (without = "") =>
    [
        "conf",
        "conf/initramfs.conf",
        `usr/lib/modules/${version}/modules.dep`,
        ...modules.map((each) => `usr/lib/modules/${version}/${each}`),
    ]
        .filter((line) => without === "" || !line.includes(without))
        .join("\n");
/** With an older kernel that is pinned, of which the newest has all modules, or the other way round. */
const oldVersion = "6.1.0-38-amd64";
const pinned = (newestHas: string, oldHas: string): Fixture =>
    listed(listing(), {
        files: {
            "/etc/kernel/proxmox-boot-pin": `${oldVersion}\n`,
            [`/boot/vmlinuz-${oldVersion}`]: "x",
            [`/boot/initrd.img-${oldVersion}`]: "x",
            [`/lib/modules/${version}/modules.dep`]: newestHas,
            [`/lib/modules/${oldVersion}/modules.dep`]: oldHas,
        },
    });

/** The path of the image is that of the fixture's folder. */
const listed = (output: string, more: Root = {}): Fixture =>
    machine({
        ...more,
        pretend: `
real = commands.run
commands.run = lambda argv, *rest, **options: commands.Outcome(0, ${JSON.stringify(output)}, "") if argv[0] == "lsinitramfs" else real(argv, *rest, **options)
${more.pretend ?? ""}`,
    });

pairs("initramfs-modules", {
    "the driver of the disk's controller, after MODULES=dep on another machine": {
        fault: listed(listing("ahci")),
        says: ["boot-module-not-in-initramfs", /has no ahci, which root needs/],
        twin: listed(listing()),
    },
    "LVM's, though the name in the file has another sign": {
        fault: listed(listing("dm-mod")),
        says: ["boot-module-not-in-initramfs", /no dm_mod/],
        // Root on the partition itself needs no LVM.
        twin: listed(listing("dm-mod"), { mount: "8:1 / / rw - ext4 /dev/sda1 rw" }),
    },
    "the file system's": {
        fault: listed(listing("ext4")),
        says: ["boot-module-not-in-initramfs", /no ext4/],
        // What is built in needs no file.
        twin: listed(listing("ext4"), {
            files: { [`/lib/modules/${version}/modules.builtin`]: "kernel/fs/ext4/ext4.ko\n" },
        }),
    },
    "a driver that the newest kernel has dropped": {
        fault: listed(listing("ahci"), {
            files: { [`/lib/modules/${version}/modules.dep`]: dep.replace(/^.*ahci.*\n/m, "") },
        }),
        says: ["boot-module-gone", /has no module ahci/],
        twin: listed(listing()),
    },
    "one that the pinned kernel does not have yet": {
        fault: pinned(dep, dep.replace(/^.*ahci.*\n/m, "")),
        says: ["boot-module-gone", /^6\.1\.0-38-amd64 has no module ahci/],
        twin: pinned(dep.replace(/^.*ahci.*\n/m, ""), dep),
    },
});

test("an initramfs that nobody can list is not taken for ok", async () => {
    expect(await ask("initramfs-modules", machine())).toMatchObject({
        state: "unknown",
        code: "boot-initramfs-unlisted",
    });
    expect(await ask("initramfs-modules", listed(""))).toMatchObject({ state: "unknown" });
});

test("one that this very boot came up with is proven, and not unpacked", async () => {
    const booted = (seconds: number) =>
        machine({
            files: { "/proc/sys/kernel/osrelease": `${version}\n` },
            pretend: `
from concerns.bootReadiness.node.checks import initramfs_modules
initramfs_modules.seconds_since_boot = lambda: ${seconds}`,
        });
    expect(await ask("initramfs-modules", booted(-60))).toMatchObject({ state: "ok", text: "proven by this boot" });
    expect(await ask("initramfs-modules", booted(3600))).toMatchObject({ state: "unknown" });
});

const smartctl = "smartctl --json -i -H -n standby /dev/sda";
const answer = (status: number, more: object) =>
    [
        status,
        JSON.stringify({ json_format_version: [1, 0], smartctl: { version: [7, 4], exit_status: status }, ...more }),
    ] as const;
const smart = (said: string | readonly [number, string]): Fixture => machine({ commands: { [smartctl]: said } });
pairs("disk-health", {
    "a disk that says that it fails": {
        fault: smart(answer(8, { smart_status: { passed: false } })),
        says: ["boot-disk-fails", /\/dev\/sda says that it fails/],
        // Errors in its log, of before: it says that it does well.
        twin: smart(answer(64, { smart_status: { passed: true } })),
    },
    "a SAS disk, which says so by the exit status": {
        fault: smart(answer(8, { smart_support: { available: true, enabled: true } })),
        says: ["boot-disk-fails", /sda/],
        twin: smart(answer(4, { smart_support: { available: false } })),
        is: "skipped",
    },
});
test("a disk that has SMART, and whose own word cannot be had, is not one without", async () => {
    const failed = {
        smart_support: { available: true, enabled: true },
        smartctl: { messages: [{ string: "SMART Status command failed: Input/output error", severity: "error" }] },
    };
    const told = await ask("disk-health", smart([4, JSON.stringify(failed)]));
    expect([told.state, told.code, told.text]).toEqual([
        "unknown",
        "boot-disk-untold",
        "/dev/sda: SMART Status command failed: Input/output error",
    ]);
});
test("a disk that sleeps is not woken, a virtual one has no health, and a smartctl that is not there is not taken for ok", async () => {
    const asleep = {
        messages: [{ string: "Device is in STANDBY mode, exit(2)", severity: "information" }],
        exit_status: 2,
    };
    expect(await ask("disk-health", smart([2, JSON.stringify({ smartctl: asleep })]))).toMatchObject({
        state: "skipped",
    });
    expect(await ask("disk-health", machine())).toMatchObject({ state: "unknown", code: "boot-disk-untold" });
    expect(await ask("disk-health", smart([0, "no JSON"]))).toMatchObject({ state: "unknown" });
    const virtual = {
        "/proc/self/mountinfo": "31 1 253:1 / / rw - ext4 /dev/vda rw\n",
        "/dev/vda": "",
        "/sys/class/block/vda/device/x": "",
    };
    expect(await ask("disk-health", { files: virtual })).toMatchObject({ state: "skipped", code: "boot-no-smart" });
});
