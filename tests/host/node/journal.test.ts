/**
 * The journal's own semantics; loss of power is tests/lab/crash.test.ts. Owners are those of whoever runs the tests.
 */
import { createHash } from "node:crypto";
import { chmod, link, mkdir, readFile, readdir, rename, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import execa from "execa";
import { python, scratch } from "./python";

let folder: string;
let remove: () => Promise<void>;
beforeEach(async () => {
    ({ folder, remove } = await scratch());
    for (const name of ["journal", "etc"]) await mkdir(join(folder, name));
});
afterEach(() => remove());

const at = (name: string) => join(folder, "etc", name);
const mine = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

/** Stages and seals; `files`: new content by name, null for a removal. Then `commit` of those that `exchange` names. */
const begin = (
    files: Record<string, string | null>,
    exchange: string[],
    { seal = true, folders = [] as string[] } = {},
) =>
    python(
        `
import os
from engine import durable, file_step, journal, mounts, step
from look import observe
durable.JOURNAL = given["journal"]
opened = journal.Journal("t1")
work = step.Work(opened, print)
planned = []
for name, content in given["files"].items():
    path = os.path.join(given["etc"], name)
    file = {"was": observe.identity(observe.observe_file(path)), **({"absent": True} if content is None else {"content": content})}
    planned.append(file_step.FileStep.plan(path, file, given["folders"], mounts.points(), f"{len(planned)}.previous"))
opened.draft([each.record for each in planned])
for each in planned:
    content = given["files"][os.path.relpath(each.path, given["etc"])]
    if content is not None:
        each.stage(work, content, 0o640, given["uid"], given["gid"])
if given["seal"]:
    for each in planned:
        each.keep(work)
    opened.seal()
for name in given["exchange"]:
    opened.note(str(list(given["files"]).index(name)))
    path = os.path.join(given["etc"], name)
    if given["files"][name] is None:
        os.unlink(path)
    else:
        os.rename(file_step.staged_name(path, "t1"), path)
answer = None`,
        { etc: join(folder, "etc"), journal: join(folder, "journal"), files, exchange, seal, folders, ...mine },
    );

interface Recovery {
    readonly undone: readonly (readonly [{ readonly id: string }, string])[];
    readonly faults: Readonly<Record<string, string>>;
    readonly log: readonly string[];
}
/** As at boot; `points`: where something is mounted, if not as it is. */
const recover = (points?: readonly string[]) =>
    python<Recovery>(
        `
from engine import durable, mounts, recovery, verdict
durable.JOURNAL = given["journal"]
if given["points"]:
    mounts.points = lambda: set(given["points"])
log = []
found = recovery.undo_all(log.append, True)
for each in found:
    recovery.conclude(each, log.append)
answer = {
    "undone": [[{"id": each.journal.identifier}, verdict.sentence(each.undone)] for each in found if not each.fault],
    "faults": {each.journal.identifier: each.fault for each in found if each.fault},
    "log": log,
}`,
        { journal: join(folder, "journal"), points: points ?? null },
    );

const names = async () => (await readdir(join(folder, "etc"))).sort();
const journalNames = () => readdir(join(folder, "journal"));

test("a change, an addition and a removal are undone together, however many of them were made", async () => {
    const all = ["changed", "added", "removed"];
    for (let count = 0; count <= all.length; count++) {
        await writeFile(at("changed"), "old");
        await writeFile(at("removed"), "old");
        await begin({ changed: "new", added: "new", removed: null }, all.slice(0, count));
        expect((await recover()).undone).toEqual([[expect.objectContaining({ id: "t1" }), "the node is as it was"]]);
        expect(await names()).toEqual(["changed", "removed"]);
        expect(await readFile(at("changed"), "utf8")).toBe("old");
        expect(await journalNames()).toEqual([]);
    }
});

test("a change of the mode alone is undone too", async () => {
    await writeFile(at("file"), "same", { mode: 0o600 });
    await begin({ file: "same" }, ["file"]);
    expect((await stat(at("file"))).mode & 0o777).toBe(0o640);
    await recover();
    expect((await stat(at("file"))).mode & 0o777).toBe(0o600);
});

test("an edit made after the commit is left alone, and said", async () => {
    await writeFile(at("file"), "old");
    await begin({ file: "new" }, ["file"]);
    await writeFile(at("file"), "a human's repair");
    expect((await recover()).undone[0]?.[1]).toBe(`NOT complete: ${at("file")}: left alone: edited since`);
    expect(await readFile(at("file"), "utf8")).toBe("a human's repair");
    expect(await names()).toEqual(["file"]);
});

test("where the second name was tidied away, or half rewritten, the copy serves, with its mode", async () => {
    const previous = at(".file.holdfast-t1-previous");
    for (const damage of [() => unlink(previous), () => writeFile(previous, "ol"), () => chmod(previous, 0o666)]) {
        await writeFile(at("file"), "old");
        await chmod(at("file"), 0o604);
        await begin({ file: "new" }, ["file"]);
        await damage();
        await recover();
        expect(await readFile(at("file"), "utf8")).toBe("old");
        expect((await stat(at("file"))).mode & 0o777).toBe(0o604);
    }
});

test("a draft is tidied away with its staged files and new folders", async () => {
    await writeFile(at("file"), "old");
    await begin({ file: "new", "sub/deeper/added": "new" }, [], {
        seal: false,
        folders: [at("sub"), at("sub/deeper")],
    });
    expect((await recover()).undone[0]?.[1]).toBe("nothing was changed");
    expect(await names()).toEqual(["file"]);
    expect(await journalNames()).toEqual([]);
});

test("a draft cut before its folders were made, or before it was written, is tidied away", async () => {
    await begin({ "sub/added": "new" }, [], { seal: false, folders: [at("sub")] });
    await rename(at("sub"), at("elsewhere"));
    await mkdir(join(folder, "journal", ".t2.draft"));
    await writeFile(join(folder, "journal", ".t2.draft", "journal.json"), '{"version": 1, "ent');
    expect((await recover()).undone.map(([{ id }]) => id)).toEqual(["t1", "t2"]);
    expect(await journalNames()).toEqual([]);
});

test.each([
    ["no JSON", "\0\0\0"],
    ["no record", "[]"],
    ["without its copies", "lost"],
])("a journal that is %s is named, and the others are undone all the same", async (_, text) => {
    await mkdir(join(folder, "journal", "t0"));
    const lost = {
        path: at("lost"),
        old: "0".repeat(64),
        new: createHash("sha256").update("new").digest("hex"),
        mode: 0o644,
        uid: 0,
        gid: 0,
        attributes: {},
        folders: [],
        mount: "/",
    };
    await writeFile(at("lost"), "new");
    await writeFile(
        join(folder, "journal", "t0", "journal.json"),
        text === "lost" ? JSON.stringify({ id: "t0", entries: [lost] }) : text,
    );
    await writeFile(at("file"), "old");
    await begin({ file: "new" }, ["file"]);
    const { undone, faults } = await recover();
    expect(faults).toEqual({ t0: expect.stringContaining(`${join(folder, "journal", "t0")} cannot be undone`) });
    expect(undone.map(([{ id }]) => id)).toEqual(["t1"]);
    expect(await readFile(at("file"), "utf8")).toBe("old");
});

test("a change of the mode alone is undone where the second name was tidied away, too", async () => {
    await writeFile(at("file"), "same", { mode: 0o600 });
    await begin({ file: "same" }, ["file"]);
    await unlink(at(".file.holdfast-t1-previous"));
    expect((await recover()).undone[0]?.[1]).toBe("the node is as it was");
    expect((await stat(at("file"))).mode & 0o777).toBe(0o600);
});

test("a file whose mount is not there yet keeps its journal open, a bind mount's too", async () => {
    await writeFile(at("file"), "old");
    await begin({ file: "new" }, ["file"]);
    const path = join(folder, "journal", "t1", "journal.json");
    const record = JSON.parse(await readFile(path, "utf8")) as { steps: { mount: string }[] };
    await writeFile(path, JSON.stringify({ ...record, steps: [{ ...record.steps[0], mount: join(folder, "etc") }] }));
    expect((await recover(["/"])).undone[0]?.[1]).toContain(`waits for ${join(folder, "etc")} to be mounted`);
    expect(await journalNames()).toEqual(["t1"]);
    expect(await readFile(at("file"), "utf8")).toBe("new");
    expect((await recover(["/", join(folder, "etc")])).undone[0]?.[1]).toBe("the node is as it was");
    expect(await readFile(at("file"), "utf8")).toBe("old");
});

test("what an earlier version's program left open is undone all the same", async () => {
    const entry = { mode: 0o604, ...mine, attributes: {}, folders: [], mount: "/" };
    const digest = (text: string) => createHash("sha256").update(text).digest("hex");
    const left = join(folder, "journal", "t1");
    await mkdir(left);
    for (const name of ["twin", "copied", "removed"]) await writeFile(at(name), "new");
    await writeFile(at(".twin.holdfast-t1-previous"), "old");
    await chmod(at(".twin.holdfast-t1-previous"), 0o604);
    await unlink(at("removed"));
    await mkdir(at("made"));
    await writeFile(at("made/added"), "new");
    const entries = [
        { ...entry, path: at("twin"), old: digest("old"), new: digest("new") },
        { ...entry, path: at("copied"), old: digest("old"), new: digest("new") },
        { ...entry, path: at("removed"), old: digest("old"), new: null },
        { path: at("made/added"), old: null, new: digest("new"), folders: [at("made")], mount: "/" },
    ];
    for (const number of [0, 1, 2]) await writeFile(join(left, `${number}.previous`), "old");
    await writeFile(
        join(left, "journal.json"),
        JSON.stringify({ version: 1, id: "t1", entries, activate: [{ argv: ["false"] }], units: {} }),
    );
    await mkdir(join(folder, "journal", ".t2.draft"));
    await writeFile(at(".twin.holdfast-t2"), "staged");
    await writeFile(
        join(folder, "journal", ".t2.draft", "journal.json"),
        JSON.stringify({ version: 1, id: "t2", entries: [entries[0]], activate: [], units: {} }),
    );
    expect((await recover()).undone).toEqual([
        [{ id: "t2" }, "nothing was changed"],
        [{ id: "t1" }, "the node is as it was"],
    ]);
    expect(await names()).toEqual(["copied", "removed", "twin"]);
    for (const name of ["twin", "copied", "removed"]) {
        expect(await readFile(at(name), "utf8")).toBe("old");
        expect((await stat(at(name))).mode & 0o777).toBe(0o604);
    }
    expect(await journalNames()).toEqual([]);
});

test("units that an earlier version's program was about to switch are put back, and its commands see the old files", async () => {
    const left = join(folder, "journal", "t1");
    await mkdir(left);
    const units = { "on.service": { enabled: true, active: true }, "off.service": { enabled: false, active: false } };
    await writeFile(
        join(left, "journal.json"),
        JSON.stringify({ version: 1, id: "t1", entries: [], activate: [{ argv: ["settle"] }], units }),
    );
    const calls = await python<string[]>(
        `
from engine import commands, durable, recovery
durable.JOURNAL = given
calls = []
commands.run = lambda argv, *_, **__: calls.append(" ".join(argv)) or commands.Outcome(0, "", "")
found = recovery.undo_all(print, False)
answer = calls`,
        join(folder, "journal"),
    );
    expect(calls).toEqual([
        "systemctl stop -- off.service",
        "systemctl disable -- off.service",
        "systemctl enable -- on.service",
        "settle",
        "systemctl stop -- off.service",
        "systemctl start -- on.service",
    ]);
});

test("a journal that waits to be confirmed is left alone until its deadline, and undone at a boot", async () => {
    await writeFile(at("file"), "old");
    await begin({ file: "new" }, ["file"]);
    const look = (isBoot: boolean, seconds: number) =>
        python<string[]>(
            `
import time
from engine import durable, journal, recovery
durable.JOURNAL = given["journal"]
journal.Journal("t1").note(f"confirming {time.monotonic() + given['seconds']}")
answer = [each.journal.identifier for each in recovery.undo_all(lambda _: None, given["isBoot"])]`,
            { journal: join(folder, "journal"), isBoot, seconds },
        );
    expect(await look(false, 60)).toEqual([]);
    expect(await readFile(at("file"), "utf8")).toBe("new");
    expect(await look(true, 60)).toEqual(["t1"]);
    expect(await readFile(at("file"), "utf8")).toBe("old");
});

test("the boot's program is one file that needs nothing beside it", async () => {
    await writeFile(at("file"), "old");
    await begin({ file: "new" }, ["file"]);
    const program = join(__dirname, "../../../host/node");
    const text = await python<string>(
        "from engine import install\nanswer = install.recover_program(given).replace('/etc/holdfast/journal', '@/journal').replace('/run/holdfast', '@/run').replace('/var/lib/holdfast', '@/state')",
        program,
    );
    await writeFile(
        join(folder, "recover.py"),
        text.replaceAll("@/", `${folder}/`).replaceAll('["systemctl", "daemon-reload"]', '["true"]'),
    );
    const { stdout } = await execa("python3", ["-I", "-S", "-B", join(folder, "recover.py")], { cwd: "/" });
    expect(stdout).toContain(`recover: transaction t1: ${at("file")}: restored`);
    expect(await readFile(at("file"), "utf8")).toBe("old");
    expect(JSON.parse(await readFile(join(folder, "run/t1/result.json"), "utf8"))).toMatchObject({
        outcome: "failed",
        code: "went-down",
        undone: { state: "complete" },
    });
});

test("what an operator puts beside the journals is not touched", async () => {
    await writeFile(join(folder, "journal", "README"), "");
    expect(await recover()).toEqual({ undone: [], faults: {}, log: [] });
    expect(await journalNames()).toEqual(["README"]);
});

test("undoing gives back the very file, other hard links to it included", async () => {
    await writeFile(at("file"), "old");
    await link(at("file"), at("twin"));
    const { ino } = await stat(at("file"));
    await begin({ file: "new" }, ["file"]);
    await recover();
    expect((await stat(at("file"))).ino).toBe(ino);
});

test("a file that somebody has put beside the journals stops neither a push nor the revert's timer", async () => {
    await writeFile(join(folder, "journal", "notes.txt"), "mine\n");
    expect(
        await python(
            `
from engine import durable, pending
from look import busy
durable.JOURNAL = given
answer = [pending.waiting(), busy.left_open()]`,
            join(folder, "journal"),
        ),
    ).toEqual([null, null]);
});
