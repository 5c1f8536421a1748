import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { python, scratch } from "./python";

test("a file is as planned by content, mode and owner, whichever way the owner is written", async () => {
    const sha256 = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"; // "hello\n"
    const seen = { kind: "file", sha256, mode: "0644", owner: "root", group: "root", content: "hello\n", modified: 1 };
    const file = { content: "hello\n", mode: "0644", owner: "root", group: "root" };
    const cases = [
        file,
        { ...file, owner: "0", group: "0" },
        { ...file, mode: "0600" },
        { ...file, owner: "1" },
        { ...file, content: "hello" },
        { absent: true },
    ];
    expect(
        await python(
            "from engine import files\nanswer = [files.is_as_planned(given['seen'], file) for file in given['cases']]",
            {
                seen,
                cases,
            },
        ),
    ).toEqual([true, true, false, false, false, false]);
});

test("missing folders are listed from the outermost", async () => {
    const { folder, remove } = await scratch();
    await mkdir(join(folder, "a"));
    expect(
        await python("from engine import files\nanswer = files.missing_folders(given)", join(folder, "a/b/c/file")),
    ).toEqual([join(folder, "a/b"), join(folder, "a/b/c")]);
    await remove();
});

test("a damaged list of originals is named with what to do, by whoever needs it", async () => {
    const { folder, remove } = await scratch();
    await writeFile(join(folder, "originals.json"), "{ broken");
    const said = await python<string>(
        "from engine import files, refusal\nfiles.ORIGINALS = given\ntry:\n    files.originals()\nexcept refusal.Refused as refused:\n    answer = str(refused)",
        join(folder, "originals.json"),
    );
    expect(said).toMatch(/originals\.json is no JSON \(.*\): put it right, or move it away/);
    await remove();
});

test("an original that is no UTF-8 text is not turned into another: it has no content", async () => {
    const { folder, remove } = await scratch();
    await mkdir(join(folder, "backups"));
    for (const [name, bytes] of [
        ["text", "plain\n"],
        ["latin", Buffer.from("Gr\xfcn\n", "latin1")],
    ] as const)
        await writeFile(join(folder, "backups", name), bytes);
    await writeFile(
        join(folder, "originals.json"),
        JSON.stringify({
            "/t": { kind: "file", sha256: "text" },
            "/l": { kind: "file", sha256: "latin" },
            "/gone": { kind: "file", sha256: "gone" },
        }),
    );
    const seen = await python(
        "import session\nfrom engine import files\nfiles.ORIGINALS, files.STATE = given + '/originals.json', given\nanswer = session.read_originals(['/t', '/l', '/gone'])",
        folder,
    );
    expect(seen).toEqual({
        "/t": { kind: "file", sha256: "text", content: "plain\n" },
        "/l": { kind: "file", sha256: "latin", binary: true },
        "/gone": { kind: "file", sha256: "gone" },
    });
    await remove();
});

test("every code that the program can answer with is documented, and no other is used", async () => {
    const engine = join(__dirname, "../../../host/node/engine");
    const codes = await python<string[]>("from engine import refusal\nanswer = list(refusal.CODES)");
    const page = await readFile(join(__dirname, "../../../docs/when-things-go-wrong.md"), "utf8");
    for (const code of codes) expect(page).toContain(`| \`${code}\` |`);
    const sources = await Promise.all(
        (await readdir(engine))
            .filter((name) => name.endsWith(".py"))
            .map((name) => readFile(join(engine, name), "utf8")),
    );
    const text = sources.join("\n");
    const refused = [...text.matchAll(/Refused\([^\n]*, "([a-z-]+)"\)/g)].map(([, code]) => code!);
    expect(refused.length).toBeGreaterThan(10);
    expect(refused.filter((code) => !codes.includes(code))).toEqual([]);
    const verdicts = [...text.matchAll(/\b(?:ok|bad)\("([a-z-]+)"/g)].map(([, code]) => code!);
    for (const code of [...verdicts, "waits", "undo-failed"]) expect(page).toContain(`| \`${code}\` |`);
});

test("nothing is kept of a secret file, and what earlier versions kept of it goes", async () => {
    const { folder, remove } = await scratch();
    await mkdir(join(folder, "backups"));
    await writeFile(join(folder, "secret"), "old");
    await writeFile(join(folder, "plain"), "old plain");
    await writeFile(join(folder, "originals.json"), "{}");
    const left = await python<[string[], Record<string, object>]>(
        `
import os
from engine import durable, files
from look import observe
files.ORIGINALS, files.STATE = given + "/originals.json", given
def planned(name, **more):
    path = f"{given}/{name}"
    return {"was": observe.identity(observe.observe_file(path)), "content": "new", **more}
secret, plain = f"{given}/secret", f"{given}/plain"
files.back_up(secret, planned("secret"))
files.note_originals({secret: planned("secret")}, {})
files.back_up(secret, planned("secret", secret=True))
files.back_up(plain, planned("plain"))
files.note_originals({secret: planned("secret", secret=True), plain: planned("plain")}, {})
answer = [[open(f"{given}/backups/{name}").read() for name in os.listdir(f"{given}/backups")], files.originals()]`,
        folder,
    );
    await remove();
    expect(left[0]).toEqual(["old plain"]);
    expect(left[1]).toMatchObject({ [join(folder, "secret")]: { kind: "file", secret: true } });
    expect(left[1][join(folder, "plain")]).not.toHaveProperty("secret");
});
