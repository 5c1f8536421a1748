/** A check of the next boot, asked of a machine made of fixtures: a folder in place of /, and what its commands say. */
import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { python } from "../../host/node/python";

export interface Fixture {
    /** Content by path; of a folder, an empty one: its path ends in `/`. */
    readonly files?: Readonly<Record<string, string | Buffer>>;
    /** Target by path. */
    readonly links?: Readonly<Record<string, string>>;
    /** Seconds since 1970 by path. */
    readonly written?: Readonly<Record<string, number>>;
    /** Output by command line, with its exit status where that is not 0; any other command is not installed. */
    readonly commands?: Readonly<Record<string, string | readonly [number, string]>>;
    /** What the stack declares; pve01 at 192.0.2.11 by default. */
    readonly declared?: object;
    /** Python before the check is asked. */
    readonly pretend?: string;
}

export interface Told {
    readonly state: "ok" | "bad" | "unknown" | "skipped";
    readonly code: string;
    readonly text: string;
    readonly remedy: string;
}

const pve01 = { name: "pve01", addresses: "192.0.2.11" };

/** @param check as it is called in the answer: `own-name` */
export async function ask(check: string, fixture: Fixture = {}): Promise<Told> {
    const { files = {}, links = {}, written = {}, commands = {}, declared = pve01, pretend = "" } = fixture;
    const root = await mkdtemp(join(tmpdir(), "holdfast-boot-"));
    try {
        const all = { "/etc/holdfast/boot-readiness.json": JSON.stringify(declared), ...files };
        for (const [path, content] of Object.entries(all)) {
            await mkdir(path.endsWith("/") ? join(root, path) : dirname(join(root, path)), { recursive: true });
            if (!path.endsWith("/")) await writeFile(join(root, path), content, { mode: 0o755 });
        }
        for (const [path, target] of Object.entries(links)) {
            await mkdir(dirname(join(root, path)), { recursive: true });
            await symlink(target, join(root, path));
        }
        for (const [path, seconds] of Object.entries(written)) await utimes(join(root, path), seconds, seconds);
        const [state, code, text, remedy] = await python<[Told["state"], string, string, string]>(
            `
import subprocess
from engine import commands
from concerns.bootReadiness.node import audit, machine
def run(argv, timeout=0, environment=None, stdin=None, limit=0):
    said = given["commands"].get(" ".join(argv))
    # Whatever may hang is read by a program with a time limit.
    if argv[0] == "cat" and said is None and argv[-1].startswith(given["root"]):
        done = subprocess.run(argv, capture_output=True, text=True)
        return commands.Outcome(done.returncode, done.stdout, done.stderr)
    if said is None:
        return commands.Outcome(None, "", "", f"{argv[0]} is not installed")
    code, output = (0, said) if isinstance(said, str) else said
    return commands.Outcome(code, output, output if code else "")
commands.run = run
${pretend}
answer = audit.verdict_of(given["check"].replace("-", "_"), machine.Machine(given["root"]))`,
            { root, check, commands },
        );
        return { state, code, text, remedy };
    } finally {
        await rm(root, { recursive: true, force: true });
    }
}

/** Files of a node with Proxmox VE whose pmxcfs is mounted. */
export const proxmox: Readonly<Record<string, string>> = {
    "/usr/lib/systemd/system/pve-cluster.service": "",
    "/proc/self/mountinfo": "31 1 8:1 / / rw - ext4 /dev/sda1 rw\n600 31 0:51 / /etc/pve rw - fuse /dev/fuse rw\n",
};

/** Where block devices lie, and the links to them: `sda2: sda` is a partition, `dm-0: [sda3]` lies on others. */
export interface Blocks {
    readonly disks: readonly string[];
    readonly parts?: Readonly<Record<string, string>>;
    readonly made?: Readonly<Record<string, readonly string[]>>;
    /** Of mdraid, by device. */
    readonly levels?: Readonly<Record<string, string>>;
    /** Of LVM, by device. */
    readonly names?: Readonly<Record<string, string>>;
    /** Other names below /dev. */
    readonly known?: Readonly<Record<string, string>>;
}
export function blocks({ disks: whole, parts = {}, made = {}, levels = {}, names = {}, known = {} }: Blocks): Fixture {
    const places: Record<string, string> = {
        ...Object.fromEntries(whole.map((name) => [name, `pci0/${name}`])),
        ...Object.fromEntries(Object.entries(parts).map(([name, disk]) => [name, `pci0/${disk}/${name}`])),
        ...Object.fromEntries(Object.keys(made).map((name) => [name, `virtual/block/${name}`])),
    };
    const at = (name: string) => `/sys/devices/${places[name]!}`;
    return {
        files: {
            ...Object.fromEntries(Object.keys(places).map((name) => [`/dev/${name}`, ""])),
            ...Object.fromEntries(whole.map((name) => [`${at(name)}/device/x`, ""])),
            ...Object.fromEntries(Object.keys(parts).map((name) => [`${at(name)}/partition`, "1"])),
            ...Object.fromEntries(
                Object.entries(made).flatMap(([name, below]) =>
                    below.map((each) => [`${at(name)}/slaves/${each}`, ""]),
                ),
            ),
            ...Object.fromEntries(
                Object.entries(levels).map(([name, level]) => [`${at(name)}/md/level`, `${level}\n`]),
            ),
            ...Object.fromEntries(Object.entries(names).map(([name, label]) => [`${at(name)}/dm/name`, `${label}\n`])),
        },
        links: {
            ...Object.fromEntries(
                Object.keys(places).map((name) => [`/sys/class/block/${name}`, at(name).replace("/sys", "../..")]),
            ),
            ...Object.fromEntries(
                Object.entries(known).map(([path, name]) => [
                    path,
                    `${"../".repeat(path.split("/").length - 3)}${name}`,
                ]),
            ),
        },
    };
}

/** Of rpool, as OpenZFS 2.3 prints it; `vdevs` are lines that begin with a tab and two blanks. */
export const zpoolStatus = (vdevs: string): string =>
    `  pool: rpool\n state: ONLINE\nconfig:\n\n\tNAME  STATE     READ WRITE CKSUM\n\trpool  ONLINE       0     0     0\n${vdevs}\nerrors: No known data errors\n`;

/** Of one check: a machine with its fault, and one that looks like it and boots. */
export interface Pair {
    readonly fault: Fixture;
    /** The verdict's code, and its text. */
    readonly says: readonly [string, RegExp];
    readonly twin: Fixture;
    /** Of the twin; `ok` by default. */
    readonly is?: "ok" | "skipped";
}

/** One test for each fault, one for its twin. */
export function pairs(check: string, cases: Readonly<Record<string, Pair>>): void {
    describe(check, () => {
        for (const [name, { fault, says, twin, is = "ok" }] of Object.entries(cases)) {
            test(`finds: ${name}`, async () => {
                const { state, code, text } = await ask(check, fault);
                expect([state, code, text]).toEqual(["bad", says[0], expect.stringMatching(says[1])]);
            });
            test(`passes the twin of: ${name}`, async () => {
                const { state, text } = await ask(check, twin);
                expect([state, text]).toEqual([is, expect.anything()]);
            });
        }
    });
}
