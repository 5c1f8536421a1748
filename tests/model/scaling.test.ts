/**
 * The lints read what a compromised node says: four times the text may cost four times the work, not sixteen times.
 * Work is counted (tests/helpers/work.ts), never timed; bench/lints.ts has the milliseconds.
 */
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { analyse } from "scslre";
import type { LintContext } from "../../model/lint/lintContext";
import { lintRules } from "../../scripts/reference/lintRules";
import { WorkCounter } from "../helpers/work";
import { broken, faults } from "./interfaces/faults";

const formats = ["hosts", "fstab", "interfaces", "interfaces.d", "smartd"] as const;
type Format = (typeof formats)[number];

const root = join(__dirname, "../..");
const counter = new WorkCounter("/model/");
let lint: (typeof import("../../model/lint/formats"))["lintContent"];

beforeAll(async () => {
    // Not before the counter is there, see its constructor.
    ({ lintContent: lint } = await import("../../model/lint/formats"));
});
afterAll(() => counter.close());

const node = { name: "pve01", domain: "example.test", address: "192.0.2.11", address6: "2001:db8::11" };

/** A node with as much of everything as the text has lines. */
function contextOf(size: number): LintContext {
    const count = Array.from({ length: size }, (_, index) => index);
    return {
        node,
        peers: [{ name: "pve02", domain: "example.test", address: "192.0.2.12" }],
        sourced: { "/etc/network/interfaces.d/more": count.map((at) => `iface more${at} inet manual\n`).join("") },
        facts: {
            hostname: "pve01",
            blockDevices: count.map((at) => ({ path: `/dev/sd${at}`, uuid: `0-${at}`, fstype: "ext4", links: [] })),
            mounts: count.map((at) => ({ source: `/dev/sd${at}`, target: at ? `/m${at}` : "/", fstype: "ext4" })),
            links: count.map((at) => ({ name: `eno${at}`, state: "up" })),
        },
    };
}

/** Further lines first: smartd reads nothing after a DEVICESCAN. */
const corpus: Readonly<Record<Format, string>> = {
    hosts: furtherHosts() + fixtures("hosts"),
    fstab: furtherFstab() + fixtures("fstab"),
    interfaces: fixtures("interfaces") + faults.map((fault) => `${broken(fault)}\n`).join(""),
    "interfaces.d": fixtures("interfaces/valid"),
    smartd: furtherSmartd() + fixtures("smartd"),
};

function fixtures(folder: string): string {
    const paths = readdirSync(join(__dirname, "../fixtures", folder), { recursive: true, encoding: "utf8" })
        .map((name) => join(__dirname, "../fixtures", folder, name))
        .filter((path) => statSync(path).isFile() && !/\.(?:md|json)$/.test(path));
    // Each ends with a newline, also those whose fault is that they do not.
    return paths
        .map((path) => readFileSync(path, "utf8"))
        .map((text) => (text.endsWith("\n") ? text : `${text}\n`))
        .join("");
}

function furtherHosts(): string {
    return ["192.0.2.12 other", "192.0.2.99 pve02", "0.0.0.0 0.0.0.1", "192.0.2.5", ""].join("\n");
}

function furtherFstab(): string {
    return [
        "UUID=1 /a ext4 nofail 0 2",
        "UUID=0-1 /b xfs defaults 0 2",
        "UUID=0-2 / ext4 defaults 0 1",
        "/dev/vg/a /c/d ext4 nofail,x-systemd.device-timeout=1s,nofial 0 2",
        "/dev/vg/b /c ext5 nofail,x-systemd.device-timeout=1s 0 2",
        "/srv/a /e none defaults 0 0",
        "sdb1 /f ext4 nofail 0 2",
        "UUID=2 /g defaults ext4 0 2",
        "/dev/vg/c /h\\04 ext4 nofail 0 2",
        "UUID=3 /i ntfs-3g soft,intr,nofail,x-systemd.device-timeout=1s 0 0",
        "UUID=4 /usr ext4 noexec 0 2",
        "UUID=5 /usr ext4 nosuid 0 2",
        "",
    ].join("\n");
}

function furtherSmartd(): string {
    return [
        "/dev/sda -a",
        "/dev/sda -a",
        "/dev/disk/by-id/a -d sat -d scsi -M test -m root -q -W 300 stray -s",
        "/dev/disk/by-id/b -M exec x -m <nomailer>",
        "/dev/disk/by-id/c -m <nomailer>",
        "/dev/disk/by-id/d -M exec /x -d removable",
        "nodisk -a",
        "27: enp1s0: <BROADCAST,MULTICAST> mtu 1500",
        "",
    ].join("\n");
}

const copies = (text: string, count: number) => Array.from({ length: count }, () => text).join("");
/** With names of their own in each copy: `vmbr0` becomes `vmbr0x7`. */
const numbered = (text: string, count: number) =>
    Array.from({ length: count }, (_, at) =>
        text.replace(/\b[a-z]+\d+\b(?=[\s:])/g, (name) => `${name}x${at}`).replace(/(?<=\s\/\w+)(?=\s)/g, `${at}`),
    ).join("");

const patterns = new Set<string>();
const rulesSeen = new Set<string>();
const tolerated = 1.25;

/**
 * The work that each line costs in the greater text, by the work that it costs in the smaller one: 1, or a little more
 * for what is sorted.
 */
function growth(make: (size: number) => readonly [Format, string, LintContext], small: number, great: number): number {
    const measure = (size: number): number => {
        const given = make(size);
        const work = counter.measure(() => {
            for (const { rule } of lint(...given)) rulesSeen.add(rule);
        });
        for (const pattern of work.patterns) patterns.add(pattern);
        return work.steps / size;
    };
    const least = measure(small);
    return measure(great) / least;
}

describe.each(formats)("four times the lines of %s cost four times the work", (format) => {
    test.each([
        ["the same over and over", copies],
        ["names of their own", numbered],
    ])("%s", (_, repeat) => {
        expect(growth((size) => [format, repeat(corpus[format], size), contextOf(size * 100)], 1, 4)).toBeLessThan(
            tolerated,
        );
    });

    test("and the same holds for the words of one line", () => {
        const lines = corpus[format].split("\n").map((line) => line.trim().slice(0, 100));
        // One line of each kind: an option's name tells, elsewhere the lines are few.
        const some = Number(process.env.HOLDFAST_SOAK ?? 1) > 1 ? 30 : 12;
        const kinds = new Map(lines.map((line) => [format.startsWith("int") ? line.split(/\s/, 1)[0] : line, line]));
        const grown = [...kinds.values()]
            .slice(0, some)
            .flatMap((line) =>
                (format === "smartd" ? [" "] : ["", " ", ","]).map((separator) => ({ line, separator })),
            );
        const long = ({ line, separator }: (typeof grown)[number], size: number) =>
            [line, ...Array.from({ length: size }, () => /\S+$/.exec(line)?.[0] ?? "")].join(separator);
        const bad = grown.filter(
            (each) => growth((size) => [format, `${long(each, size)}\n`, contextOf(1)], 50, 200) > tolerated,
        );
        expect(bad.map(({ line, separator }) => `${line}${separator}…`)).toEqual([]);
    });
});

const chain = (size: number, close: boolean) =>
    Array.from(
        { length: size },
        (_, at) => `auto br${at}\niface br${at} inet manual\n\tbridge-ports br${close ? (at + 1) % size : at + 1}\n`,
    ).join("");

/** As the issue met them, and what a fixture does not hold. */
test.each<[string, Format, (size: number) => string]>([
    ["chained bridges", "interfaces", (size) => chain(size, false)],
    ["a circle of bridges", "interfaces", (size) => chain(size, true)],
    ["one iface over and over", "interfaces", (size) => copies("iface a inet static\n\taddress 192.0.2.1/24\n", size)],
    ["options of one iface", "interfaces", (size) => `iface a inet static\n${copies("\tadress 192.0.2.1\n", size)}`],
    [
        "gateways of one iface",
        "interfaces",
        (size) => `iface a inet static\n${copies("\taddress 192.0.2.1\n\tgateway 198.51.100.1\n\tnetmask 64\n", size)}`,
    ],
    [
        "auto lines of one name",
        "interfaces",
        (size) => `${copies("auto a\n", size)}iface a\n${copies("auto a\n", size)}`,
    ],
    ["ranges", "interfaces", (size) => copies("auto a[1-4096]\niface a[1-4096]\n", size)],
    ["blank lines", "interfaces", (size) => `auto a \\\n${copies("\n", size)}`],
    ["backslashes", "interfaces", (size) => copies("a \\\n", size)],
    [
        "ports of one bridge",
        "interfaces",
        (size) =>
            `iface a\n\tovs_type OVSBridge\n\tovs_ports \\\n${Array.from({ length: size }, (_, at) => `p${at} \\\n`).join("")}\n${Array.from({ length: size }, (_, at) => `iface p${at}\n\tovs_bridge a\n\tovs_type OVSPort\n`).join("")}`,
    ],
    [
        "mounts",
        "fstab",
        (size) => Array.from({ length: size }, (_, at) => `UUID=0-${at} /srv/d${at} ext4 defaults 0 2\n`).join(""),
    ],
    ["stray lines", "fstab", (size) => copies("27: enp1s0: <BROADCAST> mtu 1500\n", size)],
    ["names", "hosts", (size) => Array.from({ length: size }, (_, at) => `192.0.2.1 name${at}\n`).join("")],
    ["disks", "smartd", (size) => Array.from({ length: size }, (_, at) => `/dev/disk/by-id/ata-${at} -a\n`).join("")],
])("%s", (_, format, make) => {
    expect(growth((size) => [format, make(size), contextOf(size)], 200, 800)).toBeLessThan(tolerated);
});

/** What other lines of the corpus hide, each alone. */
const alone: readonly (readonly [Format, string, LintContext?])[] = [
    ...faults.map((fault) => ["interfaces", broken(fault)] as const),
    ["interfaces", "iface more0 inet manual\n"],
    ["interfaces", "auto vmbr0\niface vmbr0 inet static\n\taddress 192.0.2.11/24\n\tgateway 198.51.100.1\n"],
    ["hosts", "192.0.2.50 other\n"],
    ["hosts", "192.0.2.50 other\n", {}],
    ["fstab", "UUID=0-1 /data xfs nofail 0 2\n"],
    [
        "fstab",
        "/dev/pve/data /var/lib/vz ext4 nofail 0 2\n",
        { facts: { ...contextOf(0).facts!, blockDevices: [{ path: "/dev/mapper/pve-data_tdata", links: [] }] } },
    ],
];

test("every rule was among what was measured, alone where other lines hide it", () => {
    const titles = ["hosts", "fstab", "interfaces", "smartd.conf"];
    const rules = [...lintRules(root)].flatMap(([title, all]) => (titles.includes(title) ? all : []));
    const hidden = () => rules.map(({ name }) => name).filter((name) => !rulesSeen.has(name));
    for (const [format, text, context] of alone) {
        const own = lint(format, text, context ?? contextOf(2));
        if (!own.some(({ rule }) => hidden().includes(rule))) continue;
        const found = growth((size) => [format, numbered(text, size), context ?? contextOf(size)], 20, 80);
        expect([text, found < tolerated]).toEqual([text, true]);
        for (const { rule } of own) rulesSeen.add(rule);
    }
    expect(hidden()).toEqual([]);
});

/** After the others, which collect them. */
test("every pattern that was used takes time in proportion to the text", () => {
    expect(patterns.size).toBeGreaterThan(100);
    const slow = [...patterns].flatMap((literal) => {
        const [, source = "", flags = ""] = /^\/(.*)\/([a-z]*)$/s.exec(literal) ?? [];
        const { reports } = analyse({ source, flags }, { reportTypes: { Move: true, Self: true, Trade: true } });
        return reports.map(({ type, character }) => `${literal}: ${type}, ${character.pick}`);
    });
    expect(slow).toEqual([]);
});
