/**
 * The Pulumi CLI as a child process. Not the Automation API: it runs the same child, and loading it takes longer (1.5 s on two
 * busy cores) than all the rest of a drift run costs beyond the engine.
 */
import { existsSync } from "node:fs";
import execa from "execa";
import { builtFolder, pulumiEnvironment } from "../toolchain/toolchain";

export interface Finished {
    readonly exitCode: number;
    readonly stdout: string;
    readonly stderr: string;
    /** Both in the order they came, where that was asked for. */
    readonly all?: string;
}

/** Without questions and colours. An exit status other than 0 is a result. @throws Error where pulumi is missing or was killed */
export async function runPulumi(
    args: readonly string[],
    { all = false }: { readonly all?: boolean } = {},
): Promise<Finished> {
    const folder = builtFolder();
    const env = pulumiEnvironment(existsSync(folder) ? folder : undefined);
    const finished = await execa("pulumi", [...args, "--non-interactive", "--color", "never"], {
        env,
        extendEnv: false,
        reject: false,
        all,
        maxBuffer: 1 << 30,
        stripFinalNewline: false,
    });
    // With `reject: false` a command that is missing, or that a signal ended, has no exit status.
    if ((finished.exitCode as number | undefined) !== undefined) return finished;
    throw new Error(
        finished.signal === undefined
            ? "pulumi cannot be run: install it, or run `npm run toolchain`"
            : `pulumi was ended by ${finished.signal}: run this again`,
    );
}
