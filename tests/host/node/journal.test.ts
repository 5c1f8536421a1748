/** The journal's own semantics; loss of power is tests/lab/crash.test.ts. Owners are those of whoever runs the tests. */
import { createHash } from "node:crypto";
import { chmod, link, mkdir, readFile, readdir, rename, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
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
from engine import durable
os.chdir(given["etc"])
write = durable.write_new
durable.write_new = lambda path, data, mode=0o600, uid=0, gid=0, attributes=None: write(path, data, mode, given["uid"], given["gid"], attributes)
journal = durable.Journal("t1", given["journal"])
entries = []
for name, content in given["files"].items():
    path = os.path.join(given["etc"], name)
    entries.append({"path": path, "old": durable.digest(durable.read_regular(path)), "new": durable.digest(content.encode()) if content is not None else None, "folders": given["folders"]})
journal.draft(entries)
for made in given["folders"]:
    os.mkdir(made)
for entry in entries:
    content = given["files"][os.path.relpath(entry["path"], given["etc"])]
    if content is not None:
        durable.write_new(durable.staged_name(entry["path"], "t1"), content.encode(), 0o640)
if given["seal"]:
    journal.seal()
for name in given["exchange"]:
    path = os.path.join(given["etc"], name)
    if given["files"][name] is None:
        os.unlink(path)
    else:
        os.rename(durable.staged_name(path, "t1"), path)
answer = None`,
        { etc: join(folder, "etc"), journal: join(folder, "journal"), files, exchange, seal, folders, ...mine },
    );

interface Recovery {
    readonly undone: readonly (readonly [{ readonly id: string }, string])[];
    readonly faults: Readonly<Record<string, string>>;
    readonly log: readonly string[];
}
const recover = () =>
    python<Recovery>(
        `
from engine import durable
write = durable.write_new
durable.write_new = lambda path, data, mode=0o600, uid=0, gid=0, attributes=None: write(path, data, mode, given["uid"], given["gid"], attributes)
log = []
undone, faults = durable.recover(given["journal"], log.append)
answer = {"undone": undone, "faults": faults, "log": log}`,
        { journal: join(folder, "journal"), ...mine },
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

test("a file whose mount is not there yet keeps its journal open", async () => {
    await writeFile(at("file"), "old");
    await begin({ file: "new" }, ["file"]);
    const path = join(folder, "journal", "t1", "journal.json");
    const record = JSON.parse(await readFile(path, "utf8")) as { entries: { mount: string }[] };
    const { mount } = record.entries[0]!;
    const write = async (at: string) =>
        writeFile(path, JSON.stringify({ ...record, entries: [{ ...record.entries[0], mount: at }] }));
    await write(join(folder, "etc"));
    expect((await recover()).undone[0]?.[1]).toContain(`waits for ${join(folder, "etc")} to be mounted`);
    expect(await journalNames()).toEqual(["t1"]);
    await write(mount);
    expect((await recover()).undone[0]?.[1]).toBe("the node is as it was");
    expect(await readFile(at("file"), "utf8")).toBe("old");
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
