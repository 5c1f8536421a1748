/** One project, all of it or nothing. */
import { existsSync } from "node:fs";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { readPackageFile, version } from "../packageFile";
import { projectFiles } from "./files";
import type { InitOptions } from "./options";

/**
 * Returns what to type next. @throws Error where the folder has one of the files already, or its name is none for a
 * project; then nothing is written
 */
export async function init(folder: string, { name = projectName(folder), ...options }: InitOptions): Promise<string> {
    if (!/^[a-z][a-z0-9._-]{0,99}$/.test(name))
        throw new Error(
            `--name ${name}: a project's name is small letters, digits, '.', '_' and '-', and begins with a letter`,
        );
    const tarball = options.package?.endsWith(".tgz") ? resolve(options.package) : undefined;
    if (tarball !== undefined && !existsSync(tarball)) throw new Error(`--package ${tarball}: there is no such file`);
    const kept = tarball === undefined ? undefined : join("vendor", basename(tarball));
    const dependency = kept === undefined ? (options.package ?? version) : `file:${kept}`;
    const files = projectFiles({ name, forge: options.forge, dependency, read: readPackageFile });

    const inTheWay = [...files.map(({ path }) => path), ...(kept === undefined ? [] : [kept])].filter((path) =>
        existsSync(join(folder, path)),
    );
    if (inTheWay.length > 0)
        throw new Error(
            `${folder} has ${inTheWay.join(", ")} already, and nothing was written: take another folder, or move them away`,
        );
    for (const { path, content, executable } of files) {
        const file = join(folder, path);
        await mkdir(dirname(file), { recursive: true });
        // Never over a file that came in the meantime.
        await writeFile(file, content, { flag: "wx", mode: executable ? 0o755 : 0o644 });
    }
    if (tarball !== undefined && kept !== undefined) {
        await mkdir(join(folder, dirname(kept)), { recursive: true });
        await copyFile(tarball, join(folder, kept));
    }
    return `${files.map(({ path }) => `  ${join(folder, path)}\n`).join("")}
Next:
  cd ${folder}
  git init && npm install && git config core.hooksPath .githooks
  npm run toolchain
  npx holdfast adopt root@NODE… --stack prod --import import.json
README.md there says how it goes on.
`;
}

function projectName(folder: string): string {
    return basename(resolve(folder))
        .toLowerCase()
        .replaceAll(/[^a-z0-9._-]+/g, "-");
}
