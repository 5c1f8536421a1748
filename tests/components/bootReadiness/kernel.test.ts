/** The kernel and the boot loader of the next boot. */
import { ask, blocks, pairs, zpoolStatus, type Fixture } from "./machine";

const MB = 1 << 20;
const whole = (magic = "070701") => magic + "x".repeat(MB);
const kernel = "x".repeat(MB);
const old = "6.8.12-9-pve";
const newest = "6.8.12-10-pve";
const boot = {
    [`/boot/vmlinuz-${old}`]: kernel,
    [`/boot/initrd.img-${old}`]: whole(),
    [`/boot/vmlinuz-${newest}`]: kernel,
    [`/boot/initrd.img-${newest}`]: whole(),
};
/** Read by Proxmox's hooks, which make the boot loader's default of them. */
const pinFile = "/etc/kernel/proxmox-boot-pin";
const pinOnce = "/etc/kernel/next-boot-pin";
const without = (path: string) => Object.fromEntries(Object.entries(boot).filter(([name]) => name !== path));
const files = (more: Readonly<Record<string, string>> = {}): Fixture => ({ files: { ...boot, ...more } });

pairs("kernel-image", {
    "a kernel whose initramfs was never made": {
        fault: { files: without(`/boot/initrd.img-${newest}`) },
        says: ["boot-initramfs-missing", /no \/boot\/initrd\.img-6\.8\.12-10-pve/],
        // The older one's is not needed.
        twin: { files: without(`/boot/initrd.img-${old}`) },
    },
    "an initramfs that a full disk cut short": {
        fault: files({ [`/boot/initrd.img-${newest}`]: "070701" }),
        says: ["boot-initramfs-damaged", /no whole archive/],
        twin: files({ [`/boot/initrd.img-${newest}`]: whole("BZh") }),
    },
    "one that a power cut left as zeros": {
        fault: files({ [`/boot/initrd.img-${newest}`]: "\0".repeat(2 * MB) }),
        says: ["boot-initramfs-damaged", /no whole archive/],
        twin: files(),
    },
    "a kernel that was cut short": {
        fault: files({ [`/boot/vmlinuz-${newest}`]: "x" }),
        says: ["boot-kernel-damaged", /vmlinuz-6\.8\.12-10-pve/],
        twin: files({ [`/boot/vmlinuz-${old}`]: "x" }),
    },
    "a pinned kernel without an initramfs, beside the newest one, which is whole": {
        fault: { files: { ...without(`/boot/initrd.img-${old}`), [pinFile]: `${old}\n` } },
        says: ["boot-initramfs-missing", /no \/boot\/initrd\.img-6\.8\.12-9-pve/],
        twin: { files: { ...without(`/boot/initrd.img-${newest}`), [pinFile]: `${old}\n` } },
    },
    "the same of one that is pinned for the next boot alone": {
        fault: {
            files: { ...without(`/boot/initrd.img-${old}`), [pinFile]: `${newest}\n`, [pinOnce]: `${old}\n` },
        },
        says: ["boot-initramfs-missing", /6\.8\.12-9-pve/],
        twin: { files: { ...without(`/boot/initrd.img-${old}`), [pinFile]: `${old}\n`, [pinOnce]: `${newest}\n` } },
    },
    "the newest kernel, which starts where the pinned one is not installed any more": {
        fault: { files: { ...without(`/boot/initrd.img-${newest}`), [pinFile]: "6.2.16-3-pve\n" } },
        says: ["boot-initramfs-missing", /6\.8\.12-10-pve/],
        twin: { files: { ...without(`/boot/initrd.img-${newest}`), [pinFile]: `${old}\nby hand\n` } },
    },
});

test("no kernel at all is not taken for ok, and a container has its host's", async () => {
    expect(await ask("kernel-image")).toMatchObject({ state: "unknown", code: "boot-no-kernel" });
    const container = { files: { "/run/systemd/container": "systemd-nspawn" } };
    for (const check of ["kernel-image", "kernel-running", "initramfs-age"])
        expect(await ask(check, container)).toMatchObject({ state: "skipped", code: "boot-host-kernel" });
});

test("a kernel that was never booted is said, and no fault; 10 comes after 9", async () => {
    const running = (version: string) => files({ "/proc/sys/kernel/osrelease": `${version}\n` });
    expect(await ask("kernel-running", running(old))).toMatchObject({
        state: "skipped",
        code: "boot-kernel-new",
        text: `${newest} was never booted here yet: ${old} runs`,
    });
    expect(await ask("kernel-running", running(newest))).toMatchObject({ state: "ok" });
});

test("a kernel that is pinned is what comes next: the newest one is none that was never booted", async () => {
    const running = (version: string, pin: string) =>
        files({ "/proc/sys/kernel/osrelease": `${version}\n`, [pinFile]: `${pin}\n` });
    expect(await ask("kernel-running", running(old, old))).toMatchObject({ state: "ok", text: old });
    expect(await ask("kernel-running", running(newest, old))).toMatchObject({
        state: "skipped",
        code: "boot-kernel-other",
        text: `the next boot starts ${old}: ${newest} runs`,
    });
    expect(await ask("kernel-running", running(old, newest))).toMatchObject({ code: "boot-kernel-new" });
});

const hour = 3600;
const made = (path: string, seconds: number): Fixture => ({
    ...files({ [path]: "" }),
    written: { [`/boot/initrd.img-${newest}`]: 10 * hour, [path]: seconds },
});
/** Module options of 11 o'clock, the old kernel pinned. */
const aged = (first: string, early: number, second: string, late: number): Fixture => ({
    ...files({ "/etc/modprobe.d/zfs.conf": "", [pinFile]: `${old}\n` }),
    written: {
        [`/boot/initrd.img-${first}`]: early * hour,
        [`/boot/initrd.img-${second}`]: late * hour,
        "/etc/modprobe.d/zfs.conf": 11 * hour,
    },
});
pairs("initramfs-age", {
    "module options that were written after it": {
        fault: made("/etc/modprobe.d/zfs.conf", 11 * hour),
        says: ["boot-initramfs-stale", /^\/etc\/modprobe\.d\/zfs\.conf was written after/],
        twin: made("/etc/modprobe.d/zfs.conf", 9 * hour),
    },
    "a hostid that was written after it": {
        fault: made("/etc/hostid", 11 * hour),
        says: ["boot-initramfs-stale", /hostid/],
        twin: made("/etc/modprobe.d/zfs.conf.dpkg-old", 11 * hour),
    },
    "the same of the pinned kernel's, after an update-initramfs for the newest alone": {
        fault: aged(old, 10, newest, 12),
        says: ["boot-initramfs-stale", /after \/boot\/initrd\.img-6\.8\.12-9-pve$/],
        twin: aged(newest, 10, old, 12),
    },
});

/** What dkms 3.2.2 prints of a module that was only added, of one that is installed, of one that was built anew. */
const dkms = (...lines: readonly string[]): Fixture => ({
    ...files({ "/usr/sbin/dkms": "" }),
    commands: { "dkms status": `${lines.join("\n")}\n` },
});
const dkmsPinned = (line: string): Fixture => ({
    ...dkms(line),
    files: { ...dkms().files, [pinFile]: `${old}\n` },
});
pairs("dkms", {
    "a module that is built for the old kernel alone": {
        fault: dkms(`r8168/8.053, ${old}, x86_64: installed`),
        says: ["boot-dkms-not-built", /r8168 is not built for 6\.8\.12-10-pve/],
        twin: dkms(
            `r8168/8.053, ${newest}, x86_64: installed (Original modules exist) (Differences between built and installed modules)`,
            `r8168/8.053, ${old}, x86_64: installed`,
        ),
    },
    "one that is built and not installed": {
        fault: dkms(`r8168/8.053, ${newest}, x86_64: built`),
        says: ["boot-dkms-not-built", /r8168/],
        twin: dkms(`r8168/8.053, ${newest}, x86_64: installed`),
    },
    "one that is only added": {
        fault: dkms("r8168/8.053: added"),
        says: ["boot-dkms-not-built", /r8168/],
        twin: files(),
        is: "skipped",
    },
    "one that is not built for the pinned kernel": {
        fault: dkmsPinned(`r8125/9.011, ${newest}, x86_64: installed`),
        says: ["boot-dkms-not-built", /r8125 is not built for 6\.8\.12-9-pve/],
        // Why it is pinned: on the newest the module does not build.
        twin: dkmsPinned(`r8125/9.011, ${old}, x86_64: installed`),
    },
});

/** Each ESP's words are proxmox-boot-tool 8's, as its users' reports show them. */
const esp = (second: string, present = ["AAAA-0001", "AAAA-0002"], mode = "uefi"): Fixture => ({
    files: {
        ...boot,
        "/etc/kernel/proxmox-boot-uuids": "AAAA-0001\nAAAA-0002\n",
        ...Object.fromEntries(present.map((uuid) => [`/dev/disk/by-uuid/${uuid}`, ""])),
    },
    commands: {
        "proxmox-boot-tool status": `Re-executing '/usr/sbin/proxmox-boot-tool' in new private mount namespace..\nSystem currently booted with ${mode}\nAAAA-0001 is configured with: uefi (versions: ${old}, ${newest})\nAAAA-0002 is configured with: ${second}\n`,
    },
});
/** A ZFS root on four disks, a fifth beside them, each with a boot partition; `uuids`: of those that the tool keeps. */
const onZfs = (uuids: readonly number[], vdevs: string): Fixture => {
    const disks = ["sda", "sdb", "sdc", "sdd"];
    const name = (number: number) => `AAAA-000${number}`;
    const { files: devices, links } = blocks({
        disks: [...disks, "sde"],
        parts: {
            ...Object.fromEntries([...disks, "sde"].map((disk) => [`${disk}2`, disk])),
            ...Object.fromEntries(disks.map((disk) => [`${disk}3`, disk])),
        },
        known: Object.fromEntries(
            [...disks, "sde"].map((disk, index) => [`/dev/disk/by-uuid/${name(index + 1)}`, `${disk}2`]),
        ),
    });
    return {
        files: {
            ...boot,
            ...devices,
            "/proc/self/mountinfo": "31 1 0:27 / / rw - zfs rpool/ROOT/pve-1 rw\n",
            "/etc/kernel/proxmox-boot-uuids": `${uuids.map(name).join("\n")}\n`,
        },
        links: links!,
        commands: {
            "proxmox-boot-tool status": uuids
                .map((each) => `${name(each)} is configured with: uefi (versions: ${old}, ${newest})\n`)
                .join(""),
            "zpool status -P rpool": zpoolStatus(vdevs),
        },
    };
};
/** Lines of `zpool status`: one vdev of so many disks, of a pool or below a heading of its own. */
const vdev = (kind: string, disks: string, states: Readonly<Record<string, string>> = {}) =>
    `\t  ${kind}-0  ONLINE  0  0  0\n${disks
        .split("")
        .map((disk) => `\t    /dev/sd${disk}3  ${states[disk] ?? "ONLINE"}  0  0  0\n`)
        .join("")}`;
/** The first sectors of a FAT32 with that number of free clusters of 4096 bytes, in the four bytes of its FSInfo. */
function fat32(clusters: string): string {
    const put = (text: string, at: number, bytes: string) => text.slice(0, at) + bytes + text.slice(at + bytes.length);
    let head = "\0".repeat(4096);
    for (const [at, bytes] of [
        [11, "\0\x02\x08"],
        [48, "\x01\0"],
        [512, "RRaA"],
        [996, "rrAa"],
        [1000, clusters],
    ] as const)
        head = put(head, at, bytes);
    return head;
}
const withHead = (head: string): Fixture => {
    const whole = esp(`uefi (versions: ${old}, ${newest})`);
    return {
        ...whole,
        files: {
            ...whole.files,
            "/dev/disk/by-uuid/AAAA-0002": head,
            [`/boot/initrd.img-${newest}`]: "x".repeat(100_000),
        },
    };
};
/** What grub-install with shim leaves where systemd-boot's kernels lie. */
const ofGrub = "BOOTX64.CSV, fbx64.efi, grubx64.efi, mmx64.efi, shimx64.efi";
/** A third kernel, which proxmox-boot-tool would have on its partitions only for a pin. */
const third = (pin: string): Fixture => {
    const whole = esp(`uefi (versions: ${old}, ${newest})`);
    return { ...whole, files: { ...whole.files, "/boot/vmlinuz-6.5.13-6-pve": kernel, [pinFile]: `${pin}\n` } };
};
const withRoom = (clusters: number) =>
    withHead(fat32(`${String.fromCharCode(clusters & 0x7f)}${String.fromCharCode(clusters >> 7)}\0\0`));
pairs("boot-partitions", {
    "the second disk of a mirror without the newest kernel": {
        fault: esp(`uefi (versions: ${old})`),
        says: ["boot-esp-differs", /AAAA-0002 has not 6\.8\.12-10-pve/],
        twin: esp(`uefi (versions: ${old}, ${newest})`),
    },
    "a boot partition that went with its disk": {
        fault: esp(`uefi (versions: ${newest})`, ["AAAA-0001"]),
        says: ["boot-esp-missing", /AAAA-0002 is not there/],
        twin: files(),
        is: "skipped",
    },
    "one with both loaders, of which one has the old kernel alone": {
        fault: esp(`uefi (versions: ${old}, ${newest}), grub (versions: ${old})`),
        says: ["boot-esp-differs", /AAAA-0002 has not/],
        twin: esp(`uefi (versions: ${old}, ${newest}), grub (versions: ${old}, ${newest})`),
    },
    "the same of a machine that boots by BIOS": {
        fault: esp(`grub (versions: ${old})`, undefined, "legacy bios"),
        says: ["boot-esp-differs", /AAAA-0002/],
        twin: esp(`grub (versions: ${old}, ${newest})`, undefined, "legacy bios"),
    },
    "the second disk of a mirror without the kernel to go back to": {
        fault: esp(`uefi (versions: ${newest})`),
        says: ["boot-esp-unlike", /AAAA-0002 has not 6\.8\.12-9-pve, which another one has/],
        twin: esp(`uefi (versions: ${newest}, ${old})`),
    },
    "one that has no room for the next kernel": {
        fault: withRoom(1),
        says: ["boot-esp-full", /AAAA-0002 has 0 MB free/],
        twin: withRoom(200),
    },
    "one that was converted to GRUB for Secure Boot, and GRUB has the old kernel alone": {
        fault: esp(`uefi (versions: ${newest}, ${ofGrub}), grub (versions: ${old})`),
        says: ["boot-esp-differs", /AAAA-0002 has not 6\.8\.12-10-pve/],
        // What systemd-boot had is kept, and no firmware starts it.
        twin: esp(`uefi (versions: 6.2.16-3-pve, ${ofGrub}), grub (versions: ${old}, ${newest})`),
    },
    "the second disk without the old kernel, beside files that are no kernels": {
        fault: esp(`uefi (versions: ${newest}, ${ofGrub.split(", ")[0]!})`),
        says: ["boot-esp-unlike", /has not 6\.8\.12-9-pve, which/],
        twin: esp(`uefi (versions: ${old}, ${newest}, ${ofGrub.split(", ")[0]!})`),
    },
    "a disk of the mirror that was replaced, and its boot partition never made": {
        fault: onZfs([1], vdev("mirror", "ab")),
        says: ["boot-esp-none", /^no boot partition lies on \/dev\/sdb: rpool goes on without \/dev\/sda,/],
        twin: onZfs([1, 2], vdev("mirror", "ab")),
    },
    "a third disk of a mirror without one": {
        fault: onZfs([1, 2], vdev("mirror", "abc")),
        says: ["boot-esp-none", /\/dev\/sdc: rpool goes on without \/dev\/sda, \/dev\/sdb/],
        // As older installers made RAID10: without both disks of a mirror there is no pool either.
        twin: onZfs([1, 2], vdev("mirror", "ab") + vdev("mirror", "cd")),
    },
    "RAIDZ with a boot partition on one disk": {
        fault: onZfs([1], vdev("raidz1", "abc")),
        says: ["boot-esp-none", /\/dev\/sdb, \/dev\/sdc: rpool/],
        twin: onZfs([1, 2], vdev("raidz1", "abc")),
    },
    "a mirror with one, beside disks that hold no data of root": {
        fault: onZfs([1], `${vdev("mirror", "ab")}\tspecial\n${vdev("mirror", "cd")}`),
        says: ["boot-esp-none", /lies on \/dev\/sdb: /],
        twin: onZfs([1, 2], `${vdev("mirror", "ab")}\tspecial\n${vdev("mirror", "cd")}`),
    },
    "a pin that never reached them": {
        fault: third("6.5.13-6-pve"),
        says: ["boot-esp-no-pin", /AAAA-0001, AAAA-0002 has not 6\.5\.13-6-pve, which is pinned/],
        twin: third(old),
    },
});
test("of disks that cannot be told, or are no part of the pool, no boot partition is asked for", async () => {
    const fixtures = [
        onZfs([1], vdev("mirror", "ab", { b: "UNAVAIL" })), // told by the check of the pools
        onZfs([1], vdev("mirror", "ax")),
        onZfs([5], vdev("mirror", "ab")), // a small disk to boot from, on purpose
    ];
    for (const fixture of fixtures) expect(await ask("boot-partitions", fixture)).toMatchObject({ state: "ok" });
    const { commands, ...silent } = onZfs([1, 2], vdev("mirror", "ab"));
    const said = commands!["proxmox-boot-tool status"]!;
    expect(await ask("boot-partitions", { ...silent, commands: { "proxmox-boot-tool status": said } })).toMatchObject({
        state: "unknown",
    });
});
test("a boot partition that does not say how much room it has, or is no FAT32, is not taken for a full one", async () => {
    for (const head of [fat32("\0".repeat(4)).slice(0, 400), fat32("\0".repeat(4)).replace("RRaA", "....")])
        expect(await ask("boot-partitions", withHead(head))).toMatchObject({ state: "ok" });
});

const uefi = (listed: string, more: Readonly<Record<string, string>> = {}): Fixture => ({
    files: { "/sys/firmware/efi/runtime": "", ...more },
    commands: { "efibootmgr -v": listed },
});
/**
 * What efibootmgr prints of a folder of variables as OVMF and grub-install write them (`EFIVARFS_PATH`): 18, Debian
 * 13's, with each path's bytes below it; 17, Debian 12's, without.
 */
const disk = "HD(2,GPT,b0f10348-020c-4bd6-b002-dc80edcf1899,0x800,0x200000)";
const pxe = "UEFI PXEv4 (MAC:525400770101)";
const entries = {
    18: `Boot0001* proxmox\t${disk}/File(\\EFI\\proxmox\\shimx64.efi)
      dp: 04 01 2a 00 02 00 00 00 00 08 00 00 00 00 00 00 00 00 20 00 00 00 00 00 48 03 f1 b0 0c 02 d6 4b b0 02 dc 80 ed cf 18 99 02 02 / 04 04 36 00 5c 00 45 00 46 00 49 00 5c 00 70 00 72 00 6f 00 78 00 6d 00 6f 00 78 00 5c 00 73 00 68 00 69 00 6d 00 78 00 36 00 34 00 2e 00 65 00 66 00 69 00 00 00 / 7f ff 04 00
Boot0002* ${pxe}\tPciRoot(0x0)/Pci(0x2,0x0)/MAC(525400770101,1){auto_created_boot_option}
      dp: 02 01 0c 00 d0 41 03 0a 00 00 00 00 / 01 01 06 00 00 02 / 03 0b 25 00 52 54 00 77 01 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 / 7f ff 04 00
    data: 4e ac 08 81 11 9f 59 4d 85 0e e2 1a 52 2c 59 b2
`,
    17: `Boot0001* proxmox\t${disk}/File(\\EFI\\proxmox\\shimx64.efi)
Boot0002* ${pxe}\tPciRoot(0x0)/Pci(0x2,0x0)/MAC(525400770101,1)N.....YM....R,Y.
`,
};
const forgotten = (text: string) => text.slice(text.indexOf("Boot0002"));
const listed = (order: string, text: string, next = "", current = "0001") =>
    `${next}BootCurrent: ${current}\nTimeout: 0 seconds\nBootOrder: ${order}\n${text}`;
const windows =
    "Boot0003* Windows Boot Manager\tHD(1,GPT,11111111-020c-4bd6-b002-dc80edcf1899,0x800,0x32000)/File(\\EFI\\Microsoft\\Boot\\bootmgfw.efi)\n";
const here = { "/dev/disk/by-partuuid/b0f10348-020c-4bd6-b002-dc80edcf1899": "" };
const elsewhere = { "/dev/disk/by-partuuid/22222222-020c-4bd6-b002-dc80edcf1899": "" };
const stick = `${forgotten(entries[18])}Boot000A* USB stick\tUSB(1,0)\n`;
pairs("uefi-entry", {
    "a firmware that has forgotten its entries": {
        fault: uefi(listed("0002", forgotten(entries[18]))),
        says: ["boot-uefi-entry-missing", /no UEFI entry/],
        twin: uefi(listed("0002", forgotten(entries[18])), { "/boot/efi/EFI/BOOT/BOOTX64.EFI": "" }),
    },
    "a one-shot start of something else": {
        fault: uefi(listed("0001,0002", entries[18], "BootNext: 0002\n")),
        says: ["boot-uefi-once", /UEFI PXE/],
        twin: uefi(listed("0001,0002", entries[18], "BootNext: 0001\n")),
    },
    "a network start that comes first": {
        fault: uefi(listed("0002,0001", entries[18])),
        says: ["boot-uefi-not-first", /^the firmware tries UEFI PXEv4 \(MAC:525400770101\) before this system$/],
        // One that is switched off is not tried.
        twin: uefi(listed("0002,0001", entries[18].replace("Boot0002*", "Boot0002 "))),
    },
    "a network start before the entry of no known name that started this machine": {
        fault: uefi(listed("0002,000A", stick, "", "000A")),
        says: ["boot-uefi-not-first", /UEFI PXE/],
        twin: uefi(listed("000A,0002", stick, "", "000A")),
    },
    "an entry whose disk is gone, though it is the one that started the machine": {
        fault: uefi(listed("0001,0002", entries[18]), elsewhere),
        says: ["boot-uefi-entry-missing", /no UEFI entry/],
        twin: uefi(listed("0001,0002", entries[18]), here),
    },
    "a network start, and not another system whose disk is gone": {
        fault: uefi(listed("0002,0001", entries[18]), here),
        says: ["boot-uefi-not-first", /UEFI PXE/],
        twin: uefi(listed("0003,0001", `${entries[18]}${windows}`), here),
    },
    "a one-shot start of the network, and not of a disk that is gone": {
        fault: uefi(listed("0001", entries[18], "BootNext: 0002\n"), here),
        says: ["boot-uefi-once", /UEFI PXE/],
        twin: uefi(listed("0001", `${entries[18]}${windows}`, "BootNext: 0003\n"), here),
    },
});

test("efibootmgr 17 is understood like 18", async () => {
    const told = [
        listed("0002", forgotten(entries[17])),
        listed("0001,0002", entries[17], "BootNext: 0002\n"),
        listed("0002,0001", entries[17]),
        listed("0001,0002", entries[17]),
    ].map(async (each) => (await ask("uefi-entry", uefi(each))).code);
    const ok = "passed";
    expect(await Promise.all(told)).toEqual(["boot-uefi-entry-missing", "boot-uefi-once", "boot-uefi-not-first", ok]);
});

pairs("kernel-pins", {
    "a pinned kernel that was removed": {
        fault: files({ "/etc/kernel/proxmox-boot-pin": "6.2.16-3-pve\n" }),
        says: ["boot-pin-gone", /pins 6\.2\.16-3-pve, which is not installed/],
        twin: files({ "/etc/kernel/proxmox-boot-pin": `${old}\n` }),
    },
    "one that is pinned for the next boot": {
        fault: files({ "/etc/kernel/next-boot-pin": "6.2.16-3-pve\n" }),
        says: ["boot-pin-gone", /next-boot-pin/],
        twin: files({ "/etc/kernel/next-boot-pin": `${newest}\n` }),
        is: "skipped",
    },
});

const kept =
    "Name: grub2/force_efi_extra_removable\nTemplate: grub2/force_efi_extra_removable\nValue: true\nOwners: grub-efi-amd64\nFlags: seen\n";
const loaders = (removable: string, answers = kept): Fixture =>
    files({
        "/boot/efi/EFI/proxmox/shimx64.efi": "shim 15.8",
        "/boot/efi/EFI/proxmox/grubx64.efi": "grub 2.12",
        "/boot/efi/EFI/BOOT/BOOTX64.EFI": removable,
        "/var/cache/debconf/config.dat": `Name: grub2/linux_cmdline\nValue: \n\n${answers}\nName: x/y\nValue: true\n`,
    });
pairs("removable-loader", {
    "a loader of before the last update": {
        fault: loaders("grub 2.06", kept.replace("true", "false")),
        says: ["boot-removable-stale", /BOOTX64\.EFI is another loader than .*shimx64\.efi/],
        twin: loaders("shim 15.8"),
    },
    "one that GRUB's package was to keep and did not": {
        fault: loaders("grub 2.06"),
        says: ["boot-removable-stale", /another loader/],
        twin: loaders("...#### LoaderInfo: systemd-boot 257 ####..."),
        is: "skipped",
    },
});
test("a loader that the next update leaves behind is said, and no fault; without one there is nothing to tell", async () => {
    for (const answers of [kept.replace("true", "false"), ""])
        expect(await ask("removable-loader", loaders("grub 2.12", answers))).toMatchObject({
            state: "skipped",
            code: "boot-removable-unkept",
        });
    expect(await ask("removable-loader", files())).toMatchObject({ state: "skipped", code: "boot-no-removable" });
});

/** As grub-editenv writes it: 1,024 bytes, filled up with `#`. */
const block = (text: string) => {
    const warning = "# WARNING: Do not edit this file by tools other than grub-editenv!!!\n";
    const head = `# GRUB Environment Block\n${warning}${text}`;
    return head + "#".repeat(1024 - head.length);
};
const menu = `menuentry 'Proxmox VE GNU/Linux' --class proxmox $menuentry_id_option 'gnulinux-simple-/dev/mapper/pve-root' {\n}\nsubmenu 'Advanced options' $menuentry_id_option 'gnulinux-advanced' {\n\tmenuentry 'Proxmox VE GNU/Linux, with Linux ${old}' --class proxmox $menuentry_id_option 'gnulinux-${old}' {\n\t}\n}\n`;
const grub = (environment: string): Fixture =>
    files({ "/boot/grub/grubenv": environment, "/boot/grub/grub.cfg": menu });
pairs("grub-environment", {
    "a block that a full disk cut short": {
        fault: grub("# GRUB Environment Block\n"),
        says: ["boot-grubenv-damaged", /grubenv is damaged/],
        twin: grub(block("saved_entry=0\n")),
    },
    "one that a power cut left as zeros": {
        fault: grub("\0".repeat(1024)),
        says: ["boot-grubenv-damaged", /damaged/],
        twin: grub(block("")),
    },
    "a start for once of a kernel that was removed since": {
        fault: grub(block("next_entry=gnulinux-advanced>gnulinux-6.2.16-3-pve\n")),
        says: ["boot-grub-once-gone", /gnulinux-6\.2\.16-3-pve, which \/boot\/grub\/grub\.cfg has not/],
        twin: grub(block(`next_entry=gnulinux-advanced>gnulinux-${old}\n`)),
        is: "skipped",
    },
    "a number beyond the menu's end": {
        fault: grub(block("next_entry=7\n")),
        says: ["boot-grub-once-gone", /start 7/],
        twin: grub(block("next_entry=1\n")),
        is: "skipped",
    },
    "a title that is no longer in the menu": {
        fault: grub(block("next_entry=Debian GNU/Linux\n")),
        says: ["boot-grub-once-gone", /Debian/],
        twin: grub(block("next_entry=Proxmox VE GNU/Linux\n")),
        is: "skipped",
    },
});
