import fc from "fast-check";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import {
    formatFstab,
    hardenEntry,
    hardenFstab,
    lintFstab,
    parseFstab,
    renderFstabEntry,
    type FstabEntry,
} from "../../../model/fstab";
import { runs } from "../../helpers/soak";

const all = "nofail,x-systemd.device-timeout=30s,x-systemd.before=pve-guests.service";
const line = fc.oneof(
    fc
        .tuple(
            fc.constantFrom(
                "UUID=4C8E-0B1D",
                "/dev/pve/root",
                "/dev/sdb1",
                "LABEL=vm",
                "proc",
                "tmpfs",
                "192.0.2.60:/x",
                "/srv/x",
                "rpool/data",
                "/srv/i.img",
            ),
            fc.constantFrom("/", "/var", "/boot/efi", "/srv/local", "/srv//local/", "none", "srv"),
            fc.constantFrom("ext4", "vfat", "swap", "proc", "tmpfs", "nfs", "none", "zfs", "xfs"),
            fc.constantFrom(
                "",
                "defaults",
                "noauto",
                "bind",
                "nofail",
                "rw,,loop",
                "x-systemd.device-timeout=10",
                "_netdev,nofail",
                'context="a,b",nofail',
            ),
            fc.constantFrom("", "0", "0 2", "0 2 # kept", "x"),
            fc.constantFrom(" ", "\t", "  \t "),
        )
        .map(([source, target, fstype, options, rest, gap]) =>
            [source, target, fstype, ...(options ? [options, rest] : [])].join(gap),
        ),
    fc.constantFrom("", "# comment", "  # indented", "\t ", "27: enx: <UP> mtu 1500", "LABEL=vm"),
);
const fstab = fc
    .tuple(fc.array(line, { maxLength: 8 }), fc.constantFrom("\n", "\r\n"), fc.boolean())
    .map(([lines, end, final]) => lines.join(end) + (final ? end : ""));

describe("parse and format", () => {
    it("give back any text byte for byte", () => {
        fc.assert(
            fc.property(
                fc.oneof(
                    fstab,
                    fc.string({ unit: "binary" }),
                    fc.string({ unit: fc.constantFrom("#", " ", "\t", "\r", "\n", "\\", "0", "/", "a", ",") }),
                ),
                (content) => {
                    expect(formatFstab(parseFstab(content))).toBe(content);
                },
            ),
        );
    });

    test.each(["valid", "broken"])("give back the %s fixtures", (kind) => {
        const folder = join(__dirname, "../../fixtures/fstab", kind);
        for (const name of readdirSync(folder)) {
            const content = readFileSync(join(folder, name), "utf8");
            expect(formatFstab(parseFstab(content))).toBe(content);
        }
    });

    it("decode escapes and keep quoted commas together", () => {
        const [parsed] = parseFstab('LABEL=my\\040disk\t/srv/gr\\303\\266\\303\\237e ext4 rw,context="a,b" 0 2');
        expect(parsed?.entry).toEqual({
            source: "LABEL=my disk",
            target: "/srv/größe",
            fstype: "ext4",
            options: ["rw", 'context="a,b"'],
            dump: 0,
            passno: 2,
        });
        expect(parsed?.fields[1]).toMatchObject({ text: "/srv/gr\\303\\266\\303\\237e", column: 18 });
    });

    it("a rendered entry parses back to itself, whatever is in its names", () => {
        const name = fc.string({
            unit: fc.constantFrom("a", "#", " ", "\t", "\n", "\\", "0", "4", "é", "/", "\r"),
            minLength: 1,
        });
        fc.assert(
            fc.property(name, name, (source, target) => {
                const entry: FstabEntry = {
                    source,
                    target,
                    fstype: "ext4",
                    options: ["rw", "noatime"],
                    dump: 0,
                    passno: 2,
                };
                expect(parseFstab(`${renderFstabEntry(entry)}\n`).map((parsed) => parsed.entry)).toEqual([entry]);
            }),
        );
    });
});

describe("hardenEntry", () => {
    const harden = (text: string, essential = false) =>
        renderFstabEntry(hardenEntry(parseFstab(text)[0]!.entry!, { essential }));

    test.each([
        ["LABEL=vm /srv/vm ext4 defaults 0 2", `LABEL=vm /srv/vm ext4 defaults,${all} 0 2`],
        ["LABEL=vm /srv/vm ext4 noatime,rw 0 2", `LABEL=vm /srv/vm ext4 noatime,rw,${all} 0 2`],
        [
            "LABEL=vm /srv/vm ext4 nofail,x-systemd.device-timeout=5 0 2",
            "LABEL=vm /srv/vm ext4 nofail,x-systemd.device-timeout=5,x-systemd.before=pve-guests.service 0 2",
        ],
        [
            "UUID=4C8E-0B1D /boot/efi vfat defaults 0 1",
            "UUID=4C8E-0B1D /boot/efi vfat defaults,nofail,x-systemd.device-timeout=30s 0 1",
        ],
        ["/dev/pve/swap none swap sw 0 0", "/dev/pve/swap none swap sw,nofail,x-systemd.device-timeout=30s 0 0"],
        ["/dev/disk/by-id/scsi-1 /srv/san xfs _netdev 0 0", `/dev/disk/by-id/scsi-1 /srv/san xfs _netdev,${all} 0 0`],
        [
            "tank/vm /srv/vm zfs defaults 0 0",
            "tank/vm /srv/vm zfs defaults,nofail,x-systemd.before=pve-guests.service 0 0",
        ],
        [
            "/srv/tools.iso /mnt/tools iso9660 loop,ro 0 0",
            "/srv/tools.iso /mnt/tools iso9660 loop,ro,nofail,x-systemd.before=pve-guests.service 0 0",
        ],
    ])("%s becomes %s", (before, after) => {
        expect(harden(before)).toBe(after);
        expect(harden(after)).toBe(after);
    });

    test.each([
        "/dev/pve/root / ext4 errors=remount-ro 0 1",
        "LABEL=u /usr ext4 defaults 0 2",
        "LABEL=v /var/ ext4 defaults 0 2",
        "LABEL=b /boot ext4 defaults 0 2",
        "LABEL=e /srv/e ext4 x-holdfast.essential 0 2",
        "proc /proc proc defaults 0 0",
        "tmpfs /tmp tmpfs size=1G 0 0",
        "/srv/a /srv/b none bind 0 0",
        "/dev/shm /srv/shm none bind 0 0",
        "192.0.2.60:/x /mnt/x nfs defaults 0 0",
        "//192.0.2.60/x /mnt/y cifs guest 0 0",
        "root@192.0.2.60:/x /mnt/z fuse.sshfs _netdev 0 0",
        "/swapfile none swap sw 0 0",
        "/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0",
        "overlay /m overlay lowerdir=/a 0 0",
    ])("leaves %s alone", (text) => {
        expect(harden(text)).toBe(text);
    });

    it("leaves an entry alone that is declared essential", () => {
        expect(harden("LABEL=vm /var/lib/vz xfs defaults 0 2", true)).toBe("LABEL=vm /var/lib/vz xfs defaults 0 2");
    });
});

describe("hardenFstab", () => {
    it("is idempotent, loses no comment and leaves nothing that it repairs", () => {
        fc.assert(
            fc.property(fstab, (content) => {
                const result = hardenFstab(content);
                expect(hardenFstab(result)).toBe(result);
                const others = (text: string) => text.split("\n").filter((each) => !parseFstab(each)[0]?.entry);
                expect(others(result)).toEqual(others(content));
                expect(
                    lintFstab(result, {}).filter(
                        ({ rule }) => rule === "missing-nofail" || rule === "missing-device-timeout",
                    ),
                ).toEqual([]);
            }),
            { numRuns: runs(400) },
        );
    });

    it("changes the options field only", () => {
        const content =
            "# root\n/dev/pve/root\t/\text4 errors=remount-ro 0 1\n\n# images\nLABEL=my\\040vm   /srv/vm\text4\tdefaults\t0  2  # kept\r\nLABEL=short /srv/short ext4\n";
        expect(hardenFstab(content)).toBe(
            `# root\n/dev/pve/root\t/\text4 errors=remount-ro 0 1\n\n# images\nLABEL=my\\040vm   /srv/vm\text4\tdefaults,${all}\t0  2  # kept\r\nLABEL=short /srv/short ext4 defaults,${all}\n`,
        );
    });

    it("takes the essential targets from its caller, in any spelling", () => {
        expect(hardenFstab("LABEL=vm /var/lib/vz xfs defaults 0 2\n", { essential: ["/var/lib//vz/"] })).toBe(
            "LABEL=vm /var/lib/vz xfs defaults 0 2\n",
        );
    });
});

it("every corruption of a sound file is caught at its line", () => {
    const sound = "# fstab\n/dev/pve/root / ext4 errors=remount-ro 0 1\nproc /proc proc defaults 0 0\n".split(
        /(?<=\n)/,
    );
    const corruption = fc.constantFrom(
        ["stray-line", "27: enx60a4b758ba5b: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500"],
        ["stray-line", "root@pve01:~# mount -a"],
        ["stray-line", "[   12.345678] sdc: detached"],
        ["device-name", "/dev/sdc1 /srv/local ext4 defaults,nofail 0 2"],
        ["too-few-fields", "LABEL=vm /srv/vm"],
        ["bad-dump", "LABEL=vm /srv/vm ext4 defaults # vm"],
        ["relative-target", "LABEL=vm srv ext4 defaults 0 0"],
    );
    fc.assert(
        fc.property(corruption, fc.nat({ max: sound.length }), ([rule, text], index) => {
            const content = [...sound.slice(0, index), `${text}\n`, ...sound.slice(index)].join("");
            const errors = lintFstab(content, {})
                .filter(({ severity }) => severity === "error")
                .map((finding) => `${finding.line} ${finding.rule}`);
            expect(errors).toContain(`${index + 1} ${rule}`);
        }),
    );
});
