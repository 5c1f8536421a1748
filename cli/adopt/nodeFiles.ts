/** The kept files in the project: written beside the stack config, never over something else. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { projectPath, type AdoptedNode } from "./stackConfig";

/** Paths relative to `root`. @throws Error that names every file that is there with another content; then nothing is written */
export async function writeNodeFiles(root: string, adopted: readonly AdoptedNode[], force: boolean): Promise<string[]> {
    const files = adopted.flatMap(({ identity, kept }) => kept.map((file) => ({ path: projectPath(identity.name, file), content: file.content })));
    const present = await Promise.all(files.map(async ({ path, content }) => ({ path, differs: ![content, undefined].includes(await readIfThere(join(root, path))) })));
    const others = present.filter(({ differs }) => differs).map(({ path }) => path);
    if (others.length > 0 && !force) throw new Error(`${others.join(", ")}: there already, with another content. Compare them, then run it again with --force, or with another --out`);
    for (const { path, content } of files) {
        await mkdir(dirname(join(root, path)), { recursive: true });
        await writeFile(join(root, path), content);
    }
    return files.map(({ path }) => path);
}

async function readIfThere(file: string): Promise<string | undefined> {
    return readFile(file, "utf8").catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
    });
}
