/** Loss of power at every moment: after the next boot all files of a transaction are old, or all are new. */
import { crash, crashMutant, type CrashReport, type Mode, type Scenario } from "../helpers/crashImages";
import { runs } from "../helpers/soak";

jest.setTimeout(3_600_000);
const rounds = runs(1);

const owned = { mode: "0644", owner: "root", group: "root" };
const before: Scenario["before"] = {
    "/etc/hosts": { content: "127.0.0.1 localhost\n127.0.1.1 pve01\n" },
    "/etc/fstab": {
        content: "/dev/sdb1 / ext4 defaults 0 0\n",
        mode: "0640",
        gid: 42,
        xattrs: { "user.note": "whose" },
    },
    "/etc/obsolete": { content: "to be removed\n", mode: "0600", uid: 33, gid: 33, xattrs: { "user.note": "mine" } },
    "/etc/secret": { content: "only the mode changes\n" },
};
const files: Scenario["plans"][number]["files"] = {
    "/etc/hosts": { content: "127.0.0.1 localhost\n192.0.2.11 pve01\n", ...owned },
    "/etc/fstab": { content: `${"# a comment\n".repeat(1000)}UUID=0a1b / ext4 defaults 0 1\n`, ...owned },
    "/etc/obsolete": { absent: true, ...owned },
    "/etc/secret": { content: "only the mode changes\n", ...owned, mode: "0600" },
    "/etc/new.d/one": { content: "1\n", ...owned },
    "/etc/new.d/deeper/two": { content: "2\n", ...owned },
};
const plan = { files, validate: [], activate: [], verify: [] };
const applied: Scenario = { before, plans: [plan] };

describe("a cut at every call of a transaction with a change, an addition, a removal, a new mode and new folders", () => {
    let report: CrashReport;
    beforeAll(async () => {
        report = await crash(applied, ["asked", "flushed", "random"], rounds, rounds);
        console.log(
            `crash images: ${report.images} (${report.interrupted} of interrupted recoveries), ${report.open} with a transaction to undo, ${report.old} ended old, ${report.new} new, ${report.mixture} mixed`,
        );
    });

    test("leaves all files old or all new, with their owners, modes and attributes, and nothing of Holdfast's", () => {
        expect(report.results).toMatchObject([{ outcome: "applied" }]);
        expect(report.faults).toEqual([]);
        expect(report.mixture).toBe(0);
        expect(report.broken).toBe(0);
    });

    test("met both ends, open transactions and interrupted recoveries", () => {
        expect(report.images).toBeGreaterThanOrEqual(100);
        for (const count of [report.old, report.new, report.open, report.interrupted]) expect(count).toBeGreaterThan(0);
    });

    test("is of a transaction that did all of that", () => {
        const contents = Object.entries(report.after).flatMap(([path, [, mode, , , , hex]]) =>
            path in files ? [[path, mode.toString(8), Buffer.from(hex, "hex").toString()]] : [],
        );
        const wanted = Object.entries(files).flatMap(([path, { content, mode }]) =>
            content === undefined ? [] : [[path, mode.slice(1), content]],
        );
        expect(contents.sort()).toEqual(wanted.sort());
        expect(report.after["/etc/fstab"]?.[4]).toEqual({ "user.note": Buffer.from("whose").toString("hex") });
    });
});

test("a cut at every call of a transaction that fails in verify leaves the old files", async () => {
    const report = await crash(
        { before, plans: [{ ...plan, verify: [{ argv: ["false"] }] }] },
        ["asked", "flushed"],
        rounds,
        0,
    );
    expect(report.results).toMatchObject([{ outcome: "failed", phase: "verify", undone: { state: "complete" } }]);
    expect(report.faults).toEqual([]);
    expect(report.old).toBe(report.images);
});

test("a cut at every call of three transactions in one batch leaves each of them old or new, whatever becomes of the others", async () => {
    const { "/etc/hosts": hosts, "/etc/fstab": fstab, "/etc/obsolete": obsolete, ...others } = files;
    const inNewFolder = { ...plan, files: { "/etc/fstab": fstab!, "/etc/new.d/three": { content: "3\n", ...owned } } };
    const failing = {
        ...plan,
        files: { "/etc/obsolete": obsolete!, "/etc/new.d/deeper/four": { content: "4\n", ...owned } },
        verify: [{ argv: ["false"] }],
    };
    const report = await crash(
        { before, plans: [{ ...plan, files: { "/etc/hosts": hosts!, ...others } }, failing, inNewFolder] },
        ["asked", "flushed", "random"],
        rounds,
        rounds,
    );
    expect(report.results).toMatchObject([
        { outcome: "applied" },
        { outcome: "failed", undone: { state: "complete" } },
        { outcome: "applied" },
    ]);
    expect(report.faults).toEqual([]);
    for (const count of [report.old, report.between, report.new]) expect(count).toBeGreaterThan(0);
});

/**
 * Each line is what somebody could take for superfluous. ext4 commits renames that nothing synced together, so half a
 * commit shows only on disks where the kernel has written everything (`flushed`).
 */
const mutants: [
    what: string,
    shows: "mixture" | "broken",
    mode: Mode,
    module: string,
    original: string,
    mutated: string,
][] = [
    [
        "without the fsync of a staged file",
        "mixture",
        "asked",
        "engine/safe.py",
        "        os.fsync(fd)\n    except BaseException as error",
        "        pass\n    except BaseException as error",
    ],
    [
        "that writes the live file in place",
        "mixture",
        "asked",
        "engine/files.py",
        "os.rename(staged, name, src_dir_fd=held, dst_dir_fd=held)",
        "open(path, 'w').write(file['content'])",
    ],
    [
        "that says 'applied' before the journal is closed",
        "broken",
        "asked",
        "engine/transaction.py",
        '            self.journal.close()\n            reach("decided")',
        '            results.tell(self.identifier, {"outcome": "applied"})\n            self.journal.close()',
    ],
    [
        "whose recovery tidies up without putting back",
        "mixture",
        "flushed",
        "engine/recovery.py",
        'if name.startswith("."):',
        "if True:",
    ],
    [
        "whose recovery puts back one file of several",
        "mixture",
        "flushed",
        "engine/undo.py",
        "reversed(steps.load(record))",
        "reversed(steps.load(record)[:3])",
    ],
];

test.each(rounds > 1 ? mutants : mutants.slice(0, 3))(
    "a program %s is found out",
    async (_, shows, mode, module, original, mutated) => {
        const report = await crashMutant(module, original, mutated, applied, mode);
        console.log(
            `mutant: of ${report.images} images ${report.mixture} mixed, ${report.broken} broke a promise; ${report.faults.length} faults, first: ${report.faults[0]}`,
        );
        expect(report[shows]).toBeGreaterThan(0);
    },
);
