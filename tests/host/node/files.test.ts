import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { python, scratch } from "./python";

test("a file is as planned by content, mode and owner, whichever way the owner is written", async () => {
    const sha256 = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"; // "hello\n"
    const seen = { kind: "file", sha256, mode: "0644", owner: "root", group: "root", content: "hello\n", modified: 1 };
    const file = { content: "hello\n", mode: "0644", owner: "root", group: "root" };
    const cases = [file, { ...file, owner: "0", group: "0" }, { ...file, mode: "0600" }, { ...file, owner: "1" }, { ...file, content: "hello" }, { absent: true }];
    expect(await python("import files\nanswer = [files.is_as_planned(given['seen'], file) for file in given['cases']]", { seen, cases })).toEqual([true, true, false, false, false, false]);
});

test("missing folders are listed from the outermost", async () => {
    const { folder, remove } = await scratch();
    await mkdir(join(folder, "a"));
    expect(await python("import files\nanswer = files.missing_folders(given)", join(folder, "a/b/c/file"))).toEqual([join(folder, "a/b"), join(folder, "a/b/c")]);
    await remove();
});
