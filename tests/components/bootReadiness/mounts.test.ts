/** What the next boot mounts, and what it waits for. */
import { ask, pairs, proxmox, type Fixture } from "./machine";

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
