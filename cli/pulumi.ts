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

/** As pulumi takes it; nothing for the selected one. */
export function ofStack(stack: string | undefined): string[] {
    return stack === undefined ? [] : ["--stack", stack];
}

/** What it answers in JSON, as yet believed by nobody. @throws Error in pulumi's own words where it fails */
export async function askPulumi(args: readonly string[]): Promise<unknown> {
    const { exitCode, stdout, stderr } = await runPulumi(args);
    const command = args.join(" ").split(" -", 1)[0];
    if (exitCode !== 0) throw new Error(`pulumi ${command}: ${stderr.trim().replace(/^error: /, "")}`);
    return JSON.parse(stdout) as unknown;
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
    const { exitCode = 1, stdout, stderr, all, ...rest } = ended;
    if (ended.exitCode === undefined && ended.cut === undefined)
        throw new Error(`pulumi was ended by ${ended.signal ?? "something unknown"}: run this again`);
    const said = { stdout: withoutPasswords(stdout), stderr: withoutPasswords(stderr) };
    return { ...rest, ...said, ...(all !== undefined && { all: withoutPasswords(all) }), exitCode };
}

/**
 * A state database that cannot be reached is named by the engine with the password of its URL (seen with 3.259), and a
 * report of ours may become a comment that everybody reads.
 */
export function withoutPasswords(text: string): string {
    return text.replace(/(postgres(?:ql)?:\/\/[^\s:@/"]*:)[^\s/"]+@/g, "$1****@");
}
