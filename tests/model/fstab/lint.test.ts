import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { hardenFstab, lintFstab } from "../../../model/fstab";
import type { LintContext, NodeFacts } from "../../../model/lint/lintContext";

const fixtures = join(__dirname, "../../fixtures/fstab");
const read = (name: string) => readFileSync(join(fixtures, name), "utf8");
const root = "UUID=f9fe0b69-a280-415d-a03a-a32752370dee / ext4 errors=remount-ro 0 1\n";
const found = (content: string, context: LintContext = {}, severity = "error") =>
    lintFstab(content, context)
        .filter((finding) => finding.severity === severity)
        .map(({ rule, line }) => `${line} ${rule}`);
const messageOf = (content: string, rule: string, context: LintContext = {}) =>
    lintFstab(content, context).find((finding) => finding.rule === rule)?.message;

const facts: NodeFacts = {
    hostname: "pve01",
    links: [],
    mounts: [{ source: "/dev/sda2", target: "/", fstype: "ext4", uuid: "f9fe0b69-a280-415d-a03a-a32752370dee" }],
    blockDevices: [
        { path: "/dev/sda1", uuid: "4C8E-0B1D", partuuid: "2f6b5c3e-01", fstype: "vfat", links: [] },
        {
            path: "/dev/sda2",
            uuid: "f9fe0b69-a280-415d-a03a-a32752370dee",
            label: "root",
            fstype: "ext4",
            links: ["/dev/disk/by-id/ata-EXAMPLE-part2"],
        },
        { path: "/dev/sdc1", uuid: "0a1b2c3d-1111-4222-8333-444455556666", label: "vm", fstype: "ext4", links: [] },
    ],
};

describe("an fstab that works", () => {
    test.each(readdirSync(join(fixtures, "valid")))("%s has no error", (name) => {
        expect(lintFstab(read(`valid/${name}`), {}).filter(({ severity }) => severity === "error")).toEqual([]);
    });

    test.each(readdirSync(join(fixtures, "valid")))(
        "%s has no option that is called unknown, and no line that is called short",
        (name) => {
            expect(
                lintFstab(read(`valid/${name}`), {}).filter(({ rule }) =>
                    [
                        "unknown-option",
                        "too-few-fields",
                        "bad-escape",
                        "hides-earlier-mount",
                        "relative-target",
                    ].includes(rule),
                ),
            ).toEqual([]);
        },
    );

    it("from the ZFS installer lacks / and says only that this was not checked", () => {
        expect(lintFstab(read("valid/proxmox-zfs"), {}).map(({ severity, rule }) => `${severity} ${rule}`)).toEqual([
            "not checked missing-root",
        ]);
        expect(
            lintFstab(read("valid/proxmox-zfs"), {
                facts: { ...facts, mounts: [{ source: "rpool/ROOT/pve-1", target: "/", fstype: "zfs" }] },
            }),
        ).toEqual([]);
    });
});

describe("an fstab that does not work", () => {
    const broken: Record<string, string> = {
        "blkid-appended": "2 stray-line",
        "byte-order-mark": "1 byte-order-mark",
        "comment-in-dump": "2 bad-dump",
        "comments-only": "1 empty-file",
        conflict: "3 stray-line",
        "duplicate-target": "3 duplicate-target",
        empty: "1 empty-file",
        "incident-a": "3 device-name",
        "md-and-dm": "3 device-name",
        "mount-output": "2 stray-line",
        "nul-byte": "2 nul-byte",
        "nvme-name": "1 device-name",
        object: "2 object-object",
        "output-as-text": "2 unresolved-output",
        "pass-not-a-number": "1 bad-pass",
        "prompt-pasted": "2 stray-line",
        "relative-target": "2 relative-target",
        "stray-ip-link": "2 stray-line",
        template: "2 unrendered-template",
        "two-fields": "2 too-few-fields",
        "undefined-uuid": "2 undefined-value",
    };

    it("has an expectation for every fixture", () => {
        expect(Object.keys(broken).sort()).toEqual(readdirSync(join(fixtures, "broken")).sort());
    });

    test.each(Object.entries(broken))("%s: error on line %s", (name, expected) => {
        expect(found(read(`broken/${name}`))).toContain(expected);
    });
});

describe("a source that the type cannot be mounted from", () => {
    test.each([
        ["UUUID=9c8d /srv/a ext4 defaults 0 2", "UUID=9c8d"],
        ["uuid=9c8d /srv/a xfs nofail 0 2", "UUID=9c8d"],
        ["UUID:9c8d /srv/a btrfs defaults 0 2", "UUID=9c8d"],
        ["LABLE=vm /srv/a ext4 defaults 0 2", "LABEL=vm"],
        ["9c8d7e6f-1111-4222-8333-444455556666 /srv/a ext4 defaults 0 2", "UUID=9c8d7e6f-1111-4222-8333-444455556666"],
        ["4C8E-0B1D /boot/efi vfat defaults 0 1", "UUID=4C8E-0B1D"],
        ["pve/data /srv/a ext4 defaults 0 2", "/dev/pve/data"],
        ["dev/pve/data /srv/a auto defaults 0 2", "/dev/pve/data"],
        ["pve/swap none swap sw 0 0", "/dev/pve/swap"],
    ])("%s: did you mean %s?", (line, meant) => {
        expect(found(`${root}${line}\n`)).toEqual(["2 bad-source"]);
        expect(messageOf(`${root}${line}\n`, "bad-source")).toContain(`Did you mean ${meant}?`);
        expect(found(`${root}${line.replace(/defaults|nofail|sw /, "noauto ")}\n`)).toEqual([]);
    });

    it("is warned about as any disk that may be missing, and hardened", () => {
        expect(found(`${root}UUUID=9c8d /srv/a ext4 defaults 0 2\n`, {}, "warning")).toEqual(["2 missing-nofail"]);
        expect(hardenFstab("UUUID=9c8d /srv/a ext4 defaults 0 2\n")).toContain("nofail");
    });

    test.each(["UUID=", 'UUID=""', "none", "disk"])("%s", (source) => {
        expect(found(`${root}${source} /srv/a ext4 defaults 0 2\n`)).toEqual(["2 bad-source"]);
    });

    test.each([
        "ID=wwn-1 /srv/a ext4 nofail 0 0",
        "none /tmp tmpfs defaults 0 0",
        "nas:/x /srv/a nfs nofail 0 0",
        "nas:/x /srv/a auto nofail 0 0",
        "//nas/x /srv/a cifs nofail 0 0",
        "u@nas:/x /srv/a fuse.sshfs nofail 0 0",
        "admin@.fs=/ /srv/a ceph nofail 0 0",
        "h1,h2:/ /srv/a ceph nofail 0 0",
        "tank/vm /srv/a zfs nofail 0 0",
        "share /srv/a 9p nofail 0 0",
        "share /srv/a virtiofs nofail 0 0",
        "overlay /srv/a overlay lowerdir=/b 0 0",
        "/b /srv/a none bind 0 0",
        "/b /srv/a none rbind,ro 0 0",
        "i.img /srv/a ext4 loop,nofail 0 0",
    ])("does not include %s", (line) => {
        expect(found(`${root}${line}\n`)).toEqual([]);
    });

    it("a bind that is misspelt is an error: mount(8) knows no type none", () => {
        expect(found(`${root}/a /b none bidn 0 0\n/a /c none defaults 0 0\n`)).toEqual([
            "2 none-without-bind",
            "3 none-without-bind",
        ]);
        expect(messageOf(`${root}/a /b none bidn 0 0\n`, "none-without-bind")).toContain(
            "Did you mean 'bind' instead of 'bidn'?",
        );
        expect(found(`${root}/a /b none noauto 0 0\n`, {}, "warning")).toEqual(["2 none-without-bind"]);
    });
});

describe("a device name that is written otherwise", () => {
    test.each([
        "/dev//sdb1 /srv/a ext4",
        "//dev/sdb1 /srv/a ext4",
        "/dev/./sdb1 /srv/a ext4",
        "/dev/disk/by-diskseq/9 /srv/a ext4",
        "/dev/block/8:17 /srv/a ext4",
        "UUID=9c8d /srv/a btrfs degraded,device=/dev/sdb",
        "UUID=9c8d /srv/a xfs logdev=/dev/sdc1",
        "UUID=9c8d /srv/a xfs rtdev=/dev//sdc1",
        "UUID=9c8d /srv/a ext4 journal_path=/dev/nvme0n1p3",
        "UUID=9c8d /srv/a auto device=/dev/sdb",
    ])("%s is an error", (line) => {
        const options = line.split(" ").length === 4 ? "," : " ";
        expect(found(`${root}${line}${options}nofail 0 2\n`)).toEqual(["2 device-name"]);
        expect(found(`${root}${line}${options}noauto 0 2\n`)).toEqual([]);
    });

    test.each([
        "//dev/sdb1 /srv/a cifs guest",
        "UUID=9c8d /srv/a btrfs device=/dev/disk/by-id/ata-X,device=/dev/mapper/luks-1",
        "UUID=9c8d /srv/a xfs logdev=/dev/pve/log",
        "share /srv/a fuse.x device=/dev/sdb",
        "/dev/mapper/../pve/data /srv/a ext4 nofail",
    ])("%s is none", (line) => {
        expect(found(`${root}${line} 0 0\n`)).toEqual([]);
    });

    it("in an option is told with the path to write", () => {
        const withLink: NodeFacts = {
            ...facts,
            blockDevices: [
                ...facts.blockDevices,
                { path: "/dev/sdd", links: ["/dev/disk/by-diskseq/9", "/dev/disk/by-id/ata-EXAMPLE2"] },
            ],
        };
        expect(
            messageOf(`${root}UUID=9c8d /srv/a btrfs device=/dev//sdd 0 0\n`, "device-name", { facts: withLink }),
        ).toContain("Write /dev/disk/by-id/ata-EXAMPLE2, which");
        expect(messageOf(`${root}/dev/./sdc1 /srv/a ext4 nofail 0 0\n`, "device-name", { facts })).toContain(
            "Write UUID=0a1b2c3d-1111-4222-8333-444455556666",
        );
    });
});

describe("a type", () => {
    test.each([
        ["UUID=9c8d /srv/e defaults ext4 0 2", "Write ext4 as the type and defaults as the options."],
        ["UUID=9c8d /srv/e defaults,nofail ext4 0 2", "Write ext4 as the type"],
        ["LABEL=vm /srv/e errors=remount-ro xfs 0 2", "Write xfs as the type"],
        ["LABEL=vm /srv/e nofail 0 2", "in this order"],
        ["/a /b bind defaults 0 0", "Write none as the type, and bind among the options."],
    ])("that is an option is an error: %s", (line, remedy) => {
        expect(found(`${root}${line}\n`)).toContain("2 option-as-type");
        expect(messageOf(`${root}${line}\n`, "option-as-type")).toContain(remedy);
    });

    test.each([
        ["btrsf", "btrfs"],
        ["ext5", "ext4"],
        ["etx4", "ext4"],
        ["EXT4", "ext4"],
        ["xsf", "xfs"],
        ["vfta", "vfat"],
        ["tmfps", "tmpfs"],
        ["ext-4", "ext4"],
        ["nsf4", "nfs4"],
    ])("%s warns: did you mean %s?", (type, meant) => {
        const content = `${root}LABEL=vm /srv/e ${type} nofail,x-systemd.device-timeout=30s 0 2\n`;
        expect(found(content)).toEqual([]);
        expect(messageOf(content, "unknown-type")).toContain(`Did you mean '${meant}'?`);
    });

    test.each([
        "zfs",
        "afs",
        "ufs",
        "jffs2",
        "ubifs",
        "fuse.x",
        "fuse.sshfz",
        "mfs",
        "beegfs",
        "orangefs",
        "quobyte",
        "ext4,ext3",
        "udf,iso9660",
        "auto",
        "gfs2",
        "smb3",
        "nfs4",
        "ntfs-3g",
        "cephfuse",
        "lizardfs",
        "s3ql",
        "bees",
    ])("%s stays without a finding", (type) => {
        expect(
            lintFstab(`${root}x:/y /srv/e ${type} nofail,x-systemd.device-timeout=30s 0 2\n`, {}).filter(({ rule }) =>
                rule.endsWith("-type"),
            ),
        ).toEqual([]);
    });

    test.each(["/a /b bind bind 0 0", "/a /b defaults bind 0 0", "/a /b ext5 rbind 0 0"])(
        "of a bind may be anything: %s",
        (line) => {
            expect(lintFstab(`${root}${line}\n`, {}).filter(({ rule }) => rule.endsWith("-type"))).toEqual([]);
        },
    );

    test.each([
        ["LABEL=vm /srv/e xfs", ["2 type-differs"]],
        ["LABEL=vm /srv/e btrfs", ["2 type-differs"]],
        ["LABEL=vm none swap", ["2 type-differs"]],
        ["UUID=4C8E-0B1D /boot/efi ext4", ["2 type-differs"]],
        ["LABEL=vm /srv/e ext4", []],
        ["LABEL=vm /srv/e ext3", []],
        ["LABEL=vm /srv/e ext2", []],
        ["LABEL=vm /srv/e auto", []],
        ["LABEL=vm /srv/e ext4,xfs", []],
        ["LABEL=vm /srv/e zfs", []],
        ["LABEL=vm /srv/e fuse.x", []],
        ["UUID=4C8E-0B1D /boot/efi msdos", []],
        ["UUID=dead /srv/e xfs", []],
        ["/srv/i.img /srv/e xfs", []],
    ])("is compared with what is on the node's device: %s: %j", (line, expected) => {
        expect(found(`${root}${line} nofail 0 2\n`, { facts })).toEqual(expected);
        expect(found(`${root}${line} noauto 0 2\n`, { facts })).toEqual([]);
        expect(found(`${root}${line} loop,nofail 0 2\n`, { facts })).toEqual([]);
        expect(found(`${root}${line} nofail 0 2\n`).filter((finding) => finding.endsWith("type-differs"))).toEqual([]);
    });

    it("that is mounted so works, whatever udev says", () => {
        const mounted = {
            ...facts,
            mounts: [...facts.mounts, { source: "/dev/sdc1", target: "/srv/e", fstype: "xfs" }],
        };
        expect(found(`${root}LABEL=vm /srv/e xfs nofail 0 2\n`, { facts: mounted })).toEqual([]);
    });
});

describe("warnings", () => {
    test.each([
        ["three fields, which mount accepts", "LABEL=vm /srv/vm ext4\n", "2 too-few-fields"],
        ["a data mount without nofail", "LABEL=vm /srv/vm ext4 defaults 0 2\n", "2 missing-nofail"],
        ["swap without nofail", "LABEL=swap none swap sw 0 0\n", "2 missing-nofail"],
        ["nofail without a device timeout", "LABEL=vm /srv/vm ext4 nofail 0 2\n", "2 missing-device-timeout"],
        ["a device name that is not mounted at boot", "/dev/sdb1 /media/usb0 auto user,noauto 0 0\n", "2 device-name"],
        ["an unknown option", "LABEL=vm /srv/vm ext4 nofial 0 2\n", "2 unknown-option"],
        ["a broken octal escape", "LABEL=vm /srv/my\\04disk ext4 nofail 0 2\n", "2 bad-escape"],
        ["a target of none that is no swap", "LABEL=vm none ext4 nofail 0 2\n", "2 relative-target"],
        [
            "a parent after its child",
            "tmpfs /srv/a tmpfs size=1M 0 0\ntmpfs /srv tmpfs size=1M 0 0\n",
            "3 hides-earlier-mount",
        ],
        [
            "two drives with one mount point, mounted by hand",
            "LABEL=a /media/x auto noauto 0 0\nLABEL=b /media/x auto noauto 0 0\n",
            "3 duplicate-target",
        ],
    ])("%s", (_title, lines, expected) => {
        expect(found(root + lines, {}, "warning")).toContain(expected);
        expect(found(root + lines)).toEqual([]);
    });

    it("do not ask an essential entry for nofail", () => {
        expect(
            found(
                "LABEL=r / ext4 defaults 0 1\nLABEL=v /var/ ext4 defaults 0 2\nLABEL=b /boot ext4 defaults 0 2\nLABEL=x /srv/x ext4 x-holdfast.essential 0 2\n",
                {},
                "warning",
            ),
        ).toEqual([]);
    });

    it("suggest the option that was meant", () => {
        expect(messageOf(`${root}LABEL=vm /srv/vm ext4 nofial 0 2\n`, "unknown-option")).toContain(
            "Did you mean 'nofail'?",
        );
    });
});

describe("with the node's facts", () => {
    it("a device name's finding gives the UUID to write", () => {
        expect(messageOf(read("broken/incident-a"), "device-name", { facts })).toContain(
            "Write UUID=0a1b2c3d-1111-4222-8333-444455556666",
        );
        expect(messageOf(read("broken/incident-a"), "device-name")).toContain("blkid");
    });

    test.each([
        ["UUID=0a1b2c3d-1111-4222-8333-444455556666", []],
        ['UUID="4C8E-0B1D"', []],
        ["LABEL=vm", []],
        ["PARTUUID=2f6b5c3e-01", []],
        ["/dev/disk/by-uuid/0a1b2c3d-1111-4222-8333-444455556666", []],
        ["/dev/mapper/not-listed", []],
        ["UUID=dead", ["2 source-not-found"]],
        ["LABEL=gone", ["2 source-not-found"]],
        ["PARTUUID=gone", ["2 source-not-found"]],
        ["/dev/disk/by-label/gone", ["2 source-not-found"]],
    ])("source %s: %j", (source, expected) => {
        expect(found(`${root}${source} /srv/vm auto defaults 0 2\n`, { facts })).toEqual(expected);
        expect(
            found(`${root}${source} /srv/vm auto nofail,x-systemd.device-timeout=30s 0 2\n`, { facts }, "warning"),
        ).toEqual(expected);
        expect(found(`${root}${source} /srv/vm auto noauto 0 2\n`, { facts })).toEqual([]);
    });

    it("a file without / is an error where root is a block device", () => {
        expect(found("proc /proc proc defaults 0 0\n", { facts })).toEqual(["1 missing-root"]);
    });

    it("another root than the mounted one is an error, in whatever spelling", () => {
        expect(found("LABEL=vm / ext4 defaults 0 1\n", { facts })).toEqual(["1 root-differs"]);
        expect(found("LABEL=root / ext4 defaults 0 1\n", { facts })).toEqual([]);
        expect(found("/dev/disk/by-id/ata-EXAMPLE-part2 / ext4 defaults 0 1\n", { facts })).toEqual([]);
    });

    it("root is not compared where it is no block device, as in a container", () => {
        expect(
            found("LABEL=vm / ext4 defaults 0 1\n", {
                facts: { ...facts, mounts: [{ source: "overlay", target: "/", fstype: "overlay" }] },
            }),
        ).toEqual([]);
    });

    it("nothing is left unchecked; without them each rule says so once", () => {
        const content = `${root}LABEL=vm /srv/a ext4 nofail 0 2\nLABEL=vm2 /srv/b ext4 nofail 0 2\n`;
        expect(found(content, { facts }, "not checked")).toEqual([]);
        expect(found(content, {}, "not checked")).toEqual(["1 root-differs", "1 source-not-found"]);
    });
});

it("says in every message what to do", () => {
    const files = ["broken", "valid"].flatMap((kind) =>
        readdirSync(join(fixtures, kind)).map((name) => `${kind}/${name}`),
    );
    const findings = files.flatMap((name) => [...lintFstab(read(name), {}), ...lintFstab(read(name), { facts })]);
    expect(findings.length).toBeGreaterThan(100);
    for (const { message } of findings)
        expect(message).toMatch(
            /^[^\n]+[.?:] (?:A |An |Add|Convert|Correct|Delete|Did you|Name|Remove|Render|Restore|Run|Save|Write|Check|Move)[^\n]*[.?]$/,
        );
});

describe("options that take more than was meant", () => {
    const of = (line: string, rule: string, context: LintContext = {}) =>
        lintFstab(`${root.replace("errors=remount-ro", "defaults")}${line}\n`, context)
            .filter((finding) => finding.rule === rule)
            .map(({ severity }) => severity);

    test.each([
        ["UUID=1 / ext4 noexec 0 1", "noexec-system", ["error"]],
        ["UUID=1 /usr ext4 users 0 1", "noexec-system", ["error"]],
        ["UUID=1 /usr ext4 users,exec,suid 0 1", "noexec-system", []],
        ["UUID=1 /usr ext4 users,exec,suid 0 1", "nosuid-system", []],
        ["UUID=1 / ext4 nosuid,nodev 0 1", "nosuid-system", ["warning"]],
        ["UUID=1 /tmp ext4 nosuid,noexec,nofail 0 1", "noexec-system", []],
        ["UUID=1 /mnt/win ntfs-3g soft,intr,nofail 0 0", "foreign-option", ["warning"]],
        ["UUID=1 /mnt/win ntfs-3g uid=1000,umask=022,nofail 0 0", "foreign-option", []],
        ["192.0.2.60:/export /mnt/nas nfs soft,intr 0 0", "foreign-option", []],
    ])("%s: %s %j", (line, rule, severities) => {
        expect(of(line, rule)).toEqual(severities);
    });

    test("the thin pool of Proxmox's installer is no file system, as the node's own names tell", () => {
        const pool = (path: string) => ({ path, links: [] });
        const context = {
            facts: {
                ...facts,
                blockDevices: [
                    ...facts.blockDevices,
                    pool("/dev/mapper/pve-data_tdata"),
                    pool("/dev/mapper/my--vg-thin_tdata"),
                ],
            },
        };
        expect(of("/dev/pve/data /var/lib/vz ext4 nofail 0 2", "thin-pool", context)).toEqual(["error"]);
        expect(of("/dev/mapper/pve-data /var/lib/vz ext4 nofail,noauto 0 2", "thin-pool", context)).toEqual([
            "warning",
        ]);
        expect(of("/dev/my-vg/thin /srv ext4 nofail 0 2", "thin-pool", context)).toEqual(["error"]);
        expect(of("/dev/pve/vm /srv ext4 nofail 0 2", "thin-pool", context)).toEqual([]);
        expect(of("/dev/pve/data /var/lib/vz ext4 nofail 0 2", "thin-pool")).toEqual([]);
    });

    test("an option whose opposite is as near is not guessed at", () => {
        expect(messageOf("UUID=1 /a ext4 nsuid,nofail 0 2\n", "unknown-option")).not.toContain("Did you mean");
        expect(messageOf("UUID=1 /a ext4 nofial 0 2\n", "unknown-option")).toContain("Did you mean 'nofail'?");
    });
});

test.each([
    ["UUID=0a1b0000-0000-4000-8000-00000000001", ["3 bad-source"]],
    ['UUID="0a1b0000-0000-4000-8000"', ["3 bad-source"]],
    ["UUID=0a1b0000-0000-4000-8000-000000000001", []],
    ["UUID=4C8E-0B1D", []],
    ["UUID=2023-01-05-10-20-30-00", []],
    ["PARTUUID=2f6b5c3e-01", []],
])("a UUID that was cut short: %s", (source, expected) => {
    expect(found(`# cut\n${root}${source} /srv ext4 nofail,x-systemd.device-timeout=5s 0 2\n`)).toEqual(expected);
});
