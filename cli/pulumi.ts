/**
 * The Pulumi CLI as a child process. Not the Automation API: it runs the same child, and loading it takes longer (1.5 s
 * on two busy cores) than all the rest of a drift run costs beyond the engine.
 */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { builtFolder, pulumiEnvironment } from "../toolchain/toolchain";
import { runChild } from "./child";

export interface Finished {
    readonly exitCode: number;
    readonly stdout: string;
    readonly stderr: string;
    /** Both in the order they came, where that was asked for. */
    readonly all?: string;
    /** Why it was ended before it was done; what it had said by then is there. */
    readonly cut?: string;
}

export interface RunOptions {
    readonly all?: boolean;
    /** Seconds; none by default. */
    readonly timeout?: number;
    /** Beside what pulumi needs. */
    readonly env?: Readonly<Record<string, string>>;
    /** What the engine gets where this command is killed. */
    readonly deathSignal?: "KILL" | "INT";
}

/**
 * Without questions and colours. An exit status other than 0 is a result. @throws Error where pulumi is missing or was
 * killed
 */
export async function runPulumi(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
    const folder = builtFolder();
    const env = pulumiEnvironment(existsSync(folder) ? folder : undefined);
    if (!(env.PATH ?? "").split(delimiter).some((place) => place !== "" && existsSync(join(place, "pulumi"))))
        throw new Error("pulumi cannot be run: install it, or run `npm run toolchain`");
    const ended = await runChild("pulumi", [...args, "--non-interactive", "--color", "never"], {
        ...options,
        env: { ...env, ...options.env },
    });
    const { exitCode = 1, ...finished } = ended;
    if (ended.exitCode === undefined && ended.cut === undefined)
        throw new Error(`pulumi was ended by ${ended.signal ?? "something unknown"}: run this again`);
    return { ...finished, exitCode };
}
