/** Files that a stack names with `file:`, as the program, `holdfast lint` and the preview all read them. */
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { join, relative, sep } from "node:path";

/**
 * @param root folder of Pulumi.yaml, in which `file` is looked up
 * @throws Error where the file is absent, outside the project (through a symlink), or not UTF-8
 */
export function readProjectFile(root: string, file: string): string {
    const named = join(root, file);
    if (!existsSync(named)) throw new Error(`no such file in ${root}`);
    const real = realpathSync(named);
    if (relative(realpathSync(root), real).split(sep)[0] === "..")
        throw new Error("it is a link to outside the project");
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFileSync(real));
}
