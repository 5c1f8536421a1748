/** One `pulumi preview --diff`. Changes neither nodes nor state. */
import { existsSync } from "node:fs";
import execa from "execa";
import { builtFolder, pulumiEnvironment } from "../../scripts/toolchain";
import type { PreviewOptions } from "../preview";
import { renderPreview } from "./markdown";

export interface Previewed {
    readonly exitCode: 0 | 1;
    readonly text: string;
}

/** @throws Error where there is no pulumi to be run; what pulumi itself refuses is a result */
export async function preview({ format, stack, refresh }: PreviewOptions): Promise<Previewed> {
    const folder = builtFolder();
    const env = pulumiEnvironment(existsSync(folder) ? folder : undefined);
    const args = ["preview", "--diff", "--suppress-progress", "--non-interactive", "--color", "never", ...(refresh ? ["--refresh"] : []), ...(stack === undefined ? [] : ["--stack", stack])];
    const { exitCode, all } = await execa("pulumi", args, { env, extendEnv: false, reject: false, all: true, maxBuffer: 1 << 30, stripFinalNewline: false }).catch((cause: unknown) => {
        throw new Error("pulumi cannot be run: install it, or run `npm run toolchain`", { cause });
    });
    // A pulumi that is missing has no exit status.
    if (typeof exitCode !== "number") throw new Error("pulumi cannot be run: install it, or run `npm run toolchain`");
    const output = all ?? "";
    return { exitCode: exitCode === 0 ? 0 : 1, text: format === "text" ? output : renderPreview({ output, succeeded: exitCode === 0, stack, refresh }) };
}
