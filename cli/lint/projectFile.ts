/** Files that a stack names with `file:`, read as the program reads them. */
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import type { ReadFile } from "../../components/fleet";

/** @param stack path of the stack file, in the folder of whose Pulumi.yaml they are looked up; `-` is the working folder */
export function filesBeside(stack: string): ReadFile {
    const root = resolve(stack === "-" ? "." : dirname(stack));
    return (file) => {
        const named = join(root, file);
        if (!existsSync(named)) throw new Error(`no such file in ${root}`);
        const real = realpathSync(named);
        if (relative(realpathSync(root), real).split(sep)[0] === "..")
            throw new Error("it is a link to outside the project");
        return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFileSync(real));
    };
}
