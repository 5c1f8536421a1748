/** The verdicts about what watches the hardware. */
import { mkdir, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { python, scratch } from "./python";

let folder: string;
let remove: () => Promise<void>;
beforeEach(async () => ({ folder, remove } = await scratch()));
afterEach(() => remove());

describe("disks without smartd", () => {
    /** On a node whose disks are `disks`, all of them as old as the boot. */
    const coverage = (declared: string[], disks: string[], udev = true) =>
        python<string>(
            `
import os
from concerns.smartd.node import disks
there = os.path.exists
os.path.exists = lambda path: path in given["paths"] if path.startswith("/dev/disk/") else there(path)
os.path.realpath = lambda path: given["paths"].get(path, path)
disks.physical_disks = lambda: given["disks"]
disks.has_udev = lambda: given["udev"]
disks.is_virtual = lambda disk: False
answer = disks.smartd_coverage("smartmontools.service", *given["declared"])`,
            { declared, disks, udev, paths: { "/dev/disk/by-id/ata-A": "/dev/sda" } },
        );
    const gone = "/dev/disk/by-id/ata-GONE";

    test("a declared disk that has dropped off the bus is told by name, also where it was the only one", async () => {
        expect(await coverage(["/dev/disk/by-id/ata-A", gone], ["sda"])).toBe(`${gone} (declared, but gone)`);
        expect(await coverage([gone], [])).toBe(`${gone} (declared, but gone)`);
        expect(await coverage([gone], ["sdx"])).toBe(`/dev/sdx, ${gone} (declared, but gone)`);
    });
    test("a controller has no link, and a node without udev none at all", async () => {
        expect(await coverage(["/dev/disk/by-id/ata-A", "/dev/bus/0"], ["sda"])).toBe("none");
        expect(await coverage([gone], [], false)).toBe("none");
    });
});

describe("self-tests", () => {
    const day = 86_400;
    /** `started`: when smartd did, in seconds from now. */
    const selfTests = async (started: number, notes: Readonly<Record<string, { due: number; written: number }>>) => {
        const now = Date.now() / 1000;
        for (const [disk, { due, written }] of Object.entries(notes)) {
            const path = join(folder, `smartd.${disk}.ata.state`);
            await writeFile(path, `# smartd state file\nscheduled-test-next-check = ${Math.round(now + due)}\n`);
            await utimes(path, now + written, now + written);
        }
        return python<string>(
            "import time\nfrom concerns.smartd.node import disks\ndisks.STATES = given['states']\ndisks.start_of = lambda unit: (time.monotonic() + given['started']) * 1_000_000\nanswer = disks.self_tests()",
            { started, states: `${folder}/smartd.*.state` },
        );
    };

    test("of a disk that was replaced are none that are overdue", async () => {
        expect(await selfTests(-100, { old: { due: -30 * day, written: -101 } })).toEqual([
            "skipped",
            "no-self-tests",
            "no disk whose self-tests smartd starts",
            "",
        ]);
        expect(await selfTests(-100, { old: { due: -30 * day, written: -101 }, new: { due: day, written: -90 } })).toBe(
            "on time",
        );
    });
    test("of one that smartd watches are", async () => {
        expect(await selfTests(-100, { old: { due: -30 * day, written: -50 } })).toBe("overdue");
        expect(await selfTests(-100, { old: { due: -day, written: -50 } })).toBe("on time");
    });
});

/** What smartd 7.4 was seen to say. */
describe("smartd -q onecheck", () => {
    const check = async (device: string, said: string, code = 17) => {
        await writeFile(join(folder, "conf"), `# Managed\n${device} -d removable -a\nDEVICESCAN -a\n`);
        return python<string | null>(
            "from concerns.smartd.node import checks\nfrom engine import commands\ncommands.run = lambda *_: commands.Outcome(given['code'], given['said'], '')\nanswer = checks.smartd(5, given['staged']).complaint",
            { said: said.replaceAll("@", device), code, staged: join(folder, "conf") },
        );
    };
    const wrongType =
        "Device: @ [SAT], opened\nDevice: @ [SAT], not ATA, no IDENTIFY DEVICE Structure\nUnable to register ATA device @ [SAT] at line 1 of file /tmp/c\nDevice: @ [SAT], not available\n";
    const unknown =
        "Device: @, unable to autodetect device type\nDevice: @, not available\nUnable to monitor any SMART enabled devices. Exiting.\n";
    beforeEach(async () => {
        await mkdir(join(folder, "dev"));
        await writeFile(join(folder, "dev/sda"), "");
        await symlink("sda", join(folder, "dev/ata-A"));
    });

    test("a declared device that is there, and that smartd cannot watch, is refused in smartd's words", async () => {
        const device = join(folder, "dev/ata-A");
        expect(await check(device, wrongType, 0)).toBe(
            wrongType.replaceAll("@", device).trim().split("\n").slice(1).join("; "),
        );
        expect(await check(device, unknown)).toContain(
            `Device: ${device}, unable to autodetect device type; Device: ${device}, not available`,
        );
    });
    test("one that is not there is no fault, and nothing that DEVICESCAN passes over is", async () => {
        expect(await check(join(folder, "dev/ata-GONE"), unknown)).toBeNull();
        expect(
            await check(
                join(folder, "dev/ata-A"),
                "Device: @-part1, not available\nDevice: /dev/sdz, open() failed: INQUIRY failed\nDevice: /dev/sdz, not available\n",
                0,
            ),
        ).toBeNull();
    });
    test("a disk that lacks a log is watched all the same", async () => {
        expect(
            await check(
                join(folder, "dev/ata-A"),
                'Device: @ [SAT], no SMART Error Log, ignoring -l error (override with -T permissive)\nDevice: @ [SAT], is SMART capable. Adding to "monitor" list.\n',
                0,
            ),
        ).toBeNull();
    });
});
