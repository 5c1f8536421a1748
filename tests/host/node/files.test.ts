import { mkdir, writeFile } from "node:fs/promises";
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
