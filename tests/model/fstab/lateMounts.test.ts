/**
 * Escaping is compared with systemd's own program where it is there; links are those that udev 257 was seen to make.
 */
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { lateMounts, parseFstab, renderFstabEntry } from "../../../model/fstab";
import { deviceLink, mountUnitName } from "../../../model/fstab/lateMounts";
import { runs } from "../../helpers/soak";

const late = (...lines: string[]) =>
    lateMounts(
        parseFstab(lines.join("\n")).flatMap(({ entry }) => (entry ? [entry] : [])),
        ({ target }) => target === "/",
    );

describe("lateMounts", () => {
    it("are the optional ones on a device that the boot asks for", () => {
        expect(
            late(
                "UUID=0a1b / ext4 nofail 0 1",
                "UUID=9c8d /srv/local ext4 defaults,nofail 0 2",
                "/dev/pve/vm /srv/vm ext4 nofail 0 2",
                "UUID=4C8E-0B1D /boot/efi vfat nofail 0 1",
            ),
        ).toEqual([
            { link: "disk/by-uuid/9c8d", unit: "srv-local.mount" },
            { link: "pve/vm", unit: "srv-vm.mount" },
            { link: "disk/by-uuid/4C8E-0B1D", unit: "boot-efi.mount" },
        ]);
    });

    test.each([
        "UUID=9c8d /srv/a ext4 defaults 0 2",
        "UUID=9c8d none swap sw,nofail 0 0",
        "UUID=9c8d /srv/a ext4 nofail,noauto 0 2",
        "UUID=9c8d /srv/a ext4 nofail,x-systemd.automount 0 2",
        "UUID=9c8d /srv/a ext4 nofail,comment=systemd.automount 0 2",
        "UUID=9c8d /srv/a ext4 nofail,_netdev 0 2",
        "nas:/a /srv/a nfs nofail 0 0",
        "/srv/a /srv/b none bind,nofail 0 0",
        "tank/a /srv/a zfs nofail 0 0",
        "tmpfs /srv/a tmpfs nofail 0 0",
        "/srv/a.iso /srv/a iso9660 loop,nofail 0 0",
        "/dev/sdb1 /srv/a ext4 nofail 0 2",
        "UUID=9c8d srv ext4 nofail 0 2",
        "UUID=9c8d /srv/../a ext4 nofail 0 2",
        "/dev/mapper/a* /srv/a ext4 nofail 0 2",
    ])("%s is none", (line) => {
        expect(late(line)).toEqual([]);
    });

    it("hold nothing that ends a string of a udev rule, is a pattern, or is replaced in it", () => {
        const name = fc.string({
            unit: fc.oneof(
                fc.constantFrom(
                    "a",
                    '"',
                    "'",
                    "\\",
                    "\n",
                    "\r",
                    "*",
                    "?",
                    "[",
                    "]",
                    "|",
                    "$",
                    "%",
                    " ",
                    "/",
                    "\0",
                    "-",
                    ".",
                    "é",
                    "\\x2f",
                ),
                fc.string({ unit: "binary", maxLength: 1 }),
            ),
            minLength: 1,
        });
        const source = fc
            .tuple(
                fc.constantFrom(
                    "LABEL=",
                    'LABEL="',
                    "UUID=",
                    "PARTLABEL=",
                    "/dev/",
                    "/dev/mapper/",
                    "/dev/disk/by-label/",
                ),
                name,
            )
            .map(([start, rest]) => start + rest);
        fc.assert(
            fc.property(source, name, (from, target) => {
                for (const { link, unit } of late(
                    renderFstabEntry({ source: from, target: `/${target}`, fstype: "ext4", options: ["nofail"] }),
                )) {
                    expect(link).not.toMatch(/["'*?[\]|$%\s\0]|\\(?!x[0-9a-f]{2})/);
                    expect(unit).toMatch(/^(?:[\w:.-]|\\x[0-9a-f]{2})+\.mount$/);
                }
            }),
            { numRuns: runs(500) },
        );
    });
});

test.each([
    ["UUID=9c8d7e6f-1111-4222-8333-444455556666", "disk/by-uuid/9c8d7e6f-1111-4222-8333-444455556666"],
    ['LABEL="my disk"', "disk/by-label/my\\x20disk"],
    ["LABEL=größe", "disk/by-label/größe"],
    ['LABEL=a/b*?[c]|"d"\\', "disk/by-label/a\\x2fb\\x2a\\x3f\\x5bc\\x5d\\x7c\\x22d\\x22\\x5c"],
    ["PARTUUID=5e3da3da-01", "disk/by-partuuid/5e3da3da-01"],
    ["PARTLABEL=EFI system", "disk/by-partlabel/EFI\\x20system"],
    ["/dev/disk/by-label/my\\x20disk", "disk/by-label/my\\x20disk"],
    ["/dev/disk/by-path/pci-0000:00:1f.2-ata-1", "disk/by-path/pci-0000:00:1f.2-ata-1"],
    ["/dev/mapper/pve-vm--100", "mapper/pve-vm--100"],
    ["/dev//pve/vm", "pve/vm"],
])("the link of %s is %s", (source, link) => {
    expect(deviceLink(source)).toBe(link);
});

test.each([
    "/dev/sdb1",
    "/dev/nvme0n1p1",
    "/dev/sr0",
    "/dev/mapper/a?",
    '/dev/mapper/a"',
    "/dev/mapper/a\n",
    "/dev/mapper/a\\",
    "/dev/mapper/a b",
    "/dev/",
    "LABEL=",
    "ID=usb-a",
    "tank/vm",
])("%j has none that could stand in a rule", (source) => {
    expect(deviceLink(source)).toBeUndefined();
});

describe("mountUnitName", () => {
    const hasSystemd = spawnSync("systemd-escape", ["--version"]).status === 0;

    test.each([
        ["/", "-.mount"],
        ["/srv/local", "srv-local.mount"],
        ["//srv/./local/", "srv-local.mount"],
        ["/srv/my-data dir", "srv-my\\x2ddata\\x20dir.mount"],
        ["/.hidden/.a", "\\x2ehidden-.a.mount"],
        ["/srv/größe", "srv-gr\\xc3\\xb6\\xc3\\x9fe.mount"],
        ["/a\\b", "a\\x5cb.mount"],
    ])("of %s is %s", (target, unit) => {
        expect(mountUnitName(target)).toBe(unit);
        if (hasSystemd) expect(escaped(target)).toBe(unit);
    });

    it("does not exist for a relative path, one with .., or a name that is too long", () => {
        expect(["srv", "", "/srv/../a", `/${"a".repeat(250)}`].map(mountUnitName)).toEqual([
            undefined,
            undefined,
            undefined,
            undefined,
        ]);
    });

    (hasSystemd ? it : it.skip)("is what systemd-escape says", () => {
        const part = fc.string({
            unit: fc.oneof(
                fc.constantFrom("/", ".", "-", "_", ":", "\\", " ", "\n", '"', "é", "x"),
                fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
            ),
            minLength: 1,
            maxLength: 30,
        });
        const targets = fc
            .sample(part, runs(120))
            .map((path) => `/${path}`)
            .filter((path) => !path.includes("\0") && mountUnitName(path) !== undefined);
        expect(targets.length).toBeGreaterThan(60);
        expect(targets.map(mountUnitName)).toEqual(targets.map(escaped));
    });
});

function escaped(path: string): string {
    return spawnSync("systemd-escape", ["--path", "--suffix=mount", "--", path], { encoding: "utf8" }).stdout.replace(
        /\n$/,
        "",
    );
}
