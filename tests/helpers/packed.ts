/** The package as npm would have it. */
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import execa from "execa";

const checkout = resolve(__dirname, "../..");

/** The sources of a commit of this repository, in a new folder, with this checkout's dependencies. */
export async function checkoutOf(commit: string, to: string): Promise<string> {
    await mkdir(to);
    await execa("sh", ["-c", 'git archive "$1" | tar -x -C "$2"', "sh", commit, to], { cwd: checkout });
    await symlink(join(checkout, "node_modules"), join(to, "node_modules"));
    return to;
}

/** Packs such sources as that version. @returns the tarball, in the folder `to`, which is made */
export async function pack(source: string, version: string, to: string): Promise<string> {
    const file = join(source, "package.json");
    const before = await readFile(file, "utf8");
    await writeFile(file, before.replace(/"version": "[^"]+"/, `"version": "${version}"`));
    await mkdir(to);
    await execa("npm", ["run", "--silent", "package", "--", "--pack-destination", to], { cwd: source });
    return join(to, `holdfast-${version}.tgz`);
}
