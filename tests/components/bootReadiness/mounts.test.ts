/** What the next boot mounts, and what it waits for. */
import { ask, blocks, pairs, proxmox, zpoolStatus, type Blocks, type Fixture } from "./machine";

const root = "UUID=0a1b0000-0000-4000-8000-000000000001 / ext4 errors=remount-ro 0 1\n";
const data = "9c8d0000-0000-4000-8000-000000000002";
const disks = {
    "/dev/disk/by-uuid/0a1b0000-0000-4000-8000-000000000001": "",
    [`/dev/disk/by-uuid/${data}`]: "",
};
const fstab = (text: string, more: Readonly<Record<string, string>> = {}): Fixture => ({
    files: { ...disks, "/etc/fstab": root + text, ...more },
});
const optional = "nofail,x-systemd.device-timeout=30s";

/** A machine whose root is on such blocks; one more disk, sdx, has a file system of its own. */
const on = (root: string, layout: Blocks, text: string, commands: Fixture["commands"] = {}): Fixture => {
    const { files, links } = blocks({
        ...layout,
        disks: [...layout.disks, "sdx"],
        parts: { ...layout.parts, sdx1: "sdx" },
        known: { ...layout.known, [`/dev/disk/by-uuid/${data}`]: "sdx1" },
    });
    return { files: { ...files, "/proc/self/mountinfo": `31 1 ${root}\n`, "/etc/fstab": text }, links, commands };
};
/** The installer's own, with ext4 on LVM, and its fstab. */
const ofInstaller = (more = ""): Fixture =>
    on(
        "252:0 / / rw - ext4 /dev/mapper/pve-root rw",
        {
            disks: ["sda"],
            parts: { sda1: "sda", sda2: "sda", sda3: "sda" },
            made: { "dm-0": ["sda3"], "dm-1": ["sda3"] },
            known: {
                "/dev/mapper/pve-root": "dm-0",
                "/dev/pve/root": "dm-0",
                "/dev/pve/swap": "dm-1",
                "/dev/disk/by-uuid/AB12-CD34": "sda2",
            },
        },
        `/dev/pve/root / ext4 errors=remount-ro 0 1\nUUID=AB12-CD34 /boot/efi vfat defaults 0 1\n/dev/pve/swap none swap sw 0 0\nproc /proc proc defaults 0 0\n${more}`,
    );
/** Two disks, each with a partition of its own, and mirrors of the other ones: md0 is root, md1 swap. */
const mirrored = (text: string, made: Blocks["made"] = { md0: ["sda2", "sdb2"], md1: ["sda3", "sdb3"] }): Fixture =>
    on(
        "9:0 / / rw - ext4 /dev/md0 rw",
        {
            disks: ["sda", "sdb"],
            parts: { sda1: "sda", sda2: "sda", sda3: "sda", sdb1: "sdb", sdb2: "sdb", sdb3: "sdb" },
            made,
            levels: { md0: "raid1", md1: "raid1" },
            known: { "/dev/disk/by-uuid/AB12-CD34": "sda1", "/dev/disk/by-id/md-uuid-1": "md1" },
        },
        text,
    );
/** LVM with a RAID1 of its own for root: each leg is an image and its metadata. */
const mirroredByLvm = (legs: readonly string[]): Fixture =>
    on(
        "252:4 / / rw - ext4 /dev/mapper/pve-root rw",
        {
            disks: ["sda", "sdb"],
            parts: { sda1: "sda", sda2: "sda", sdb2: "sdb" },
            made: {
                "dm-0": [legs[0]!],
                "dm-1": [legs[0]!],
                "dm-2": [legs[1]!],
                "dm-3": [legs[1]!],
                "dm-4": ["dm-0", "dm-1", "dm-2", "dm-3"],
            },
            names: {
                "dm-0": "pve-root_rmeta_0",
                "dm-1": "pve-root_rimage_0",
                "dm-2": "pve-root_rmeta_1",
                "dm-3": "pve-root_rimage_1",
                "dm-4": "pve-root",
            },
            known: { "/dev/mapper/pve-root": "dm-4", "/dev/disk/by-uuid/AB12-CD34": "sda1" },
        },
        "UUID=AB12-CD34 /boot/efi vfat defaults 0 1\n",
    );
/** A ZFS root on partitions of two disks, as `zpool status -P` has its vdevs. */
const onZfs = (vdevs: string, text: string): Fixture =>
    on(
        "0:27 / / rw - zfs rpool/ROOT/pve-1 rw",
        {
            disks: ["sda", "sdb"],
            parts: { sda1: "sda", sda3: "sda", sdb3: "sdb" },
            made: { zd0: [] },
            known: { "/dev/disk/by-uuid/AB12-CD34": "sda1", "/dev/zvol/rpool/swap": "zd0" },
        },
        text,
        {
            "zpool status -P rpool": zpoolStatus(vdevs),
        },
    );
const mirrorOfTwo =
    "\t  mirror-0  ONLINE       0     0     0\n\t    /dev/sda3  ONLINE       0     0     0\n\t    /dev/sdb3  ONLINE       0     0     0\n";
const striped = mirrorOfTwo.replace(/^.*mirror-0.*\n/m, "").replaceAll("    /dev", "  /dev");
const esp = "UUID=AB12-CD34 /boot/efi vfat defaults 0 1\n";

pairs("fstab-sources", {
    "a UUID that is gone": {
        fault: fstab("UUID=dead0000-0000-4000-8000-000000000000 /srv/local ext4 defaults 0 2\n"),
        says: ["boot-source-missing", /UUID=dead.* for \/srv\/local is not there/],
        twin: fstab(`UUID=dead0000-0000-4000-8000-000000000000 /srv/local ext4 ${optional} 0 2\n`),
    },
    "a stick that is mounted at boot and not in": {
        fault: fstab("/dev/disk/by-id/usb-A /media/usb auto defaults 0 0\n"),
        says: ["boot-source-missing", /usb-A/],
        twin: fstab("/dev/disk/by-id/usb-A /media/usb auto noauto 0 0\n"),
    },
    "a swap partition that is gone": {
        fault: fstab("UUID=dead none swap sw 0 0\n"),
        says: ["boot-source-missing", /dead/],
        twin: fstab("tmpfs /tmp tmpfs defaults 0 0\nnas:/x /mnt nfs defaults 0 0\n"),
    },
    "a disk that is plugged in when somebody looks, and that is mounted at boot all the same": {
        fault: fstab("UUID=dead /media/backup ext4 defaults 0 2\n"),
        says: ["boot-source-missing", /\/media\/backup/],
        twin: fstab("UUID=dead /media/backup ext4 x-systemd.automount 0 2\n"),
    },
});

test("in a container blkid is asked, and one that says nothing is not taken for ok", async () => {
    const files = { "/etc/fstab": root };
    const listed = "DEVNAME=/dev/loop0\nUUID=0a1b0000-0000-4000-8000-000000000001\nTYPE=ext4\n";
    const commands = { "blkid -c /dev/null -o export": listed };
    expect(await ask("fstab-sources", { files, commands })).toMatchObject({ state: "ok" });
    expect(await ask("fstab-sources", { files, commands: { "blkid -c /dev/null -o export": "" } })).toMatchObject({
        state: "bad",
    });
    expect(await ask("fstab-sources", { files })).toMatchObject({ state: "unknown", code: "boot-check-failed" });
});

pairs("fstab-optional", {
    "incident A's line without nofail": {
        fault: fstab(`UUID=${data} /srv/local ext4 defaults 0 2\n`),
        says: ["boot-mount-required", /\/srv\/local would stop the boot/],
        twin: fstab(`UUID=${data} /srv/local ext4 ${optional} 0 2\n`),
    },
    "nofail alone": {
        fault: fstab(`UUID=${data} /srv/local ext4 nofail 0 2\n`),
        says: ["boot-mount-waits", /waits 90 s for \/srv\/local/],
        twin: fstab(`UUID=${data} /var ext4 defaults 0 2\n`),
    },
    "a mount that nobody declares essential": {
        fault: fstab(`UUID=${data} /var/lib/vz xfs defaults 0 2\n`),
        says: ["boot-mount-required", /\/var\/lib\/vz/],
        twin: fstab(`UUID=${data} /var/lib/vz xfs defaults 0 2\n`, {
            "/var/lib/holdfast/expected/fstab.json": JSON.stringify({
                commands: [{ argv: ["holdfast", "fstab-generator", "{staged:/etc/fstab}", "/", "/var/lib/vz"] }],
            }),
        }),
    },
    "another disk beside the installer's own partitions, which cannot go without root": {
        fault: ofInstaller(`UUID=${data} /srv/local ext4 defaults 0 2\n`),
        says: ["boot-mount-required", /^\/srv\/local would stop/],
        twin: ofInstaller(),
    },
    "swap on another disk, which only delays the boot": {
        fault: ofInstaller(`UUID=${data} none swap sw 0 0\n`),
        says: ["boot-mount-waits", /^the boot waits 90 s for UUID=9c8d\S+ without/],
        twin: ofInstaller(`UUID=${data} none swap sw,x-systemd.device-timeout=30s 0 0\n`),
    },
    "a disk of the network, which only delays it, too": {
        fault: ofInstaller(`UUID=${data} /srv/iscsi ext4 _netdev 0 2\n`),
        says: ["boot-mount-waits", /\/srv\/iscsi/],
        twin: ofInstaller(`UUID=${data} /srv/iscsi ext4 _netdev,x-systemd.device-timeout=30s 0 2\n`),
    },
    "one that is not mounted when somebody looks, but at boot": {
        fault: ofInstaller(`UUID=${data} /srv/local ext4 noatime 0 2\n`),
        says: ["boot-mount-required", /\/srv\/local/],
        twin: ofInstaller(`UUID=${data} /srv/local ext4 noatime,x-systemd.automount 0 2\n`),
    },
    "a partition of one disk of the mirror that root is on": {
        fault: mirrored(esp),
        says: ["boot-mount-required", /^\/boot\/efi would/],
        // Swap goes with root alone.
        twin: mirrored("/dev/disk/by-id/md-uuid-1 none swap sw 0 0\n"),
    },
    "the same where LVM mirrors root": {
        fault: mirroredByLvm(["sda2", "sdb2"]),
        says: ["boot-mount-required", /\/boot\/efi/],
        twin: mirroredByLvm(["sda2", "sda2"]),
    },
    "the same of a ZFS mirror": {
        fault: onZfs(mirrorOfTwo, esp),
        says: ["boot-mount-required", /\/boot\/efi/],
        twin: onZfs(striped, esp),
    },
    "a mirror of data disks, which may all be away": {
        fault: mirrored("/dev/disk/by-id/md-uuid-1 /srv ext4 defaults 0 2\n", { md0: ["sda2"], md1: ["sda3", "sdx"] }),
        says: ["boot-mount-required", /\/srv/],
        twin: onZfs(mirrorOfTwo, "/dev/zvol/rpool/swap none swap sw 0 0\n"),
    },
});

const script = "/usr/lib/systemd/system-generators/systemd-fstab-generator /mnt /mnt /mnt";
/** What the dry run prints. */
const generated = (output: string, fixture: Fixture): Fixture => ({
    ...fixture,
    pretend: `
real = commands.run
commands.run = lambda argv, *rest, **options: commands.Outcome(0, ${JSON.stringify(output)}, "") if ${JSON.stringify(script)} in " ".join(argv) and argv[-1] == "/etc/fstab" else real(argv, *rest, **options)`,
});
pairs("fstab-generator", {
    "a mount that systemd puts under local-fs.target.requires": {
        fault: generated("Where=/\nWhere=/srv/local\n", fstab(`UUID=${data} /srv/local ext4 defaults 0 2\n`)),
        says: ["boot-generator-requires", /\/srv\/local would stop the boot/],
        twin: generated("Where=/\nWhere=/tmp\n", fstab("tmpfs /tmp tmpfs defaults 0 0\n")),
    },
    "the same beside the installer's own /boot/efi": {
        fault: generated(
            "Where=/boot/efi\nWhere=/srv/local\n",
            ofInstaller(`UUID=${data} /srv/local ext4 defaults 0 2\n`),
        ),
        says: ["boot-generator-requires", /^\/srv\/local would stop/],
        twin: generated("Where=/\nWhere=/boot/efi\n", ofInstaller()),
    },
});

test("a generator that cannot be run is not taken for ok", async () => {
    expect(await ask("fstab-generator", fstab(""))).toMatchObject({
        state: "unknown",
        code: "boot-generator-silent",
    });
});

pairs("commented-mounts", {
    "what incident A's recovery left": {
        fault: fstab(`#UUID=${data} /srv/local ext4 defaults 0 2\n`),
        says: ["boot-mount-commented-out", /\/srv\/local \(UUID=9c8d.*\) is commented out/],
        twin: fstab(`#UUID=${data} /srv/local ext4 defaults 0 2\nUUID=${data} /srv/local ext4 ${optional} 0 2\n`),
    },
    "the same with a blank after the sign": {
        fault: fstab(`# UUID=${data} /srv/local ext4 defaults 0 2\n`),
        says: ["boot-mount-commented-out", /\/srv\/local/],
        twin: fstab("# UUID=dead0000 /srv/local ext4 defaults 0 2\n# / was on /dev/sda1 during installation\n"),
    },
});

pairs("device-names", {
    "a disk's letter in fstab": {
        fault: fstab("/dev/sdb1 /srv/local ext4 nofail 0 2\n"),
        says: ["boot-device-name", /^\/etc\/fstab: \/dev\/sdb1$/],
        twin: fstab(
            "# /dev/sdb1 before\n/dev/disk/by-id/ata-sdb1 /srv ext4 nofail 0 2\n/dev/mapper/pve-root /x ext4\n",
        ),
    },
    "a stick that Debian's installer has left in it": {
        fault: fstab("/dev/sdb1 /media/usb0 auto rw,user 0 0\n"),
        says: ["boot-device-name", /^\/etc\/fstab: \/dev\/sdb1$/],
        // Nobody mounts it but by hand.
        twin: fstab("/dev/sdb1 /media/usb0 auto rw,user,noauto 0 0\n"),
    },
    "an NVMe in crypttab": {
        fault: fstab("", { "/etc/crypttab": "vault /dev/nvme0n1p3 none luks,nofail\n" }),
        says: ["boot-device-name", /crypttab: \/dev\/nvme0n1p3/],
        twin: fstab("", { "/etc/crypttab": `vault UUID=${data} none luks,nofail\n` }),
    },
    "a backup's target in jobs.cfg": {
        fault: fstab("", { ...proxmox, "/etc/pve/jobs.cfg": "vzdump: backup\n\tdumpdir /dev/sdc1\n" }),
        says: ["boot-device-name", /jobs\.cfg: \/dev\/sdc1/],
        twin: fstab("", { ...proxmox, "/etc/pve/storage.cfg": "dir: local\n\tpath /var/lib/vz\n" }),
    },
});

const storage = (block: string): Fixture =>
    fstab(`UUID=${data} /srv/local ext4 ${optional} 0 2\n`, {
        ...proxmox,
        "/etc/pve/storage.cfg": `dir: local\n\tpath /var/lib/vz\n\tcontent iso\n\ndir: big\n\tpath /srv/local/vz\n${block}\nzfspool: z\n\tpool rpool\n`,
    });
pairs("storage-mountpoint", {
    "a directory that Proxmox would fill on the root disk": {
        fault: storage("\tcontent images\n"),
        says: ["boot-storage-without-mountpoint", /storage big would be filled/],
        twin: storage("\tcontent images\n\tis_mountpoint /srv/local\n"),
    },
    "one that is only said to be none": {
        fault: storage("\tis_mountpoint no\n"),
        says: ["boot-storage-without-mountpoint", /big/],
        twin: storage("\tnodes pve02,pve03\n"),
    },
});

describe("what lies in /etc/pve cannot be told", () => {
    const down: Fixture = {
        files: { "/etc/fstab": root, "/usr/lib/systemd/system/pve-cluster.service": "", "/etc/pve/": "" },
    };
    const hanging: Fixture = {
        files: { ...down.files, ...proxmox },
        pretend: `
real = commands.run
commands.run = lambda argv, *rest, **options: commands.Outcome(None, "", "", "no answer after 5 s, stopped") if argv[0] == "cat" else real(argv, *rest, **options)`,
    };
    test.each(["storage-mountpoint", "device-names"])("%s is unknown with pmxcfs down, or hanging", async (check) => {
        expect(await ask(check, down)).toMatchObject({
            state: "unknown",
            code: "boot-pmxcfs-down",
            text: expect.stringContaining("pmxcfs is not mounted"),
        });
        expect(await ask(check, hanging)).toMatchObject({
            state: "unknown",
            code: "boot-pmxcfs-down",
            text: expect.stringContaining("no answer after 5 s"),
        });
    });
    test("one that hangs is waited for once, and a file is read once, however many checks ask", async () => {
        const pretend = `
from concerns.bootReadiness.node.checks import device_names, ha_state, storage_mountpoint
asked, really = [], commands.run
def run(argv, *rest, **options):
    asked.append(argv)
    return commands.Outcome(None, "", "", "stopped") if hangs else commands.Outcome(0, "", "")
commands.run = run
told = []
for hangs in (True, False):
    each, asked = machine.Machine(given["root"]), []
    for check in (device_names, ha_state, storage_mountpoint): check.check(each)
    told.append(len([argv for argv in asked if argv[0] == "cat"]))
audit.verdict_of = lambda *_: ("bad", "", str(told), "")`;
        expect((await ask("device-names", { files: hanging.files, pretend })).text).toBe("[1, 4]");
    });
    test("a fault that is seen all the same is told", async () => {
        const files = { ...down.files, "/etc/fstab": "/dev/sdb1 /srv/local ext4 nofail 0 2\n" };
        expect(await ask("device-names", { ...down, files })).toMatchObject({ state: "bad" });
    });
    test("a node without Proxmox has none", async () => {
        const files = { "/etc/fstab": root };
        expect(await ask("device-names", { files })).toMatchObject({ state: "ok" });
        expect(await ask("storage-mountpoint", { files })).toMatchObject({ state: "skipped" });
    });
});
